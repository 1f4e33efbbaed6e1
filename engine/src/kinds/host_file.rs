//! Single files of hosts, for kinds that make them by other means than the lab's text.

use super::{Fleeting, Place, at_places, make_parents};
use crate::error::Error;
use crate::linux::Error as KernelError;
use crate::linux::place::{self, Access, Found};
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};

/// What is in a file, and who may do what with it; `None` where there is none.
pub(super) fn read(
    machine: &Machine,
    host: &HostName,
    path: &AbsolutePath,
) -> Result<Option<(Vec<u8>, Access)>, Error> {
    Ok(match at(machine, host, path, Fleeting::Absent, |place| place::look(place.path()))? {
        Some(Found::File(contents, access)) => Some((contents, access)),
        Some(Found::Nothing | Found::Directory(_)) | None => None,
    })
}

/// Whether anything is there.
pub(super) fn exists(machine: &Machine, host: &HostName, path: &AbsolutePath) -> Result<bool, Error> {
    let found =
        at(machine, host, path, Fleeting::Absent, |place| Ok(place.path().symlink_metadata().is_ok()))?;
    Ok(found.unwrap_or(false))
}

/// Puts a whole file in its place, with the directories above it.
pub(super) fn write(
    machine: &Machine,
    host: &HostName,
    path: &AbsolutePath,
    contents: &[u8],
    access: Access,
) -> Result<(), Error> {
    at(machine, host, path, Fleeting::Open, |place| {
        make_parents(place, path)?;
        place::put(place.path(), contents, access)
    })
    .map(drop)
}

/// Takes a file away; one that is not there is fine.
pub(super) fn remove(machine: &Machine, host: &HostName, path: &AbsolutePath) -> Result<(), Error> {
    at(machine, host, path, Fleeting::Absent, |place| place::remove(place.path())).map(drop)
}

fn at<R: Send>(
    machine: &Machine,
    host: &HostName,
    path: &AbsolutePath,
    fleeting: Fleeting,
    work: impl Fn(Place<'_>) -> Result<R, KernelError> + Sync,
) -> Result<Option<R>, Error> {
    let items = [(host, path.clone())];
    let whose = |(host, path): &(_, AbsolutePath)| (*host, path.clone());
    at_places(machine, &items, whose, fleeting, |_, place| work(place)).into_iter().next().unwrap_or(Ok(None))
}
