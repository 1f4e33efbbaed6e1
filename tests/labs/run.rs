//! One command, with a time limit, and what it said.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fmt;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The command, for messages.
    pub(crate) command: String,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error; empty where both went to one pipe.
    pub(crate) stderr: String,
    /// Its exit status: 128 and the signal's number where a signal ended it.
    pub(crate) status: i32,
    /// How long it took.
    pub(crate) took: Duration,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ended with {} after {:.1?}", self.command, self.status, self.took)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "\n--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// Runs `command` to its end and reads both streams to theirs. Whatever still holds them open afterwards
/// (a daemon that inherited them) counts as not ended. `limit` ends the whole process group.
pub(crate) fn run(mut command: Command, shown: &str, limit: Duration) -> Result<Outcome, String> {
    let started = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("start `{shown}`: {error}"))?;
    let group = Pid::from_raw(child.id().cast_signed());
    let (sender, ended) = mpsc::channel();
    let read = |mut stream: Box<dyn Read + Send>| {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
            let _ = sender.send(());
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(Box::new(child.stdout.take().ok_or("no stdout")?));
    let stderr = read(Box::new(child.stderr.take().ok_or("no stderr")?));
    for _stream in 0..2 {
        let left = limit.saturating_sub(started.elapsed());
        if ended.recv_timeout(left).is_err() {
            let _ = killpg(group, Signal::SIGKILL);
            let _ = child.wait();
            return Err(format!("`{shown}` did not end within {limit:?}, or left its output open"));
        }
    }
    let status = child.wait().map_err(|error| format!("wait for `{shown}`: {error}"))?;
    Ok(Outcome {
        command: shown.to_owned(),
        stdout: stdout.join().map_err(|_| "reading stdout panicked")?,
        stderr: stderr.join().map_err(|_| "reading stderr panicked")?,
        status: code(status),
        took: started.elapsed(),
    })
}

/// The exit status as a shell gives it.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Asks until the answer is `Ok`, at most for `limit`, and gives back the last answer.
pub(crate) fn until<T, E>(limit: Duration, mut ask: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let started = Instant::now();
    loop {
        let answer = ask();
        if answer.is_ok() || started.elapsed() > limit {
            return answer;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
