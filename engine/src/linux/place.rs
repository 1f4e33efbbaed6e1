//! Files and directories of hosts: put where they belong with the right owner and mode, and looked at.
//!
//! A symbolic link in the last place is never followed: what a host has there is replaced, what it leads to is not touched.

use super::{Error, Result};
use nix::unistd::{Gid, Uid, chown, fchown};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Permission bits.
    pub mode: u32,
    /// Numeric user id.
    pub owner: u32,
    /// Numeric group id.
    pub group: u32,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or something that is neither a file nor a directory.
    Nothing,
    /// A file.
    File(Vec<u8>, Access),
    /// A directory.
    Directory(Access),
}

/// Looks at what is at a path.
pub fn look(path: &Path) -> Result<Found> {
    let failed = |source| Error::new("look at", path.display(), source);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(error) => return Err(failed(error)),
    };
    let access = Access { mode: metadata.mode() & 0o7777, owner: metadata.uid(), group: metadata.gid() };
    if metadata.is_dir() {
        return Ok(Found::Directory(access));
    }
    if !metadata.is_file() {
        return Ok(Found::Nothing);
    }
    let mut contents = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut contents)).map_err(failed)?;
    Ok(Found::File(contents, access))
}

/// Puts a file in its place: at every instant there is the old one or the whole new one.
pub fn put(path: &Path, contents: &[u8], access: Access) -> Result<()> {
    let failed = |source| Error::new("write", path.display(), source);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".topo-new");
    let scratch = path.with_file_name(name);
    // One that a killed run left behind.
    let _ = fs::remove_file(&scratch);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&scratch)?;
        file.write_all(contents)?;
        give(&file, access)?;
        fs::rename(&scratch, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&scratch);
    }
    written.map_err(failed)
}

/// Writes a file where it is, so that whoever has it in a lower layer of an overlay sees it; one that is not there is put.
pub fn rewrite(path: &Path, contents: &[u8], access: Access) -> Result<()> {
    let failed = |source| Error::new("write", path.display(), source);
    if !matches!(look(path)?, Found::File(..)) {
        return put(path, contents, access);
    }
    let written = || {
        let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
        file.write_all(contents)?;
        give(&file, access)
    };
    written().map_err(failed)
}

/// Makes a directory, or gives the one that is there its owner and mode.
pub fn put_directory(path: &Path, access: Access) -> Result<()> {
    let failed = |source| Error::new("make the directory", path.display(), source);
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    chown(path, Some(Uid::from_raw(access.owner)), Some(Gid::from_raw(access.group)))
        .map_err(|errno| failed(errno.into()))?;
    fs::set_permissions(path, Permissions::from_mode(access.mode)).map_err(failed)
}

/// Makes the directories from `root` down to the one that `path` is in, where they are missing. Each gets the mode of
/// `model` joined with the same way down, where that is a directory.
pub fn make_parents(root: &Path, way: &Path, model: &Path) -> Result<()> {
    let Some(parent) = way.parent() else { return Ok(()) };
    let (mut here, mut there) = (root.to_owned(), model.to_owned());
    for part in parent.components() {
        here.push(part);
        there.push(part);
        let mode = fs::metadata(&there)
            .ok()
            .filter(fs::Metadata::is_dir)
            .map_or(0o755, |found| found.mode() & 0o7777);
        super::files::make_directory(&here, mode)?;
    }
    Ok(())
}

/// Removes a file, or an empty directory; what is not there, and a directory that is not empty, stay as they are.
pub fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(Error::new("remove", path.display(), error)),
    }
}

fn give(file: &File, access: Access) -> std::io::Result<()> {
    fchown(file, Some(Uid::from_raw(access.owner)), Some(Gid::from_raw(access.group)))?;
    file.set_permissions(Permissions::from_mode(access.mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_put_looked_at_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let own = Access { mode: 0o640, owner: Uid::effective().as_raw(), group: Gid::effective().as_raw() };
        make_parents(root.path(), Path::new("etc/a/b"), Path::new("/")).unwrap();
        let path = root.path().join("etc/a/b");
        put(&path, b"one", own).unwrap();
        assert_eq!(look(&path).unwrap(), Found::File(b"one".to_vec(), own));
        let inode = fs::metadata(&path).unwrap().ino();
        rewrite(&path, b"two", Access { mode: 0o600, ..own }).unwrap();
        assert_eq!(look(&path).unwrap(), Found::File(b"two".to_vec(), Access { mode: 0o600, ..own }));
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
        std::os::unix::fs::symlink("/dev/null", root.path().join("link")).unwrap();
        assert_eq!(look(&root.path().join("link")).unwrap(), Found::Nothing);
        put(&root.path().join("link"), b"x", own).unwrap();
        assert_eq!(look(&root.path().join("link")).unwrap(), Found::File(b"x".to_vec(), own));
        remove(&root.path().join("etc")).unwrap();
        assert!(path.exists(), "a directory that is not empty stays");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(look(&path).unwrap(), Found::Nothing);
    }
}
