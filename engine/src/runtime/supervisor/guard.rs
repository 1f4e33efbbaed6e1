//! A daemon's guard: the process between it and the supervisor, on its host. Whatever descends from the daemon falls to
//! the guard when its own parent ends, also what has made itself a session of its own; so when the daemon ends, or is
//! to be killed, all of it goes. The guard ends last, in the way the daemon ended.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::report::Report;
use super::super::spec::{Ending, Seccomp};
use super::gate::{Gate, GateKeeper};
use crate::linux::process::{self, Fork};
use crate::linux::{Error as KernelError, Result as KernelResult, family};

/// Has the guard kill the daemon and all that descends from it. Every other signal it hands on to the daemon.
pub(super) const NOW: Signal = Signal::SIGALRM;

/// In a process just forked on the host: becomes the guard of a child that becomes the daemon, or says why it cannot.
pub(super) fn be_guard(
    name: &str,
    mut birth: Report,
    notes: Report,
    seccomp: Option<&Seccomp>,
    become_daemon: impl FnOnce(Option<&Gate>) -> Failure,
) -> ! {
    process::set_name(&format!("topo:{name}"));
    let gate = match seccomp.map(Gate::new).transpose() {
        Ok(gate) => gate,
        Err(error) => {
            birth.fail(error.into());
            process::exit_now(0)
        }
    };
    // Blocked before the fork, so that none is lost.
    let begun = family::block_all().and_then(|_| family::inherit_orphans()).and_then(|()| process::fork());
    match begun {
        Ok(Fork::Child) => {
            birth.fail(become_daemon(gate.as_ref()));
            process::exit_now(0)
        }
        Ok(Fork::Parent(daemon)) => {
            // It is told that the program runs by the end of its pipe, so nobody else may hold that.
            drop(birth);
            match keep(daemon, notes, gate) {
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

/// Gives up what it has of the supervisor's, and watches.
fn keep(daemon: Pid, mut notes: Report, gate: Option<Gate>) -> KernelResult<Ending> {
    let kept: Vec<_> = gate.iter().flat_map(Gate::kept).chain([notes.as_fd()]).collect();
    process::close_all_but(3, &kept)?;
    let keeper = gate.map(|gate| gate.keeper(daemon)).transpose();
    if keeper.is_err() {
        // Its calls would wait for ever.
        family::kill_children();
    }
    watch(daemon, &mut notes, keeper?.flatten())
}

/// Until the daemon and all that descends from it have ended; gives how the daemon did.
fn watch(daemon: Pid, notes: &mut Report, mut gate: Option<GateKeeper>) -> KernelResult<Ending> {
    let signals = family::signals()?;
    let mut forbidden = false;
    let mut ending = None;
    let (mut asked, mut doomed) = (false, false);
    loop {
        loop {
            match family::reap_child() {
                Ok(Some(status)) if status.pid() == Some(daemon) => {
                    ending =
                        if forbidden { Some(Ending::Signal(Signal::SIGSYS as i32)) } else { told(status) };
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
        let told = wait(&signals, gate.as_ref())?;
        if told.contains(PollFlags::POLLIN)
            && let Some(keeper) = &mut gate
        {
            forbidden |= keeper.attend(notes) == Some(daemon);
        } else if !told.is_empty() {
            // Nobody is left whose calls it could be.
            gate = None;
        }
        while let Ok(Some(came)) = signals.read_signal() {
            let signal = i32::try_from(came.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
            match signal {
                Some(NOW) => {
                    (asked, doomed) = (true, true);
                    family::kill_children();
                }
                Some(signal) if ending.is_none() && signal != Signal::SIGCHLD => {
                    asked |= signal != Signal::SIGCONT;
                    // It is not reaped, so the number is its own.
                    let _ = kill(daemon, signal);
                }
                Some(_) | None => {}
            }
        }
    }
}

/// Waits for a signal or a call; gives what is there of calls.
fn wait(signals: &SignalFd, gate: Option<&GateKeeper>) -> KernelResult<PollFlags> {
    let mut watched = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
    watched.extend(gate.map(|gate| PollFd::new(gate.as_fd(), PollFlags::POLLIN)));
    match poll(&mut watched, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(KernelError::new("wait for", "signals", errno)),
    }
    Ok(watched.get(1).and_then(PollFd::revents).unwrap_or(PollFlags::empty()))
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
