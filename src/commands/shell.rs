//! `topo shell`: an interactive shell on a host.

use crate::cli::Context;
use crate::commands::exec;
use crate::exit::{Exit, Failure};
use crate::running::{Running, WhichLab};

/// Open a shell on a host
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: WhichLab,
    /// Host
    #[arg(value_name = "HOST")]
    host: String,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let running = Running::with_host(context, &args.which, &args.host)?;
    // The prompt shows the hostname; a start-up file that says otherwise is the user's own.
    let shell = std::env::var("SHELL").ok().filter(|shell| shell.starts_with('/'));
    let shell =
        shell.filter(|shell| std::path::Path::new(shell).exists()).unwrap_or_else(|| "/bin/sh".to_owned());
    exec::on_host(&running, &args.host, &[shell])
}
