//! What the supervisor does: one loop over the listener, the connections, the signals and the pipes of processes that
//! are being born. Nothing here waits for anything else. `hosts.rs` and `daemons.rs` are what is done about each.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{fstat, fstatat};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::super::directory::SOCKET;
use super::super::error::Failure;
use super::super::protocol::{Reply, Request, VERSION};
use super::super::report::{Reading, Told};
use super::super::spec::Ending;
use super::connection::Connection;
use super::daemon::Daemon;
use super::host::Layers;
use super::hosts::{Host, Waiting};
use super::listen;
use super::shutdown::{Shutdown, Tether};
use crate::fault;
use crate::linux::{Error as KernelError, Result as KernelResult, process, socket};

/// How often it looks whether the lab's directory is still there.
const LOOK: Duration = Duration::from_secs(1);

/// How long all may take to end once it is gone.
const GONE: Duration = Duration::from_secs(2);

pub(super) struct Supervisor {
    listener: UnixListener,
    /// The lab's directory.
    place: OwnedFd,
    /// When to look next whether it is still there.
    next_look: Instant,
    signals: SignalFd,
    itself: OwnedFd,
    pub(super) layers: Layers,
    /// The limit of open files that daemons get.
    pub(super) open_files: u64,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
    pub(super) held: BTreeMap<String, OwnedFd>,
    pub(super) hosts: BTreeMap<String, Host>,
    pub(super) daemons: BTreeMap<String, Daemon>,
    births: Vec<Birth>,
    pub(super) tether: Option<Tether>,
    pub(super) ending: Option<Shutdown>,
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
pub(super) enum Newborn {
    Host(String),
    Daemon(String),
    /// The process of a connection to a daemon.
    Connection(String),
}

impl Supervisor {
    pub(super) fn new(
        listener: UnixListener,
        place: OwnedFd,
        layers: Layers,
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
            place,
            next_look: Instant::now() + LOOK,
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
            tether: None,
            ending: None,
        })
    }

    /// Serves until the lab ends; then this process ends, and the kernel ends the rest.
    pub(super) fn serve(&mut self) -> Result<Infallible, Failure> {
        loop {
            if self.has_ended() {
                self.end();
            }
            let ready = self.wait()?;
            // Births before deaths: a process that is reaped must be known.
            for number in ready.births.into_iter().rev() {
                self.attend_birth(number);
            }
            for id in ready.daemons {
                self.attend_daemon(&id);
            }
            if ready.signals {
                self.take_signals();
            }
            if ready.loose {
                self.let_go();
            }
            self.reap()?;
            self.keep_time();
            self.look_at_place();
            for (id, socket) in ready.connected {
                if self.ending.is_none()
                    && self.daemons.get(&id).is_some_and(|daemon| daemon.awaits().contains(&socket))
                {
                    self.connected(&id, &socket);
                }
            }
            if ready.listener {
                self.accept();
            }
            for (number, can_send) in ready.connections {
                self.attend_connection(number, can_send);
            }
        }
    }

    fn wait(&self) -> KernelResult<Ready> {
        let ending = self.ending.as_ref().map(Shutdown::deadline);
        let daemons = self.daemons.values().filter_map(Daemon::deadline);
        let deadline = daemons.chain(ending).chain([self.next_look]).min();
        let mut watched = vec![
            PollFd::new(self.listener.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        watched.extend(self.births.iter().map(|birth| PollFd::new(birth.reading.as_fd(), PollFlags::POLLIN)));
        watched.extend(self.connections.values().map(|connection| {
            let send = if connection.wants_to_send() { PollFlags::POLLOUT } else { PollFlags::empty() };
            PollFd::new(connection.as_fd(), PollFlags::POLLIN | send)
        }));
        let first_daemon = watched.len();
        let talking: Vec<(&String, BorrowedFd<'_>)> = self
            .daemons
            .iter()
            .flat_map(|(id, daemon)| daemon.talks_through().map(move |fd| (id, fd)))
            .collect();
        watched.extend(talking.iter().map(|(_, fd)| PollFd::new(*fd, PollFlags::POLLIN)));
        let first_socket = watched.len();
        let awaited =
            self.daemons.iter().flat_map(|(id, daemon)| daemon.awaits().iter().map(move |name| (id, name)));
        let awaited: Vec<(&String, &String, &OwnedFd)> =
            awaited.filter_map(|(id, name)| Some((id, name, self.held.get(name)?))).collect();
        watched.extend(awaited.iter().map(|(_, _, fd)| PollFd::new(fd.as_fd(), PollFlags::POLLIN)));
        let tether = watched.len();
        watched.extend(
            self.tether
                .iter()
                .filter(|_| self.ending.is_none())
                .map(|it| PollFd::new(it.as_fd(), PollFlags::POLLIN)),
        );
        let others = self.ending.iter().flat_map(Shutdown::others);
        watched.extend(others.map(|other| PollFd::new(other, PollFlags::POLLIN)));
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
        let daemons = talking.iter().enumerate().filter(|(number, _)| happened(first_daemon + number));
        let tied = self.tether.is_some() && self.ending.is_none();
        let connected = awaited.iter().enumerate().filter(|(number, _)| happened(first_socket + number));
        Ok(Ready {
            connected: connected.map(|(_, (id, name, _))| ((*id).clone(), (*name).clone())).collect(),
            loose: tied && happened(tether),
            listener: happened(0),
            signals: happened(1),
            births: (0..self.births.len()).filter(|number| happened(2 + number)).collect(),
            daemons: daemons.map(|(_, (id, _))| (*id).clone()).collect(),
            connections: connections.collect(),
        })
    }

    /// A lab that nobody can reach any more is of use to nobody: where its directory is gone, it ends. Where only its
    /// socket is, it makes a new one.
    fn look_at_place(&mut self) {
        if Instant::now() < self.next_look {
            return;
        }
        self.next_look = Instant::now() + LOOK;
        if self.ending.is_some() {
            return;
        }
        if fstat(&self.place).is_ok_and(|place| place.st_nlink == 0) {
            self.shut_down(GONE);
        } else if fstatat(&self.place, SOCKET, AtFlags::AT_SYMLINK_NOFOLLOW) == Err(Errno::ENOENT)
            && let Ok(listener) = listen(self.place.as_fd())
            && listener.set_nonblocking(true).is_ok()
        {
            self.listener = listener;
        }
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
        fault::point("supervisor: answers");
        if let Some(connection) = self.connections.get_mut(&number)
            && connection.reply(reply, descriptors).is_err()
        {
            self.connections.remove(&number);
        }
    }

    pub(super) fn fail(&mut self, number: u64, failure: Failure) {
        self.reply(number, &Reply::Failed { failure }, Vec::new());
    }

    pub(super) fn settle(&mut self, number: u64, outcome: Result<Vec<OwnedFd>, Failure>) {
        match outcome {
            Ok(descriptors) => self.reply(number, &Reply::Done, descriptors),
            Err(failure) => self.fail(number, failure),
        }
    }

    // Requests.

    fn answer(&mut self, number: u64, request: Request, descriptors: Vec<OwnedFd>) {
        fault::point("supervisor: asked");
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
                let open = self.hosts.iter().filter(|(_, host)| host.is_open());
                let names = open.map(|(name, _)| name.clone()).collect();
                self.reply(number, &Reply::Names { names }, Vec::new());
            }
            Request::Status => {
                let daemons = self.daemons.iter().map(|(id, daemon)| daemon.status(id)).collect();
                self.reply(number, &Reply::Daemons { daemons }, Vec::new());
            }
            Request::Table => {
                let hosts = self.table();
                self.reply(number, &Reply::Table { hosts }, Vec::new());
            }
            Request::Shutdown { limit_ms } => {
                self.settle(number, Ok(Vec::new()));
                self.shut_down(Duration::from_millis(limit_ms));
            }
            Request::Pidfd { id } => {
                let outcome = self.pidfd(&id);
                self.settle(number, outcome);
            }
            Request::Start { ref id, .. }
            | Request::Stop { ref id }
            | Request::Restart { ref id }
            | Request::Adjust { ref id, .. }
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

    // Births and deaths.

    pub(super) fn expect(&mut self, of: Newborn, reading: Reading) -> Result<(), Failure> {
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
                // The first is the cause of the others.
                Told::Failed { failure } => drop(birth.failure.get_or_insert(failure)),
                // Those come another way.
                Told::Noted { .. } => {}
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
            Newborn::Connection(id) => self.connection_born(&id, outcome),
        }
    }

    fn take_signals(&mut self) {
        while let Ok(Some(information)) = self.signals.read_signal() {
            if information.ssi_signo != Signal::SIGCHLD as u32 {
                self.shut_down(Duration::MAX);
            }
        }
    }

    /// Reaps what has ended. While somebody is being born only those who are known are reaped: a pid stays taken until
    /// its owner is known.
    fn reap(&mut self) -> KernelResult<()> {
        if !self.births.is_empty() {
            let inits = self.hosts.values().filter_map(Host::pid);
            let known: Vec<Pid> = inits.chain(self.daemons.values().flat_map(Daemon::guards)).collect();
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
        process::wait_for(pid, WaitPidFlag::WNOHANG)?;
        let connected =
            self.daemons.iter().find(|(_, daemon)| daemon.connections.iter().any(|it| it.pid == pid));
        if let Some(id) = connected.map(|(id, _)| id.clone()) {
            self.connection_ended(&id, pid, ending);
        } else if let Some(id) = daemon {
            self.daemon_ended(&id, ending);
        } else if let Some(name) = self.host_of(pid) {
            self.host_ended(&name);
        }
        Ok(true)
    }
}

struct Ready {
    /// Nobody holds the lab any more.
    loose: bool,
    listener: bool,
    signals: bool,
    /// Positions in `births`, ascending.
    births: Vec<usize>,
    /// Those that have printed something, or said something about themselves.
    daemons: Vec<String>,
    /// Daemons, each with the name of the socket that somebody connects to.
    connected: Vec<(String, String)>,
    /// Each with whether it takes what is to be sent.
    connections: Vec<(u64, bool)>,
}

/// Another descriptor for the same.
pub(super) fn duplicate(descriptor: BorrowedFd<'_>) -> Result<OwnedFd, Failure> {
    descriptor
        .try_clone_to_owned()
        .map_err(|source: io::Error| KernelError::new("duplicate", "a descriptor", source).into())
}
