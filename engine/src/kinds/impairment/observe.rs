//! What happens to packets. A rate's burst is kept by the kernel as a time, so one tick more or less is as it should be.

use super::Impairment;
use super::spec::{Place, attributes};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, links_of, observe_per_host};
use crate::linux::netlink::{Netlink, Qdisc};
use crate::machine::Machine;
use std::collections::BTreeMap;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Impairment>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let of_hosts = observe_per_host(machine, subjects, |subjects| {
        let qdiscs = qdiscs_here()?;
        let look = |subject: &&Subject<'_, Impairment>| match Place::of(subject.id) {
            Place::Interface(name) => Some(look(subject, qdiscs.get(&name)?)),
            Place::Port(_) => None,
        };
        Ok(subjects.iter().map(look).collect())
    })?;
    let places: Vec<Place> = subjects.iter().map(|subject| Place::of(subject.id)).collect();
    if !places.iter().any(|place| matches!(place, Place::Port(_))) {
        return Ok(of_hosts);
    }
    let of_ports = qdiscs_here()?;
    let all = subjects.iter().zip(places).zip(of_hosts).map(|((subject, place), of_host)| match place {
        Place::Interface(_) => of_host,
        Place::Port(name) => Some(look(subject, of_ports.get(&name)?)),
    });
    Ok(all.collect())
}

/// What the links of the namespace that this thread is in do, by name.
fn qdiscs_here() -> Result<BTreeMap<String, Qdisc>, Error> {
    let failed = |error| Error::caused("read what happens to packets", error);
    let netlink = Netlink::open().map_err(failed)?;
    let mut by_index: BTreeMap<u32, Qdisc> = netlink.qdiscs().map_err(failed)?.into_iter().collect();
    let links = links_of(&netlink)?.into_iter();
    Ok(links.filter_map(|(name, link)| Some((name, by_index.remove(&link.index)?))).collect())
}

fn look(subject: &Subject<'_, Impairment>, found: &Qdisc) -> Attributes {
    match (found, subject.desired.map(|desired| &desired.qdisc)) {
        (Qdisc::Tbf(found), Some(Qdisc::Tbf(desired))) if found.buffer.abs_diff(desired.buffer) <= 1 => {
            let mut found = found.clone();
            found.buffer = desired.buffer;
            attributes(&Qdisc::Tbf(found))
        }
        (found, _) => attributes(found),
    }
}
