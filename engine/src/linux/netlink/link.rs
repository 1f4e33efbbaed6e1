//! Links: bridges, veth pairs, and what is said of every one.

use super::{Netlink, Request};
use crate::linux::Result;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use rtnetlink::{LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth};
use std::os::fd::{AsRawFd, BorrowedFd};

/// A link, as far as we look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number for it.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The largest packet, in bytes.
    pub mtu: u32,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// Whether it is set up.
    pub up: bool,
    /// The number of the bridge it is a port of.
    pub controller: Option<u32>,
    /// Whether it is a bridge.
    pub is_bridge: bool,
}

/// A veth pair to be made: this end here and up, the other in another namespace and down (the kernel makes it before it
/// knows its peer, so it cannot come up yet).
#[derive(Debug)]
pub struct Veth<'a> {
    /// The name of this end.
    pub name: &'a str,
    /// The number of the bridge that this end becomes a port of.
    pub controller: u32,
    /// The largest packet of both ends, in bytes.
    pub mtu: u32,
    /// The name of the other end.
    pub peer: &'a str,
    /// The hardware address of the other end; the kernel's choice where none.
    pub peer_mac: Option<[u8; 6]>,
    /// The namespace of the other end.
    pub peer_netns: BorrowedFd<'a>,
}

impl Veth<'_> {
    /// One message makes both ends.
    pub fn create(&self) -> Request {
        let mut peer =
            LinkUnspec::new_with_name(self.peer).mtu(self.mtu).setns_by_fd(self.peer_netns.as_raw_fd());
        if let Some(mac) = self.peer_mac {
            peer = peer.address(mac.to_vec());
        }
        let message = LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth)
            .name(self.name)
            .mtu(self.mtu)
            .controller(self.controller)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer.build())))
            .up()
            .build();
        Request::create(RouteNetlinkMessage::NewLink(message))
    }
}

/// Makes a bridge, down. Its MTU follows its ports' until [`set_mtu`] sets it to `mtu`.
pub fn create_bridge(name: &str, mtu: u32) -> Request {
    // Another one than will be set: setting the MTU that a link has already changes nothing, not even that.
    let other = if mtu == 1500 { 1499 } else { 1500 };
    Request::create(RouteNetlinkMessage::NewLink(LinkBridge::new(name).mtu(other).build()))
}

/// Sets a link's MTU.
pub fn set_mtu(name: &str, mtu: u32) -> Request {
    Request::change(RouteNetlinkMessage::SetLink(LinkUnspec::new_with_name(name).mtu(mtu).build()))
}

/// What to change of a link; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// Up or down.
    pub up: Option<bool>,
    /// The largest packet, in bytes.
    pub mtu: Option<u32>,
    /// The hardware address.
    pub mac: Option<[u8; 6]>,
    /// The bridge to be a port of.
    pub controller: Option<u32>,
}

/// Changes a link in place.
pub fn change(index: u32, change: Change) -> Request {
    let mut message = LinkUnspec::new_with_index(index);
    if let Some(mtu) = change.mtu {
        message = message.mtu(mtu);
    }
    if let Some(mac) = change.mac {
        message = message.address(mac.to_vec());
    }
    if let Some(controller) = change.controller {
        message = message.controller(controller);
    }
    message = match change.up {
        Some(true) => message.up(),
        Some(false) => message.down(),
        None => message,
    };
    Request::change(RouteNetlinkMessage::SetLink(message.build()))
}

/// Sets a link up.
pub fn set_up(name: &str) -> Request {
    Request::change(RouteNetlinkMessage::SetLink(LinkUnspec::new_with_name(name).up().build()))
}

/// Removes a link, and the other end of a veth pair with it.
pub fn delete(name: &str) -> Request {
    Request::change(RouteNetlinkMessage::DelLink(LinkUnspec::new_with_name(name).build()))
}

impl Netlink {
    /// Every link of the namespace.
    pub fn links(&self) -> Result<Vec<Link>> {
        Ok(self.link_messages()?.iter().map(decode).collect())
    }
}

fn decode(message: &LinkMessage) -> Link {
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        mtu: 0,
        mac: [0; 6],
        up: message.header.flags.contains(LinkFlags::Up),
        controller: None,
        is_bridge: false,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
            LinkAttribute::Address(bytes) => link.mac = bytes.as_slice().try_into().unwrap_or_default(),
            LinkAttribute::Controller(index) => link.controller = Some(*index),
            LinkAttribute::LinkInfo(infos) => {
                link.is_bridge = infos.iter().any(|info| matches!(info, LinkInfo::Kind(InfoKind::Bridge)));
            }
            _ => {}
        }
    }
    link
}
