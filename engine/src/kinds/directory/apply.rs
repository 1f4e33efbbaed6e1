//! Making directories and taking away empty ones.

use super::Directory;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Fleeting, at_places, make_parents, path_of, spread};
use crate::linux::place;
use crate::machine::{Machine, host_of};
use crate::name::{AbsolutePath, HostName};

pub(super) fn put(machine: &Machine, wanted: &[(&ResourceId, &Directory)]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        // Those above come before those below, also within one batch.
        let mut items: Vec<(usize, &HostName, AbsolutePath, &Directory)> = wanted
            .iter()
            .enumerate()
            .map(|(index, (id, directory))| Ok((index, host_of(id)?, path_of(id)?, *directory)))
            .collect::<Result<_, Error>>()?;
        items.sort_by(|(_, _, one, _), (_, _, two, _)| one.cmp(two));
        let answers = at_places(
            machine,
            &items,
            |(_, host, path, _)| (*host, path.clone()),
            Fleeting::Open,
            |(_, _, path, directory), place| {
                make_parents(place, path)?;
                place::put_directory(place.path(), directory.access)
            },
        );
        let mut ordered: Vec<(usize, Result<(), Error>)> =
            items.iter().zip(answers).map(|((index, ..), answer)| (*index, answer.map(drop))).collect();
        ordered.sort_by_key(|(index, _)| *index);
        Ok(ordered.into_iter().map(|(_, answer)| answer).collect())
    })
}

pub(super) fn remove(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    spread(unwanted.len(), || {
        let items: Vec<(&HostName, AbsolutePath)> =
            unwanted.iter().map(|(id, _)| Ok((host_of(id)?, path_of(id)?))).collect::<Result<_, Error>>()?;
        let whose = |(host, path): &(_, AbsolutePath)| (*host, path.clone());
        let answers =
            at_places(machine, &items, whose, Fleeting::Absent, |_, place| place::remove(place.path()));
        Ok(answers.into_iter().map(|answer| answer.map(drop)).collect())
    })
}
