//! Which wires there are. One without one of its ends is none.

use super::Wire;
use super::spec::{NAMES, at};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Subject, observe_stacks};
use crate::lab::Mac;
use crate::linux::netlink::{InfoKind, Link};
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Wire>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let ends: Vec<ResourceId> = subjects.iter().flat_map(places).collect();
    let links = observe_stacks(machine, &ends, |stack, ends| {
        let links = stack.links()?;
        Ok(ends.iter().map(|end| links.get(&*end.name).cloned()).collect())
    })?;
    let mut found = ends.iter().zip(links);
    let mut observed = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let mut attributes = Some(Attributes::new());
        for ((end, link), names) in found.by_ref().take(places(subject).len()).zip(NAMES) {
            let link = link.filter(|link| link.kind == Some(InfoKind::Veth));
            match (link, &mut attributes) {
                (Some(link), Some(attributes)) => attributes.extend(attributes_of(end, &link, names)),
                (None, _) => attributes = None,
                (Some(_), None) => {}
            }
        }
        observed.push(attributes.filter(|attributes| !attributes.is_empty()));
    }
    Ok(observed)
}

/// Where the ends are: where they were put, or else where they should be.
fn places(subject: &Subject<'_, Wire>) -> Vec<ResourceId> {
    let recorded = subject.recorded.and_then(Wire::places);
    let desired = || {
        let ends = &subject.desired?.ends;
        Some(ends.clone().map(|end| (end.host, end.interface)))
    };
    let places = recorded.or_else(desired);
    places.into_iter().flatten().map(|(host, interface)| at(&host, &interface)).collect()
}

fn attributes_of(end: &ResourceId, link: &Link, [place, mtu, mac, up]: [&str; 4]) -> Attributes {
    let host = end.host.as_ref().map(ToString::to_string).unwrap_or_default();
    Attributes::from([
        (place.into(), format!("{host}/{}", end.name).into()),
        (mtu.into(), link.mtu.into()),
        (mac.into(), Mac(link.mac).to_string().into()),
        (up.into(), link.up.into()),
    ])
}
