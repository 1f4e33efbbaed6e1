//! The labs of this user: where their state is, and which there are.

use std::path::{Path, PathBuf};

/// The directory that holds one directory per lab.
#[derive(Debug)]
pub(crate) struct Labs {
    root: PathBuf,
}

impl Labs {
    /// `$TOPO_STATE`; else `/var/lib/topo` for root, and `$XDG_STATE_HOME/topo` or `~/.local/state/topo` for others.
    pub(crate) fn of_this_user() -> Self {
        let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let root = match set("TOPO_STATE") {
            Some(root) => root,
            None if nix::unistd::geteuid().is_root() => PathBuf::from("/var/lib/topo"),
            None => match (set("XDG_STATE_HOME"), set("HOME")) {
                (Some(state), _) => state.join("topo"),
                (None, Some(home)) => home.join(".local/state/topo"),
                (None, None) => PathBuf::from(format!("/tmp/topo-{}", nix::unistd::geteuid())),
            },
        };
        Self { root }
    }

    /// Where the state of all labs is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The names of labs with state, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.root)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                entry.ok().filter(|entry| entry.path().is_dir())?.file_name().into_string().ok()
            })
            .collect();
        names.sort();
        names
    }

    /// Whether there is state of a lab of this name.
    pub(crate) fn exists(&self, name: &str) -> bool {
        !name.is_empty() && !name.contains('/') && self.root.join(name).is_dir()
    }

    /// The file this lab was applied from.
    pub(crate) fn entry(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
}
