//! Short work on a host from a process inside the lab, which may have many threads: a command with its input and its
//! output, or a function. Each has a thread of its own that ends with it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sched::CloneFlags;
use nix::unistd::Pid;

use super::command::Command;
use super::error::{Error, Result};
use super::spec::Ending;
use crate::linux::namespace::{self, Namespaces};
use crate::linux::{Error as KernelError, netns, process};

/// What a command gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended; `None` when it was killed because its time was up.
    pub ending: Option<Ending>,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether it ended by itself with exit code 0.
    pub fn success(&self) -> bool {
        self.ending.is_some_and(Ending::success)
    }
}

/// Runs a command in the namespaces of a host's init, with these bytes as its input, and waits for it, at most this
/// long; then its whole session is killed. It dies with this process. Call it inside the lab.
pub fn run_in_host(
    host: &str,
    init: BorrowedFd<'_>,
    command: &Command,
    stdin: &[u8],
    limit: Duration,
) -> Result<Output> {
    let others = namespace::others_of(init)?;
    let alone = others & (namespace::USER | namespace::TIME);
    in_namespaces(init, namespace::HOST | others.difference(alone), || {
        let deadline = Instant::now() + limit;
        let mut prepared = process::command(command.program());
        prepared
            .args(command.argv.iter().skip(1))
            .env_clear()
            .envs(&command.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The thread has a working directory of its own, which the command takes over.
        std::env::set_current_dir(&command.cwd)
            .map_err(|source| KernelError::new("enter the directory", command.cwd.display(), source))?;
        let child = process::alone(&mut prepared, (command.uid, command.gid), init, alone).spawn().map_err(
            |source| Error::Execute { program: command.program(), host: host.to_string(), source },
        )?;
        converse(child, stdin, deadline)
    })
}

/// Runs `work` on a thread that sees the host's files and network, with `/` as its working directory. Not its
/// processes: `/proc/self` is not there.
pub fn on_host<T: Send>(init: BorrowedFd<'_>, work: impl FnOnce() -> T + Send) -> Result<T> {
    in_namespaces(init, namespace::HOST.difference(CloneFlags::CLONE_NEWPID), || Ok(work()))
}

fn in_namespaces<T: Send>(
    init: BorrowedFd<'_>,
    namespaces: Namespaces,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    netns::on_thread(|| {
        namespace::unshare_directory()?;
        namespace::enter(init, namespaces)?;
        Ok(work())
    })?
}

/// Feeds the command, collects what it says, and waits for its end.
fn converse(mut child: Child, input: &[u8], deadline: Instant) -> Result<Output> {
    let failed = |source: io::Error| KernelError::new("talk to", "a command", source);
    let leader = Pid::from_raw(child.id().cast_signed());
    let pidfd = process::pidfd_open(leader)?;
    let mut stdin =
        child.stdin.take().map(|pipe| File::from(OwnedFd::from(pipe))).filter(|_| !input.is_empty());
    let mut streams = [
        Collected::new(child.stdout.take().map(OwnedFd::from)),
        Collected::new(child.stderr.take().map(OwnedFd::from)),
    ];
    for pipe in stdin.iter().chain(streams.iter().filter_map(|stream| stream.pipe.as_ref())) {
        fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|errno| failed(errno.into()))?;
    }
    let mut rest = input;
    let in_time = loop {
        let ready = wait(&pidfd, stdin.as_ref(), &streams, deadline).map_err(|errno| failed(errno.into()))?;
        if let Some(pipe) = &mut stdin {
            // A command that does not want its input is free not to read it.
            let done = match pipe.write(rest) {
                Ok(count) => {
                    rest = &rest[count..];
                    rest.is_empty()
                }
                Err(error) => error.kind() != io::ErrorKind::WouldBlock,
            };
            if done {
                stdin = None;
            }
        }
        for stream in &mut streams {
            stream.collect().map_err(failed)?;
        }
        match ready {
            Ready::Ended => break true,
            Ready::Late => break false,
            Ready::Talks => {}
        }
    };
    // What it left behind in its session ends with it, as long as its pid still is its own.
    process::kill_group(leader);
    let status = child.wait().map_err(|source| KernelError::new("wait for", "a command", source))?;
    for stream in &mut streams {
        stream.collect().map_err(failed)?;
    }
    let [stdout, stderr] = streams.map(|stream| stream.bytes);
    Ok(Output { ending: in_time.then(|| ending(status)), stdout, stderr })
}

fn ending(status: ExitStatus) -> Ending {
    match status.code() {
        Some(code) => Ending::Code(code),
        None => Ending::Signal(status.signal().unwrap_or_default()),
    }
}

enum Ready {
    Ended,
    Late,
    Talks,
}

fn wait(
    pidfd: &OwnedFd,
    stdin: Option<&File>,
    streams: &[Collected; 2],
    deadline: Instant,
) -> nix::Result<Ready> {
    let mut watched = vec![PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    watched.extend(stdin.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)));
    let open = streams.iter().filter_map(|stream| stream.pipe.as_ref());
    watched.extend(open.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    match poll(&mut watched, process::timeout(Some(deadline))) {
        Ok(_) if watched[0].any() == Some(true) => Ok(Ready::Ended),
        Ok(_) | Err(Errno::EINTR) if Instant::now() >= deadline => Ok(Ready::Late),
        Ok(_) | Err(Errno::EINTR) => Ok(Ready::Talks),
        Err(errno) => Err(errno),
    }
}

/// One stream of the command, as far as it was read.
struct Collected {
    pipe: Option<File>,
    bytes: Vec<u8>,
}

impl Collected {
    fn new(pipe: Option<OwnedFd>) -> Self {
        Collected { pipe: pipe.map(File::from), bytes: Vec::new() }
    }

    /// Reads what is there; at the end the pipe is closed.
    fn collect(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        match pipe.read_to_end(&mut self.bytes) {
            Ok(_) => {
                self.pipe = None;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}
