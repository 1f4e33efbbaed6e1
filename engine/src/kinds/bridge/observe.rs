//! Which bridges there are.

use super::Bridge;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::Subject;
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
