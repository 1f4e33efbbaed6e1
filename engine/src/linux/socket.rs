//! Unix sockets that pass descriptors, and paths of any length: a socket is bound and connected through
//! `/proc/self/fd/N/name`, which is short whatever the directory is called.

use std::fs::Permissions;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, getsockopt, recvmsg, sendmsg};

use super::{Error, Result};

/// As many descriptors as go into one message; the kernel's own limit is 253.
pub const MAX_DESCRIPTORS: usize = 200;

/// Binds a listener at `name` in the directory. An old socket of that name is replaced.
pub fn listen_at(directory: BorrowedFd<'_>, name: &str) -> Result<UnixListener> {
    let path = format!("/proc/self/fd/{}/{name}", directory.as_raw_fd());
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::new("remove the old socket", name, source));
        }
        _ => {}
    }
    UnixListener::bind(&path).map_err(|source| Error::new("listen on the socket", name, source))
}

/// The next connection to a socket that listens.
pub fn accept(listening: BorrowedFd<'_>) -> Result<OwnedFd> {
    let accepted = nix::sys::socket::accept4(listening.as_raw_fd(), nix::sys::socket::SockFlag::SOCK_CLOEXEC);
    let number = accepted.map_err(|errno| Error::new("accept", "a connection", errno))?;
    // SAFETY: the kernel has just made it for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// From now on nobody who accepts there waits.
pub fn do_not_wait(listening: BorrowedFd<'_>) -> Result<()> {
    fcntl(listening, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
        .map(drop)
        .map_err(|errno| Error::new("change", "a socket", errno))
}

/// Listens on a TCP port of all addresses, in the calling thread's network namespace.
pub fn listen_on_port(port: u16) -> Result<OwnedFd> {
    let failed = |source| Error::new("listen on", format!("TCP port {port}"), source);
    // A kernel without IPv6 has but the other.
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
        .or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))
        .map_err(failed)?;
    Ok(listener.into())
}

/// Listens at a path, for everybody. An old socket there is replaced.
pub fn listen_at_path(path: &Path) -> Result<OwnedFd> {
    let failed = |source| Error::new("listen at", path.display(), source);
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(source)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(failed)?;
    Ok(listener.into())
}

/// Connects to the socket `name` in the directory; `None` when nobody listens there.
pub fn connect_at(directory: BorrowedFd<'_>, name: &str) -> Result<Option<UnixStream>> {
    let path = format!("/proc/self/fd/{}/{name}", directory.as_raw_fd());
    match UnixStream::connect(&path) {
        Ok(stream) => Ok(Some(stream)),
        Err(source)
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
        {
            Ok(None)
        }
        Err(source) => Err(Error::new("connect to the socket", name, source)),
    }
}

/// The user id of the process at the other end, as this user namespace sees it.
pub fn peer_uid(stream: BorrowedFd<'_>) -> Result<u32> {
    getsockopt(&stream, PeerCredentials)
        .map(|credentials| credentials.uid())
        .map_err(|errno| Error::new("ask who is at the other end of", "the socket", errno))
}

/// Sends bytes with descriptors attached to the first of them; gives how many bytes went.
pub fn send(stream: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> nix::Result<usize> {
    let raw: Vec<RawFd> = descriptors.iter().map(|fd| fd.as_raw_fd()).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    retry(|| sendmsg::<()>(stream.as_raw_fd(), &[IoSlice::new(bytes)], control, MsgFlags::MSG_NOSIGNAL, None))
}

/// Receives bytes and the descriptors that came with them. `Ok(0)` is the end.
pub fn receive(
    stream: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut control = nix::cmsg_space!([RawFd; 253]);
    let fd = stream.as_fd().as_raw_fd();
    let mut parts = [IoSliceMut::new(buffer)];
    let (bytes, truncated) = loop {
        match recvmsg::<()>(fd, &mut parts, Some(&mut control), MsgFlags::MSG_CMSG_CLOEXEC) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(message) => {
                for part in message.cmsgs()? {
                    if let ControlMessageOwned::ScmRights(raw) = part {
                        // SAFETY: the kernel has just made these descriptors for us alone.
                        descriptors.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
                    }
                }
                break (message.bytes, message.flags.contains(MsgFlags::MSG_CTRUNC));
            }
        }
    };
    if truncated {
        return Err(io::Error::other("descriptors were lost: the limit of open files is reached"));
    }
    Ok(bytes)
}

fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}
