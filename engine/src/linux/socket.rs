//! Unix sockets that pass descriptors, and paths of any length: a socket is bound and connected through
//! `/proc/self/fd/N/name`, which is short whatever the directory is called.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};

use nix::errno::Errno;
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
