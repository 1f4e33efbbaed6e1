//! Which bridges are up. One that was never set up is a network that is not there.

use super::Network;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::Subject;
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Network>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let links = machine.own_stack().links()?;
    let observed = subjects.iter().map(|subject| {
        let link = links.get(&*subject.id.name).filter(|link| link.is_bridge())?;
        (link.up || subject.recorded.is_some()).then(|| Attributes::from([("up".into(), link.up.into())]))
    });
    Ok(observed.collect())
}
