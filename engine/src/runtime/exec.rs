//! `topo exec`: a command on a host, with the terminal, the descriptors and the signals of the caller.

use std::os::fd::BorrowedFd;

use super::client::Client;
use super::command::Command;
use super::enter::Forwarded;
use super::error::{Failure, Result};
use super::report;
use super::spec::Ending;
use crate::linux::namespace::{self, Namespaces};
use crate::linux::process::{self, Fork};
use crate::linux::{Error as KernelError, Result as KernelResult};

/// Runs a command in these namespaces of a host's init and gives how it ended; those that the host does not have of its own
/// are the lab's. This process must have one thread, and is inside the host afterwards. The command is killed when this
/// process is.
pub fn exec_in_host(
    client: &Client,
    host: &str,
    init: BorrowedFd<'_>,
    command: &Command,
    namespaces: Namespaces,
) -> Result<Ending> {
    enter(client, init, namespaces)?;
    let (reading, mut report) = report::channel()?;
    let signals = Forwarded::block()?;
    match process::fork()? {
        Fork::Child => {
            drop(reading);
            signals.restore();
            let failure = prepare(command).map_or_else(Failure::from, |()| execute(host, command));
            report.fail(failure);
            process::exit_now(127)
        }
        Fork::Parent(child) => {
            drop(report);
            let failure = reading.wait()?;
            let ending = signals.wait(child)?;
            match failure {
                Some(failure) => Err(failure.into()),
                None => Ok(ending),
            }
        }
    }
}

/// With only some of the namespaces, the lab's user namespace comes first: it has the right to them.
fn enter(client: &Client, init: BorrowedFd<'_>, namespaces: Namespaces) -> KernelResult<()> {
    let others = namespace::others_of(init)?;
    let namespaces = namespaces & (namespace::HOST | others);
    if !namespaces.contains(namespace::USER) && client.user_namespace() {
        namespace::enter(client.supervisor(), namespace::USER)?;
    }
    if namespaces.is_empty() { Ok(()) } else { namespace::enter(init, namespaces) }
}

fn prepare(command: &Command) -> KernelResult<()> {
    process::become_user(command.uid, command.gid)?;
    process::die_with_parent()?;
    std::env::set_current_dir(&command.cwd)
        .map_err(|source| KernelError::new("enter the directory", command.cwd.display(), source))
}

/// Becomes the command; gives why it could not.
fn execute(host: &str, command: &Command) -> Failure {
    let error = process::execute(&command.argv, &command.env);
    let errno = error.raw_os_error().unwrap_or(nix::libc::EINVAL);
    Failure::Execute { program: command.program(), host: host.to_string(), errno }
}
