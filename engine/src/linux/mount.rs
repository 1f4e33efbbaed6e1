//! Mounts, in the calling process's mount namespace.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount};

use super::{Error, Result};

/// Cuts every mount off from the namespace it was copied from, in both directions.
pub fn make_private() -> Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
        .map_err(|errno| Error::new("make private", "all mounts", errno))
}

/// A `/proc` of the pid namespace of the calling process.
pub fn proc(target: &Path) -> Result<()> {
    fresh("proc", target, MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, "")
}

/// A `/sys` of the network namespace of the calling process.
pub fn sysfs(target: &Path) -> Result<()> {
    fresh("sysfs", target, MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, "")
}

/// An empty directory in memory with this mode.
pub fn tmpfs(target: &Path, mode: u32) -> Result<()> {
    fresh("tmpfs", target, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, &format!("mode={mode:o}"))
}

fn fresh(kind: &str, target: &Path, flags: MsFlags, options: &str) -> Result<()> {
    mount(Some(kind), target, Some(kind), flags, Some(options)).map_err(|errno| {
        let operation = match kind {
            "proc" => "mount proc on",
            "sysfs" => "mount sysfs on",
            _ => "mount tmpfs on",
        };
        Error::new(operation, target.display(), errno)
    })
}

/// Takes away what is mounted at a path, at once for everybody who looks, and for good when the last user is gone.
pub fn unmount(target: &Path) -> Result<()> {
    nix::mount::umount2(target, MntFlags::MNT_DETACH)
        .map_err(|errno| Error::new("unmount", target.display(), errno))
}

/// Shows one directory, with what is mounted below it, at another place as well.
pub fn bind(source: &Path, target: &Path) -> Result<()> {
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)
        .map_err(|errno| Error::new("show the directory at", target.display(), errno))
}

/// Which extended attributes an overlay keeps its own marks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayMarks {
    /// `trusted.*`, for root of the machine.
    Trusted,
    /// `user.*`, in a user namespace.
    User,
}

/// Mounts an overlay: what is in `lower` (topmost first), under the changes in `upper`.
pub fn overlay(
    target: &Path,
    lower: &[PathBuf],
    upper: &Path,
    work: &Path,
    marks: OverlayMarks,
) -> Result<()> {
    let mut options = OsString::from("lowerdir=");
    for (number, directory) in lower.iter().enumerate() {
        if number > 0 {
            options.push(":");
        }
        options.push(escaped(directory));
    }
    options.push(",upperdir=");
    options.push(escaped(upper));
    options.push(",workdir=");
    options.push(escaped(work));
    if marks == OverlayMarks::User {
        options.push(",userxattr");
    }
    mount(Some("overlay"), target, Some("overlay"), MsFlags::empty(), Some(options.as_os_str()))
        .map_err(|errno| Error::new("mount an overlay on", target.display(), errno))
}

/// A path as overlay options take it.
fn escaped(path: &Path) -> OsString {
    let mut bytes = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'\\' | b',' | b':') {
            bytes.push(b'\\');
        }
        bytes.push(*byte);
    }
    OsString::from_vec(bytes)
}

/// The name of the file system a path lies on, if it is one that cannot carry an overlay's changes.
pub fn unfit_for_changes(path: &Path) -> Result<Option<&'static str>> {
    use nix::sys::statfs;
    let kind = statfs::statfs(path)
        .map_err(|errno| Error::new("ask for the file system of", path.display(), errno))?
        .filesystem_type();
    let unfit = [
        (statfs::OVERLAYFS_SUPER_MAGIC, "an overlay"),
        (statfs::NFS_SUPER_MAGIC, "NFS"),
        (statfs::ECRYPTFS_SUPER_MAGIC, "ecryptfs"),
        (statfs::MSDOS_SUPER_MAGIC, "a DOS file system"),
    ];
    Ok(unfit.into_iter().find(|(magic, _)| *magic == kind).map(|(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_separators_stays_one_path() {
        assert_eq!(escaped(Path::new(r"/a:b,c\d")), r"/a\:b\,c\\d");
    }
}
