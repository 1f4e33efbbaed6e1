//! Links: bridges, veth pairs, and what is said of every one.

use super::{Netlink, Request, word16};
use crate::linux::Result;
use nix::libc;
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
    /// The number of the link it is a part of: a bridge, a bond, a VRF.
    pub controller: Option<u32>,
    /// The number of the link that it sits on.
    pub parent: Option<u32>,
    /// What it is: `bridge`, `vlan`; loopback has nothing to say.
    pub kind: Option<InfoKind>,
    /// What only its kind has.
    pub data: Option<InfoData>,
}

impl Link {
    /// Whether it is a bridge.
    pub fn is_bridge(&self) -> bool {
        self.kind == Some(InfoKind::Bridge)
    }
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
        let mut peer = one_queue(LinkUnspec::new_with_name(self.peer))
            .mtu(self.mtu)
            .setns_by_fd(self.peer_netns.as_raw_fd());
        if let Some(mac) = self.peer_mac {
            peer = peer.address(mac.to_vec());
        }
        let message = one_queue(LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth))
            .name(self.name)
            .mtu(self.mtu)
            .controller(self.controller)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer.build())))
            .up()
            .build();
        Request::create(RouteNetlinkMessage::NewLink(message))
    }
}

/// A veth pair to be made: this end in the socket's own namespace, the other in another one and down.
#[derive(Debug)]
pub struct Pair<'a> {
    /// The name of this end.
    pub name: &'a str,
    /// Size, hardware address and being up of this end.
    pub change: Change,
    /// The name of the other end.
    pub peer: &'a str,
    /// The namespace of the other end.
    pub peer_netns: BorrowedFd<'a>,
}

impl Pair<'_> {
    /// One message makes both ends.
    pub fn create(&self) -> Request {
        let peer = one_queue(LinkUnspec::new_with_name(self.peer)).setns_by_fd(self.peer_netns.as_raw_fd());
        let message = one_queue(LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::Veth))
            .name(self.name)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer.build())));
        Request::create(RouteNetlinkMessage::NewLink(self.change.apply(message).build()))
    }
}

/// One queue each way, as a veth link has anyway. Where that is not said the kernel makes one for each of its processors,
/// takes all but one away again, and waits for the processors each time: half of what a pair costs.
fn one_queue<T>(link: LinkMessageBuilder<T>) -> LinkMessageBuilder<T> {
    link.append_extra_attribute(LinkAttribute::NumTxQueues(1))
        .append_extra_attribute(LinkAttribute::NumRxQueues(1))
}

/// A link to be made in the socket's own namespace.
#[derive(Debug)]
pub struct Own<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub kind: InfoKind,
    /// What only its kind has.
    pub data: Option<InfoData>,
    /// The number of the link that it sits on.
    pub parent: Option<u32>,
    /// Up or down, size and hardware address.
    pub change: Change,
}

impl Own<'_> {
    /// One message makes it as it should be.
    pub fn create(self) -> Request {
        let mut message =
            LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(self.kind).name(self.name.to_owned());
        if let Some(data) = self.data {
            message = message.set_info_data(data);
        }
        if let Some(parent) = self.parent {
            message = message.link(parent);
        }
        Request::create(RouteNetlinkMessage::NewLink(self.change.apply(message).build()))
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
    /// The link to be a part of; 0 for none.
    pub controller: Option<u32>,
}

impl Change {
    fn apply(self, mut message: LinkMessageBuilder<LinkUnspec>) -> LinkMessageBuilder<LinkUnspec> {
        if let Some(mtu) = self.mtu {
            message = message.mtu(mtu);
        }
        if let Some(mac) = self.mac {
            message = message.address(mac.to_vec());
        }
        if let Some(controller) = self.controller {
            message = message.controller(controller);
        }
        match self.up {
            Some(true) => message.up(),
            Some(false) => message.down(),
            None => message,
        }
    }
}

/// Changes a link in place.
pub fn change(index: u32, change: Change) -> Request {
    Request::change(RouteNetlinkMessage::SetLink(change.apply(LinkUnspec::new_with_index(index)).build()))
}

/// Changes in place what only a kind of link has.
pub fn change_data(index: u32, kind: InfoKind, data: InfoData) -> Request {
    let message =
        LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(kind).index(index).set_info_data(data).build();
    Request::change(RouteNetlinkMessage::NewLink(message))
}

/// Sets a link up.
pub fn set_up(name: &str) -> Request {
    Request::change(RouteNetlinkMessage::SetLink(LinkUnspec::new_with_name(name).up().build()))
}

/// Sets a link down.
pub fn set_down(name: &str) -> Request {
    Request::change(RouteNetlinkMessage::SetLink(LinkUnspec::new_with_name(name).down().build()))
}

/// Removes a link, and the other end of a veth pair with it.
pub fn delete(name: &str) -> Request {
    Request::change(RouteNetlinkMessage::DelLink(LinkUnspec::new_with_name(name).build()))
}

impl Netlink {
    /// The kernel's number for a link, much cheaper than reading it.
    pub fn index_of(&self, name: &str) -> Option<u32> {
        // SAFETY: `ifreq` is plain data for which all zeroes is valid.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        // The last byte ends the name.
        let place = request.ifr_name.get_mut(..libc::IFNAMSIZ - 1)?.get_mut(..name.len())?;
        place.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte.cast_signed());
        // SAFETY: the request outlives the call and has the layout SIOCGIFINDEX expects.
        let answer = unsafe { libc::ioctl(self.socket.as_raw_fd(), libc::SIOCGIFINDEX, &raw mut request) };
        // SAFETY: the kernel has filled in this member.
        (answer == 0).then(|| unsafe { request.ifr_ifru.ifru_ifindex }.cast_unsigned())
    }

    /// Every link of the namespace.
    pub fn links(&self) -> Result<Vec<Link>> {
        Ok(self.link_messages()?.iter().map(decode).collect())
    }
}

/// A message about a link with only those attributes that [`decode`] looks at. The others are many, above all those of bridge
/// ports, and would take longer to read than the kernel takes to write them.
pub(super) fn of_interest(message: &[u8]) -> Vec<u8> {
    /// The header of netlink, then that of links.
    const HEADERS: usize = 16 + size_of::<libc::ifinfomsg>();
    const WANTED: [u16; 6] = [
        libc::IFLA_ADDRESS,
        libc::IFLA_IFNAME,
        libc::IFLA_MTU,
        libc::IFLA_LINK,
        libc::IFLA_MASTER,
        libc::IFLA_LINKINFO,
    ];
    let Some((headers, mut rest)) = message.split_at_checked(HEADERS) else { return message.to_vec() };
    let mut kept = headers.to_vec();
    while let Some(length) = word16(rest, 0).map(usize::from).filter(|length| *length >= 4) {
        let (attribute, after) = rest.split_at(length.next_multiple_of(4).min(rest.len()));
        if word16(attribute, 2).is_some_and(|kind| WANTED.contains(&(kind & libc::NLA_TYPE_MASK as u16))) {
            kept.extend(attribute);
        }
        rest = after;
    }
    let length = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    kept[..4].copy_from_slice(&length.to_ne_bytes());
    kept
}

fn decode(message: &LinkMessage) -> Link {
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        mtu: 0,
        mac: [0; 6],
        up: message.header.flags.contains(LinkFlags::Up),
        controller: None,
        parent: None,
        kind: None,
        data: None,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
            LinkAttribute::Address(bytes) => link.mac = bytes.as_slice().try_into().unwrap_or_default(),
            LinkAttribute::Controller(index) => link.controller = Some(*index),
            LinkAttribute::Link(index) => link.parent = Some(*index),
            LinkAttribute::LinkInfo(infos) => {
                for info in infos {
                    match info {
                        LinkInfo::Kind(kind) => link.kind = Some(kind.clone()),
                        LinkInfo::Data(data) => link.data = Some(data.clone()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    link
}
