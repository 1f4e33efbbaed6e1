//! How a new process tells the supervisor (or whoever started it) how its birth went: lines over a pipe that closes when
//! it becomes another program or has nothing more to tell.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::error::Failure;
use crate::linux::{Error as KernelError, Result as KernelResult};

/// The parent's end, with what was read so far.
pub(super) struct Reading {
    pipe: File,
    text: Vec<u8>,
}

/// The child's end.
pub(super) struct Report(File);

/// One thing that is told.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "birth", rename_all = "snake_case")]
pub(super) enum Told {
    /// A helper has started the process, which has this pid.
    Born {
        /// In the pid namespace of the helper.
        pid: i32,
    },
    /// It could not be done.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// Something worth a line in its log.
    Noted {
        /// The line.
        line: String,
    },
}

/// Both ends; neither survives an `exec`.
pub(super) fn channel() -> KernelResult<(Reading, Report)> {
    let (reading, writing) =
        nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| KernelError::new("make", "a pipe", errno))?;
    Ok((Reading { pipe: reading.into(), text: Vec::new() }, Report(writing.into())))
}

impl Reading {
    /// Waits until the child has become another program or has failed.
    pub(super) fn wait(mut self) -> KernelResult<Option<Failure>> {
        let failed = |source| KernelError::new("read from", "a new process", source);
        self.pipe.read_to_end(&mut self.text).map_err(failed)?;
        Ok(self.lines().into_iter().find_map(|told| match told {
            Told::Failed { failure } => Some(failure),
            Told::Born { .. } | Told::Noted { .. } => None,
        }))
    }

    /// From now on [`Reading::read`] does not wait.
    pub(super) fn do_not_wait(&self) -> KernelResult<()> {
        fcntl(&self.pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
            .map(drop)
            .map_err(|errno| KernelError::new("change", "a pipe", errno))
    }

    /// What was told since the last call, and whether that was all.
    pub(super) fn read(&mut self) -> (Vec<Told>, bool) {
        let at_end = match self.pipe.read_to_end(&mut self.text) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        };
        (self.lines(), at_end)
    }

    fn lines(&mut self) -> Vec<Told> {
        let Some(end) = self.text.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let lines: Vec<u8> = self.text.drain(..=end).collect();
        lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

impl AsFd for Reading {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl AsFd for Report {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Report {
    /// Tells which process was born.
    pub(super) fn born(&mut self, pid: Pid) {
        self.tell(&Told::Born { pid: pid.as_raw() });
    }

    /// Tells what could not be done.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.tell(&Told::Failed { failure });
    }

    /// Tells something for the log.
    pub(super) fn note(&mut self, line: String) {
        self.tell(&Told::Noted { line });
    }

    fn tell(&mut self, told: &Told) {
        let mut line = serde_json::to_vec(told).unwrap_or_default();
        line.push(b'\n');
        // If nobody listens any more there is nobody to tell.
        let _ = self.0.write_all(&line);
    }
}
