//! `topo`: network and Kerberos labs from one file.

mod applied;
mod base;
mod cli;
mod commands;
mod daemons;
mod evaluated;
mod exit;
mod git;
mod hold;
mod host;
mod interrupt;
mod keep;
mod lab;
mod labs;
mod limits;
mod lsp;
mod path;
mod repl;
mod running;
mod saved;
mod session;
mod timeout;
mod ui;
mod world;

use std::process::ExitCode;
use topo_engine::runtime::supervisor;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    // A lab's supervisor is this binary again; it is nobody's to type.
    if words.next().is_some_and(|word| word == supervisor::COMMAND) {
        return supervisor::main(words);
    }
    cli::run()
}
