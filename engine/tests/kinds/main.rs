//! The engine on the kernel: labs are applied, drift by hand, are repaired, change and go, as whoever runs this. The
//! binary is also its own supervisor and the command that works on a lab, as `topo` is.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its subcommands print for the tests that start them"
)]
#![expect(clippy::disallowed_methods, reason = "tests write labs and start themselves")]

mod cases;
mod command;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let _ = arguments.next();
    match arguments.next().as_deref().and_then(|word| word.to_str()) {
        Some("supervise") => topo_engine::runtime::supervisor::main(arguments),
        Some("lab") => command::run(arguments.filter_map(|word| word.into_string().ok())),
        _ => {
            let trials = cases::CASES.iter().map(|(name, claim)| {
                Trial::test(*name, move || {
                    claim();
                    Ok::<(), Failed>(())
                })
            });
            libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
        }
    }
}
