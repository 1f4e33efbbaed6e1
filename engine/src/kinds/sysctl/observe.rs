//! What the settings are. A setting nobody asked for before has some value already, so it is never called missing.

use super::Sysctl;
use super::spec::file_of;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, observe_per_host};
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Sysctl>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_per_host(machine, subjects, |subjects| {
        let look = |subject: &&Subject<'_, Sysctl>| {
            subject.recorded?;
            let value = std::fs::read_to_string(file_of(subject.id)).ok()?;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            Some(Attributes::from([("value".into(), value.into())]))
        };
        Ok(subjects.iter().map(look).collect())
    })
}
