//! Files and directories: make, replace, remove. A removal never follows a symbolic link and never leaves its tree.

use std::ffi::{CString, OsStr};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::libc;
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmod, fchmodat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::{Error, Result};
use crate::fault;

/// Opens a directory for reaching what is in it.
pub fn open_directory(path: &Path) -> Result<OwnedFd> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    nix::fcntl::open(path, flags, Mode::empty())
        .map_err(|errno| Error::new("open the directory", path.display(), errno))
}

/// Makes one directory with exactly this mode; one that is there is fine, and stays as it is.
pub fn make_directory(path: &Path, mode: u32) -> Result<()> {
    if make_new_directory(path, mode)? || path.is_dir() {
        return Ok(());
    }
    Err(Error::new("make the directory", path.display(), io::Error::from(io::ErrorKind::NotADirectory)))
}

/// Makes one directory with exactly this mode; `false` when something of that name is there already.
pub fn make_new_directory(path: &Path, mode: u32) -> Result<bool> {
    let failed = |source| Error::new("make the directory", path.display(), source);
    match DirBuilder::new().mode(mode).create(path) {
        // The umask, and what `mkdir` leaves out.
        Ok(()) if mode & 0o7022 != 0 => {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).map(|()| true).map_err(failed)
        }
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Makes a directory and those above it that are missing, with this mode.
pub fn make_directories(path: &Path, mode: u32) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|source| Error::new("make the directory", path.display(), source))
}

/// Writes a file so that at every instant there is either the old one or the whole new one, with this mode.
pub fn replace(path: &Path, contents: &[u8], mode: u32) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let scratch = path.with_file_name(name);
    let written = write_scratch(&scratch, contents, mode)
        .inspect(|()| fault::point("files: scratch written"))
        .and_then(|()| std::fs::rename(&scratch, path))
        .map_err(|source| Error::new("write", path.display(), source));
    if written.is_err() {
        // What is left of it is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(&scratch);
    }
    written
}

fn write_scratch(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(contents)?;
    file.set_permissions(Permissions::from_mode(mode))
}

/// Opens a log for appending; the directories above it are made.
pub fn open_log(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        make_directories(parent, 0o755)?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| Error::new("open the log", path.display(), source))
}

/// A file without a name that has these contents, to be read from its beginning. It survives no `exec` under its own number.
pub fn with_contents(contents: &[u8]) -> Result<OwnedFd> {
    let failed = |source| Error::new("make", "a file in memory", source);
    let flags = nix::sys::memfd::MFdFlags::MFD_CLOEXEC;
    let memory = nix::sys::memfd::memfd_create(c"topo", flags).map_err(|errno| failed(errno.into()))?;
    let mut file = File::from(memory);
    file.write_all(contents).and_then(|()| file.rewind()).map_err(failed)?;
    Ok(file.into())
}

/// Marks a directory of an overlay's layer (in a user namespace) so that nothing of the layers below it shows.
pub fn hide_below(directory: &Path) -> Result<()> {
    let failed = |source| Error::new("mark as opaque", directory.display(), source);
    let path = CString::new(directory.as_os_str().as_bytes()).map_err(|error| failed(error.into()))?;
    let value = b"y";
    // SAFETY: both strings end with a zero and outlive the call; the value's length is given.
    let answer = unsafe {
        libc::lsetxattr(path.as_ptr(), c"user.overlay.opaque".as_ptr(), value.as_ptr().cast(), value.len(), 0)
    };
    if answer == 0 { Ok(()) } else { Err(failed(io::Error::last_os_error())) }
}

/// Gives something another name in the same file system.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|source| Error::new("rename", from.display(), source))
}

/// Removes a directory and all below it. One that is not there is fine.
pub fn remove_tree(parent: BorrowedFd<'_>, name: &OsStr) -> Result<()> {
    remove_entry(parent, name, Path::new(name), Kind::Unknown)
}

enum Kind {
    Directory,
    Other,
    Unknown,
}

fn remove_entry(parent: BorrowedFd<'_>, name: &OsStr, path: &Path, kind: Kind) -> Result<()> {
    let directory = match kind {
        Kind::Directory => true,
        Kind::Other => false,
        Kind::Unknown => match fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR,
            Err(Errno::ENOENT) => return Ok(()),
            Err(errno) => return Err(Error::new("look at", path.display(), errno)),
        },
    };
    if directory {
        empty(parent, name, path)?;
    }
    let flag = if directory { UnlinkatFlags::RemoveDir } else { UnlinkatFlags::NoRemoveDir };
    match unlinkat(parent, name, flag) {
        Ok(()) | Err(Errno::ENOENT) => {
            fault::point("files: one removed");
            Ok(())
        }
        Err(errno) => Err(Error::new("remove", path.display(), errno)),
    }
}

fn empty(parent: BorrowedFd<'_>, name: &OsStr, path: &Path) -> Result<()> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let opened = openat(parent, name, flags, Mode::empty()).or_else(|errno| match errno {
        // The kernel's scratch directories of overlays have no permissions at all.
        Errno::EACCES => {
            let handle = openat(parent, name, flags | OFlag::O_PATH, Mode::empty())?;
            let itself = format!("/proc/self/fd/{}", handle.as_raw_fd());
            fchmodat(AT_FDCWD, itself.as_str(), Mode::S_IRWXU, FchmodatFlags::FollowSymlink)?;
            openat(parent, name, flags, Mode::empty())
        }
        other => Err(other),
    });
    let descriptor = match opened {
        Ok(descriptor) => descriptor,
        Err(Errno::ENOENT) => return Ok(()),
        Err(errno) => return Err(Error::new("open the directory", path.display(), errno)),
    };
    let failed = |errno| Error::new("list", path.display(), errno);
    let entries =
        read_entries(descriptor.try_clone().map_err(|source| Error::new("list", path.display(), source))?)
            .map_err(failed)?;
    for (entry, kind) in entries {
        let entry = OsStr::from_bytes(entry.as_bytes());
        let below: PathBuf = path.join(entry);
        match remove_entry(descriptor.as_fd(), entry, &below, kind) {
            Err(error) if error.errno() == Some(Errno::EACCES as i32) => {
                // A directory of ours that we took our own permission from.
                fchmod(&descriptor, Mode::S_IRWXU)
                    .map_err(|errno| Error::new("open the directory", path.display(), errno))?;
                remove_entry(descriptor.as_fd(), entry, &below, Kind::Unknown)?;
            }
            other => other?,
        }
    }
    Ok(())
}

fn read_entries(descriptor: OwnedFd) -> nix::Result<Vec<(CString, Kind)>> {
    let mut entries = Vec::new();
    for entry in Dir::from_fd(descriptor)?.iter() {
        let entry = entry?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            Some(Type::Directory) => Kind::Directory,
            Some(_) => Kind::Other,
            None => Kind::Unknown,
        };
        entries.push((entry.file_name().to_owned(), kind));
    }
    Ok(entries)
}
