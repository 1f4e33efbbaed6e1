//! The directories of the machine's `/etc` and `/var`, made once more with the lab's own owners, in memory.
//!
//! In a user namespace the machine's files belong to nobody, and an overlay cannot copy up a directory that belongs to
//! nobody (`EOVERFLOW` on the first file that is created there). With this layer above the machine's it never has to.
//! A directory that the user may not read becomes an empty one, and so does `/var/tmp`, which is nobody else's business.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};

use crate::linux::{Result, files, mount};

/// The directories that hosts have their own copy of.
const ROOTS: [&str; 2] = ["etc", "var"];

/// A machine with more directories than this gets the topmost of them.
const MOST: usize = 1_000;

/// What is shown empty.
const HIDDEN: &str = "var/tmp";

/// Below `/var` no daemon expects directories deeper than this (`var/lib/samba/private`).
const DEEPEST: usize = 4;

/// The directories of the machine, as they were found.
#[derive(Default)]
pub(super) struct Skeleton(Vec<Found>);

struct Found {
    /// Relative to `/`.
    path: PathBuf,
    mode: u32,
    uid: u32,
    gid: u32,
    hidden: bool,
}

impl Skeleton {
    /// Reads the machine, breadth first.
    pub(super) fn read() -> Skeleton {
        let mut found = Vec::new();
        let mut queue: VecDeque<PathBuf> = ROOTS.into_iter().map(PathBuf::from).collect();
        while let Some(path) = queue.pop_front().filter(|_| found.len() < MOST) {
            let place = Path::new("/").join(&path);
            let Ok(metadata) = fs::symlink_metadata(&place) else { continue };
            let entries = fs::read_dir(&place);
            found.push(Found {
                mode: metadata.permissions().mode() & 0o7777,
                uid: metadata.uid(),
                gid: metadata.gid(),
                hidden: entries.is_err() || path == Path::new(HIDDEN),
                path: path.clone(),
            });
            if is_leaf(&path) {
                continue;
            }
            for entry in entries.into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    queue.push_back(path.join(entry.file_name()));
                }
            }
        }
        Skeleton(found)
    }

    /// Makes them below `place`, which becomes a mount of the lab's own; gives it for use as a layer.
    pub(super) fn write(&self, place: PathBuf) -> Result<PathBuf> {
        files::make_directory(&place, 0o755)?;
        mount::tmpfs(&place, 0o755)?;
        for found in &self.0 {
            let directory = place.join(&found.path);
            files::make_new_directory(&directory, found.mode | 0o700)?;
            if (found.uid, found.gid) != (0, 0) {
                // Ids that the lab does not have become its root's.
                let owner = (Some(Uid::from_raw(found.uid)), Some(Gid::from_raw(found.gid)));
                let _ = nix::unistd::chown(&directory, owner.0, owner.1);
            }
            if found.hidden && files::hide_below(&directory).is_err() {
                // Before Linux 6.6 a tmpfs cannot carry the mark; then the machine's directory shows.
                let _ = fs::remove_dir(&directory);
            }
        }
        Ok(place)
    }
}

fn is_leaf(path: &Path) -> bool {
    let depth = path.components().count();
    // Caches are wide, and each belongs to a program that makes what it needs.
    path == Path::new(HIDDEN)
        || (path.starts_with("var/cache") && depth >= 3)
        || (path.starts_with("var") && depth >= DEEPEST)
}
