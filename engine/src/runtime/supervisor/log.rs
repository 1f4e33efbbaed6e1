//! Where a daemon's output goes: it writes into a pipe, and the supervisor puts what comes out into a file, which is set
//! aside when it is full. So a daemon needs no rights to its log, and no line is lost or cut when a file is begun.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{Gid, Uid, fchown};

use super::super::log::{MOST, numbered};
use super::super::spec::LogSpec;
use crate::linux::{Error as KernelError, Result as KernelResult, files};

/// As much is read at once.
const PIECE: usize = 64 << 10;

/// One that talks without end must not keep the others waiting.
const PIECES_AT_ONCE: usize = 16;

pub(super) struct Log {
    spec: LogSpec,
    reading: File,
    /// Kept open, so that the log goes on from one process to the next.
    writing: OwnedFd,
    file: File,
    length: u64,
    /// Whether the file ends within a line.
    within_line: bool,
}

impl Log {
    /// Opens the file; the writing end belongs to the daemon's user, who may open it again by its name in `/dev`.
    pub(super) fn open(spec: &LogSpec, uid: u32, gid: u32) -> KernelResult<Log> {
        let failed = |errno| KernelError::new("make", "a pipe for a log", errno);
        let (reading, writing) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        fcntl(&reading, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(failed)?;
        // A lab with one id has no other user to give it to.
        let _ = fchown(&writing, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
        let file = files::open_log(&spec.path)?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        Ok(Log { spec: spec.clone(), reading: reading.into(), writing, file, length, within_line: false })
    }

    /// The end that a daemon writes to.
    pub(super) fn writing(&self) -> BorrowedFd<'_> {
        self.writing.as_fd()
    }

    /// The end that has something to be read.
    pub(super) fn reading(&self) -> BorrowedFd<'_> {
        self.reading.as_fd()
    }

    /// From now on there are files of this size and number.
    pub(super) fn adjust(&mut self, spec: &LogSpec) {
        self.spec = LogSpec { path: self.spec.path.clone(), ..spec.clone() };
        for number in self.spec.count + 1..=MOST {
            if fs::remove_file(numbered(&self.spec.path, number)).is_err() {
                return;
            }
        }
    }

    /// Takes what was written so far.
    pub(super) fn take(&mut self) {
        let mut piece = vec![0; PIECE];
        for _ in 0..PIECES_AT_ONCE {
            match self.reading.read(&mut piece) {
                Ok(count) if count > 0 => self.put(&piece[..count]),
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Adds a line of the supervisor's own.
    pub(super) fn note(&mut self, line: &str) {
        self.take();
        let start = if self.within_line { "\n" } else { "" };
        self.put(format!("{start}topo: {line}\n").as_bytes());
    }

    fn put(&mut self, mut bytes: &[u8]) {
        while self.length + bytes.len() as u64 > self.spec.size {
            // As many whole lines as go into this file, and always the rest of one that was begun, or the only one.
            let room = usize::try_from(self.spec.size.saturating_sub(self.length)).unwrap_or(usize::MAX);
            let fits = bytes.iter().take(room).rposition(|byte| *byte == b'\n').map(|at| at + 1);
            let begun = || bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            let end = fits.unwrap_or_else(|| if self.within_line || self.length == 0 { begun() } else { 0 });
            self.write(&bytes[..end]);
            bytes = &bytes[end..];
            if bytes.is_empty() {
                return;
            }
            if !self.set_aside() {
                break;
            }
        }
        self.write(bytes);
    }

    /// On a disk that is full the daemon goes on and its words are lost: nothing better can be done with them.
    fn write(&mut self, bytes: &[u8]) {
        if self.file.write_all(bytes).is_ok() {
            self.length += bytes.len() as u64;
        }
        if let Some(last) = bytes.last() {
            self.within_line = *last != b'\n';
        }
    }

    /// Begins a new file; `false` where that fails, and the old one grows on.
    fn set_aside(&mut self) -> bool {
        let path = &self.spec.path;
        if self.spec.count == 0 {
            // Not emptied but removed: who still reads it has it whole.
            let _ = fs::remove_file(path);
        }
        for number in (0..self.spec.count).rev() {
            let _ = fs::rename(numbered(path, number), numbered(path, number + 1));
        }
        let Ok(file) = files::open_log(path) else { return false };
        self.length = file.metadata().map_or(0, |metadata| metadata.len());
        self.file = file;
        self.length == 0
    }
}
