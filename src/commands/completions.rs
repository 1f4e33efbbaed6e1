//! `topo completions`: what a shell needs to complete our commands and options.

use crate::cli::{Cli, Context};
use crate::exit::{Exit, Failure};
use crate::ui;
use clap::CommandFactory;
use clap_complete::Shell;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(_: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "topo", &mut script);
    ui::data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
