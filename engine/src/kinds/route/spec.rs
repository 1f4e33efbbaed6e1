//! Which routes a host should have, and how they follow from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::address::Address;
use crate::kinds::netns::Netns;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{self, Host, Interface, Lab, MAIN, Refusal};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{HostName, InterfaceName};
use ipnet::IpNet;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use topo_lang::Span;

/// A route; its destination and its table are its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it leads.
    pub to: To,
    /// Lower wins.
    pub metric: u32,
}

/// What becomes of the packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// They are passed on.
    Hops {
        /// The ways they take, sorted.
        hops: Vec<Hop>,
        /// The address that those of the host itself come from.
        source: Option<IpAddr>,
    },
    /// They are not.
    Nowhere(Refusal),
}

/// One way of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop {
    /// The next hop; none where the destination is on the link.
    pub via: Option<IpAddr>,
    /// The interface; the kernel's choice where none.
    pub dev: Option<InterfaceName>,
    /// How much of it goes this way.
    pub weight: u16,
    /// Whether the next hop is on the link even if no address says so.
    pub onlink: bool,
}

/// Where a default route leads, of IPv4 and of IPv6.
const EVERYWHERE: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];

impl Route {
    /// A route of one next hop.
    fn by(via: IpAddr) -> Self {
        let hop = Hop { via: Some(via), dev: None, weight: 1, onlink: false };
        Self { to: To::Hops { hops: vec![hop], source: None }, metric: 0 }
    }

    fn new(route: &lab::Route) -> Self {
        let metric = route.metric;
        if let Some(refusal) = route.kind {
            return Self { to: To::Nowhere(refusal), metric };
        }
        let dev =
            |dev: &Option<crate::decode::Spanned<InterfaceName>>| dev.as_ref().map(|dev| dev.value.clone());
        let mut hops: Vec<Hop> = route
            .next_hops
            .iter()
            .map(|(via, hop)| Hop {
                via: Some(*via),
                dev: dev(&hop.dev),
                weight: hop.weight,
                onlink: hop.onlink,
            })
            .collect();
        hops.sort();
        if hops.is_empty() {
            let via = route.via.map(|via| via.value);
            hops.push(Hop { via, dev: dev(&route.dev), weight: 1, onlink: route.onlink });
        }
        Self { to: To::Hops { hops, source: route.src.map(|source| source.value) }, metric }
    }

    /// The ways it takes.
    pub(super) fn hops(&self) -> &[Hop] {
        match &self.to {
            To::Hops { hops, .. } => hops,
            To::Nowhere(_) => &[],
        }
    }

    /// The spec as attributes, in the words that `ip route` has.
    pub(super) fn as_attributes(&self) -> Attributes {
        let via: Attribute = match &self.to {
            To::Nowhere(refusal) => refusal.name().into(),
            To::Hops { hops, source } => {
                let source = source.map(|source| format!("src {source}"));
                match hops.as_slice() {
                    [hop] => {
                        [Some(hop.text()), source].into_iter().flatten().collect::<Vec<_>>().join(" ").into()
                    }
                    hops => hops.iter().map(Hop::text).chain(source).collect::<Vec<String>>().into(),
                }
            }
        };
        Attributes::from([("via".into(), via), ("metric".into(), self.metric.into())])
    }

    /// The route that attributes speak of.
    pub(super) fn of(attributes: &Attributes) -> Option<Self> {
        let Some(Attribute::Int(metric)) = attributes.get("metric") else { return None };
        let metric = u32::try_from(*metric).ok()?;
        let (mut hops, mut source) = (Vec::new(), None);
        match attributes.get("via")? {
            Attribute::Text(text) => match Refusal::of(text) {
                Some(refusal) => return Some(Self { to: To::Nowhere(refusal), metric }),
                None => {
                    let (hop, end) = text.split_once("src ").unwrap_or((text, ""));
                    source = end.parse().ok();
                    hops.push(Hop::of(hop.trim_end())?);
                }
            },
            Attribute::List(all) => {
                for text in all {
                    match text.strip_prefix("src ") {
                        Some(address) => source = address.parse().ok(),
                        None => hops.push(Hop::of(text)?),
                    }
                }
            }
            Attribute::Bool(_) | Attribute::Int(_) | Attribute::Digest { .. } => return None,
        }
        Some(Self { to: To::Hops { hops, source }, metric })
    }
}

impl Hop {
    fn text(&self) -> String {
        let mut text = self.via.map(|via| via.to_string()).unwrap_or_default();
        if let Some(dev) = &self.dev {
            let _ = write!(text, " dev {dev}");
        }
        if self.weight != 1 {
            let _ = write!(text, " weight {}", self.weight);
        }
        if self.onlink {
            text.push_str(" onlink");
        }
        text.trim_start().to_owned()
    }

    fn of(text: &str) -> Option<Self> {
        let mut hop = Self { via: None, dev: None, weight: 1, onlink: false };
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "dev" => hop.dev = Some(InterfaceName::try_from(words.next()?).ok()?),
                "weight" => hop.weight = words.next()?.parse().ok()?,
                "onlink" => hop.onlink = true,
                via => hop.via = Some(via.parse().ok()?),
            }
        }
        Some(hop)
    }
}

/// What a route is called: the main table's by their destination alone.
fn name_of(destination: &IpNet, table: u32) -> String {
    if table == MAIN { destination.to_string() } else { format!("{destination}@{table}") }
}

/// The destination and the table that a resource of this kind is about.
pub(super) fn place_of(id: &ResourceId) -> Option<(IpNet, u32)> {
    match id.name.split_once('@') {
        None => Some((id.name.parse().ok()?, MAIN)),
        Some((destination, table)) => Some((destination.parse().ok()?, table.parse().ok()?)),
    }
}

impl Manage for Route {
    const IN_PLACE: &'static [&'static str] = &["via", "metric"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (table, destination, route) in host.all_routes() {
                add(lowering, name, host, (destination.trunc(), table), Route::new(route), route.span);
            }
            if host.forward {
                continue;
            }
            for everywhere in EVERYWHERE {
                let Ok(destination) = IpNet::new(everywhere, 0) else { continue };
                for table in std::iter::once(MAIN).chain(host.vrf_tables()) {
                    let given = |(of, to, _): (u32, &IpNet, _)| of == table && *to == destination;
                    if !host.all_routes().any(given)
                        && let Some((via, span)) = gateway(lab, name, host, everywhere.is_ipv4(), table)
                    {
                        add(lowering, name, host, (destination, table), Route::by(via), span);
                    }
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

/// The kernel forgets a route with the address by which it reaches the next hop or that it comes from, and with its link.
fn add(
    lowering: &mut Lowering,
    name: &HostName,
    host: &Host,
    (destination, table): (IpNet, u32),
    spec: Route,
    span: Span,
) {
    let hops = spec.hops().to_vec();
    let source = if let To::Hops { source, .. } = spec.to { source } else { None };
    let mut adding = lowering
        .of_host(name, &name_of(&destination, table), spec, span)
        .needs(Netns::id(name), Why::Inside)
        .sets_up(name);
    for (interface_name, interface) in &host.interfaces {
        let by = |hop: &Hop| match &hop.dev {
            Some(dev) => dev == interface_name,
            None => hop.via.is_some_and(|via| interface.addresses.iter().any(|own| own.value.contains(&via))),
        };
        if hops.iter().any(by) {
            adding = adding.needs_interface(name, interface_name, Why::Reads);
            for whole in host.having_as_member(interface_name) {
                adding = adding.needs_interface(name, whole, Why::Reads);
            }
            let of_family = |own: &&crate::decode::Spanned<IpNet>| {
                hops.iter().filter_map(|hop| hop.via).all(|via| via.is_ipv4() == own.addr().is_ipv4())
            };
            for own in interface.addresses.iter().filter(of_family) {
                adding = adding.needs(Address::id(name, interface_name, &own.value), Why::Reads);
            }
        }
        if let Some(own) = interface.addresses.iter().find(|own| Some(own.addr()) == source) {
            adding = adding.needs(Address::id(name, interface_name, &own.value), Why::Reads);
        }
    }
}

/// The address, on a network that the host is on by an interface of this table, of the host that network sends everything
/// else to.
fn gateway(lab: &Lab, name: &HostName, host: &Host, is_ipv4: bool, table: u32) -> Option<(IpAddr, Span)> {
    host.interfaces.iter().find_map(|(interface_name, interface)| {
        if host.table_of(interface_name) != table
            || !interface.addresses.iter().any(|address| address.addr().is_ipv4() == is_ipv4)
        {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_what_its_attributes_say() {
        let check = |via: Attribute| {
            let said = Attributes::from([("via".into(), via), ("metric".into(), 7_u32.into())]);
            assert_eq!(Route::of(&said).unwrap().as_attributes(), said);
        };
        check("10.0.0.1".into());
        check("blackhole".into());
        check("dev eth0".into());
        check("10.0.0.1 dev eth0 onlink src 10.0.0.9".into());
        check("dev eth0 src 10.0.0.9".into());
        check(
            vec!["10.0.0.1".to_owned(), "10.0.1.1 dev eth1 weight 2".to_owned(), "src 10.0.0.9".to_owned()]
                .into(),
        );
    }
}
