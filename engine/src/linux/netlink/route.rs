//! Routes of the main table.

use super::{Netlink, Request};
use crate::linux::Result;
use ipnet::IpNet;
use rtnetlink::RouteMessageBuilder;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A route by way of another host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Where it leads.
    pub destination: IpNet,
    /// The next hop.
    pub via: IpAddr,
    /// Lower wins. IPv6 has no 0 and takes 1,024 for it.
    pub metric: u32,
}

/// What the kernel makes of metric 0 for IPv6.
const IPV6_METRIC: u32 = 1024;

/// Adds a route.
pub fn add_route(route: &Route) -> Request {
    Request::replace(RouteNetlinkMessage::NewRoute(message(route)))
}

/// Removes a route.
pub fn delete_route(route: &Route) -> Request {
    Request::change(RouteNetlinkMessage::DelRoute(message(route)))
}

impl Netlink {
    /// Every unicast route of the main table that has a next hop.
    pub fn routes(&self) -> Result<Vec<Route>> {
        Ok(self.route_messages()?.iter().filter_map(decode).collect())
    }
}

fn message(route: &Route) -> RouteMessage {
    match (route.destination, route.via) {
        (IpNet::V4(destination), IpAddr::V4(via)) => RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(destination.network(), destination.prefix_len())
            .gateway(via)
            .priority(route.metric)
            .build(),
        (IpNet::V4(destination), IpAddr::V6(via)) => RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(destination.network(), destination.prefix_len())
            .via(via)
            .priority(route.metric)
            .build(),
        (IpNet::V6(destination), via) => {
            let via = match via {
                IpAddr::V6(via) => via,
                IpAddr::V4(via) => via.to_ipv6_mapped(),
            };
            let metric = if route.metric == 0 { IPV6_METRIC } else { route.metric };
            RouteMessageBuilder::<Ipv6Addr>::new()
                .destination_prefix(destination.network(), destination.prefix_len())
                .gateway(via)
                .priority(metric)
                .build()
        }
    }
}

fn decode(message: &RouteMessage) -> Option<Route> {
    if message.header.table != RouteHeader::RT_TABLE_MAIN || message.header.kind != RouteType::Unicast {
        return None;
    }
    let mut via = None;
    let mut metric = 0;
    let mut destination = None;
    let mut is_ipv6 = false;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Gateway(address) => {
                is_ipv6 = matches!(address, RouteAddress::Inet6(_));
                via = ip(address);
            }
            RouteAttribute::Priority(priority) => metric = *priority,
            RouteAttribute::Destination(address) => destination = ip(address),
            _ => {}
        }
    }
    let any = if is_ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let destination =
        IpNet::new(destination.unwrap_or(any), message.header.destination_prefix_length).ok()?;
    let metric = if is_ipv6 && metric == IPV6_METRIC { 0 } else { metric };
    Some(Route { destination, via: via?, metric })
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}
