//! What the supervisor is told about hosts and daemons, and what it tells back. No kinds: only what a process needs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
    /// Where stdout and stderr go, seen from the lab; appended.
    pub log: PathBuf,
    /// What happens when it ends by itself.
    pub restart: Restart,
    /// The signal that asks it to end.
    pub stop_signal: i32,
    /// How long it has to end, in milliseconds; then it is killed with all of its session.
    pub stop_timeout_ms: u64,
    /// Given back by `Status`, so that the engine knows which specification runs.
    pub digest: String,
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
    /// Its log.
    pub log: PathBuf,
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
}

impl Ending {
    /// Whether the exit code is 0.
    pub fn success(self) -> bool {
        self == Ending::Code(0)
    }

    /// The exit code a shell would show: 128 and the number of the signal.
    pub fn shell_code(self) -> u8 {
        let code = match self {
            Ending::Code(code) => code,
            Ending::Signal(signal) => 128 + signal,
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
        }
    }
}
