//! One daemon: what it is doing, and how its process comes to be. The process is a child of its guard (`guard.rs`), and the
//! guard one of the supervisor inside the host's pid namespace: a helper enters the host and forks a sibling of itself.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::resource::Resource;
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::protocol::Request;
use super::super::report::{Reading, Report, Told};
use super::super::spec::{DaemonSpec, DaemonState, DaemonStatus, Ending, Limit, Restart};
use super::gate::Gate;
use super::guard;
use super::log::Log;
use super::notices::{self, Notices};
use crate::linux::process::Fork;
use crate::linux::{
    Error as KernelError, Result as KernelResult, capability, family, files, namespace, process,
};

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
    /// The processes of its connections.
    pub(super) connections: Vec<Process>,
    /// From its first start on.
    pub(super) log: Option<Log>,
    /// While it runs, where it asks for one.
    pub(super) notices: Option<Notices>,
    /// Where its guards say what should be in the log.
    pub(super) notes: Vec<Reading>,
    /// What was last noted there since it was started.
    pub(super) noted: Option<String>,
    next_wait: Duration,
}

pub(super) enum State {
    /// Its host is being opened or its program executed. Becomes `Running` or `Failed`.
    Starting,
    /// It waits for connections. Becomes `Starting` with the first one, unless each has a process of its own; `Draining`
    /// on request.
    Listening,
    /// Becomes `Stopping` on request, `Backoff` or `Exited` by itself.
    Running(Process),
    /// The processes of its connections were asked to end; killed at the deadline. Then `then` happens.
    Draining { deadline: Instant, then: Then },
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
    /// Its lifetime is over: as if it had ended by itself.
    Judge,
}

/// What runs: the guard and, below it, the daemon.
pub(super) struct Process {
    /// The guard's.
    pub(super) pid: Pid,
    pub(super) pidfd: OwnedFd,
    /// The daemon's own; the guard's where it has ended already.
    main: Pid,
    started: u64,
    pub(super) since: Instant,
}

impl Process {
    /// A guard just born, whose daemon has become its program.
    pub(super) fn new(pid: Pid) -> KernelResult<Process> {
        let pidfd = process::pidfd_open(pid)?;
        let main = family::children(pid).first().copied().unwrap_or(pid);
        let started = process::started(main).unwrap_or_default();
        Ok(Process { pid, pidfd, main, started, since: Instant::now() })
    }

    /// Kills the daemon and all that descends from it.
    pub(super) fn kill(&self) {
        // It is not reaped, so this cannot fail.
        let _ = process::signal(self.pidfd.as_fd(), guard::NOW);
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
            connections: Vec::new(),
            log: None,
            notices: None,
            notes: Vec::new(),
            noted: None,
            next_wait: FIRST_WAIT,
        }
    }

    pub(super) fn process(&self) -> Option<&Process> {
        match &self.state {
            State::Running(process) | State::Stopping { process, .. } => Some(process),
            State::Starting
            | State::Listening
            | State::Draining { .. }
            | State::Backoff { .. }
            | State::Exited(_)
            | State::Failed(_)
            | State::Stopped => None,
        }
    }

    /// The processes that all of it descends from.
    pub(super) fn guards(&self) -> impl Iterator<Item = Pid> + '_ {
        self.process().into_iter().chain(&self.connections).map(|process| process.pid)
    }

    /// The names of the sockets at which connections are waited for now.
    pub(super) fn awaits(&self) -> &[String] {
        match &self.spec.listen {
            Some(listen)
                if matches!(self.state, State::Listening) && self.connections.len() < listen.most =>
            {
                &listen.sockets
            }
            Some(_) | None => &[],
        }
    }

    /// Whether each of its connections has a process of its own.
    pub(super) fn each(&self) -> bool {
        self.spec.listen.as_ref().is_some_and(|listen| listen.each)
    }

    /// Where its words come from.
    pub(super) fn talks_through(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let words = [self.log.as_ref().map(Log::reading), self.notices.as_ref().map(AsFd::as_fd)];
        words.into_iter().flatten().chain(self.notes.iter().map(AsFd::as_fd))
    }

    /// Takes what it printed, and what it and its guard said about it.
    pub(super) fn attend(&mut self) {
        if let Some(log) = &mut self.log {
            log.take();
        }
        if let Some(notices) = &mut self.notices {
            notices.take();
        }
        let mut said = Vec::new();
        self.notes.retain_mut(|notes| {
            let (told, at_end) = notes.read();
            said.extend(told);
            !at_end
        });
        for told in said {
            if let Told::Noted { line } = told {
                self.note(line);
            }
        }
    }

    /// Adds a line of our own to its log.
    pub(super) fn note(&mut self, line: String) {
        if let Some(log) = &mut self.log {
            log.note(&line);
        }
        self.noted = Some(line);
    }

    /// When something has to be done about it by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Stopping { deadline, .. } | State::Draining { deadline, .. } => Some(*deadline),
            State::Listening => {
                let lifetime = Duration::from_millis(self.spec.lifetime_ms?);
                self.connections.iter().filter_map(|process| process.since.checked_add(lifetime)).min()
            }
            State::Backoff { until, .. } => Some(*until),
            State::Running(process) => {
                let lifetime = Duration::from_millis(self.spec.lifetime_ms?);
                process.since.checked_add(lifetime)
            }
            State::Starting | State::Exited(_) | State::Failed(_) | State::Stopped => None,
        }
    }

    /// Its process ended by itself: what it does now.
    pub(super) fn after_end(&mut self, process: &Process, ending: Ending) -> State {
        let again = self.spec.listen.is_some()
            || match self.spec.restart {
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
            State::Listening | State::Draining { .. } => {
                DaemonState::Listening { connections: self.connections.len() }
            }
            State::Running(process) => {
                let ran = process.since.elapsed();
                let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                let left = self.spec.lifetime_ms.map(|lifetime| lifetime.saturating_sub(milliseconds(ran)));
                DaemonState::Running {
                    pid: process.main.as_raw(),
                    started: process.started,
                    ran_ms: milliseconds(ran),
                    left_ms: left,
                }
            }
            State::Stopping { process, .. } => DaemonState::Stopping { pid: process.main.as_raw() },
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
            notified: self.notices.as_ref().is_some_and(|notices| notices.ready),
            noted: self.noted.clone(),
            says: self.notices.as_ref().and_then(|notices| notices.status.clone()),
            log: self.spec.log.path.clone(),
        }
    }
}

/// In a process just forked from the supervisor: starts the daemon in the host's namespaces.
pub(super) fn be_helper(
    id: &str,
    spec: &DaemonSpec,
    init: BorrowedFd<'_>,
    means: &Means<'_>,
    mut birth: Report,
    notes: Report,
) -> ! {
    let entered =
        namespace::others_of(init).and_then(|others| namespace::enter(init, namespace::HOST | others));
    match entered.and_then(|()| process::fork_sibling()) {
        Ok(Fork::Parent(pid)) => birth.born(pid),
        Ok(Fork::Child) => {
            let name = id.rsplit('/').next().unwrap_or(id);
            guard::be_guard(name, birth, notes, spec.seccomp.as_ref(), |gate| {
                let prepared = prepare(spec, means);
                // Nothing but becoming the program comes after the gate.
                match prepared.and_then(|()| gate.map_or(Ok(()), Gate::close_behind)) {
                    Ok(()) => execute(id, spec, &means.given),
                    Err(error) => error.into(),
                }
            })
        }
        Err(error) => birth.fail(error.into()),
    }
    process::exit_now(0)
}

/// What a process has from the supervisor.
pub(super) struct Means<'fd> {
    /// Where its output goes.
    pub(super) log: BorrowedFd<'fd>,
    pub(super) given: Given<'fd>,
    /// Its limit of open files.
    pub(super) open_files: u64,
}

/// What of connections a process is given.
pub(super) enum Given<'fd> {
    Nothing,
    /// One, as its standard input and output.
    Connection(BorrowedFd<'fd>),
    /// The sockets they come to, from descriptor 3 on.
    Sockets(Vec<BorrowedFd<'fd>>),
}

fn prepare(spec: &DaemonSpec, means: &Means<'_>) -> KernelResult<()> {
    nix::unistd::setsid().map_err(|errno| KernelError::new("make", "a session", errno))?;
    if let Some(text) = &spec.stdin {
        process::redirect(files::with_contents(text.as_bytes())?.as_fd(), 0)?;
    }
    process::redirect(means.log, 1)?;
    process::redirect(means.log, 2)?;
    let mut kept = 3;
    match &means.given {
        Given::Nothing => {}
        Given::Connection(connection) => {
            process::redirect(*connection, 0)?;
            process::redirect(*connection, 1)?;
        }
        Given::Sockets(sockets) => kept += process::put_from(kept, sockets)?,
    }
    process::close_on_exec_from(kept)?;
    process::limit_open_files(means.open_files)?;
    for (limit, value) in &spec.limits {
        process::limit(resource(*limit), *value)?;
    }
    std::env::set_current_dir(&spec.cwd)
        .map_err(|source| KernelError::new("enter the directory", spec.cwd.display(), source))?;
    match &spec.capabilities {
        None => process::become_user(spec.uid, spec.gid)?,
        Some(capabilities) => capability::become_user_with(spec.uid, spec.gid, capabilities)?,
    }
    // Changing the user would undo this, so it comes after.
    process::die_with_parent()?;
    process::restore_signals();
    Ok(())
}

fn resource(limit: Limit) -> Resource {
    match limit {
        Limit::AddressSpace => Resource::RLIMIT_AS,
        Limit::Core => Resource::RLIMIT_CORE,
        Limit::CpuTime => Resource::RLIMIT_CPU,
        Limit::Data => Resource::RLIMIT_DATA,
        Limit::FileSize => Resource::RLIMIT_FSIZE,
        Limit::LockedMemory => Resource::RLIMIT_MEMLOCK,
        Limit::OpenFiles => Resource::RLIMIT_NOFILE,
        Limit::Processes => Resource::RLIMIT_NPROC,
        Limit::Stack => Resource::RLIMIT_STACK,
    }
}

fn execute(id: &str, spec: &DaemonSpec, given: &Given<'_>) -> Failure {
    let mut env = spec.env.clone();
    if let Given::Sockets(sockets) = given {
        env.insert("LISTEN_FDS".to_owned(), sockets.len().to_string());
        env.insert("LISTEN_PID".to_owned(), nix::unistd::getpid().to_string());
    }
    if spec.notify {
        env.insert(notices::VARIABLE.to_owned(), notices::path(id));
    }
    let error = process::execute(&spec.argv, &env);
    Failure::Execute {
        program: spec.argv.first().cloned().unwrap_or_default(),
        host: spec.host.clone(),
        errno: error.raw_os_error().unwrap_or(nix::libc::EINVAL),
    }
}
