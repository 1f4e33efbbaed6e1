//! Which hosts the supervisor holds. What a host sees cannot be read back; the recorded attributes stand for it.

use super::Netns;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::Subject;
use crate::machine::{Machine, host_of};

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Netns>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let held = machine.hosts()?;
    subjects.iter().map(|subject| Ok(held.contains(host_of(subject.id)?).then(Attributes::new))).collect()
}
