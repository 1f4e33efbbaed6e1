//! The command line's side of the supervisor's socket. Blocking and usable from several threads: every request that is
//! under way has a connection of its own, and connections are kept for the next.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::directory::LabDirectory;
use super::error::{Error, Result};
use super::protocol::{Inbox, Reply, Request, VERSION, encode};
use super::spec::{DaemonSpec, DaemonStatus, HostTable, HostView};
use crate::linux::{process, socket};

/// The name under which a host's network namespace is held.
pub fn netns_name(host: &str) -> String {
    format!("net/{host}")
}

/// A connection to the supervisor of a running lab.
pub struct Client {
    directory: LabDirectory,
    idle: Mutex<Vec<Connection>>,
    supervisor: OwnedFd,
    user_namespace: bool,
}

impl Client {
    /// Connects to the lab's supervisor; `None` when the lab does not run. That a connection succeeds proves that the
    /// supervisor lives.
    pub fn connect(directory: &LabDirectory) -> Result<Option<Client>> {
        let Some(stream) = socket::connect_at(directory.descriptor(), super::directory::SOCKET)? else {
            return Ok(None);
        };
        let mut connection = Connection { stream, inbox: Inbox::default() };
        let (reply, descriptors) = match connection.ask(&Request::Hello { version: VERSION }, &[]) {
            Ok(answer) => answer,
            // It was about to end when it took the connection.
            Err(source) if is_disconnection(&source) => return Ok(None),
            Err(source) => return Err(gone(directory, source)),
        };
        let user_namespace = match reply {
            Reply::Hello { version: VERSION, user_namespace } => user_namespace,
            Reply::Hello { version, .. } => {
                let lab = directory.lab().to_string();
                return Err(Error::Version { lab, theirs: version, ours: VERSION });
            }
            Reply::Failed { failure } => return Err(failure.into()),
            other => return Err(unexpected(&other)),
        };
        let supervisor = single(descriptors)?;
        let idle = Mutex::new(vec![connection]);
        Ok(Some(Client { directory: directory.duplicate()?, idle, supervisor, user_namespace }))
    }

    /// Whether the lab has a user namespace of its own, as it has when an ordinary user started it.
    pub fn user_namespace(&self) -> bool {
        self.user_namespace
    }

    /// The supervisor's pidfd: for entering the lab, and readable once the lab has ended.
    pub fn supervisor(&self) -> BorrowedFd<'_> {
        self.supervisor.as_fd()
    }

    /// The lab's directory.
    pub fn directory(&self) -> &LabDirectory {
        &self.directory
    }

    /// Gives the supervisor descriptors to hold under names; a name that is held already is replaced.
    pub fn hold<'fd>(&self, named: impl IntoIterator<Item = (String, BorrowedFd<'fd>)>) -> Result<()> {
        let (names, descriptors): (Vec<String>, Vec<BorrowedFd<'fd>>) = named.into_iter().unzip();
        let batches = names.chunks(socket::MAX_DESCRIPTORS).zip(descriptors.chunks(socket::MAX_DESCRIPTORS));
        for (names, descriptors) in batches {
            self.done(&Request::Hold { names: names.to_vec() }, descriptors)?;
        }
        Ok(())
    }

    /// Lets go of what is held under these names; an unknown name is fine.
    pub fn release(&self, names: &[String]) -> Result<()> {
        self.done(&Request::Release { names: names.to_vec() }, &[]).map(drop)
    }

    /// The names of all that is held, in order.
    pub fn held(&self) -> Result<Vec<String>> {
        self.names(&Request::Held)
    }

    /// The descriptors held under these names, in this order.
    pub fn get(&self, names: &[String]) -> Result<Vec<OwnedFd>> {
        let mut all = Vec::with_capacity(names.len());
        for names in names.chunks(socket::MAX_DESCRIPTORS) {
            all.extend(self.done(&Request::Get { names: names.to_vec() }, &[])?);
        }
        Ok(all)
    }

    /// The pidfd of the host's init. If the host has none, it is started in the held network namespace and mounts what
    /// `view` says; for a host that is open already, `view` says nothing.
    pub fn open_host(&self, host: &str, view: &HostView) -> Result<OwnedFd> {
        single(self.done(&Request::OpenHost { host: host.into(), view: view.clone() }, &[])?)
    }

    /// Ends everything that runs on the host; its network namespace stays held. A host that is not open is fine.
    pub fn close_host(&self, host: &str) -> Result<()> {
        self.done(&Request::CloseHost { host: host.into() }, &[]).map(drop)
    }

    /// The names of the open hosts, in order.
    pub fn hosts(&self) -> Result<Vec<String>> {
        self.names(&Request::Hosts)
    }

    /// Starts a daemon on an open host and gives its pidfd, readable once it has ended. Returns when the program runs.
    pub fn start(&self, id: &str, spec: &DaemonSpec) -> Result<OwnedFd> {
        single(self.done(&Request::Start { id: id.into(), spec: Box::new(spec.clone()) }, &[])?)
    }

    /// Has connections start a daemon; returns when they can.
    pub fn listen(&self, id: &str, spec: &DaemonSpec) -> Result<()> {
        self.done(&Request::Start { id: id.into(), spec: Box::new(spec.clone()) }, &[]).map(drop)
    }

    /// Stops a daemon and returns when it has ended. The supervisor still knows it, as stopped.
    pub fn stop(&self, id: &str) -> Result<()> {
        self.done(&Request::Stop { id: id.into() }, &[]).map(drop)
    }

    /// Stops a daemon, starts it again, and gives its new pidfd.
    pub fn restart(&self, id: &str) -> Result<OwnedFd> {
        single(self.done(&Request::Restart { id: id.into() }, &[])?)
    }

    /// Has a daemon treated as `spec` says from now on, without starting it again.
    pub fn adjust(&self, id: &str, spec: &DaemonSpec) -> Result<()> {
        self.done(&Request::Adjust { id: id.into(), spec: Box::new(spec.clone()) }, &[]).map(drop)
    }

    /// Stops a daemon and has the supervisor forget it.
    pub fn forget(&self, id: &str) -> Result<()> {
        self.done(&Request::Forget { id: id.into() }, &[]).map(drop)
    }

    /// The pidfd of a running daemon.
    pub fn pidfd(&self, id: &str) -> Result<OwnedFd> {
        single(self.done(&Request::Pidfd { id: id.into() }, &[])?)
    }

    /// All daemons the supervisor knows, ordered by id.
    pub fn status(&self) -> Result<Vec<DaemonStatus>> {
        match self.request(&Request::Status, &[])? {
            (Reply::Daemons { daemons }, _) => Ok(daemons),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// The hosts of the lab, with their namespaces and what runs in them.
    pub fn table(&self) -> Result<Vec<HostTable>> {
        match self.request(&Request::Table, &[])? {
            (Reply::Table { hosts }, _) => Ok(hosts),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Stops every daemon and then the supervisor, and with it all that is left of the lab in the kernel; what has not
    /// ended after `limit` is killed. Returns when the last process has ended.
    pub fn shutdown(self, limit: Duration) -> Result<()> {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        match self.done(&Request::Shutdown { limit_ms }, &[]) {
            // It may be gone before its answer arrives.
            Ok(_) | Err(Error::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
        // It keeps the time itself; one that hangs is no reason to wait for ever.
        if process::wait_until_ended(
            self.supervisor.as_fd(),
            limit.saturating_add(Duration::from_millis(200)),
        )? {
            return Ok(());
        }
        self.kill(Duration::from_secs(5))
    }

    /// Kills the supervisor; the kernel ends the rest. Returns when the last process has ended.
    pub fn kill(self, limit: Duration) -> Result<()> {
        process::signal(self.supervisor.as_fd(), nix::sys::signal::Signal::SIGKILL)?;
        if process::wait_until_ended(self.supervisor.as_fd(), limit)? {
            return Ok(());
        }
        Err(Error::Lingers { lab: self.directory.lab().to_string(), seconds: limit.as_secs() })
    }

    fn names(&self, request: &Request) -> Result<Vec<String>> {
        match self.request(request, &[])? {
            (Reply::Names { names }, _) => Ok(names),
            (other, _) => Err(unexpected(&other)),
        }
    }

    fn done(&self, request: &Request, descriptors: &[BorrowedFd<'_>]) -> Result<Vec<OwnedFd>> {
        match self.request(request, descriptors)? {
            (Reply::Done, descriptors) => Ok(descriptors),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// One request on a connection that is idle, or on a new one.
    fn request(&self, request: &Request, descriptors: &[BorrowedFd<'_>]) -> Result<(Reply, Vec<OwnedFd>)> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.another()?,
        };
        let answer = connection.ask(request, descriptors).map_err(|source| gone(&self.directory, source))?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        match answer {
            (Reply::Failed { failure }, _) => Err(failure.into()),
            answer => Ok(answer),
        }
    }

    fn another(&self) -> Result<Connection> {
        let gone = |source| gone(&self.directory, source);
        let stream = socket::connect_at(self.directory.descriptor(), super::directory::SOCKET)?
            .ok_or_else(|| gone(io::ErrorKind::ConnectionRefused.into()))?;
        let mut connection = Connection { stream, inbox: Inbox::default() };
        connection.ask(&Request::Hello { version: VERSION }, &[]).map_err(gone)?;
        Ok(connection)
    }
}

struct Connection {
    stream: UnixStream,
    inbox: Inbox,
}

impl Connection {
    fn ask(
        &mut self,
        request: &Request,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<(Reply, Vec<OwnedFd>)> {
        send_all(&self.stream, &encode(request, descriptors.len())?, descriptors)?;
        loop {
            if let Some(answer) = self.inbox.next_frame()? {
                return Ok(answer);
            }
            if !self.inbox.fill(self.stream.as_fd())? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Sends a whole frame on a blocking stream.
pub(super) fn send_all(stream: &UnixStream, frame: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut sent = socket::send(stream.as_fd(), frame, descriptors)?;
    while sent < frame.len() {
        sent += socket::send(stream.as_fd(), &frame[sent..], &[])?;
    }
    Ok(())
}

fn single(descriptors: Vec<OwnedFd>) -> Result<OwnedFd> {
    let count = descriptors.len();
    descriptors.into_iter().next().filter(|_| count == 1).ok_or_else(|| Error::Refused {
        reason: format!("expected 1 descriptor in its answer, found {count}"),
    })
}

fn unexpected(reply: &Reply) -> Error {
    Error::Refused { reason: format!("its answer `{reply:?}` is not one to this request") }
}

fn gone(directory: &LabDirectory, source: io::Error) -> Error {
    Error::Gone { lab: directory.lab().to_string(), source }
}

fn is_disconnection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}
