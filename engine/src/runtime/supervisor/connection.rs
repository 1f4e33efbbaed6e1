//! One connection to the supervisor, which never waits for it: what cannot be sent now is sent when it can.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;

use super::super::protocol::{Inbox, Reply, Request, encode};
use crate::linux::socket;

pub(super) struct Connection {
    stream: UnixStream,
    inbox: Inbox,
    outgoing: VecDeque<Frame>,
    /// Whether it has said hello in our version.
    pub(super) greeted: bool,
}

struct Frame {
    bytes: Vec<u8>,
    sent: usize,
    descriptors: Vec<OwnedFd>,
}

impl Connection {
    pub(super) fn new(stream: UnixStream) -> io::Result<Connection> {
        stream.set_nonblocking(true)?;
        Ok(Connection { stream, inbox: Inbox::default(), outgoing: VecDeque::new(), greeted: false })
    }

    /// Receives what is there; `false` when the other end is gone.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        match self.inbox.fill(self.stream.as_fd()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            other => other,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<(Request, Vec<OwnedFd>)>> {
        self.inbox.next_frame()
    }

    pub(super) fn reply(&mut self, reply: &Reply, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        let bytes = encode(reply, descriptors.len())?;
        self.outgoing.push_back(Frame { bytes, sent: 0, descriptors });
        self.flush()
    }

    pub(super) fn wants_to_send(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends as much as the other end takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while let Some(frame) = self.outgoing.front_mut() {
            let descriptors: Vec<BorrowedFd<'_>> = frame.descriptors.iter().map(AsFd::as_fd).collect();
            match socket::send(self.stream.as_fd(), &frame.bytes[frame.sent..], &descriptors) {
                Ok(count) => frame.sent += count,
                Err(Errno::EAGAIN) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
            // They went with the first byte.
            frame.descriptors.clear();
            if frame.sent == frame.bytes.len() {
                self.outgoing.pop_front();
            }
        }
        Ok(())
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
