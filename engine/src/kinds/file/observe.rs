//! What is in the files, by digest.

use super::File;
use super::spec::{attributes, is_secret};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Fleeting, Subject, at_places, path_of};
use crate::linux::place::{Found, look};
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, File>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let mut observed: Vec<Option<Attributes>> = Vec::with_capacity(subjects.len());
    let mut own: Vec<(usize, &HostName, AbsolutePath)> = Vec::new();
    for (index, subject) in subjects.iter().enumerate() {
        let path = path_of(subject.id)?;
        match &subject.id.host {
            Some(host) => {
                own.push((index, host, path));
                observed.push(None);
            }
            None => observed.push(common(machine, subject, &path)?),
        }
    }
    let whose = |(_, host, path): &(usize, _, AbsolutePath)| (*host, path.clone());
    let found = at_places(machine, &own, whose, Fleeting::Absent, |_, place| look(place.path()));
    for ((index, ..), answer) in own.iter().zip(found) {
        observed[*index] = answer?.and_then(|found| as_attributes(machine, &subjects[*index], &found));
    }
    Ok(observed)
}

/// A file of all hosts. Where a host has a copy of its own that differs, somebody wrote to it there: that is what is told.
fn common(
    machine: &Machine,
    subject: &Subject<'_, File>,
    path: &AbsolutePath,
) -> Result<Option<Attributes>, Error> {
    let failed = |error| Error::caused(format!("observe {}", subject.id), error);
    let Some(here) = as_attributes(machine, subject, &look(&machine.common_path(path)).map_err(failed)?)
    else {
        return Ok(None);
    };
    for host in subject.desired.map(|file| file.seen_by.as_slice()).unwrap_or_default() {
        let Some(layer) = machine.layer_path(host, path) else { continue };
        let copy = as_attributes(machine, subject, &look(&layer).map_err(failed)?);
        if let Some(copy) = copy.filter(|copy| *copy != here) {
            return Ok(Some(copy));
        }
    }
    Ok(Some(here))
}

fn as_attributes(machine: &Machine, subject: &Subject<'_, File>, found: &Found) -> Option<Attributes> {
    let Found::File(contents, access) = found else { return None };
    let secret = subject.desired.map_or_else(|| subject.recorded.is_some_and(is_secret), |file| file.secret);
    Some(attributes(contents, *access, secret.then_some(machine.key())))
}
