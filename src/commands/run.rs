//! `topo run`: a lab for one command. It is brought up, the command runs, and it is gone.

use crate::cli::{Context, LabArgs, conclude};
use crate::commands::exec;
use crate::exit::{Exit, Failure};
use crate::hold::{Came, Terms, Watch, hold};
use crate::running::Running;
use crate::session::Prepared;
use crate::timeout;
use crate::ui;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use topo_engine::error::Error;
use topo_engine::exports;
use topo_engine::linux::process::{self, Fork};
use topo_engine::runtime::Ending;
use topo_engine::session::Held;

/// Run a command in a lab of its own
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The lab is new, under a name of its own, and gone when the command ends, a signal comes, or the process\n\
    that started this one dies. The exit status is the command's; 128 and the number of the signal that ended it.\n\
    Example: topo run quickstart.kdl --host client1 -- sh -c 'echo wonderland | kinit alice'"
)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
    /// Run the command on this host [default: on this machine, with the variables of `topo env`]
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// End also when standard input closes; the command reads nothing then
    #[arg(long)]
    watch_stdin: bool,
    /// How long the command may run; then it is asked to end, and killed after `--grace`
    #[arg(long, value_name = "DURATION", value_parser = timeout::parse)]
    timeout: Option<Duration>,
    /// How long processes may take to end; then they are killed
    #[arg(long, value_name = "DURATION", value_parser = timeout::parse, default_value = "500ms")]
    grace: Duration,
    /// Command and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let terms = Terms {
        lab: args.lab.lab.as_deref(),
        inputs: &args.lab.inputs,
        stdin: args.watch_stdin,
        announced: None,
        grace: args.grace,
    };
    hold(context, &terms, |watch, prepared, held| command(context, args, watch, prepared, held))
}

fn command(
    context: &Context,
    args: &Args,
    watch: &Watch,
    prepared: &Prepared,
    held: &Held,
) -> Result<Exit, Failure> {
    let failed = |error| Error::caused("start the command", error);
    let child = match process::fork().map_err(failed)? {
        Fork::Child => {
            watch.restore_signals();
            let code = conclude(context, false, || {
                process::die_with_parent().map_err(failed)?;
                if args.watch_stdin {
                    let null = std::fs::File::open("/dev/null");
                    let null = null.map_err(|source| Error::caused("open `/dev/null`", source))?;
                    process::redirect(null.as_fd(), 0).map_err(failed)?;
                }
                become_command(context, args, prepared)
            });
            process::exit_now(code.into())
        }
        Fork::Parent(child) => child,
    };
    let pidfd = process::pidfd_open(child).map_err(failed)?;
    let limit = args.timeout.and_then(|limit| Instant::now().checked_add(limit));
    // Once it was asked to end.
    let mut until = None;
    let ask = |signal: Signal| {
        // It is not reaped, so the number is its own. One that was halted could not obey.
        for signal in [signal, Signal::SIGCONT] {
            let _ = kill(child, signal);
        }
        Some(Instant::now() + args.grace)
    };
    loop {
        until = match watch.wait(held, Some(pidfd.as_fd()), until.or(limit))? {
            Came::Ended => return ended(child),
            Came::Signal(signal) => until.or_else(|| ask(signal)),
            // The command has it too, and decides; a terminal that hangs up is gone.
            Came::FromTerminal(Signal::SIGHUP) => until.or_else(|| ask(Signal::SIGHUP)),
            Came::FromTerminal(_) => until,
            Came::Closed | Came::LabEnded => until.or_else(|| ask(Signal::SIGTERM)),
            Came::Late if until.is_none() => {
                ui::message(&format!("its time is up: `{}` is ended", args.command[0]));
                ask(Signal::SIGTERM)
            }
            Came::Late => ask(Signal::SIGKILL),
        };
    }
}

/// Becomes the command on this machine; on a host it is a child, since only children enter a host.
fn become_command(context: &Context, args: &Args, prepared: &Prepared) -> Result<Exit, Failure> {
    let running = Running::named(context, prepared.name.as_str())?;
    if let Some(host) = &args.host {
        return exec::on_host(&running.that_has(host)?, host, &args.command);
    }
    let mut environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    environment.extend(exports::lab_variables(running.client.directory(), &prepared.lab));
    let source = process::execute(&args.command, &environment);
    Err(Error::caused(format!("execute `{}`", args.command[0]), source).into())
}

fn ended(child: Pid) -> Result<Exit, Failure> {
    let status = process::wait_for(child, WaitPidFlag::empty())
        .map_err(|error| Error::caused("wait for the command", error))?;
    let ending = match status {
        WaitStatus::Exited(_, code) => Ending::Code(code),
        WaitStatus::Signaled(_, signal, _) => Ending::Signal(signal as i32),
        other => return Err(Error::found("wait for the command", format!("{other:?}")).into()),
    };
    Ok(Exit::Command(ending.shell_code()))
}
