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
use super::daemon::{self, Daemon, Given, Means, Process, State, Then};
use super::hosts::{Host, Waiting};
use super::log::Log;
use super::notices::Notices;
use super::serve::{Newborn, Supervisor, duplicate};
use crate::linux::process::{self, Fork};
use crate::linux::socket;

impl Supervisor {
    pub(super) fn ask_daemon(&mut self, number: u64, id: &str, request: Request) {
        if let Some(daemon) = self.daemons.get_mut(id)
            && matches!(daemon.state, State::Starting | State::Stopping { .. } | State::Draining { .. })
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
                self.begin(&id);
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
            State::Listening if !daemon.connections.is_empty() => {
                for process in &daemon.connections {
                    let _ = process::send_signal(process.pidfd.as_fd(), daemon.spec.stop_signal);
                }
                let limit = Duration::from_millis(daemon.spec.stop_timeout_ms);
                daemon.state = State::Draining { deadline: Instant::now() + limit, then };
            }
            stopping @ (State::Stopping { .. } | State::Draining { .. } | State::Starting) => {
                daemon.state = stopping;
            }
            State::Listening => self.stopped(id, then),
            State::Backoff { .. } | State::Exited(_) | State::Failed(_) | State::Stopped => {
                self.stopped(id, then)
            }
        }
    }

    fn stopped(&mut self, id: &str, then: Then) {
        match then {
            Then::Start if self.ending.is_none() => {
                self.begin(id);
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

    /// Starts it, or has connections do so.
    fn begin(&mut self, id: &str) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        if daemon.spec.listen.is_some() {
            return self.daemon_settled(id, State::Listening);
        }
        daemon.state = State::Starting;
        self.begin_start(id);
    }

    /// Somebody connects to this socket of a daemon.
    pub(super) fn connected(&mut self, id: &str, socket: &str) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        if !daemon.each() {
            daemon.state = State::Starting;
            return self.begin_start(id);
        }
        let Some(Ok(connection)) = self.held.get(socket).map(|held| socket::accept(held.as_fd())) else {
            // Whoever it was has gone.
            return;
        };
        if let Err(failure) = self.serve_connection(id, connection.as_fd())
            && let Some(daemon) = self.daemons.get_mut(id)
        {
            daemon.note(format!("a connection was turned away: {}", failure.line()));
        }
    }

    fn serve_connection(&mut self, id: &str, connection: BorrowedFd<'_>) -> Result<(), Failure> {
        let Some(daemon) = self.daemons.get(id) else { return Ok(()) };
        let host = daemon.spec.host.clone();
        let init = self.hosts.get(&host).and_then(Host::init).ok_or(Failure::HostNotOpen { host })?;
        let init = duplicate(init)?;
        self.spawn(id, init.as_fd(), Some(connection))
    }

    /// The daemon is in state `Starting`: opens its host if it had been open, then executes it.
    fn begin_start(&mut self, id: &str) {
        let Some(daemon) = self.daemons.get(id) else { return };
        let host = daemon.spec.host.clone();
        self.open_host(&host, None, Waiting::Daemon(id.to_string()));
    }

    pub(super) fn execute(&mut self, id: &str, init: BorrowedFd<'_>) -> Result<(), Failure> {
        self.spawn(id, init, None)
    }

    /// Executes it, for one connection or once.
    fn spawn(
        &mut self,
        id: &str,
        init: BorrowedFd<'_>,
        connection: Option<BorrowedFd<'_>>,
    ) -> Result<(), Failure> {
        let Some(daemon) = self.daemons.get_mut(id) else { return Ok(()) };
        let held = |name: &String| self.held.get(name).map(AsFd::as_fd);
        let given = match (connection, &daemon.spec.listen) {
            (Some(connection), _) => Given::Connection(connection),
            (None, Some(listen)) => Given::Sockets(listen.sockets.iter().filter_map(held).collect()),
            (None, None) => Given::Nothing,
        };
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
        let means = Means { log: log.writing(), given, open_files: self.open_files };
        match process::fork()? {
            Fork::Child => daemon::be_helper(id, spec, init, &means, to_tell, to_note),
            Fork::Parent(_) => {
                daemon.notes.push(notes);
                let id = id.to_string();
                let newborn =
                    if connection.is_some() { Newborn::Connection(id) } else { Newborn::Daemon(id) };
                self.expect(newborn, birth)
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
            && matches!(daemon.state, State::Running(_) | State::Listening | State::Backoff { .. })
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
                State::Draining { deadline, .. } => {
                    daemon.connections.iter().for_each(Process::kill);
                    *deadline = now + Duration::from_secs(1);
                }
                State::Listening => {
                    let limit = Duration::from_millis(daemon.spec.lifetime_ms.unwrap_or(u64::MAX));
                    let over = |process: &&Process| process.since.elapsed() >= limit;
                    daemon.connections.iter().filter(over).for_each(Process::kill);
                }
                State::Backoff { .. } if daemon.spec.listen.is_some() => {
                    daemon.state = State::Listening;
                    daemon.restarts += 1;
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

    /// The process of a connection runs, or could not be executed.
    pub(super) fn connection_born(&mut self, id: &str, outcome: Result<Pid, Failure>) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        match outcome.and_then(|pid| Ok(Process::new(pid)?)) {
            Ok(process) => {
                if matches!(daemon.state, State::Draining { .. }) {
                    process.kill();
                }
                daemon.connections.push(process);
            }
            Err(failure) => daemon.note(failure.line()),
        }
    }

    /// The process of a connection has ended.
    pub(super) fn connection_ended(&mut self, id: &str, pid: Pid, ending: Ending) {
        self.attend_daemon(id);
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        daemon.connections.retain(|process| process.pid != pid);
        if !ending.success() {
            daemon.note(format!("a connection's process {}", ending.told()));
        }
        if let State::Draining { then, .. } = daemon.state
            && daemon.connections.is_empty()
        {
            self.stopped(id, then);
        }
    }

    pub(super) fn daemon_born(&mut self, id: &str, outcome: Result<Pid, Failure>) {
        let state = match outcome.and_then(|pid| Ok(Process::new(pid)?)) {
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
