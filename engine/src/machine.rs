//! What a kind may use of the machine: the lab's directory, its supervisor, its hosts' namespaces.

use crate::digest::DigestKey;
use crate::name::{AbsolutePath, HostName};
use std::path::{Path, PathBuf};

/// The running lab, as seen from inside its namespaces.
#[derive(Debug)]
pub struct Machine {
    directory: PathBuf,
    key: DigestKey,
}

/// Something that this machine lacks for a lab.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// What: "`krb5kdc`", "a range of user ids".
    pub what: String,
    /// What needs it: `daemon kdc1/krb5kdc`.
    pub needed_by: Vec<String>,
    /// The command or change that cures it: "apt install krb5-kdc".
    pub cure: String,
}

impl Machine {
    /// The lab in `directory`; secrets are compared under `key`.
    pub fn new(directory: PathBuf, key: DigestKey) -> Self {
        Self { directory, key }
    }

    /// The lab's own directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The key under which secrets are digested.
    pub fn key(&self) -> &DigestKey {
        &self.key
    }

    /// Where a host's file really is: in its upper directory, or below its root once it has a view of its own.
    pub fn host_path(&self, host: &HostName, path: &AbsolutePath) -> PathBuf {
        self.directory.join("hosts").join(host.as_str()).join("upper").join(path.relative())
    }
}
