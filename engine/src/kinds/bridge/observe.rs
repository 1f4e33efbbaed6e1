//! Which bridges there are.

use super::Bridge;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Kind, Subject};
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Bridge>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let links = machine.own_stack().links()?;
    let observed = subjects.iter().map(|subject| {
        let link = links.get(&*subject.id.name).filter(|link| link.is_bridge())?;
        Some(Attributes::from([("mtu".into(), link.mtu.into())]))
    });
    Ok(observed.collect())
}

/// Every bridge of the lab.
pub(super) fn found(machine: &Machine) -> Result<Vec<ResourceId>, Error> {
    let links = machine.own_stack().links()?;
    let bridges = links.values().filter(|link| link.is_bridge());
    Ok(bridges.map(|link| ResourceId::of_lab(Kind::Bridge, link.name.as_str())).collect())
}
