//! Writing files and taking them away.

use super::File;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Fleeting, Place, at_places, make_parents, path_of, spread};
use crate::linux::Error as KernelError;
use crate::linux::place::{self, Found};
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};
use std::path::Path;

pub(super) fn write(machine: &Machine, wanted: &[(&ResourceId, &File)]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        let mut answers: Vec<Result<(), Error>> = Vec::with_capacity(wanted.len());
        let mut own: Vec<(usize, &HostName, AbsolutePath, &File)> = Vec::new();
        for (index, (id, file)) in wanted.iter().enumerate() {
            let path = path_of(id)?;
            match &id.host {
                Some(host) => {
                    own.push((index, host, path, file));
                    answers.push(Ok(()));
                }
                None => answers.push(write_common(machine, &path, file)),
            }
        }
        let whose = |(_, host, path, _): &(usize, _, AbsolutePath, _)| (*host, path.clone());
        let written = at_places(machine, &own, whose, Fleeting::Open, |(_, _, path, file), place| {
            make_parents(place, path)?;
            place::put(place.path(), file.contents.reveal().as_bytes(), file.access)
        });
        for ((index, ..), answer) in own.iter().zip(written) {
            answers[*index] = answer.map(drop);
        }
        Ok(answers)
    })
}

/// A file of all hosts is written where it is, below what they see; where a host has a copy of its own, that too.
fn write_common(machine: &Machine, path: &AbsolutePath, file: &File) -> Result<(), Error> {
    let common = machine.common_path(path);
    let contents = file.contents.reveal().as_bytes();
    let root = machine.directory().common();
    crate::linux::files::make_directories(&root, 0o755)
        .and_then(|()| place::make_parents(&root, path.relative(), Path::new("/")))
        .and_then(|()| place::rewrite(&common, contents, file.access))
        .map_err(|error| Error::caused(format!("write `{path}` of all hosts"), error))?;
    let copied: Vec<(&HostName, AbsolutePath)> = file
        .seen_by
        .iter()
        .filter(|host| machine.layer_path(host, path).is_some_and(|layer| layer.symlink_metadata().is_ok()))
        .map(|host| (host, path.clone()))
        .collect();
    let whose = |(host, path): &(_, AbsolutePath)| (*host, path.clone());
    let answers = at_places(machine, &copied, whose, Fleeting::Absent, |_, place| match place {
        Place::View(path) => place::put(path, contents, file.access),
        Place::Layer(path) => place::remove(path),
    });
    answers.into_iter().try_for_each(|answer| answer.map(drop))
}

/// What the machine or the lab has at the path shows again.
pub(super) fn remove(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    spread(unwanted.len(), || {
        let mut answers: Vec<Result<(), Error>> = Vec::with_capacity(unwanted.len());
        let mut own: Vec<(usize, &HostName, AbsolutePath, Found)> = Vec::new();
        for (index, (id, _)) in unwanted.iter().enumerate() {
            let path = path_of(id)?;
            match &id.host {
                Some(host) => {
                    // Looked at from here: in the host's view it is covered by what is to go.
                    let below = what_is_below(machine, &path);
                    own.push((index, host, path, below));
                    answers.push(Ok(()));
                }
                None => answers.push(
                    place::remove(&machine.common_path(&path))
                        .map_err(|error| Error::caused(format!("remove {id}"), error)),
                ),
            }
        }
        let whose = |(_, host, path, _): &(usize, _, AbsolutePath, Found)| (*host, path.clone());
        let removed =
            at_places(machine, &own, whose, Fleeting::Absent, |(.., below), place| uncover(place, below));
        for ((index, ..), answer) in own.iter().zip(removed) {
            answers[*index] = answer.map(drop);
        }
        Ok(answers)
    })
}

fn what_is_below(machine: &Machine, path: &AbsolutePath) -> Found {
    // What cannot be read cannot be shown again.
    let look = |path: &Path| place::look(path).unwrap_or(Found::Nothing);
    match look(&machine.common_path(path)) {
        Found::Nothing => look(path.as_path()),
        found => found,
    }
}

/// In a view, removing a file hides the one below it for good, so that one is put in its place.
fn uncover(place: Place<'_>, below: &Found) -> Result<(), KernelError> {
    match (place, below) {
        (Place::View(path), Found::File(contents, access)) => place::put(path, contents, *access),
        (Place::View(path) | Place::Layer(path), _) => place::remove(path),
    }
}
