//! `topo exec`: a command on a host, in all of its namespaces. It evaluates nothing, so that it starts at once.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::host::HostContext;
use crate::running::{Running, WhichLab};
use std::os::fd::AsFd;
use topo_engine::linux::namespace;
use topo_engine::runtime::{Command, exec_in_host};

/// Run a command on a host
#[derive(Debug, clap::Args)]
#[command(after_help = "Terminal, standard streams, signals and exit status pass through.\n\
    Example: topo exec client1 -- kinit alice")]
pub(crate) struct Args {
    #[command(flatten)]
    which: WhichLab,
    /// Host
    #[arg(value_name = "HOST")]
    host: String,
    /// Command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let running = Running::with_host(context, &args.which, &args.host)?;
    on_host(&running, &args.host, &args.command)
}

/// Runs a command on a host of a running lab and ends as it ended.
pub(crate) fn on_host(running: &Running, host: &str, argv: &[String]) -> Result<Exit, Failure> {
    let host_context = HostContext::read(running, host)?;
    let init = host_context.open(&running.client, host)?;
    let mut command = Command::new(argv.iter().cloned(), host_context.environment());
    command.cwd = host_context.working_directory();
    let ending = exec_in_host(&running.client, host, init.as_fd(), &command, namespace::HOST)?;
    Ok(Exit::Command(ending.shell_code()))
}
