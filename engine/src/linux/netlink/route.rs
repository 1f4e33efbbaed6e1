//! Routes, of every table.

use super::{Netlink, Request};
use crate::linux::Result;
use ipnet::IpNet;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteNextHop, RouteNextHopFlags,
    RouteProtocol, RouteScope, RouteType, RouteVia,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it leads.
    pub destination: IpNet,
    /// The number of its table.
    pub table: u32,
    /// What becomes of the packets.
    pub kind: RouteType,
    /// The ways they take.
    pub hops: Vec<Hop>,
    /// Lower wins. IPv6 has no 0 and takes 1,024 for it.
    pub metric: u32,
    /// The address that they come from, where the host chooses.
    pub source: Option<IpAddr>,
}

/// One way of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The next hop.
    pub via: Option<IpAddr>,
    /// The number of the link; 0 where the kernel is to find it.
    pub link: u32,
    /// How much of it goes this way, from 1.
    pub weight: u16,
    /// Whether the next hop is on the link even if no address says so.
    pub onlink: bool,
}

/// What the kernel makes of metric 0 for IPv6.
const IPV6_METRIC: u32 = 1024;

/// Adds a route, or puts it in the place of the one with its destination, table and metric.
pub fn add_route(route: &Route) -> Request {
    let mut message = message(route);
    message.header.protocol = RouteProtocol::Static;
    // What is reached without a next hop is on the link.
    let direct = !route.hops.is_empty() && route.hops.iter().all(|hop| hop.via.is_none());
    message.header.scope = if direct { RouteScope::Link } else { RouteScope::Universe };
    message.attributes.extend(route.source.map(|source| RouteAttribute::PrefSource(address(source))));
    match route.hops.as_slice() {
        [] => {}
        [hop] => {
            message.attributes.extend(way(hop, route.destination));
            message.attributes.extend((hop.link != 0).then_some(RouteAttribute::Oif(hop.link)));
            if hop.onlink {
                message.header.flags |= RouteFlags::Onlink;
            }
        }
        hops => message.attributes.push(RouteAttribute::MultiPath(
            hops.iter()
                .map(|hop| {
                    let mut next = RouteNextHop::default();
                    next.hops = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
                    next.interface_index = hop.link;
                    next.attributes = way(hop, route.destination).into_iter().collect();
                    if hop.onlink {
                        next.flags |= RouteNextHopFlags::Onlink;
                    }
                    next
                })
                .collect(),
        )),
    }
    Request::replace(RouteNetlinkMessage::NewRoute(message))
}

/// Removes a route, whatever ways it has.
pub fn delete_route(route: &Route) -> Request {
    let mut message = message(route);
    message.header.scope = RouteScope::NoWhere;
    Request::change(RouteNetlinkMessage::DelRoute(message))
}

impl Netlink {
    /// Every route of the namespace that somebody may have made.
    pub fn routes(&self) -> Result<Vec<Route>> {
        Ok(self.route_messages()?.iter().filter_map(decode).collect())
    }
}

/// What tells a route from others.
fn message(route: &Route) -> RouteMessage {
    let is_ipv6 = matches!(route.destination, IpNet::V6(_));
    let mut message = RouteMessage::default();
    message.header.address_family = if is_ipv6 { AddressFamily::Inet6 } else { AddressFamily::Inet };
    message.header.destination_prefix_length = route.destination.prefix_len();
    message.header.kind = route.kind;
    message.header.table = u8::try_from(route.table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC);
    let metric = if is_ipv6 && route.metric == 0 { IPV6_METRIC } else { route.metric };
    message.attributes.push(RouteAttribute::Destination(address(route.destination.network())));
    message.attributes.push(RouteAttribute::Table(route.table));
    message.attributes.push(RouteAttribute::Priority(metric));
    message
}

/// The next hop, as the family of the destination says it.
fn way(hop: &Hop, destination: IpNet) -> Option<RouteAttribute> {
    Some(match (destination, hop.via?) {
        (IpNet::V4(_), IpAddr::V6(via)) => RouteAttribute::Via(RouteVia::Inet6(via)),
        (IpNet::V6(_), IpAddr::V4(via)) => RouteAttribute::Gateway(RouteAddress::Inet6(via.to_ipv6_mapped())),
        (_, via) => RouteAttribute::Gateway(address(via)),
    })
}

fn decode(message: &RouteMessage) -> Option<Route> {
    /// The kernel's own table.
    const LOCAL: u32 = 255;
    let header = &message.header;
    let is_ipv6 = match header.address_family {
        AddressFamily::Inet => false,
        AddressFamily::Inet6 => true,
        _ => return None,
    };
    let any = if is_ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let mut route = Route {
        destination: IpNet::new(any, header.destination_prefix_length).ok()?,
        table: header.table.into(),
        kind: header.kind,
        hops: Vec::new(),
        metric: 0,
        source: None,
    };
    let mut hop = Hop { via: None, link: 0, weight: 1, onlink: header.flags.contains(RouteFlags::Onlink) };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(address) => {
                route.destination = IpNet::new(ip(address)?, header.destination_prefix_length).ok()?;
            }
            RouteAttribute::Table(table) => route.table = *table,
            RouteAttribute::Priority(priority) => route.metric = *priority,
            RouteAttribute::PrefSource(address) => route.source = ip(address),
            RouteAttribute::Oif(link) => hop.link = *link,
            RouteAttribute::MultiPath(hops) => route.hops = hops.iter().map(decode_hop).collect(),
            other => hop.via = hop.via.or(next_hop(other)),
        }
    }
    if route.kind == RouteType::Unicast && route.hops.is_empty() {
        route.hops.push(hop);
    }
    if is_ipv6 && route.metric == IPV6_METRIC {
        route.metric = 0;
    }
    (route.table != LOCAL).then_some(route)
}

fn decode_hop(hop: &RouteNextHop) -> Hop {
    Hop {
        via: hop.attributes.iter().find_map(next_hop),
        link: hop.interface_index,
        weight: u16::from(hop.hops) + 1,
        onlink: hop.flags.contains(RouteNextHopFlags::Onlink),
    }
}

fn next_hop(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(address) => ip(address),
        RouteAttribute::Via(RouteVia::Inet(address)) => Some((*address).into()),
        RouteAttribute::Via(RouteVia::Inet6(address)) => Some((*address).into()),
        _ => None,
    }
}

fn address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}
