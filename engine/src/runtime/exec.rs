//! `topo exec`: a command on a host, with the terminal, the descriptors and the signals of the caller.

use std::os::fd::BorrowedFd;

use super::client::Client;
use super::command::Command;
use super::enter::{Forwarded, with_user};
use super::error::{Failure, Result};
use super::report;
use super::spec::Ending;
use crate::linux::namespace::{self, Namespaces};
use crate::linux::process::{self, Fork};
use crate::linux::{Error as KernelError, Result as KernelResult};

/// Runs a command in the namespaces of a host's init and gives how it ended. `namespaces` is usually
/// [`namespace::HOST`]; the lab's user namespace comes by itself. This process must have one thread, and is inside the
/// host afterwards. The command is killed when this process is.
pub fn exec_in_host(
    client: &Client,
    host: &str,
    init: BorrowedFd<'_>,
    command: &Command,
    namespaces: Namespaces,
) -> Result<Ending> {
    namespace::enter(init, with_user(client, namespaces))?;
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
