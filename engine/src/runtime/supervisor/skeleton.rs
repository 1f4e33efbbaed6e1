//! The directories of the machine's `/etc` and `/var`, made once more below `common/` with the lab's own owners.
//!
//! In a user namespace the machine's files belong to nobody, and an overlay cannot copy up a directory that belongs to
//! nobody (`EOVERFLOW` on the first file that is created there). With this layer above the machine's it never has to.
//! A directory that the user may not read becomes an empty one.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};

use crate::linux::{Result, files};

/// The directories that hosts have their own copy of.
const ROOTS: [&str; 2] = ["etc", "var"];

/// A machine with more directories than this gets the topmost of them.
const MOST: usize = 2_000;

/// The directories of the machine, as they were found.
#[derive(Default)]
pub(super) struct Skeleton(Vec<Found>);

struct Found {
    /// Relative to `/`.
    path: PathBuf,
    mode: u32,
    uid: u32,
    gid: u32,
    readable: bool,
}

impl Skeleton {
    /// Reads the machine, breadth first. Where the lab's own directory lies inside one of the roots, that one is left
    /// out: an overlay's layers may not lie inside each other.
    pub(super) fn read(lab: &Path) -> Skeleton {
        let mut found = Vec::new();
        let roots = ROOTS.into_iter().filter(|root| !lab.starts_with(Path::new("/").join(root)));
        let mut queue: VecDeque<PathBuf> = roots.map(PathBuf::from).collect();
        while let Some(path) = queue.pop_front().filter(|_| found.len() < MOST) {
            let place = Path::new("/").join(&path);
            let Ok(metadata) = fs::symlink_metadata(&place) else { continue };
            let entries = fs::read_dir(&place);
            found.push(Found {
                mode: metadata.permissions().mode() & 0o7777,
                uid: metadata.uid(),
                gid: metadata.gid(),
                readable: entries.is_ok(),
                path: path.clone(),
            });
            for entry in entries.into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    queue.push_back(path.join(entry.file_name()));
                }
            }
        }
        Skeleton(found)
    }

    /// Makes the directories that are not there yet.
    pub(super) fn write(&self, common: &Path) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        files::make_directories(common, 0o755)?;
        for found in &self.0 {
            let place = common.join(&found.path);
            if place.exists() {
                continue;
            }
            files::make_directory(&place, found.mode | 0o700)?;
            // Ids that the lab does not have become its root's.
            let owner = (Some(Uid::from_raw(found.uid)), Some(Gid::from_raw(found.gid)));
            let _ = nix::unistd::chown(&place, owner.0, owner.1);
            if !found.readable {
                files::hide_below(&place)?;
            }
        }
        Ok(())
    }
}
