//! Which routes a host should have, and how they follow from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::address::Address;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{Host, Interface, Lab};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::HostName;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use topo_lang::Span;

/// A route; its destination is its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The next hop.
    pub via: IpAddr,
    /// Lower wins.
    pub metric: u32,
}

/// Where a default route leads, of IPv4 and of IPv6.
const EVERYWHERE: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];

impl Route {
    /// The spec as attributes.
    pub(super) fn as_attributes(&self) -> Attributes {
        Attributes::from([("via".into(), self.via.to_string().into()), ("metric".into(), self.metric.into())])
    }

    /// The route that attributes speak of.
    pub(super) fn of(attributes: &Attributes) -> Option<Self> {
        let (Some(Attribute::Text(via)), Some(Attribute::Int(metric))) =
            (attributes.get("via"), attributes.get("metric"))
        else {
            return None;
        };
        Some(Self { via: via.parse().ok()?, metric: u32::try_from(*metric).ok()? })
    }
}

/// The destination that a resource of this kind is about.
pub(super) fn destination_of(id: &ResourceId) -> Option<IpNet> {
    id.name.parse().ok()
}

impl Manage for Route {
    const IN_PLACE: &'static [&'static str] = &["via", "metric"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (destination, route) in &host.routes {
                let spec = Route { via: route.via.value, metric: route.metric };
                add(lowering, name, host, destination.trunc(), spec, route.span);
            }
            if host.forward {
                continue;
            }
            for everywhere in EVERYWHERE {
                let Ok(destination) = IpNet::new(everywhere, 0) else { continue };
                if !host.routes.contains_key(&destination)
                    && let Some((via, span)) = gateway(lab, name, host, everywhere.is_ipv4())
                {
                    add(lowering, name, host, destination, Route { via, metric: 0 }, span);
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        self.as_attributes()
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::create(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::update(machine, wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::delete(machine, unwanted)
    }
}

fn add(lowering: &mut Lowering, name: &HostName, host: &Host, destination: IpNet, spec: Route, span: Span) {
    let via = spec.via;
    let mut adding = lowering.of_host(name, &destination.to_string(), spec, span).sets_up(name);
    for (interface_name, interface) in &host.interfaces {
        // The kernel forgets a route with the address by which it reaches the next hop, and with its link.
        if let Some(address) = interface.addresses.iter().find(|address| address.value.contains(&via)) {
            adding = adding
                .needs(Address::id(name, interface_name, &address.value), Why::Reads)
                .needs_interface(name, interface_name, Why::Reads);
        }
    }
}

/// The address, on a network that the host is on, of the host that network sends everything else to.
fn gateway(lab: &Lab, name: &HostName, host: &Host, is_ipv4: bool) -> Option<(IpAddr, Span)> {
    host.interfaces.values().find_map(|interface| {
        if !interface.addresses.iter().any(|address| address.addr().is_ipv4() == is_ipv4) {
            return None;
        }
        let own = &interface.network.as_ref()?.value;
        let network = lab.networks.get(own)?;
        let gateway = network.gateway.as_ref().filter(|gateway| gateway.value != *name)?;
        let on_it = |other: &&Interface| other.network.as_ref().is_some_and(|network| network.value == *own);
        let others = lab.hosts.get(&gateway.value)?.interfaces.values().map(|other| &other.value);
        let via = others
            .filter(on_it)
            .flat_map(|other| &other.addresses)
            .map(|address| address.addr())
            .find(|address| address.is_ipv4() == is_ipv4)?;
        Some((via, gateway.span))
    })
}
