//! What can go wrong in the runtime. `Failure` is the form that crosses the socket; `Error` is what callers see.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::linux;

/// What a call of the runtime gives.
pub type Result<T> = std::result::Result<T, Error>;

/// Something went wrong in the runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A kernel operation failed, here or in the supervisor.
    #[error(transparent)]
    Kernel(#[from] linux::Error),
    /// The program could not be executed; it never ran.
    #[error("cannot execute `{program}` on `{host}`")]
    Execute {
        /// The program as asked for.
        program: String,
        /// The host it was to run on.
        host: String,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The supervisor ended before it was ready.
    #[error("the supervisor of lab `{lab}` ended before it was ready")]
    Start {
        /// The lab.
        lab: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// The connection to the supervisor broke.
    #[error("the supervisor of lab `{lab}` does not answer")]
    Gone {
        /// The lab.
        lab: String,
        /// What the connection gave.
        #[source]
        source: io::Error,
    },
    /// The lab was started by another version of topo.
    #[error("the supervisor of lab `{lab}` speaks protocol {theirs}, this topo speaks {ours}")]
    Version {
        /// The lab.
        lab: String,
        /// The supervisor's version.
        theirs: u32,
        /// Our version.
        ours: u32,
    },
    /// No daemon has this id.
    #[error("the supervisor knows no daemon `{id}`")]
    UnknownDaemon {
        /// The id.
        id: String,
    },
    /// The daemon runs; stop it first.
    #[error("daemon `{id}` runs already")]
    Running {
        /// The id.
        id: String,
    },
    /// The daemon does not run.
    #[error("daemon `{id}` does not run")]
    NotRunning {
        /// The id.
        id: String,
    },
    /// No process can be started on a host that is not open.
    #[error("host `{host}` is not open")]
    HostNotOpen {
        /// The host.
        host: String,
    },
    /// The host's init ended while something was to be done on it.
    #[error("host `{host}` ended")]
    HostEnded {
        /// The host.
        host: String,
    },
    /// Nothing is held under this name.
    #[error("the supervisor holds nothing named `{name}`")]
    NotHeld {
        /// The name.
        name: String,
    },
    /// The request made no sense to the supervisor.
    #[error("the supervisor refused the request: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// A name that cannot be a directory's.
    #[error("`{name}` cannot be the name of a lab: {reason}")]
    LabName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The id map could not be set.
    #[error("`{tool}` cannot set the id map: {message}")]
    IdMap {
        /// `newuidmap` or `newgidmap`.
        tool: &'static str,
        /// What it printed.
        message: String,
    },
    /// The supervisor did not end in time.
    #[error("the supervisor of lab `{lab}` did not end within {seconds} seconds")]
    Lingers {
        /// The lab.
        lab: String,
        /// How long it had.
        seconds: u64,
    },
    /// The state lies on a file system that cannot carry a host's files.
    #[error("`{}` is on {file_system}, which cannot carry the changes of a host", path.display())]
    StateOnOverlay {
        /// The directory.
        path: PathBuf,
        /// The file system's name.
        file_system: String,
    },
}

/// An error as it crosses the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "failure", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the variant of `Error` with the same name")]
pub enum Failure {
    Kernel { operation: String, object: String, errno: Option<i32>, reason: String },
    Execute { program: String, host: String, errno: i32 },
    UnknownDaemon { id: String },
    Running { id: String },
    NotRunning { id: String },
    HostNotOpen { host: String },
    HostEnded { host: String },
    NotHeld { name: String },
    Refused { reason: String },
    StateOnOverlay { path: PathBuf, file_system: String },
}

impl Failure {
    /// The whole chain in one line, for logs and for `DaemonState::Failed`.
    pub fn line(&self) -> String {
        let error = Error::from(self.clone());
        match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }
}

impl From<linux::Error> for Failure {
    fn from(error: linux::Error) -> Self {
        Failure::Kernel {
            errno: error.errno(),
            reason: error.source.to_string(),
            operation: error.operation.into_owned(),
            object: error.object,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Kernel { operation, object, errno, reason } => Error::Kernel(linux::Error {
                operation: operation.into(),
                object,
                source: errno.map_or_else(|| io::Error::other(reason), io::Error::from_raw_os_error),
            }),
            Failure::Execute { program, host, errno } => {
                Error::Execute { program, host, source: io::Error::from_raw_os_error(errno) }
            }
            Failure::UnknownDaemon { id } => Error::UnknownDaemon { id },
            Failure::Running { id } => Error::Running { id },
            Failure::NotRunning { id } => Error::NotRunning { id },
            Failure::HostNotOpen { host } => Error::HostNotOpen { host },
            Failure::HostEnded { host } => Error::HostEnded { host },
            Failure::NotHeld { name } => Error::NotHeld { name },
            Failure::Refused { reason } => Error::Refused { reason },
            Failure::StateOnOverlay { path, file_system } => Error::StateOnOverlay { path, file_system },
        }
    }
}
