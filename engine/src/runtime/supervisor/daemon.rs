//! One daemon: what it is doing, and how its process comes to be. The process is a child of the supervisor inside the
//! host's pid namespace: a helper enters the host and forks a sibling of itself.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::protocol::Request;
use super::super::report::Report;
use super::super::spec::{DaemonSpec, DaemonState, DaemonStatus, Ending, Restart};
use crate::linux::process::Fork;
use crate::linux::{Error as KernelError, Result as KernelResult, namespace, process};

/// The first wait before a daemon is started again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A daemon that ran this long is started again after the first wait.
const GOOD_RUN: Duration = Duration::from_secs(10);

pub(super) struct Daemon {
    pub(super) spec: DaemonSpec,
    pub(super) state: State,
    pub(super) restarts: u32,
    /// Connections that wait for the state to come.
    pub(super) waiting: Vec<u64>,
    /// Requests that came while it was starting or stopping.
    pub(super) deferred: Vec<(u64, Request)>,
    next_wait: Duration,
}

pub(super) enum State {
    /// Its host is being opened or its program executed. Becomes `Running` or `Failed`.
    Starting,
    /// Becomes `Stopping` on request, `Backoff` or `Exited` by itself.
    Running(Process),
    /// Asked to end; killed at the deadline. Then `then` happens.
    Stopping { process: Process, deadline: Instant, then: Then },
    /// Becomes `Starting` when the time has come.
    Backoff { ending: Ending, until: Instant },
    /// Stays so until the next request.
    Exited(Ending),
    /// Stays so until the next request.
    Failed(Failure),
    /// Stays so until the next request.
    Stopped,
}

/// What follows a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    Start,
    Forget,
}

pub(super) struct Process {
    pub(super) pid: Pid,
    pub(super) pidfd: OwnedFd,
    started: u64,
    since: Instant,
}

impl Process {
    /// A child just born.
    pub(super) fn new(pid: Pid) -> KernelResult<Process> {
        let pidfd = process::pidfd_open(pid)?;
        Ok(Process { pid, pidfd, started: process::started(pid).unwrap_or_default(), since: Instant::now() })
    }
}

impl Daemon {
    pub(super) fn new(spec: DaemonSpec) -> Daemon {
        Daemon {
            spec,
            state: State::Starting,
            restarts: 0,
            waiting: Vec::new(),
            deferred: Vec::new(),
            next_wait: FIRST_WAIT,
        }
    }

    pub(super) fn process(&self) -> Option<&Process> {
        match &self.state {
            State::Running(process) | State::Stopping { process, .. } => Some(process),
            State::Starting
            | State::Backoff { .. }
            | State::Exited(_)
            | State::Failed(_)
            | State::Stopped => None,
        }
    }

    /// When something has to be done about it by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Stopping { deadline, .. } => Some(*deadline),
            State::Backoff { until, .. } => Some(*until),
            State::Starting | State::Running(_) | State::Exited(_) | State::Failed(_) | State::Stopped => {
                None
            }
        }
    }

    /// Its process ended by itself: what it does now.
    pub(super) fn after_end(&mut self, process: &Process, ending: Ending) -> State {
        let again = match self.spec.restart {
            Restart::No => false,
            Restart::OnFailure => !ending.success(),
            Restart::Always => true,
        };
        if !again {
            return State::Exited(ending);
        }
        if process.since.elapsed() >= GOOD_RUN {
            self.next_wait = FIRST_WAIT;
        }
        let until = Instant::now() + self.next_wait;
        self.next_wait = (self.next_wait * 2).min(LONGEST_WAIT);
        State::Backoff { ending, until }
    }

    pub(super) fn status(&self, id: &str) -> DaemonStatus {
        let state = match &self.state {
            State::Starting => DaemonState::Starting,
            State::Running(process) => {
                DaemonState::Running { pid: process.pid.as_raw(), started: process.started }
            }
            State::Stopping { process, .. } => DaemonState::Stopping { pid: process.pid.as_raw() },
            State::Backoff { ending, until } => {
                let left = until.saturating_duration_since(Instant::now()).as_millis();
                let again_in_ms = u64::try_from(left).unwrap_or(u64::MAX);
                DaemonState::Backoff { ending: *ending, again_in_ms }
            }
            State::Exited(ending) => DaemonState::Exited { ending: *ending },
            State::Failed(failure) => DaemonState::Failed { reason: failure.line() },
            State::Stopped => DaemonState::Stopped,
        };
        DaemonStatus {
            id: id.to_string(),
            host: self.spec.host.clone(),
            digest: self.spec.digest.clone(),
            state,
            restarts: self.restarts,
            log: self.spec.log.clone(),
        }
    }
}

/// In a process just forked from the supervisor: starts the daemon in the host's namespaces.
pub(super) fn be_helper(
    spec: &DaemonSpec,
    init: BorrowedFd<'_>,
    log: &File,
    open_files: u64,
    mut report: Report,
) -> ! {
    match namespace::enter(init, namespace::HOST).and_then(|()| process::fork_sibling()) {
        Ok(Fork::Parent(pid)) => report.born(pid),
        Ok(Fork::Child) => {
            let failure = match prepare(spec, log, open_files) {
                Ok(()) => execute(spec),
                Err(error) => error.into(),
            };
            report.fail(failure);
        }
        Err(error) => report.fail(error.into()),
    }
    process::exit_now(0)
}

fn prepare(spec: &DaemonSpec, log: &File, open_files: u64) -> KernelResult<()> {
    nix::unistd::setsid().map_err(|errno| KernelError::new("make", "a session", errno))?;
    process::redirect(log.as_fd(), 1)?;
    process::redirect(log.as_fd(), 2)?;
    process::close_on_exec_from(3)?;
    process::limit_open_files(open_files)?;
    std::env::set_current_dir(&spec.cwd)
        .map_err(|source| KernelError::new("enter the directory", spec.cwd.display(), source))?;
    process::become_user(spec.uid, spec.gid)?;
    process::restore_signals();
    Ok(())
}

fn execute(spec: &DaemonSpec) -> Failure {
    let error = process::execute(&spec.argv, &spec.env);
    Failure::Execute {
        program: spec.argv.first().cloned().unwrap_or_default(),
        host: spec.host.clone(),
        errno: error.raw_os_error().unwrap_or(nix::libc::EINVAL),
    }
}
