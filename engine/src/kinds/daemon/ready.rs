//! Whether a daemon answers. Looked at every 10 ms, and the daemon's end ends the waiting.

use super::Daemon;
use crate::error::Error;
use crate::kinds::{host_file, output};
use crate::linux::process;
use crate::machine::Machine;
use crate::runtime::{Command, DaemonState, LogReader};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Why a daemon is not ready.
pub(super) enum NotReady {
    /// It is no more.
    Ended,
    /// Its time is up; what was still missing.
    Late(String),
}

/// Waits until everything that `ready` asks for holds.
pub(super) fn wait(
    machine: &Machine,
    daemon: &Daemon,
    name: &str,
    pidfd: BorrowedFd<'_>,
    log: &mut Log,
) -> Result<Result<(), NotReady>, Error> {
    let deadline = Instant::now() + daemon.wanted.ready.timeout;
    let mut logged = daemon.wanted.ready.log.is_none();
    loop {
        // In this order: a command that answers because of another process is caught by the daemon's own end.
        let lacking = lacking(machine, daemon, name, log, &mut logged, deadline)?;
        let ended = process::wait_until_ended(pidfd, Duration::ZERO)
            .map_err(|error| Error::caused(format!("watch daemon {name}"), error))?;
        match lacking {
            None if !ended => return Ok(Ok(())),
            _ if ended => return Ok(Err(NotReady::Ended)),
            Some(what) if Instant::now() >= deadline => return Ok(Err(NotReady::Late(what))),
            Some(_) | None => {}
        }
        process::wait_until_ended(pidfd, PAUSE)
            .map_err(|error| Error::caused(format!("watch daemon {name}"), error))?;
    }
}

/// What does not hold yet.
fn lacking(
    machine: &Machine,
    daemon: &Daemon,
    name: &str,
    log: &mut Log,
    logged: &mut bool,
    deadline: Instant,
) -> Result<Option<String>, Error> {
    let ready = &daemon.wanted.ready;
    if let Some(text) = &ready.log {
        *logged = *logged || log.has(text);
        if !*logged {
            return Ok(Some(format!("`{text}` is not in its log")));
        }
    }
    if ready.notify || ready.socket.is_some() || !ready.port.is_empty() {
        let status = super::observe::statuses(machine)?.into_iter().find(|status| status.id == name);
        if let Some(status) = &status
            && ready.notify
            && !status.notified
        {
            let says = status.says.as_ref().map(|says| format!(": {says}")).unwrap_or_default();
            return Ok(Some(format!("it has not said that it is ready{says}")));
        }
        let state = status.map(|status| status.state);
        let table = |name: &str| match state {
            Some(DaemonState::Running { pid, .. }) => {
                std::fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default()
            }
            _ => String::new(),
        };
        if !ready.port.is_empty() {
            let listening: Vec<u16> =
                ["tcp", "tcp6"].iter().flat_map(|name| listening_ports(&table(name))).collect();
            if let Some(port) = ready.port.iter().find(|port| !listening.contains(port)) {
                return Ok(Some(format!("nothing listens on TCP port {port}")));
            }
        }
        if let Some(path) = &ready.socket
            && !listens_at(&table("unix"), path.as_str())
        {
            return Ok(Some(format!("nothing listens at `{path}`")));
        }
    }
    if let Some(path) = &ready.file
        && !host_file::exists(machine, &daemon.host, path)?
    {
        return Ok(Some(format!("there is no `{path}`")));
    }
    if ready.command.is_empty() {
        return Ok(None);
    }
    let mut environment = daemon.environment.clone();
    environment.extend(ready.environment.iter().map(|(name, value)| (name.clone(), value.clone())));
    let command = Command::new(ready.command.iter().cloned(), environment);
    let stdin = ready.stdin.as_ref().map_or("", |stdin| stdin.reveal());
    let left = deadline.saturating_duration_since(Instant::now()).max(PAUSE);
    let host = ready.on.as_ref().unwrap_or(&daemon.host);
    let output = machine.run(host, &command, stdin.as_bytes(), left)?;
    if output.success() {
        return Ok(None);
    }
    let said = output::last_lines(&output);
    let said = said.last().map(|line| format!(": {line}")).unwrap_or_default();
    Ok(Some(format!("`{}` {}{said}", ready.command[0], output::ended(&output))))
}

/// Ports of the lines of `/proc/net/tcp` whose state is LISTEN.
fn listening_ports(table: &str) -> Vec<u16> {
    let port = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        let (_, port) = local.rsplit_once(':')?;
        u16::from_str_radix(port, 16).ok().filter(|_| state == "0A")
    };
    table.lines().skip(1).filter_map(port).collect()
}

/// Whether a line of `/proc/net/unix` is of a listening socket at this path.
fn listens_at(table: &str, path: &str) -> bool {
    /// `__SO_ACCEPTCON`, the kernel's word for one that listens.
    const LISTENS: u32 = 1 << 16;
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_ascii_whitespace();
        let flags = fields.nth(3).and_then(|flags| u32::from_str_radix(flags, 16).ok());
        flags.is_some_and(|flags| flags & LISTENS != 0) && fields.nth(3) == Some(path)
    })
}

/// What a daemon logged since it was last started.
pub(super) struct Log {
    reader: LogReader,
    /// Its end.
    text: String,
}

/// So much of a log's end is kept, for texts to be found in and lines to be shown.
const KEPT: usize = 64 << 10;

impl Log {
    /// The log as it is before the start.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        Ok(Log { reader: LogReader::from_end(path)?, text: String::new() })
    }

    /// Whether this text is in it.
    fn has(&mut self, text: &str) -> bool {
        self.read();
        self.text.contains(text)
    }

    fn read(&mut self) {
        // An unreadable log has no text: the daemon is then never ready, and that is said.
        let more = self.reader.more().unwrap_or_default();
        let keep = KEPT.max(more.len());
        self.text.push_str(&String::from_utf8_lossy(&more));
        if let Some(start) = self.text.len().checked_sub(keep + KEPT) {
            let start = (start..).find(|at| self.text.is_char_boundary(*at)).unwrap_or(start);
            self.text.drain(..start);
        }
    }

    /// Its end.
    pub(super) fn last_lines(&mut self, count: usize) -> Vec<String> {
        self.read();
        let lines: Vec<&str> = self.text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_ports_are_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n   \
            0: 0A00000A:0058 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n   \
            1: 0A00000A:0058 0B00000A:D431 01 00000000:00000000 00:00000000 00000000     0        0 2\n   \
            2: 00000000000000000000000001000000:02ED 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 3\n";
        assert_eq!(listening_ports(table), [88, 749]);
        assert_eq!(listening_ports("garbage"), Vec::<u16>::new());
    }

    #[test]
    fn listening_sockets_are_found() {
        let table = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 24141 /run/a.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 24142 /run/b.sock\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 24143\n";
        assert!(listens_at(table, "/run/a.sock"));
        assert!(!listens_at(table, "/run/b.sock"));
        assert!(!listens_at("garbage", "/run/a.sock"));
    }

    #[test]
    fn only_what_was_logged_since_the_start_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let add = |text: &str| {
            let mut file = std::fs::File::options().append(true).create(true).open(&path).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        };
        add("commencing\n");
        let mut log = Log::new(path.clone()).unwrap();
        assert!(!log.has("commencing"));
        add("one\n\ntwo\n");
        assert!(log.has("one"));
        assert_eq!(log.last_lines(1), ["two"]);
        for _ in 0..2 {
            add(&"x".repeat(3 * KEPT));
            assert!(log.has("x"));
        }
        assert!(!log.has("one"));
        add("three\n");
        assert!(log.has("three"));
        assert!(log.text.len() <= 5 * KEPT);
    }
}
