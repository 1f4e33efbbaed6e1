//! Whether a daemon answers. Looked at every 10 ms, and the daemon's end ends the waiting.

use super::Daemon;
use crate::error::Error;
use crate::kinds::{host_file, output};
use crate::linux::process;
use crate::machine::Machine;
use crate::runtime::{Command, DaemonState};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
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
    let deadline = Instant::now() + daemon.ready.timeout;
    let mut logged = false;
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
    let ready = &daemon.ready;
    if let Some(text) = &ready.log {
        *logged = *logged || log.read().contains(text);
        if !*logged {
            return Ok(Some(format!("`{text}` is not in its log")));
        }
    }
    if !ready.port.is_empty() {
        let listening = listening(machine, name)?;
        if let Some(port) = ready.port.iter().find(|port| !listening.contains(port)) {
            return Ok(Some(format!("nothing listens on TCP port {port}")));
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

/// The TCP ports that listen in the daemon's network namespace.
fn listening(machine: &Machine, name: &str) -> Result<Vec<u16>, Error> {
    let daemons = super::observe::statuses(machine)?;
    let state = daemons.into_iter().find(|status| status.id == name).map(|status| status.state);
    let Some(DaemonState::Running { pid, .. }) = state else { return Ok(Vec::new()) };
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/{pid}/net/{table}")));
    Ok(tables.into_iter().flatten().flat_map(|table| parse_listening(&table)).collect())
}

/// Ports of the lines of `/proc/net/tcp` whose state is LISTEN.
fn parse_listening(table: &str) -> Vec<u16> {
    let port = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        let (_, port) = local.rsplit_once(':')?;
        u16::from_str_radix(port, 16).ok().filter(|_| state == "0A")
    };
    table.lines().skip(1).filter_map(port).collect()
}

/// What a daemon logged since it was last started.
pub(super) struct Log {
    path: PathBuf,
    start: u64,
}

impl Log {
    /// The log as it is before the start.
    pub(super) fn new(path: PathBuf) -> Self {
        let start = path.metadata().map_or(0, |metadata| metadata.len());
        Log { path, start }
    }

    /// All of it; nothing where there is nothing yet.
    fn read(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.start))?;
            file.read_to_end(&mut bytes)
        });
        // An unreadable log has no text: the daemon is then never ready, and that is said.
        read.map(|_| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Its end.
    pub(super) fn last_lines(&self, count: usize) -> Vec<String> {
        let text = self.read();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
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
        assert_eq!(parse_listening(table), [88, 749]);
        assert_eq!(parse_listening("garbage"), Vec::<u16>::new());
    }

    #[test]
    fn only_what_was_logged_since_the_start_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        assert_eq!(Log::new(path.clone()).read(), "");
        std::fs::File::create(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, b"commencing\n"))
            .unwrap();
        let log = Log::new(path.clone());
        assert_eq!(log.read(), "");
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, b"one\n\ntwo\n").unwrap();
        assert_eq!(log.last_lines(1), ["two"]);
    }
}
