//! A program to run on a host, with everything it gets: nothing is inherited.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A program to run on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments; a program without `/` is searched in the `PATH` of `env`, on the host.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// The working directory on the host.
    pub cwd: PathBuf,
    /// The user id in the lab.
    pub uid: u32,
    /// The group id in the lab.
    pub gid: u32,
}

impl Command {
    /// A program run by root in `/` with this environment.
    pub fn new(argv: impl IntoIterator<Item = impl Into<String>>, env: BTreeMap<String, String>) -> Command {
        let argv = argv.into_iter().map(Into::into).collect();
        Command { argv, env, cwd: PathBuf::from("/"), uid: 0, gid: 0 }
    }

    /// The program's name, for errors.
    pub(super) fn program(&self) -> String {
        self.argv.first().cloned().unwrap_or_default()
    }
}
