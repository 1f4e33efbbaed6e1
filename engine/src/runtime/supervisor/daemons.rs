//! The supervisor's daemons: asked to start and stop, started again, given up.

use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::protocol::Request;
use super::super::report;
use super::super::spec::{DaemonSpec, Ending};
use super::daemon::{self, Daemon, State, Then};
use super::hosts::{Host, Waiting};
use super::log::Log;
use super::notices::Notices;
use super::serve::{Newborn, Supervisor, duplicate};
use crate::linux::process::{self, Fork};

impl Supervisor {
    pub(super) fn ask_daemon(&mut self, number: u64, id: &str, request: Request) {
        if let Some(daemon) = self.daemons.get_mut(id)
            && matches!(daemon.state, State::Starting | State::Stopping { .. })
        {
            daemon.deferred.push((number, request));
            return;
        }
        match request {
            Request::Start { id, spec } => {
                if self.daemons.get(&id).is_some_and(|daemon| daemon.process().is_some()) {
                    return self.fail(number, Failure::Running { id });
                }
                let mut daemon = Daemon::new(*spec);
                daemon.waiting.push(number);
                self.daemons.insert(id.clone(), daemon);
                self.begin_start(&id);
            }
            Request::Stop { id } => self.stop(number, &id, Then::Stay),
            Request::Restart { id } => self.stop(number, &id, Then::Start),
            Request::Forget { id } => self.stop(number, &id, Then::Forget),
            Request::Adjust { id, spec } => {
                let outcome = self.adjust(&id, *spec);
                self.settle(number, outcome);
            }
            _ => {}
        }
    }

    fn stop(&mut self, number: u64, id: &str, then: Then) {
        match self.daemons.get_mut(id) {
            // What is not known is already forgotten.
            None if then == Then::Forget => self.settle(number, Ok(Vec::new())),
            None => self.fail(number, Failure::UnknownDaemon { id: id.to_string() }),
            Some(daemon) => {
                daemon.waiting.push(number);
                self.begin_stop(id, then);
            }
        }
    }

    fn adjust(&mut self, id: &str, spec: DaemonSpec) -> Result<Vec<OwnedFd>, Failure> {
        let daemon = self.daemons.get_mut(id).ok_or_else(|| Failure::UnknownDaemon { id: id.to_string() })?;
        if let Some(log) = &mut daemon.log {
            log.adjust(&spec.log);
        }
        daemon.spec = spec;
        Ok(Vec::new())
    }

    /// Asks its process to end; without one, what follows a stop happens at once.
    pub(super) fn begin_stop(&mut self, id: &str, then: Then) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        match mem::replace(&mut daemon.state, State::Stopped) {
            State::Running(process) => {
                let limit = Duration::from_millis(daemon.spec.stop_timeout_ms);
                if daemon.spec.stop_signal == Signal::SIGKILL as i32 {
                    process.kill();
                } else {
                    // Only an unknown signal can fail; then the deadline is left.
                    let _ = process::send_signal(process.pidfd.as_fd(), daemon.spec.stop_signal);
                    // One that was halted could not obey.
                    let _ = process::signal(process.pidfd.as_fd(), Signal::SIGCONT);
                }
                daemon.state = State::Stopping { process, deadline: Instant::now() + limit, then };
            }
            stopping @ (State::Stopping { .. } | State::Starting) => daemon.state = stopping,
            State::Backoff { .. } | State::Exited(_) | State::Failed(_) | State::Stopped => {
                self.stopped(id, then)
            }
        }
    }

    fn stopped(&mut self, id: &str, then: Then) {
        match then {
            Then::Start if self.ending.is_none() => {
                if let Some(daemon) = self.daemons.get_mut(id) {
                    daemon.state = State::Starting;
                }
                self.begin_start(id);
            }
            Then::Start | Then::Stay | Then::Judge => self.daemon_settled(id, State::Stopped),
            Then::Forget => {
                self.daemon_settled(id, State::Stopped);
                // A deferred request may have brought it back.
                if self.daemons.get(id).is_some_and(|daemon| matches!(daemon.state, State::Stopped)) {
                    self.daemons.remove(id);
                }
            }
        }
    }

    /// The daemon is in state `Starting`: opens its host if it had been open, then executes it.
    fn begin_start(&mut self, id: &str) {
        let Some(daemon) = self.daemons.get(id) else { return };
        let host = daemon.spec.host.clone();
        self.open_host(&host, None, Waiting::Daemon(id.to_string()));
    }

    pub(super) fn execute(&mut self, id: &str, init: BorrowedFd<'_>) -> Result<(), Failure> {
        let Some(daemon) = self.daemons.get_mut(id) else { return Ok(()) };
        let spec = &daemon.spec;
        let log = match &mut daemon.log {
            Some(log) => log,
            none @ None => none.insert(Log::open(&spec.log, spec.uid, spec.gid)?),
        };
        let host = self.hosts.get(&spec.host).and_then(Host::pid);
        daemon.notices = match host.filter(|_| spec.notify) {
            Some(host) => Some(Notices::open(id, host)?),
            None => None,
        };
        daemon.noted = None;
        let (birth, to_tell) = report::channel()?;
        let (notes, to_note) = report::channel()?;
        notes.do_not_wait()?;
        match process::fork()? {
            Fork::Child => {
                daemon::be_helper(id, spec, init, log.writing(), self.open_files, to_tell, to_note)
            }
            Fork::Parent(_) => {
                daemon.notes = Some(notes);
                self.expect(Newborn::Daemon(id.to_string()), birth)
            }
        }
    }

    /// The daemon has come to rest in this state: those who waited hear of it, then comes what was put off.
    pub(super) fn daemon_settled(&mut self, id: &str, state: State) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        daemon.state = state;
        let waiting = mem::take(&mut daemon.waiting);
        let deferred = mem::take(&mut daemon.deferred);
        for number in waiting {
            let outcome = match self.daemons.get(id).map(|daemon| &daemon.state) {
                Some(State::Running(process)) => duplicate(process.pidfd.as_fd()).map(|pidfd| vec![pidfd]),
                Some(State::Failed(failure)) => Err(failure.clone()),
                _ => Ok(Vec::new()),
            };
            self.settle(number, outcome);
        }
        for (number, request) in deferred {
            self.ask_daemon(number, id, request);
        }
        if self.ending.is_some()
            && let Some(daemon) = self.daemons.get(id)
            && matches!(daemon.state, State::Running(_) | State::Backoff { .. })
        {
            self.begin_stop(id, Then::Stay);
        }
    }

    /// Deadlines that have passed.
    pub(super) fn keep_time(&mut self) {
        let now = Instant::now();
        let due = self.daemons.iter().filter(|(_, daemon)| daemon.deadline().is_some_and(|at| at <= now));
        let due: Vec<String> = due.map(|(id, _)| id.clone()).collect();
        for id in due {
            let Some(daemon) = self.daemons.get_mut(&id) else { continue };
            match &mut daemon.state {
                State::Stopping { process, deadline, .. } => {
                    process.kill();
                    *deadline = now + Duration::from_secs(1);
                }
                State::Backoff { .. } => {
                    daemon.state = State::Starting;
                    daemon.restarts += 1;
                    self.begin_start(&id);
                }
                State::Running(_) => {
                    daemon.note("stopped at the end of its lifetime".to_owned());
                    self.begin_stop(&id, Then::Judge);
                }
                State::Starting | State::Exited(_) | State::Failed(_) | State::Stopped => {}
            }
        }
    }

    pub(super) fn daemon_born(&mut self, id: &str, outcome: Result<Pid, Failure>) {
        let state = match outcome.and_then(|pid| Ok(daemon::Process::new(pid)?)) {
            Ok(process) => State::Running(process),
            Err(failure) => State::Failed(failure),
        };
        self.daemon_settled(id, state);
    }

    /// What it printed, and what was said about it.
    pub(super) fn attend_daemon(&mut self, id: &str) {
        if let Some(daemon) = self.daemons.get_mut(id) {
            daemon.attend();
        }
    }

    pub(super) fn daemon_ended(&mut self, id: &str, ending: Ending) {
        // Whoever hears of its end finds its last words in the log.
        self.attend_daemon(id);
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        daemon.notices = None;
        match mem::replace(&mut daemon.state, State::Exited(ending)) {
            State::Running(process) => {
                let state = daemon.after_end(&process, ending);
                self.daemon_settled(id, state);
            }
            State::Stopping { process, then: Then::Judge, .. } => {
                let state = daemon.after_end(&process, Ending::Overdue);
                self.daemon_settled(id, state);
            }
            State::Stopping { then, .. } => self.stopped(id, then),
            other => daemon.state = other,
        }
    }
}
