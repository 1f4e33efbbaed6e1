//! The supervisor's hosts: opened once whoever asks, closed with all that runs on them.

use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::netns_name;
use super::super::report;
use super::super::spec::HostView;
use super::daemon::{State, Then};
use super::host;
use super::serve::{Newborn, Supervisor, duplicate};
use crate::linux::process::{self, Fork};

/// A host that has or had an init.
pub(super) struct Host {
    view: HostView,
    init: Init,
    waiting: Vec<Waiting>,
}

enum Init {
    /// Being started; becomes `Open`, or `Ended` when it could not be.
    Opening,
    /// Becomes `Ended`, by itself or on request.
    Open(Pid, OwnedFd),
    /// Killed on request; becomes `Ended`.
    Closing(Pid),
    /// Opened again when one of its daemons is.
    Ended,
}

pub(super) enum Waiting {
    Connection(u64),
    Daemon(String),
    /// Asked for its end before it was open.
    ToClose(u64),
}

impl Host {
    /// Whether it has an init now.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.init, Init::Open(..))
    }

    /// Its init, where it has one now.
    pub(super) fn init(&self) -> Option<BorrowedFd<'_>> {
        match &self.init {
            Init::Open(_, pidfd) => Some(pidfd.as_fd()),
            Init::Opening | Init::Closing(_) | Init::Ended => None,
        }
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        match &self.init {
            Init::Open(pid, _) | Init::Closing(pid) => Some(*pid),
            Init::Opening | Init::Ended => None,
        }
    }
}

impl Supervisor {
    /// Opens the host if it is not open; whoever waits hears of it. Without a view only a host that had one is opened.
    pub(super) fn open_host(&mut self, name: &str, view: Option<HostView>, waiting: Waiting) {
        if let Some(host) = self.hosts.get_mut(name) {
            let outcome = match &host.init {
                Init::Open(_, pidfd) => duplicate(pidfd.as_fd()),
                Init::Closing(_) => Err(Failure::HostEnded { host: name.to_string() }),
                Init::Opening => return host.waiting.push(waiting),
                Init::Ended => {
                    let view = view.unwrap_or_else(|| host.view.clone());
                    return self.begin_host(name, view, waiting);
                }
            };
            return self.host_answer(waiting, outcome);
        }
        match view {
            Some(view) => self.begin_host(name, view, waiting),
            None => self.host_answer(waiting, Err(Failure::HostNotOpen { host: name.to_string() })),
        }
    }

    fn begin_host(&mut self, name: &str, view: HostView, waiting: Waiting) {
        match self.fork_host(name, &view) {
            Ok(()) => {
                let host = Host { view, init: Init::Opening, waiting: vec![waiting] };
                self.hosts.insert(name.to_string(), host);
            }
            Err(failure) => self.host_answer(waiting, Err(failure)),
        }
    }

    fn fork_host(&mut self, name: &str, view: &HostView) -> Result<(), Failure> {
        let held = self.held.get(&netns_name(name));
        let (reading, report) = report::channel()?;
        match process::fork()? {
            Fork::Child => host::be_helper(name, view, held.map(AsFd::as_fd), &self.layers, report),
            Fork::Parent(_) => self.expect(Newborn::Host(name.to_string()), reading),
        }
    }

    fn host_answer(&mut self, waiting: Waiting, outcome: Result<OwnedFd, Failure>) {
        match waiting {
            Waiting::Connection(number) => self.settle(number, outcome.map(|pidfd| vec![pidfd])),
            Waiting::ToClose(number) => self.settle(number, Ok(Vec::new())),
            Waiting::Daemon(id) => {
                if let Err(failure) = outcome.and_then(|init| self.execute(&id, init.as_fd())) {
                    self.daemon_settled(&id, State::Failed(failure));
                }
            }
        }
    }

    pub(super) fn close_host(&mut self, number: u64, name: &str) {
        let Some(host) = self.hosts.get_mut(name) else { return self.settle(number, Ok(Vec::new())) };
        match mem::replace(&mut host.init, Init::Ended) {
            Init::Ended => {
                self.hosts.remove(name);
                self.settle(number, Ok(Vec::new()));
            }
            Init::Open(pid, pidfd) => {
                // It is a child not yet reaped, so this cannot fail.
                let _ = process::signal(pidfd.as_fd(), Signal::SIGKILL);
                host.init = Init::Closing(pid);
                let disappointed = mem::replace(&mut host.waiting, vec![Waiting::Connection(number)]);
                let ids: Vec<String> = self.daemons_on(name);
                for waiting in disappointed {
                    self.host_answer(waiting, Err(Failure::HostEnded { host: name.to_string() }));
                }
                for id in ids {
                    self.begin_stop(&id, Then::Stay);
                }
            }
            Init::Closing(pid) => {
                host.init = Init::Closing(pid);
                host.waiting.push(Waiting::Connection(number));
            }
            Init::Opening => {
                host.init = Init::Opening;
                host.waiting.push(Waiting::ToClose(number));
            }
        }
    }

    pub(super) fn daemons_on(&self, host: &str) -> Vec<String> {
        let there = self.daemons.iter().filter(|(_, daemon)| daemon.spec.host == host);
        there.map(|(id, _)| id.clone()).collect()
    }

    /// The host's init has been reaped, and with it all that ran there.
    pub(super) fn host_ended(&mut self, name: &str) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        let waiting = mem::take(&mut host.waiting);
        let closed = matches!(mem::replace(&mut host.init, Init::Ended), Init::Closing(_));
        if closed {
            self.hosts.remove(name);
        }
        for waiting in waiting {
            match waiting {
                Waiting::Connection(number) if closed => self.settle(number, Ok(Vec::new())),
                other => self.host_answer(other, Err(Failure::HostEnded { host: name.to_string() })),
            }
        }
    }

    pub(super) fn host_born(&mut self, name: &str, outcome: Result<Pid, Failure>) {
        let opened = outcome.and_then(|pid| Ok((pid, process::pidfd_open(pid)?)));
        let Some(host) = self.hosts.get_mut(name) else { return };
        let waiting = mem::take(&mut host.waiting);
        let answer = match opened {
            Ok((pid, pidfd)) => {
                let answer = duplicate(pidfd.as_fd());
                host.init = Init::Open(pid, pidfd);
                answer
            }
            Err(failure) => {
                host.init = Init::Ended;
                Err(failure)
            }
        };
        for waiting in waiting {
            match (waiting, &answer) {
                (Waiting::ToClose(number), _) => self.close_host(number, name),
                (waiting, Ok(pidfd)) => self.host_answer(waiting, duplicate(pidfd.as_fd())),
                (waiting, Err(failure)) => self.host_answer(waiting, Err(failure.clone())),
            }
        }
    }

    pub(super) fn host_of(&self, pid: Pid) -> Option<String> {
        self.hosts.iter().find(|(_, host)| host.pid() == Some(pid)).map(|(name, _)| name.clone())
    }
}
