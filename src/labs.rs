//! The labs of this user: where their state is, and which there are.

use crate::cli::InputArgs;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use topo_engine::error::Error;
use topo_engine::linux::files;

/// The note about where a lab was applied from, in its directory.
const ENTRY: &str = "entry.json";

/// The directory that holds one directory per lab.
#[derive(Clone, Debug)]
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
            // What is being removed is no lab any more.
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// Whether there is state of a lab of this name.
    pub(crate) fn exists(&self, name: &str) -> bool {
        !name.is_empty() && !name.contains('/') && self.root.join(name).is_dir()
    }

    /// Where this lab was applied from.
    pub(crate) fn entry(&self, name: &str) -> Option<Entry> {
        let text = std::fs::read(self.root.join(name).join(ENTRY)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Notes where a lab was applied from, if it is still there.
    ///
    /// # Errors
    /// The note cannot be written.
    pub(crate) fn remember(&self, name: &str, entry: &Entry) -> Result<(), Error> {
        let path = self.root.join(name).join(ENTRY);
        if !self.exists(name) || self.entry(name).as_ref() == Some(entry) {
            return Ok(());
        }
        let failed = || format!("write `{}`", path.display());
        let text = serde_json::to_vec_pretty(entry).map_err(|error| Error::caused(failed(), error))?;
        files::replace(&path, &text, 0o600).map_err(|error| Error::caused(failed(), error))
    }
}

/// The file and the inputs a lab was applied from last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The lab file, as an absolute path.
    pub(crate) file: String,
    /// `--set`.
    pub(crate) set: Vec<(String, String)>,
    /// `--params`, as an absolute path.
    pub(crate) params: Option<PathBuf>,
}

impl Entry {
    /// This file with these inputs.
    pub(crate) fn new(file: &str, inputs: &InputArgs) -> Self {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self {
            file: absolute(Path::new(file)).to_string_lossy().into_owned(),
            set: inputs.set.clone(),
            params: inputs.params.as_deref().map(absolute),
        }
    }

    /// The inputs it was applied with.
    pub(crate) fn inputs(&self) -> InputArgs {
        InputArgs { set: self.set.clone(), params: self.params.clone(), ..InputArgs::default() }
    }
}
