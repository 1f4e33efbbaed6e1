//! Which interfaces hosts have, and where they are plugged in. An interface without its port is none.

use super::Veth;
use super::spec::port_name;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, observe_stacks};
use crate::lab::Mac;
use crate::linux::netlink::Link;
use crate::machine::{Machine, host_of};
use std::collections::BTreeMap;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Veth>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let ports = machine.own_stack().links()?;
    let bridges: BTreeMap<u32, &str> =
        ports.values().filter(|link| link.is_bridge()).map(|link| (link.index, link.name.as_str())).collect();
    let interfaces = observe_stacks(machine, subjects, |stack, subjects| {
        let links = stack.links()?;
        Ok(subjects.iter().map(|subject| links.get(&*subject.id.name).cloned()).collect())
    })?;
    let mut observed = Vec::with_capacity(subjects.len());
    for (subject, interface) in subjects.iter().zip(interfaces) {
        let port = ports.get(&port_name(host_of(subject.id)?.as_str(), &subject.id.name));
        observed.push(match (interface, port) {
            (Some(interface), Some(port)) => Some(attributes(&interface, port, &bridges)),
            (None, _) | (_, None) => None,
        });
    }
    Ok(observed)
}

fn attributes(interface: &Link, port: &Link, bridges: &BTreeMap<u32, &str>) -> Attributes {
    let network = port.controller.and_then(|index| bridges.get(&index).copied()).unwrap_or("none");
    // Both ends should be of one size; the one that is not is the one to tell of.
    let mtu = interface.mtu.min(port.mtu);
    Attributes::from([
        ("network".into(), network.into()),
        ("mtu".into(), mtu.into()),
        ("mac".into(), Mac(interface.mac).to_string().into()),
        ("up".into(), (interface.up && port.up).into()),
    ])
}
