//! `topo man`: the manual page, made from the same definitions as `--help`.

use crate::cli::{Cli, Context};
use crate::exit::{Exit, Failure};
use crate::ui;
use clap::CommandFactory;

/// Print the manual page: `topo man | man -l -`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A command, for its own page
    command: Option<String>,
}

pub(crate) fn run(_: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut all = Cli::command();
    all.build();
    let command = match &args.command {
        None => all,
        Some(name) => all
            .find_subcommand(name)
            .map(|found| found.clone().display_name(format!("topo-{name}")))
            .ok_or_else(|| Failure::input(format!("no command `{name}`"), "`topo help` lists them"))?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    ui::data(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
