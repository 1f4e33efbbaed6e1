//! A daemon's guard: the process between it and the supervisor, on its host. Whatever descends from the daemon falls to
//! the guard when its own parent ends, also what has made itself a session of its own; so when the daemon ends, or is
//! to be killed, all of it goes. The guard ends last, in the way the daemon ended.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::report::Report;
use super::super::spec::Ending;
use crate::linux::process::{self, Fork};
use crate::linux::{Result as KernelResult, family};

/// Has the guard kill the daemon and all that descends from it. Every other signal it hands on to the daemon.
pub(super) const NOW: Signal = Signal::SIGALRM;

/// In a process just forked on the host: becomes the guard of a child that becomes the daemon, or says why it cannot.
pub(super) fn be_guard(
    name: &str,
    mut birth: Report,
    notes: Report,
    become_daemon: impl FnOnce() -> Failure,
) -> ! {
    process::set_name(&format!("topo:{name}"));
    // Blocked before the fork, so that none is lost.
    let begun = family::block_all().and_then(|_| family::inherit_orphans()).and_then(|()| process::fork());
    match begun {
        Ok(Fork::Child) => {
            birth.fail(become_daemon());
            process::exit_now(0)
        }
        Ok(Fork::Parent(daemon)) => {
            // It is told that the program runs by the end of its pipe, so nobody else may hold that.
            drop(birth);
            match notes.keep_only_this().and_then(|mut notes| watch(daemon, &mut notes)) {
                Ok(Ending::Code(code)) => process::exit_now(code),
                Ok(Ending::Signal(number)) => family::end_by_signal(number),
                Ok(Ending::Overdue) | Err(_) => process::exit_now(1),
            }
        }
        Err(error) => {
            birth.fail(error.into());
            process::exit_now(0)
        }
    }
}

/// Until the daemon and all that descends from it have ended; gives how the daemon did.
fn watch(daemon: Pid, notes: &mut Report) -> KernelResult<Ending> {
    let signals = family::block_all()?;
    let mut ending = None;
    let (mut asked, mut doomed) = (false, false);
    loop {
        loop {
            match family::reap_child() {
                Ok(Some(status)) if status.pid() == Some(daemon) => {
                    ending = told(status);
                    let left = family::kill_children();
                    if !asked && !left.is_empty() {
                        notes.note(left_behind(&left));
                    }
                    doomed = true;
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(Errno::EINTR) => {}
                Err(_) => return Ok(ending.unwrap_or(Ending::Signal(Signal::SIGKILL as i32))),
            }
        }
        if doomed {
            // Also those that have only now become its children.
            family::kill_children();
        }
        match signals.wait() {
            Ok(Signal::SIGCHLD) | Err(_) => {}
            Ok(NOW) => {
                (asked, doomed) = (true, true);
                family::kill_children();
            }
            Ok(signal) if ending.is_none() => {
                asked |= signal != Signal::SIGCONT;
                // It is not reaped, so the number is its own.
                let _ = kill(daemon, signal);
            }
            Ok(_) => {}
        }
    }
}

fn told(status: WaitStatus) -> Option<Ending> {
    match status {
        WaitStatus::Exited(_, code) => Some(Ending::Code(code)),
        WaitStatus::Signaled(_, signal, _) => Some(Ending::Signal(signal as i32)),
        _ => None,
    }
}

/// `ended with 2 processes left behind, which were killed: nginx, nginx`
fn left_behind(names: &[String]) -> String {
    let plural = if names.len() == 1 { "process" } else { "processes" };
    let count = names.len();
    format!("ended with {count} {plural} left behind, killed with it: {}", names.join(", "))
}
