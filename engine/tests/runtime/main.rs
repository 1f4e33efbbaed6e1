//! The runtime on the kernel, as whoever runs this: root, a user with a range of ids, a user without. The binary is
//! also its own supervisor, and the process that enters labs, as `topo` is.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its subcommands print for the tests that start them"
)]
#![expect(clippy::disallowed_methods, reason = "tests spoil files on purpose")]

mod daemons;
mod hosts;
mod lab;
mod lives;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let _ = arguments.next();
    match arguments.next().as_deref().and_then(|word| word.to_str()) {
        Some("supervise") => topo_engine::runtime::supervisor::main(arguments),
        Some("exec") => lab::exec(arguments.filter_map(|word| word.into_string().ok())),
        Some("inside") => lab::inside(arguments.filter_map(|word| word.into_string().ok())),
        Some("probes") => lab::probes(),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    [lives::TRIALS, hosts::TRIALS, daemons::TRIALS]
        .concat()
        .into_iter()
        .map(|(name, claim)| {
            Trial::test(name, move || {
                claim();
                Ok::<(), Failed>(())
            })
        })
        .collect()
}

/// A claim about the runtime and what it is called.
type Claim = (&'static str, fn());
