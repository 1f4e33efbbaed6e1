//! The directories of the machine's `/etc` and `/var`, made once more with the lab's own owners, in memory.
//!
//! In a user namespace the machine's files belong to nobody, and an overlay cannot copy up a directory that belongs to
//! nobody (`EOVERFLOW` on the first file that is created there). With this layer above the machine's it never has to.
//! A directory that the user may not read becomes an empty one, and so does `/var/tmp`, which is nobody else's business.
//!
//! Where something is mounted below one of them (a container's `/etc/resolv.conf`, a disk at `/var/log`), the kernel lets
//! nobody in a user namespace see below those mounts, and refuses the machine's directory as a layer. Then this layer
//! stands alone: with copies of the files of `/etc`, and without those of `/var`.

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

/// Larger files of `/etc` are not copied.
const LARGEST: u64 = 1 << 20;

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

    /// Makes them below `place`, which becomes a mount of the lab's own, for use as a layer. Gives the directories of the
    /// machine for which it stands alone.
    pub(super) fn write(&self, place: &Path) -> Result<Vec<PathBuf>> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let alone = with_mounts_below(&mounts);
        files::make_directory(place, 0o755)?;
        mount::tmpfs(place, 0o755)?;
        for found in &self.0 {
            let directory = place.join(&found.path);
            files::make_new_directory(&directory, found.mode | 0o700)?;
            if (found.uid, found.gid) != (0, 0) {
                // Ids that the lab does not have become its root's.
                let owner = (Some(Uid::from_raw(found.uid)), Some(Gid::from_raw(found.gid)));
                let _ = nix::unistd::chown(&directory, owner.0, owner.1);
            }
            if alone.iter().any(|root| root == Path::new("/etc")) && found.path.starts_with("etc") {
                copy_files(&Path::new("/").join(&found.path), &directory);
            }
            if found.hidden && files::hide_below(&directory).is_err() {
                // Before Linux 6.6 a tmpfs cannot carry the mark; then the machine's directory shows.
                let _ = fs::remove_dir(&directory);
            }
        }
        Ok(alone)
    }
}

/// The roots below which something is mounted, as `/proc/self/mountinfo` tells.
fn with_mounts_below(mounts: &str) -> Vec<PathBuf> {
    let points: Vec<&str> = mounts.lines().filter_map(|mount| mount.split(' ').nth(4)).collect();
    let below = |root: &Path| {
        points.iter().any(|point| Path::new(point) != root && Path::new(point).starts_with(root))
    };
    ROOTS.iter().map(|root| Path::new("/").join(root)).filter(|root| below(root)).collect()
}

/// Copies files and links, one directory deep. What the user may not read stays away, as it would be unreadable.
fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let target = to.join(entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink()
            && let Ok(link) = fs::read_link(entry.path())
        {
            let _ = std::os::unix::fs::symlink(link, target);
        } else if kind.is_file() && entry.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST) {
            let _ = fs::copy(entry.path(), target);
        }
    }
}

fn is_leaf(path: &Path) -> bool {
    let depth = path.components().count();
    // Caches are wide, and each belongs to a program that makes what it needs.
    path == Path::new(HIDDEN)
        || (path.starts_with("var/cache") && depth >= 3)
        || (path.starts_with("var") && depth >= DEEPEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_below_a_root_are_found() {
        let line = |point: &str| format!("36 25 0:32 / {point} rw,relatime - tmpfs tmpfs rw\n");
        let check = |points: &[&str], expected: &[&str]| {
            let mounts: String = points.iter().map(|point| line(point)).collect();
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(with_mounts_below(&mounts), expected);
        };
        check(&["/", "/var", "/etc", "/variety/a", "/home"], &[]);
        check(&["/", "/var/log"], &["/var"]);
        check(&["/etc/resolv.conf", "/var/lib/docker/overlay2/x/merged"], &["/etc", "/var"]);
    }
}
