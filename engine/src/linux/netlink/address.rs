//! Addresses of links.

use super::{Netlink, Request};
use crate::linux::Result;
use ipnet::IpNet;
use rtnetlink::packet_route::address::{AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use std::net::IpAddr;

/// An address of a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The number of the link.
    pub index: u32,
    /// The address with its prefix length.
    pub address: IpNet,
}

/// Adds an address, usable at once: an IPv6 one is not tried for duplicates first.
pub fn add_address(address: &Address) -> Request {
    let mut message = message(address);
    if matches!(address.address, IpNet::V6(_)) {
        message.header.flags |= AddressHeaderFlags::Nodad;
        message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
    }
    Request::replace(RouteNetlinkMessage::NewAddress(message))
}

/// Removes an address.
pub fn delete_address(address: &Address) -> Request {
    Request::change(RouteNetlinkMessage::DelAddress(message(address)))
}

impl Netlink {
    /// Every address of the namespace.
    pub fn addresses(&self) -> Result<Vec<Address>> {
        Ok(self.address_messages()?.iter().filter_map(decode).collect())
    }
}

fn message(address: &Address) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.index = address.index;
    message.header.prefix_len = address.address.prefix_len();
    message.header.family = match address.address {
        IpNet::V4(_) => AddressFamily::Inet,
        IpNet::V6(_) => AddressFamily::Inet6,
    };
    message.attributes.push(AddressAttribute::Local(address.address.addr()));
    message.attributes.push(AddressAttribute::Address(address.address.addr()));
    if let IpNet::V4(net) = address.address
        && net.prefix_len() < 31
    {
        message.attributes.push(AddressAttribute::Broadcast(net.broadcast()));
    }
    message
}

fn decode(message: &AddressMessage) -> Option<Address> {
    let mut found: Option<IpAddr> = None;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => found = Some(*address),
            AddressAttribute::Address(address) => found = found.or(Some(*address)),
            _ => {}
        }
    }
    let address = IpNet::new(found?, message.header.prefix_len).ok()?;
    Some(Address { index: message.header.index, address })
}
