//! Which bridges there are.

use super::Bridge;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, links_here};
use crate::machine::Machine;

pub(super) fn observe(
    _machine: &Machine,
    subjects: &[Subject<'_, Bridge>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let links = links_here()?;
    let observed = subjects.iter().map(|subject| {
        let link = links.get(&*subject.id.name).filter(|link| link.is_bridge())?;
        Some(Attributes::from([("mtu".into(), link.mtu.into())]))
    });
    Ok(observed.collect())
}
