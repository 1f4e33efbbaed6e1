//! What the supervisor does: one loop over the listener, the connections, the signals and the pipes of processes that
//! are being born. Nothing here waits for anything else.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::protocol::{Reply, Request, VERSION};
use super::super::report::{self, Reading, Told};
use super::super::spec::{Ending, HostView};
use super::connection::Connection;
use super::daemon::{self, Daemon, State, Then};
use super::host;
use crate::linux::process::Fork;
use crate::linux::{Error as KernelError, Result as KernelResult, process, socket};

pub(super) struct Supervisor {
    listener: UnixListener,
    signals: SignalFd,
    itself: OwnedFd,
    layers: host::Layers,
    /// The limit of open files that daemons get.
    open_files: u64,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
    held: BTreeMap<String, OwnedFd>,
    hosts: BTreeMap<String, Host>,
    daemons: BTreeMap<String, Daemon>,
    births: Vec<Birth>,
    ending: bool,
}

/// A host that has or had an init.
struct Host {
    view: HostView,
    init: Init,
    waiting: Vec<Waiting>,
}

enum Init {
    /// Being started; becomes `Open`, or `Ended` when it could not be.
    Opening(Option<(Pid, OwnedFd)>),
    /// Becomes `Ended`, by itself or on request.
    Open(Pid, OwnedFd),
    /// Killed on request; becomes `Ended`.
    Closing(Pid),
    /// Opened again when one of its daemons is.
    Ended,
}

enum Waiting {
    Connection(u64),
    Daemon(String),
}

/// A process that is being born: its helper tells over the pipe.
struct Birth {
    of: Newborn,
    reading: Reading,
    /// What was told so far.
    pid: Option<Pid>,
    failure: Option<Failure>,
}

#[derive(Clone)]
enum Newborn {
    Host(String),
    Daemon(String),
}

impl Supervisor {
    pub(super) fn new(
        listener: UnixListener,
        layers: host::Layers,
        open_files: u64,
    ) -> KernelResult<Supervisor> {
        let mut mask = SigSet::empty();
        for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            mask.add(signal);
        }
        let failed = |errno| KernelError::new("watch", "signals", errno);
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), None).map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&mask, flags).map_err(failed)?;
        listener
            .set_nonblocking(true)
            .map_err(|source| KernelError::new("change", "the supervisor's socket", source))?;
        Ok(Supervisor {
            listener,
            signals,
            itself: process::pidfd_open(nix::unistd::getpid())?,
            layers,
            open_files,
            connections: BTreeMap::new(),
            next_connection: 0,
            held: BTreeMap::new(),
            hosts: BTreeMap::new(),
            daemons: BTreeMap::new(),
            births: Vec::new(),
            ending: false,
        })
    }

    /// Serves until the lab ends; then this process ends, and the kernel ends the rest.
    pub(super) fn serve(&mut self) -> Result<Infallible, Failure> {
        loop {
            if self.ending && self.daemons.values().all(|daemon| daemon.process().is_none()) {
                process::exit_now(0);
            }
            let ready = self.wait()?;
            // Births before deaths: a process that is reaped must be known.
            for number in ready.births.into_iter().rev() {
                self.attend_birth(number);
            }
            if ready.signals {
                self.take_signals();
            }
            self.reap()?;
            self.keep_time();
            if ready.listener {
                self.accept();
            }
            for (number, can_send) in ready.connections {
                self.attend_connection(number, can_send);
            }
        }
    }

    fn wait(&self) -> KernelResult<Ready> {
        let deadline = self.daemons.values().filter_map(Daemon::deadline).min();
        let mut watched = vec![
            PollFd::new(self.listener.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        watched.extend(self.births.iter().map(|birth| PollFd::new(birth.reading.as_fd(), PollFlags::POLLIN)));
        watched.extend(self.connections.values().map(|connection| {
            let send = if connection.wants_to_send() { PollFlags::POLLOUT } else { PollFlags::empty() };
            PollFd::new(connection.as_fd(), PollFlags::POLLIN | send)
        }));
        match poll(&mut watched, process::timeout(deadline)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(KernelError::new("wait for", "requests", errno)),
        }
        let happened = |number: usize| watched[number].any() == Some(true);
        let first_connection = 2 + self.births.len();
        let connections = self.connections.keys().enumerate().filter_map(|(number, key)| {
            let events = watched[first_connection + number].revents()?;
            (!events.is_empty()).then(|| (*key, events.contains(PollFlags::POLLOUT)))
        });
        Ok(Ready {
            listener: happened(0),
            signals: happened(1),
            births: (0..self.births.len()).filter(|number| happened(2 + number)).collect(),
            connections: connections.collect(),
        })
    }

    // Connections.

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            // In its user namespace a lab's owner is root; there nobody else is mapped who could reach the directory.
            let own = socket::peer_uid(stream.as_fd()).is_ok_and(|uid| uid == nix::unistd::getuid().as_raw());
            if let Some(connection) = Connection::new(stream).ok().filter(|_| own) {
                self.connections.insert(self.next_connection, connection);
                self.next_connection += 1;
            }
        }
    }

    /// A connection that breaks is dropped; what it asked for goes on.
    fn attend_connection(&mut self, number: u64, can_send: bool) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let outcome = if can_send { connection.flush() } else { Ok(()) };
        let open = outcome.and_then(|()| connection.fill());
        let mut requests = Vec::new();
        let spoilt = loop {
            match connection.next() {
                Ok(Some(request)) => requests.push(request),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        for (request, descriptors) in requests {
            self.take_request(number, request, descriptors);
        }
        if spoilt || !open.is_ok_and(|open| open) {
            self.connections.remove(&number);
        }
    }

    fn take_request(&mut self, number: u64, request: Request, descriptors: Vec<OwnedFd>) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if let Request::Hello { version } = request {
            connection.greeted = version == VERSION;
            let hello = Reply::Hello { version: VERSION, user_namespace: self.layers.user_namespace };
            match self.itself.try_clone() {
                Ok(pidfd) => self.reply(number, &hello, vec![pidfd]),
                Err(source) => {
                    self.fail(number, KernelError::new("duplicate", "a descriptor", source).into())
                }
            }
        } else if connection.greeted {
            self.answer(number, request, descriptors);
        } else {
            self.fail(
                number,
                Failure::Refused { reason: "expected a hello in its own version first".into() },
            );
        }
    }

    fn reply(&mut self, number: u64, reply: &Reply, descriptors: Vec<OwnedFd>) {
        if let Some(connection) = self.connections.get_mut(&number)
            && connection.reply(reply, descriptors).is_err()
        {
            self.connections.remove(&number);
        }
    }

    fn fail(&mut self, number: u64, failure: Failure) {
        self.reply(number, &Reply::Failed { failure }, Vec::new());
    }

    fn settle(&mut self, number: u64, outcome: Result<Vec<OwnedFd>, Failure>) {
        match outcome {
            Ok(descriptors) => self.reply(number, &Reply::Done, descriptors),
            Err(failure) => self.fail(number, failure),
        }
    }

    // Requests.

    fn answer(&mut self, number: u64, request: Request, descriptors: Vec<OwnedFd>) {
        match request {
            Request::Hello { .. } => {}
            Request::Hold { names } => {
                let outcome = self.hold(names, descriptors);
                self.settle(number, outcome);
            }
            Request::Release { names } => {
                for name in names {
                    self.held.remove(&name);
                }
                self.settle(number, Ok(Vec::new()));
            }
            Request::Held => {
                let names = self.held.keys().cloned().collect();
                self.reply(number, &Reply::Names { names }, Vec::new());
            }
            Request::Get { names } => {
                let outcome = names.iter().map(|name| self.get(name)).collect();
                self.settle(number, outcome);
            }
            Request::OpenHost { host, view } => {
                self.open_host(&host, Some(view), Waiting::Connection(number))
            }
            Request::CloseHost { host } => self.close_host(number, &host),
            Request::Hosts => {
                let open = self.hosts.iter().filter(|(_, host)| matches!(host.init, Init::Open(..)));
                let names = open.map(|(name, _)| name.clone()).collect();
                self.reply(number, &Reply::Names { names }, Vec::new());
            }
            Request::Status => {
                let daemons = self.daemons.iter().map(|(id, daemon)| daemon.status(id)).collect();
                self.reply(number, &Reply::Daemons { daemons }, Vec::new());
            }
            Request::Shutdown => {
                self.settle(number, Ok(Vec::new()));
                self.shut_down();
            }
            Request::Pidfd { id } => {
                let outcome = self.pidfd(&id);
                self.settle(number, outcome);
            }
            Request::Start { ref id, .. }
            | Request::Stop { ref id }
            | Request::Restart { ref id }
            | Request::Forget { ref id } => {
                let id = id.clone();
                self.ask_daemon(number, &id, request);
            }
        }
    }

    fn hold(&mut self, names: Vec<String>, descriptors: Vec<OwnedFd>) -> Result<Vec<OwnedFd>, Failure> {
        if names.len() != descriptors.len() {
            let reason = format!("expected {} descriptors, found {}", names.len(), descriptors.len());
            return Err(Failure::Refused { reason });
        }
        self.held.extend(names.into_iter().zip(descriptors));
        Ok(Vec::new())
    }

    fn get(&self, name: &str) -> Result<OwnedFd, Failure> {
        let held = self.held.get(name).ok_or_else(|| Failure::NotHeld { name: name.to_string() })?;
        duplicate(held.as_fd())
    }

    fn pidfd(&self, id: &str) -> Result<Vec<OwnedFd>, Failure> {
        let daemon = self.daemons.get(id).ok_or_else(|| Failure::UnknownDaemon { id: id.to_string() })?;
        let process = daemon.process().ok_or_else(|| Failure::NotRunning { id: id.to_string() })?;
        Ok(vec![duplicate(process.pidfd.as_fd())?])
    }

    fn shut_down(&mut self) {
        self.ending = true;
        let ids: Vec<String> = self.daemons.keys().cloned().collect();
        for id in ids {
            self.begin_stop(&id, Then::Stay);
        }
    }

    // Hosts.

    /// Opens the host if it is not open; whoever waits hears of it. Without a view only a host that had one is opened.
    fn open_host(&mut self, name: &str, view: Option<HostView>, waiting: Waiting) {
        let known = self.hosts.remove(name);
        let view = match known {
            Some(mut host) if !matches!(host.init, Init::Ended) => {
                let outcome = match &host.init {
                    Init::Open(_, pidfd) => Some(duplicate(pidfd.as_fd())),
                    Init::Closing(_) => Some(Err(Failure::HostEnded { host: name.to_string() })),
                    Init::Opening(_) | Init::Ended => None,
                };
                match outcome {
                    Some(outcome) => self.host_answer(waiting, outcome),
                    None => host.waiting.push(waiting),
                }
                self.hosts.entry(name.to_string()).or_insert(host);
                return;
            }
            known => view.or(known.map(|host| host.view)),
        };
        let Some(view) = view else {
            return self.host_answer(waiting, Err(Failure::HostNotOpen { host: name.to_string() }));
        };
        match self.begin_host(name, &view) {
            Ok(()) => {
                let host = Host { view, init: Init::Opening(None), waiting: vec![waiting] };
                self.hosts.insert(name.to_string(), host);
            }
            Err(failure) => self.host_answer(waiting, Err(failure)),
        }
    }

    fn begin_host(&mut self, name: &str, view: &HostView) -> Result<(), Failure> {
        let held = self.held.get(&super::super::netns_name(name));
        let (reading, report) = report::channel()?;
        match process::fork()? {
            Fork::Child => host::be_helper(name, view, held.map(AsFd::as_fd), &self.layers, report),
            Fork::Parent(_) => self.expect(Newborn::Host(name.to_string()), reading),
        }
    }

    fn host_answer(&mut self, waiting: Waiting, outcome: Result<OwnedFd, Failure>) {
        match waiting {
            Waiting::Connection(number) => self.settle(number, outcome.map(|pidfd| vec![pidfd])),
            Waiting::Daemon(id) => {
                if let Err(failure) = outcome.and_then(|init| self.execute(&id, init.as_fd())) {
                    self.daemon_settled(&id, State::Failed(failure));
                }
            }
        }
    }

    fn close_host(&mut self, number: u64, name: &str) {
        let Some(host) = self.hosts.get_mut(name) else { return self.settle(number, Ok(Vec::new())) };
        match mem::replace(&mut host.init, Init::Ended) {
            Init::Ended => {
                self.hosts.remove(name);
                self.settle(number, Ok(Vec::new()));
            }
            Init::Open(pid, pidfd) | Init::Opening(Some((pid, pidfd))) => {
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
            Init::Opening(None) => {
                host.init = Init::Opening(None);
                self.fail(number, Failure::Refused { reason: format!("host `{name}` is being opened") });
            }
        }
    }

    fn daemons_on(&self, host: &str) -> Vec<String> {
        let there = self.daemons.iter().filter(|(_, daemon)| daemon.spec.host == host);
        there.map(|(id, _)| id.clone()).collect()
    }

    /// The host's init has been reaped, and with it all that ran there.
    fn host_ended(&mut self, name: &str) {
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

    // Daemons.

    fn ask_daemon(&mut self, number: u64, id: &str, request: Request) {
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

    /// Asks its process to end; without one, what follows a stop happens at once.
    fn begin_stop(&mut self, id: &str, then: Then) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        match mem::replace(&mut daemon.state, State::Stopped) {
            State::Running(process) => {
                let limit = std::time::Duration::from_millis(daemon.spec.stop_timeout_ms);
                // Only an unknown signal can fail; then the deadline is left.
                let _ = process::send_signal(process.pidfd.as_fd(), daemon.spec.stop_signal);
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
            Then::Start if !self.ending => {
                if let Some(daemon) = self.daemons.get_mut(id) {
                    daemon.state = State::Starting;
                }
                self.begin_start(id);
            }
            Then::Start | Then::Stay => self.daemon_settled(id, State::Stopped),
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

    fn execute(&mut self, id: &str, init: BorrowedFd<'_>) -> Result<(), Failure> {
        let Some(daemon) = self.daemons.get(id) else { return Ok(()) };
        let log = crate::linux::files::open_log(&daemon.spec.log)?;
        let (reading, report) = report::channel()?;
        match process::fork()? {
            Fork::Child => daemon::be_helper(&daemon.spec, init, &log, self.open_files, report),
            Fork::Parent(_) => self.expect(Newborn::Daemon(id.to_string()), reading),
        }
    }

    /// The daemon has come to rest in this state: those who waited hear of it, then comes what was put off.
    fn daemon_settled(&mut self, id: &str, state: State) {
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
        if self.ending {
            self.begin_stop(id, Then::Stay);
        }
    }

    /// Deadlines that have passed.
    fn keep_time(&mut self) {
        let now = Instant::now();
        let due = self.daemons.iter().filter(|(_, daemon)| daemon.deadline().is_some_and(|at| at <= now));
        let due: Vec<String> = due.map(|(id, _)| id.clone()).collect();
        for id in due {
            let Some(daemon) = self.daemons.get_mut(&id) else { continue };
            match &mut daemon.state {
                State::Stopping { process, deadline, .. } => {
                    process::kill_group(process.pid);
                    let _ = process::signal(process.pidfd.as_fd(), Signal::SIGKILL);
                    *deadline = now + std::time::Duration::from_secs(1);
                }
                State::Backoff { .. } => {
                    daemon.state = State::Starting;
                    daemon.restarts += 1;
                    self.begin_start(&id);
                }
                State::Starting
                | State::Running(_)
                | State::Exited(_)
                | State::Failed(_)
                | State::Stopped => {}
            }
        }
    }

    // Births and deaths.

    fn expect(&mut self, of: Newborn, reading: Reading) -> Result<(), Failure> {
        reading.do_not_wait()?;
        self.births.push(Birth { of, reading, pid: None, failure: None });
        Ok(())
    }

    fn attend_birth(&mut self, number: usize) {
        let birth = &mut self.births[number];
        let (told, at_end) = birth.reading.read();
        for told in told {
            match told {
                Told::Born { pid } => birth.pid = Some(Pid::from_raw(pid)),
                Told::Failed { failure } => birth.failure = Some(failure),
            }
        }
        if !at_end {
            return;
        }
        let birth = self.births.swap_remove(number);
        let outcome = match (birth.failure, birth.pid) {
            (Some(failure), _) => Err(failure),
            (None, Some(pid)) => Ok(pid),
            (None, None) => Err(Failure::Refused { reason: "a new process ended before it began".into() }),
        };
        match birth.of {
            Newborn::Host(name) => self.host_born(&name, outcome),
            Newborn::Daemon(id) => self.daemon_born(&id, outcome),
        }
    }

    fn host_born(&mut self, name: &str, outcome: Result<Pid, Failure>) {
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
            let answer = match &answer {
                Ok(pidfd) => duplicate(pidfd.as_fd()),
                Err(failure) => Err(failure.clone()),
            };
            self.host_answer(waiting, answer);
        }
    }

    fn daemon_born(&mut self, id: &str, outcome: Result<Pid, Failure>) {
        let state = match outcome.and_then(|pid| Ok(daemon::Process::new(pid)?)) {
            Ok(process) => State::Running(process),
            Err(failure) => State::Failed(failure),
        };
        self.daemon_settled(id, state);
    }

    fn take_signals(&mut self) {
        while let Ok(Some(information)) = self.signals.read_signal() {
            if information.ssi_signo != Signal::SIGCHLD as u32 {
                self.shut_down();
            }
        }
    }

    /// Reaps what has ended. While somebody is being born only those who are known are reaped: a pid stays taken until
    /// its owner is known.
    fn reap(&mut self) -> KernelResult<()> {
        if !self.births.is_empty() {
            let inits = self.hosts.values().filter_map(Host::pid);
            let known: Vec<Pid> =
                inits.chain(self.daemons.values().filter_map(|daemon| Some(daemon.process()?.pid))).collect();
            for pid in known {
                self.reap_one(Id::Pid(pid))?;
            }
            return Ok(());
        }
        while self.births.is_empty() && self.reap_one(Id::All)? {}
        Ok(())
    }

    /// Reaps one child that has ended; `false` when there is none.
    fn reap_one(&mut self, which: Id<'_>) -> KernelResult<bool> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        let (pid, ending) = match waitid(which, flags | WaitPidFlag::WNOWAIT) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, Ending::Code(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, Ending::Signal(signal as i32)),
            Ok(_) | Err(Errno::ECHILD | Errno::EINTR) => return Ok(false),
            Err(errno) => return Err(KernelError::new("wait for", "ended processes", errno)),
        };
        let daemon = self.daemons.iter().find(|(_, daemon)| daemon.process().is_some_and(|it| it.pid == pid));
        let daemon = daemon.map(|(id, _)| id.clone());
        if daemon.is_some() {
            // What it leaves behind in its group ends with it; until it is reaped the group's number is its own.
            process::kill_group(pid);
        }
        process::wait_for(pid, WaitPidFlag::WNOHANG)?;
        if let Some(id) = daemon {
            self.daemon_ended(&id, ending);
        } else if let Some(name) = self.host_of(pid) {
            self.host_ended(&name);
        }
        Ok(true)
    }

    fn host_of(&self, pid: Pid) -> Option<String> {
        self.hosts.iter().find(|(_, host)| host.pid() == Some(pid)).map(|(name, _)| name.clone())
    }

    fn daemon_ended(&mut self, id: &str, ending: Ending) {
        let Some(daemon) = self.daemons.get_mut(id) else { return };
        match mem::replace(&mut daemon.state, State::Exited(ending)) {
            State::Running(process) => {
                let state = daemon.after_end(&process, ending);
                self.daemon_settled(id, state);
            }
            State::Stopping { then, .. } => self.stopped(id, then),
            other => daemon.state = other,
        }
    }
}

impl Host {
    fn pid(&self) -> Option<Pid> {
        match &self.init {
            Init::Open(pid, _) | Init::Closing(pid) => Some(*pid),
            Init::Opening(known) => known.as_ref().map(|(pid, _)| *pid),
            Init::Ended => None,
        }
    }
}

struct Ready {
    listener: bool,
    signals: bool,
    /// Positions in `births`, ascending.
    births: Vec<usize>,
    /// Each with whether it takes what is to be sent.
    connections: Vec<(u64, bool)>,
}

fn duplicate(descriptor: BorrowedFd<'_>) -> Result<OwnedFd, Failure> {
    descriptor
        .try_clone_to_owned()
        .map_err(|source: io::Error| KernelError::new("duplicate", "a descriptor", source).into())
}
