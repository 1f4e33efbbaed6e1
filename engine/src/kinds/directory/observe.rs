//! Which directories hosts have. One of the machine's that the host has no copy of yet is none.

use super::Directory;
use super::spec::access_attributes;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Fleeting, Subject, at_places, path_of};
use crate::linux::place::{Found, look};
use crate::machine::{Machine, host_of};
use crate::name::{AbsolutePath, HostName};

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Directory>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let places: Vec<(&ResourceId, &HostName, AbsolutePath)> = subjects
        .iter()
        .map(|subject| Ok((subject.id, host_of(subject.id)?, path_of(subject.id)?)))
        .collect::<Result<_, Error>>()?;
    let found = at_places(
        machine,
        &places,
        |(_, host, path)| (*host, path.clone()),
        Fleeting::Absent,
        |_, place| look(place.path()),
    );
    let observed = found.into_iter().map(|answer| {
        Ok(match answer? {
            Some(Found::Directory(access)) => Some(access_attributes(access)),
            Some(Found::Nothing | Found::File(..)) | None => None,
        })
    });
    observed.collect()
}
