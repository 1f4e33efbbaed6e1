//! Which of the machine's interfaces are the other ends of ours. One of the same name that is not is somebody else's.

use super::Uplink;
use super::spec::{ADDRESS, BRIDGE, INTERFACE, NONE, addresses_of, interface_of, listed, port_of};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, links_here, links_of};
use crate::linux::netlink::{Address, Link, Netlink};
use crate::machine::Machine;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// What the machine has.
struct Outside {
    links: BTreeMap<String, Link>,
    addresses: BTreeSet<Address>,
}

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Uplink>],
) -> Result<Vec<Option<Attributes>>, Error> {
    // An ordinary user's labs have none, and may not even look.
    if subjects.is_empty() || machine.client().user_namespace() {
        return Ok(subjects.iter().map(|_| None).collect());
    }
    let ports = links_here()?;
    let outside = machine.outside(|| {
        let failed = |error| Error::caused("read the machine's addresses", error);
        let netlink = Netlink::open().map_err(failed)?;
        let addresses = netlink.addresses().map_err(failed)?.into_iter().collect();
        Ok(Outside { links: links_of(&netlink)?, addresses })
    })?;
    Ok(subjects.iter().map(|subject| look(subject, &ports, &outside)).collect())
}

fn look(
    subject: &Subject<'_, Uplink>,
    ports: &BTreeMap<String, Link>,
    outside: &Outside,
) -> Option<Attributes> {
    let port = ports.get(&port_of(subject.id))?;
    let name =
        subject.recorded.and_then(interface_of).or(subject.desired.map(|spec| spec.interface.as_str()))?;
    let link = outside.links.get(name).filter(|link| link.parent == Some(port.index))?;
    let controller = ports.values().find(|link| port.controller == Some(link.index));
    let bridge = outside.links.values().find(|other| link.controller == Some(other.index));
    Some(Attributes::from([
        (INTERFACE.into(), name.into()),
        ("network".into(), controller.map_or(NONE, |link| link.name.as_str()).into()),
        (BRIDGE.into(), bridge.map_or(NONE, |bridge| bridge.name.as_str()).into()),
        (ADDRESS.into(), listed(&addresses(subject, link.index, &outside.addresses))),
        ("mtu".into(), link.mtu.min(port.mtu).into()),
        ("up".into(), (link.up && port.up).into()),
    ]))
}

/// Those that are wanted or were given it, of all that it has.
fn addresses(subject: &Subject<'_, Uplink>, index: u32, there: &BTreeSet<Address>) -> Vec<IpNet> {
    let mut ours = subject.desired.map(|spec| spec.addresses.clone()).unwrap_or_default();
    let recorded = subject.recorded.map(addresses_of).unwrap_or_default();
    ours.extend(recorded.into_iter().filter(|address| !ours.contains(address)).collect::<Vec<_>>());
    ours.retain(|address| there.contains(&Address { index, address: *address }));
    ours
}
