//! A lab's directory: where everything lies that outlives a command. Names are checked here, once; everything below is
//! reached from a descriptor. What the files contain is for those who write them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::idmap::IdMap;
use super::isolation::Isolation;
use super::spec::{HostView, Overlay};
use crate::fault;
use crate::linux::{self, files};

/// The supervisor's socket in the lab's directory.
pub(super) const SOCKET: &str = "supervisor.sock";

/// The directories of the machine that every host has its own copy of; `/var` comes last, because the state of root's
/// labs lies below it.
const OVERLAID: [&str; 2] = ["etc", "var"];

/// The directory of one lab, open. Nobody else on the machine may look inside.
#[derive(Debug)]
pub struct LabDirectory {
    path: PathBuf,
    lab: String,
    descriptor: OwnedFd,
}

impl LabDirectory {
    /// The directory of this lab below the state root; both are made if they are not there.
    pub fn create(state_root: &Path, lab: &str) -> Result<LabDirectory> {
        check_name(lab)?;
        files::make_directories(state_root, 0o700)?;
        files::make_directory(&state_root.join(lab), 0o700)?;
        LabDirectory::at(state_root.join(lab), lab)
    }

    /// The same for a lab that must be new: `None` where there is one of this name.
    pub fn create_new(state_root: &Path, lab: &str) -> Result<Option<LabDirectory>> {
        check_name(lab)?;
        files::make_directories(state_root, 0o700)?;
        if !files::make_new_directory(&state_root.join(lab), 0o700)? {
            return Ok(None);
        }
        LabDirectory::at(state_root.join(lab), lab).map(Some)
    }

    /// The directory of this lab below the state root, if there is one.
    pub fn open(state_root: &Path, lab: &str) -> Result<Option<LabDirectory>> {
        check_name(lab)?;
        match LabDirectory::at(state_root.join(lab), lab) {
            Ok(directory) => Ok(Some(directory)),
            Err(Error::Kernel(error)) if error.source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of the labs that have a directory below the state root, in order.
    pub fn list(state_root: &Path) -> Result<Vec<String>> {
        let failed = |source| linux::Error::new("list", state_root.display(), source);
        let entries = match fs::read_dir(state_root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error).into()),
        };
        let mut labs = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if check_name(&name).is_ok() && entry.file_type().map_err(failed)?.is_dir() {
                labs.push(name);
            }
        }
        labs.sort();
        Ok(labs)
    }

    /// The lab's name.
    pub fn lab(&self) -> &str {
        &self.lab
    }

    /// Where it is, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open directory.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// The same directory, opened once more.
    pub fn duplicate(&self) -> Result<LabDirectory> {
        let descriptor = self.descriptor.try_clone().map_err(|source| {
            linux::Error::new("duplicate the descriptor of", self.path.display(), source)
        })?;
        Ok(LabDirectory { path: self.path.clone(), lab: self.lab.clone(), descriptor })
    }

    /// Where the supervisor writes about itself.
    pub fn supervisor_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// Where the recorded state is.
    pub fn state(&self) -> PathBuf {
        self.path.join("state.json")
    }

    /// Where files lie that every host sees below a directory of its own, such as `common/etc`.
    pub fn common(&self) -> PathBuf {
        self.path.join("common")
    }

    /// Where one host's files are.
    pub fn host(&self, host: &str) -> HostDirectory {
        HostDirectory { path: self.path.join("hosts").join(host) }
    }

    /// What a host sees by default: its own `/etc` and `/var` over the lab's common files over the machine's.
    pub fn host_view(&self, host: &str, hostname: &str) -> HostView {
        let directory = self.host(host);
        let overlay = |name: &str| {
            let target = Path::new("/").join(name);
            // A lower directory may not lie inside another one.
            let common = (!self.path.starts_with(&target)).then(|| self.common().join(name));
            Overlay {
                lower: common.into_iter().chain([target.clone()]).collect(),
                upper: directory.upper(&target),
                work: directory.work(&target),
                target,
            }
        };
        HostView {
            hostname: hostname.to_string(),
            overlays: OVERLAID.into_iter().map(overlay).collect(),
            keep: vec![self.path.clone()],
            isolation: Isolation::default(),
        }
    }

    /// Removes the directory and all in it. Works whatever state it is in; a running lab must be shut down before.
    ///
    /// From the first instant on there is no lab of this name, or all of it: should this be killed, [`LabDirectory::sweep`]
    /// removes the rest.
    pub fn remove(self, exe: &Path, map: &IdMap) -> Result<()> {
        let root = self.path.parent().unwrap_or(Path::new("/"));
        LabDirectory::sweep(root, &self.lab, exe, map)?;
        let lab = doomed(&self.lab);
        let path = root.join(&lab);
        files::rename(&self.path, &path)?;
        fault::point("directory: doomed");
        LabDirectory { path, lab, descriptor: self.descriptor }.remove_in_place(exe, map)
    }

    /// Removes what a removal that was killed has left of a lab.
    pub fn sweep(state_root: &Path, lab: &str, exe: &Path, map: &IdMap) -> Result<()> {
        let lab = doomed(lab);
        match LabDirectory::at(state_root.join(&lab), &lab) {
            Ok(left) => left.remove_in_place(exe, map),
            Err(Error::Kernel(error)) if error.source.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The same for a lab whose name nobody uses again: what a killed removal leaves is still that lab. What belongs to ids of
    /// the user's range is removed by `exe supervise`, in a user namespace with the same map.
    pub fn remove_in_place(self, exe: &Path, map: &IdMap) -> Result<()> {
        let here = self.duplicate()?.remove_here();
        match (here, map) {
            (Err(Error::Kernel(error)), IdMap::Range { .. })
                if error.source.kind() == io::ErrorKind::PermissionDenied =>
            {
                super::start::remove(&self, exe, map)
            }
            (outcome, _) => outcome,
        }
    }

    pub(super) fn remove_here(self) -> Result<()> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        let root = files::open_directory(parent)?;
        Ok(files::remove_tree(root.as_fd(), OsStr::from_bytes(self.lab.as_bytes()))?)
    }

    pub(super) fn at(path: PathBuf, lab: &str) -> Result<LabDirectory> {
        let path = std::path::absolute(&path)
            .map_err(|source| linux::Error::new("make absolute the path", path.display(), source))?;
        let descriptor = files::open_directory(&path)?;
        Ok(LabDirectory { path, lab: lab.to_string(), descriptor })
    }
}

/// Where one host's files are. Nothing here makes a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDirectory {
    path: PathBuf,
}

impl HostDirectory {
    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the host's own files of a directory such as `/etc` are, if it is one that hosts have their own copy of: put
    /// them here before the host has its first process.
    pub fn upper(&self, target: &Path) -> PathBuf {
        self.path.join("upper").join(relative(target))
    }

    /// The kernel's scratch directory for the same.
    pub fn work(&self, target: &Path) -> PathBuf {
        self.path.join("work").join(relative(target))
    }

    /// The log of one of its daemons.
    pub fn log(&self, daemon: &str) -> PathBuf {
        self.path.join("log").join(format!("{daemon}.log"))
    }
}

/// What the directory of a lab is called once it is to be removed; no lab can have such a name.
fn doomed(lab: &str) -> String {
    format!(".{lab}.removed")
}

fn relative(target: &Path) -> &Path {
    target.strip_prefix("/").unwrap_or(target)
}

/// A lab's name is one plain path component that no command takes for an option.
fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.len() > 64 {
        "it is longer than 64 characters"
    } else if !name.bytes().all(plain) {
        "expected letters, digits, `-`, `_` and `.`"
    } else if name.starts_with(['.', '-']) {
        "it begins with `.` or `-`"
    } else {
        return Ok(());
    };
    Err(Error::LabName { name: name.to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_path_components() {
        for good in ["quickstart", "a.b-c_d", "9"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "-x", "a b", "ä", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
