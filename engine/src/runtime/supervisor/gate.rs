//! A daemon's gate: the filter of its system calls. The guard hears of those that do not pass, says so in the log, with what
//! the kernel tells of them, and decides what becomes of them.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::super::report::Report;
use super::super::spec::{Seccomp, SeccompAction};
use crate::linux::seccomp::{self, Call, Filter, Handover, Listener, Pass};
use crate::linux::{Error as KernelError, Result as KernelResult, family, process};

/// Without these no process can even end.
const ALWAYS: [&str; 4] = ["exit", "exit_group", "rt_sigreturn", "restart_syscall"];

/// So many calls of each name are told.
const MOST_TOLD: u32 = 8;

/// Made by the guard before it forks the daemon.
pub(super) struct Gate {
    filter: Filter,
    handover: Handover,
    action: SeccompAction,
    /// Closed by the daemon when it becomes its program.
    preparing: OwnedFd,
    prepared: OwnedFd,
}

impl Gate {
    pub(super) fn new(spec: &Seccomp) -> KernelResult<Gate> {
        let mut listed = spec.listed.clone();
        if spec.pass == Pass::Listed {
            listed.extend(ALWAYS.iter().filter_map(|name| seccomp::number(name)));
        }
        let filter = Filter::new(&listed, spec.pass)?;
        let pipe = nix::unistd::pipe2(OFlag::O_CLOEXEC);
        let (prepared, preparing) = pipe.map_err(|errno| KernelError::new("make", "a pipe", errno))?;
        Ok(Gate { filter, handover: Handover::new()?, action: spec.action, preparing, prepared })
    }

    /// In the daemon: from now on its calls go through the filter.
    pub(super) fn close_behind(&self) -> KernelResult<()> {
        // The guard takes the listener out of this process, which may have another user.
        process::let_look();
        self.handover.give(&self.filter)
    }

    /// In the guard, which keeps nothing else from here on: who hears of the daemon's calls. `None` where it ended before.
    pub(super) fn keeper(self, daemon: Pid) -> KernelResult<Option<GateKeeper>> {
        let Gate { handover, action, preparing, prepared, .. } = self;
        drop(preparing);
        let listener = handover.take(daemon)?;
        Ok(listener.map(|listener| GateKeeper { listener, action, prepared, told: BTreeMap::new() }))
    }

    /// What the guard must not close.
    pub(super) fn kept(&self) -> [BorrowedFd<'_>; 2] {
        [self.preparing.as_fd(), self.prepared.as_fd()]
    }
}

/// Who hears of the calls that do not pass.
pub(super) struct GateKeeper {
    listener: Listener,
    action: SeccompAction,
    prepared: OwnedFd,
    /// How many calls of each number were told.
    told: BTreeMap<i64, u32>,
}

impl GateKeeper {
    /// Decides about one call; gives the process that it killed for it.
    pub(super) fn attend(&mut self, notes: &mut Report) -> Option<Pid> {
        let call = self.listener.next()?;
        if !self.daemon_runs() {
            // What it takes to become the program is not the program's.
            self.listener.let_pass(&call);
            return None;
        }
        let process = family::leader(call.thread).unwrap_or(call.thread);
        self.tell(&call, process, notes);
        match self.action {
            SeccompAction::Errno => self.listener.refuse(&call, Errno::EPERM),
            SeccompAction::Log => self.listener.let_pass(&call),
            SeccompAction::Kill => {
                // It waits for an answer, so the number is its own.
                let _ = kill(process, Signal::SIGKILL);
                return Some(process);
            }
        }
        None
    }

    /// Whether the daemon has become its program.
    fn daemon_runs(&self) -> bool {
        let mut watched = [PollFd::new(self.prepared.as_fd(), PollFlags::POLLIN)];
        poll(&mut watched, PollTimeout::ZERO).is_ok_and(|count| count > 0)
    }

    fn tell(&mut self, call: &Call, process: Pid, notes: &mut Report) {
        let told = self.told.entry(call.number).or_default();
        *told += 1;
        if *told > MOST_TOLD {
            return;
        }
        let verb = match self.action {
            SeccompAction::Errno => "refused",
            SeccompAction::Kill => "killed for",
            SeccompAction::Log => "let pass",
        };
        let name = seccomp::name(call.number);
        let arguments = call.arguments.map(|argument| format!("{argument:#x}")).join(", ");
        let who = family::name(process).unwrap_or_default();
        let last = if *told == MOST_TOLD { "; no further one of these is told" } else { "" };
        notes.note(format!(
            "seccomp: {verb} {name}({arguments}) at {:#x} in process {process} ({who}){last}",
            call.program_counter
        ));
    }
}

impl AsFd for GateKeeper {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}
