//! What the command line and the supervisor say to each other: length-prefixed JSON over a unix socket, with
//! descriptors attached to the first byte of a frame. One request, one reply.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::Failure;
use super::spec::{DaemonSpec, DaemonStatus, HostTable, HostView};
use crate::linux::socket;

/// Raised with every change that an older supervisor would misunderstand.
pub const VERSION: u32 = 4;

/// A frame longer than this is not one of ours.
const MAX_FRAME: usize = 32 << 20;

/// What the supervisor is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// First on every connection.
    Hello {
        /// The asker's [`VERSION`].
        version: u32,
    },
    /// Keep the attached descriptors, one for each name.
    Hold {
        /// The names, as many as descriptors.
        names: Vec<String>,
    },
    /// Close these; an unknown name is fine.
    Release {
        /// The names.
        names: Vec<String>,
    },
    /// The names of all that is held.
    Held,
    /// The descriptors of these names, in this order.
    Get {
        /// The names.
        names: Vec<String>,
    },
    /// The pidfd of the host's init, which is started if it is not there.
    OpenHost {
        /// The host's name.
        host: String,
        /// What it sees; counts only when it is started.
        view: HostView,
    },
    /// End everything that runs on the host, its init last.
    CloseHost {
        /// The host's name.
        host: String,
    },
    /// The names of the hosts that have an init.
    Hosts,
    /// Start a daemon; the reply has its pidfd and comes when the program runs or could not be executed. One that
    /// connections start has no pidfd yet.
    Start {
        /// The daemon's name in the lab.
        id: String,
        /// How it runs.
        spec: Box<DaemonSpec>,
    },
    /// Stop a daemon; the reply comes when it has ended.
    Stop {
        /// The daemon's name in the lab.
        id: String,
    },
    /// Stop and start with the same specification.
    Restart {
        /// The daemon's name in the lab.
        id: String,
    },
    /// From now on treat a daemon as this says, without starting it again: when it is stopped and restarted, and where
    /// its output goes. What it was executed with counts from the next start.
    Adjust {
        /// The daemon's name in the lab.
        id: String,
        /// How it runs.
        spec: Box<DaemonSpec>,
    },
    /// Stop a daemon and no longer know it.
    Forget {
        /// The daemon's name in the lab.
        id: String,
    },
    /// The pidfd of a running daemon.
    Pidfd {
        /// The daemon's name in the lab.
        id: String,
    },
    /// All daemons.
    Status,
    /// All hosts, their namespaces and their processes.
    Table,
    /// Stop all daemons, each within its time, ask everything else to end, and end.
    Shutdown {
        /// What is left after so many milliseconds is killed.
        limit_ms: u64,
    },
}

/// What the supervisor answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// To `Hello`, with a pidfd of the supervisor.
    Hello {
        /// The supervisor's [`VERSION`].
        version: u32,
        /// Whether the lab has a user namespace of its own.
        user_namespace: bool,
    },
    /// It is done; descriptors, where asked for, are attached.
    Done,
    /// Names that were asked for.
    Names {
        /// In order.
        names: Vec<String>,
    },
    /// To `Status`.
    Daemons {
        /// Ordered by id.
        daemons: Vec<DaemonStatus>,
    },
    /// To `Table`.
    Table {
        /// Ordered by name.
        hosts: Vec<HostTable>,
    },
    /// It could not be done.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What a starting supervisor tells the command that started it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
pub(super) enum Progress {
    /// It has a new user namespace and waits for its id map; any byte lets it go on.
    Map,
    /// It listens (or, for a removal: it is done).
    Ready,
    /// It could not be done.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// One frame, to be sent with this many descriptors.
pub fn encode(message: &impl Serialize, descriptors: usize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 8];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 8).map_err(io::Error::other)?;
    let descriptors = u32::try_from(descriptors).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..8].copy_from_slice(&descriptors.to_le_bytes());
    Ok(frame)
}

/// The receiving end of a connection: bytes and descriptors that are not yet a whole frame.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Inbox {
    /// Receives what is there; `false` at the end of the connection.
    pub fn fill(&mut self, stream: BorrowedFd<'_>) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        let mut descriptors = Vec::new();
        let count = socket::receive(stream, &mut buffer, &mut descriptors)?;
        self.bytes.extend_from_slice(&buffer[..count]);
        self.descriptors.extend(descriptors);
        Ok(count > 0)
    }

    /// The next whole frame and its descriptors.
    pub fn next_frame<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let Some((head, rest)) = self.bytes.split_at_checked(8) else { return Ok(None) };
        let length = read_u32(&head[..4]);
        let descriptors = read_u32(&head[4..]);
        if length > MAX_FRAME {
            return Err(io::Error::other("a frame is longer than any of ours"));
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let message = serde_json::from_slice(body)?;
        if descriptors > self.descriptors.len() {
            return Err(io::Error::other("a frame came without its descriptors"));
        }
        self.bytes.drain(..8 + length);
        Ok(Some((message, self.descriptors.drain(..descriptors).collect())))
    }
}

fn read_u32(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}
