//! What the supervisor is told about hosts and daemons, and what it tells back. No kinds: only what a process needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::isolation::Isolation;
use crate::linux::seccomp::Pass;

/// What a host sees of the machine once a process runs there. Besides these it gets `/proc`, `/sys`, and an empty
/// `/run` and `/tmp` of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostView {
    /// The host's FQDN.
    pub hostname: String,
    /// Directories that are the host's own copy of the machine's. Mounted in this order, `/var` last.
    pub overlays: Vec<Overlay>,
    /// Directories that stay visible where an overlay or an empty directory would cover them.
    #[serde(default)]
    pub keep: Vec<PathBuf>,
    /// What it has of its own besides.
    #[serde(default)]
    pub isolation: Isolation,
}

/// One directory of the machine, under the host's own changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// Where it is seen.
    pub target: PathBuf,
    /// What lies below, topmost first; those that do not exist are left out.
    pub lower: Vec<PathBuf>,
    /// The host's own files. Put files here before the host has its first process; afterwards write inside the host.
    pub upper: PathBuf,
    /// The kernel's scratch directory, empty, on the file system of `upper`.
    pub work: PathBuf,
}

/// How a daemon runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonSpec {
    /// The host it runs on, which must be open.
    pub host: String,
    /// Program and arguments; a program without `/` is searched in the `PATH` of `env`, on the host.
    pub argv: Vec<String>,
    /// The whole environment: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Its working directory on the host.
    pub cwd: PathBuf,
    /// Its user id in the lab.
    pub uid: u32,
    /// Its group id in the lab.
    pub gid: u32,
    /// What standard input has; nothing where there is none.
    #[serde(default)]
    pub stdin: Option<String>,
    /// Where stdout and stderr go.
    pub log: LogSpec,
    /// Limits of its resources, besides those it has of itself.
    #[serde(default)]
    pub limits: BTreeMap<Limit, u64>,
    /// The only capabilities it may ever have, by number; all that its user has where none are said. One that is not
    /// root has them from the start.
    #[serde(default)]
    pub capabilities: Option<BTreeSet<u8>>,
    /// Which system calls it, and what descends from it, may make; all where nothing is said.
    #[serde(default)]
    pub seccomp: Option<Seccomp>,
    /// Whether connections start it.
    #[serde(default)]
    pub listen: Option<Listen>,
    /// Whether it gets a socket in `NOTIFY_SOCKET` to say on that it is ready.
    #[serde(default)]
    pub notify: bool,
    /// What happens when it ends by itself.
    pub restart: Restart,
    /// The signal that asks it to end.
    pub stop_signal: i32,
    /// How long it has to end, in milliseconds; then it is killed with all that descends from it.
    pub stop_timeout_ms: u64,
    /// How long it may run, in milliseconds; then it is stopped, which counts as a failure.
    #[serde(default)]
    pub lifetime_ms: Option<u64>,
    /// Given back by `Status`, so that the engine knows which specification runs.
    pub digest: String,
}

/// How connections start a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listen {
    /// The names under which the supervisor holds the sockets.
    pub sockets: Vec<String>,
    /// Whether each connection has a process of its own.
    pub each: bool,
    /// How many of these there may be.
    pub most: usize,
}

/// A filter of system calls. Each that does not pass is noted in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seccomp {
    /// By number.
    pub listed: BTreeSet<i64>,
    /// Which pass.
    pub pass: Pass,
    /// What becomes of the others.
    pub action: SeccompAction,
}

/// What becomes of a system call that does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeccompAction {
    /// It fails with `EPERM`.
    Errno,
    /// Its process is killed.
    Kill,
    /// It is carried out all the same.
    Log,
}

/// Files that a daemon's output goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSpec {
    /// The one that grows, seen from the lab. Those set aside have a number behind their name, the newest 1.
    pub path: PathBuf,
    /// In bytes: when the next piece would exceed it, the file is set aside.
    pub size: u64,
    /// How many set aside are kept.
    pub count: u32,
}

/// A resource of which a process may be given only so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Bytes of address space.
    AddressSpace,
    /// Bytes of a core file.
    Core,
    /// Seconds of processor time.
    CpuTime,
    /// Bytes of data.
    Data,
    /// Bytes of a file that it writes.
    FileSize,
    /// Bytes that stay in memory.
    LockedMemory,
    /// Open files.
    OpenFiles,
    /// Processes of its user.
    Processes,
    /// Bytes of stack.
    Stack,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Limit::AddressSpace => "address-space",
            Limit::Core => "core",
            Limit::CpuTime => "cpu-time",
            Limit::Data => "data",
            Limit::FileSize => "file-size",
            Limit::LockedMemory => "locked-memory",
            Limit::OpenFiles => "open-files",
            Limit::Processes => "processes",
            Limit::Stack => "stack",
        })
    }
}

/// What happens when a daemon ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// It stays ended.
    #[default]
    No,
    /// Started again after a signal or an exit code other than 0, later and later.
    OnFailure,
    /// Started again, later and later.
    Always,
}

/// What the supervisor knows about one daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its name in the lab.
    pub id: String,
    /// Its host.
    pub host: String,
    /// The digest it was started with.
    pub digest: String,
    /// What it is doing.
    pub state: DaemonState,
    /// How often it was started again by itself.
    pub restarts: u32,
    /// Whether it has said on its socket that it is ready, since it was started last.
    pub notified: bool,
    /// What it last said there about itself.
    pub says: Option<String>,
    /// What we last noted in its log, since it was started last.
    pub noted: Option<String>,
    /// Its log.
    pub log: PathBuf,
}

/// What is there of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostTable {
    /// Its name.
    pub name: String,
    /// The inodes of its namespaces, by their words. Those who share one have the same.
    pub namespaces: BTreeMap<String, u64>,
    /// What runs there, the oldest first.
    pub processes: Vec<ProcessEntry>,
}

/// One process of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessEntry {
    /// Its pid on the host.
    pub pid: i32,
    /// Its pid in the lab.
    pub pid_in_lab: i32,
    /// For how long it has run.
    pub ran_ms: u64,
    /// Its command line.
    pub command: String,
    /// The daemon that it descends from.
    pub daemon: Option<String>,
}

/// What a daemon is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DaemonState {
    /// It is being executed; becomes `Running` or `Failed`.
    Starting,
    /// It runs.
    Running {
        /// Its pid in the lab's pid namespace.
        pid: i32,
        /// When it started, in clock ticks since boot, as in field 22 of `/proc/PID/stat`.
        started: u64,
        /// For how long it has run.
        ran_ms: u64,
        /// For how long it may run on, where it may not for ever.
        left_ms: Option<u64>,
    },
    /// It waits for connections.
    Listening {
        /// How many have a process.
        connections: usize,
    },
    /// It was asked to end; becomes `Stopped`.
    Stopping {
        /// Its pid in the lab's pid namespace.
        pid: i32,
    },
    /// It ended and will be started again.
    Backoff {
        /// How it ended.
        ending: Ending,
        /// When it is started again, in milliseconds from now.
        again_in_ms: u64,
    },
    /// It ended by itself and stays so.
    Exited {
        /// How it ended.
        ending: Ending,
    },
    /// It could not be executed again; the text says why.
    Failed {
        /// Operation, object and cause.
        reason: String,
    },
    /// It was stopped on request.
    Stopped,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was stopped at the end of its lifetime.
    Overdue,
}

impl Ending {
    /// Whether the exit code is 0.
    pub fn success(self) -> bool {
        self == Ending::Code(0)
    }

    /// What is said of a process that ended so: `ended with exit code 1`.
    pub fn told(self) -> String {
        match self {
            Ending::Code(_) => format!("ended with {self}"),
            Ending::Signal(_) => format!("ended by {self}"),
            Ending::Overdue => format!("stopped at {self}"),
        }
    }

    /// The exit code a shell would show: 128 and the number of the signal.
    pub fn shell_code(self) -> u8 {
        let code = match self {
            Ending::Code(code) => code,
            Ending::Signal(signal) => 128 + signal,
            Ending::Overdue => 128 + nix::sys::signal::Signal::SIGTERM as i32,
        };
        u8::try_from(code & 0xff).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Code(code) => write!(formatter, "exit code {code}"),
            Ending::Signal(number) => match nix::sys::signal::Signal::try_from(*number) {
                Ok(signal) => formatter.write_str(signal.as_str()),
                Err(_) => write!(formatter, "signal {number}"),
            },
            Ending::Overdue => formatter.write_str("the end of its lifetime"),
        }
    }
}
