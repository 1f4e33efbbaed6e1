//! `topo exec`: a command on a host, in all of its namespaces. It evaluates nothing, so that it starts at once.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::host::HostContext;
use crate::running::{Running, WhichLab};
use std::os::fd::AsFd;
use topo_engine::linux::namespace::{self, Namespaces};
use topo_engine::runtime::{Command, exec_in_host};

/// Run a command on a host
#[derive(Debug, clap::Args)]
#[command(after_help = "Terminal, standard streams, signals and exit status pass through.\n\
    Examples: topo exec client1 -- kinit alice\n          \
              topo exec --namespaces net router -- tcpdump -i eth0    (with the files of this machine)")]
pub(crate) struct Args {
    #[command(flatten)]
    which: WhichLab,
    /// Enter only these namespaces of the host, separated by commas: net, uts, mount, pid, ipc, user, cgroup, time
    #[arg(long, value_name = "NAMESPACES", value_delimiter = ',', value_parser = sort)]
    namespaces: Vec<Namespaces>,
    /// Host
    #[arg(value_name = "HOST")]
    host: String,
    /// Command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let running = Running::with_host(context, &args.which, &args.host)?;
    let asked = args.namespaces.iter().copied().reduce(Namespaces::union);
    in_namespaces(&running, &args.host, &args.command, asked.unwrap_or_else(namespace::all))
}

/// One word of `--namespaces`.
fn sort(word: &str) -> Result<Namespaces, String> {
    namespace::from_name(word).ok_or_else(|| {
        let words: Vec<&str> = namespace::WORDS.iter().map(|(word, _)| *word).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// Runs a command on a host of a running lab, in all of its namespaces, and ends as it ended.
pub(crate) fn on_host(running: &Running, host: &str, argv: &[String]) -> Result<Exit, Failure> {
    in_namespaces(running, host, argv, namespace::all())
}

fn in_namespaces(
    running: &Running,
    host: &str,
    argv: &[String],
    namespaces: Namespaces,
) -> Result<Exit, Failure> {
    let host_context = HostContext::read(running, host)?;
    let init = host_context.open(&running.client, host)?;
    let mut command = Command::new(argv.iter().cloned(), host_context.environment());
    if namespaces.contains(namespace::MOUNT) {
        command.cwd = host_context.working_directory();
    } else {
        command.cwd = std::env::current_dir().unwrap_or(command.cwd);
    }
    let ending = exec_in_host(&running.client, host, init.as_fd(), &command, namespaces)?;
    Ok(Exit::Command(ending.shell_code()))
}
