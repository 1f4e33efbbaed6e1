//! The end of a lab: daemons are stopped as each wants it, everything else is asked to end, and what is left after a while
//! is killed by the kernel, with the supervisor.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::SKELETON;
use super::daemon::{Daemon, Then};
use super::serve::Supervisor;
use crate::fault;
use crate::linux::{family, mount, process};
use crate::runtime::LabDirectory;

/// How long others than daemons may take to end: a shell that somebody has open, a command that runs.
const OTHERS: Duration = Duration::from_millis(500);

/// How long all may take once nobody holds the lab any more.
const LET_GO: Duration = Duration::from_millis(500);

/// The lab lives as long as the other end of this is open.
pub(super) struct Tether {
    pub(super) control: UnixStream,
    /// Removed at the end.
    pub(super) directory: LabDirectory,
}

impl AsFd for Tether {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }
}

/// A lab that is ending.
pub(super) struct Shutdown {
    /// Processes besides the daemons, by pidfd.
    others: Vec<OwnedFd>,
    /// No others are waited for after this.
    others_until: Instant,
    /// Nothing is waited for after this.
    until: Instant,
}

impl Shutdown {
    /// When something has to be done by itself.
    pub(super) fn deadline(&self) -> Instant {
        if self.others.is_empty() { self.until } else { self.until.min(self.others_until) }
    }

    /// Those who are waited for.
    pub(super) fn others(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.others.iter().map(AsFd::as_fd)
    }
}

impl Supervisor {
    /// From now on the lab ends when the tether does.
    pub(super) fn tie(&mut self, tether: Tether) {
        self.tether = Some(tether);
    }

    /// The tether is loose: whoever held the lab is gone.
    pub(super) fn let_go(&mut self) {
        self.shut_down(LET_GO);
    }

    /// Asks everything to end.
    pub(super) fn shut_down(&mut self, limit: Duration) {
        let now = Instant::now();
        // There is no instant that far away; a day is as good as for ever.
        let until = now.checked_add(limit).unwrap_or(now + Duration::from_secs(86_400));
        match &mut self.ending {
            Some(ending) => ending.until = ending.until.min(until),
            None => {
                let others = self.ask_others();
                self.ending = Some(Shutdown { others, others_until: now + OTHERS, until });
            }
        }
        let ids: Vec<String> = self.daemons.keys().cloned().collect();
        for id in ids {
            self.begin_stop(&id, Then::Stay);
        }
    }

    /// Whether nothing is left to wait for.
    pub(super) fn has_ended(&mut self) -> bool {
        let now = Instant::now();
        let daemons = self.daemons.values().any(|daemon| daemon.guards().next().is_some());
        let Some(ending) = &mut self.ending else { return false };
        ending.others.retain(|other| {
            now < ending.others_until
                && !process::wait_until_ended(other.as_fd(), Duration::ZERO).unwrap_or(true)
        });
        now >= ending.until || (!daemons && ending.others.is_empty())
    }

    /// Ends, and the kernel ends all that is left.
    pub(super) fn end(&mut self) -> ! {
        if let Some(Tether { directory, .. }) = self.tether.take() {
            // Whoever holds the lab may be killed at any instant. Nobody may write there any more.
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
            while nix::sys::wait::wait().is_ok() {}
            let _ = mount::unmount(&directory.path().join(SKELETON));
            // Nobody is there to hear of a failure.
            let _ = directory.remove_here();
        }
        fault::point("supervisor: ends");
        process::exit_now(0)
    }

    /// Asks every process that is neither a daemon, nor descends from one, nor is a host's init.
    fn ask_others(&self) -> Vec<OwnedFd> {
        let mut others = Vec::new();
        let table = family::table();
        let guards: Vec<Pid> = self.daemons.values().flat_map(Daemon::guards).collect();
        for pid in table.iter().map(|entry| entry.pid) {
            let is_ours = pid == nix::unistd::getpid() || self.host_of(pid).is_some();
            if is_ours || family::ancestry(&table, pid).any(|ancestor| guards.contains(&ancestor)) {
                continue;
            }
            let Ok(pidfd) = process::pidfd_open(pid) else { continue };
            // Interactive shells do not listen to the first, and halted processes to neither.
            for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCONT] {
                let _ = process::signal(pidfd.as_fd(), signal);
            }
            others.push(pidfd);
        }
        others
    }
}
