//! Netlink: a plain blocking socket that takes many messages per write. Packets are rtnetlink's.
//!
//! A socket speaks to the namespace it was opened in, wherever it is used.

mod address;
mod link;
mod qdisc;
mod route;
mod rule;
pub mod wireguard;

pub use address::{Address, add_address, delete_address};
pub use link::{
    Change, Link, Own, Pair, Veth, change, change_data, create_bridge, delete, set_down, set_mtu, set_up,
};
pub use qdisc::{Netem, Qdisc, Tbf, remove_qdisc, set_qdisc};
pub use route::{Hop, Route, add_route, delete_route};
pub use rtnetlink::packet_route::link::{
    BondLacpRate, BondMode, BondXmitHashPolicy, InfoBond, InfoData, InfoGre, InfoIpTunnel, InfoKind,
    InfoMacVlan, InfoVlan, InfoVrf, InfoVxlan, MacVlanMode,
};
pub use rtnetlink::packet_route::route::RouteType;
pub use rtnetlink::packet_route::rule::RuleAction;
pub use rule::{Rule, add_rule, delete_rule};

use super::{Error, Result};
use nix::libc;
use rtnetlink::packet_core::{
    ErrorBuffer, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
    NetlinkMessage, NetlinkPayload,
};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressMessage;
use rtnetlink::packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use rtnetlink::packet_route::route::RouteMessage;
use rtnetlink::packet_route::tc::TcMessage;
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// How many messages go in one write. Each may be refused with a text of its own, and all answers must fit the
/// socket's buffer before the first is read.
const BATCH: usize = 64;

/// A socket to the kernel's routing tables, of the namespace it was opened in.
pub struct Netlink {
    socket: Socket,
}

/// The kernel's word that links, their disciplines, addresses, routes or rules have changed in the namespace it was
/// opened in. Not what: whoever
/// hears of it looks.
pub struct Monitor {
    socket: Socket,
}

impl Monitor {
    /// One for the calling thread's network namespace.
    pub fn open() -> Result<Self> {
        /// Rules of IPv6, as a bit.
        const IPV6_RULE: i32 = 1 << (libc::RTNLGRP_IPV6_RULE - 1);
        /// Links, disciplines, addresses, routes and rules of both families, as bits.
        const GROUPS: i32 = libc::RTMGRP_LINK
            | libc::RTMGRP_TC
            | libc::RTMGRP_IPV4_IFADDR
            | libc::RTMGRP_IPV4_ROUTE
            | libc::RTMGRP_IPV4_RULE
            | IPV6_RULE
            | libc::RTMGRP_IPV6_IFADDR
            | libc::RTMGRP_IPV6_ROUTE;
        let failed = |source| Error::new("listen on", "a netlink socket", source);
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(failed)?;
        socket.set_non_blocking(true).map_err(failed)?;
        socket.bind(&SocketAddr::new(0, GROUPS.cast_unsigned())).map_err(failed)?;
        Ok(Self { socket })
    }

    /// Forgets what was heard so far; whether there was anything.
    pub fn drain(&self) -> bool {
        let mut heard = false;
        loop {
            match self.socket.recv_from_full() {
                Ok(_) => heard = true,
                // More was said than the socket could hold.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => heard = true,
                Err(_) => return heard,
            }
        }
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// One thing to ask of the kernel.
#[derive(Clone, Debug)]
pub struct Request {
    message: RouteNetlinkMessage,
    flags: u16,
}

impl Request {
    /// Make what is not there; it is an error if it is.
    pub fn create(message: RouteNetlinkMessage) -> Self {
        Self { message, flags: NLM_F_CREATE | NLM_F_EXCL }
    }

    /// Make it so, whether it is there or not.
    pub fn replace(message: RouteNetlinkMessage) -> Self {
        Self { message, flags: NLM_F_CREATE | NLM_F_REPLACE }
    }

    /// Change or remove what is there.
    pub fn change(message: RouteNetlinkMessage) -> Self {
        Self { message, flags: 0 }
    }
}

/// The kernel's no: its error number, and its words where it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error number, positive.
    pub errno: i32,
    /// What the kernel says besides.
    pub text: Option<String>,
}

impl Refusal {
    /// Whether what was to be made is there already.
    pub fn exists(&self) -> bool {
        self.errno == libc::EEXIST
    }

    /// Whether what was to be changed or removed is not there.
    pub fn is_gone(&self) -> bool {
        matches!(self.errno, libc::ENOENT | libc::ENODEV | libc::ESRCH | libc::EADDRNOTAVAIL)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.errno);
        match &self.text {
            Some(text) => write!(f, "{text} ({error})"),
            None => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl Netlink {
    /// A socket in the calling thread's network namespace.
    pub fn open() -> Result<Self> {
        let failed = |source| Error::new("open", "a netlink socket", source);
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(failed)?;
        socket.set_ext_ack(true).map_err(failed)?;
        socket.set_cap_ack(true).map_err(failed)?;
        socket.bind_auto().map_err(failed)?;
        socket.connect(&SocketAddr::new(0, 0)).map_err(failed)?;
        Ok(Self { socket })
    }

    /// Asks for all of `requests`, in order. One answer each; a refused request does not keep later ones from being tried.
    pub fn perform(&self, requests: &[Request]) -> Result<Vec<std::result::Result<(), Refusal>>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut buffer = Vec::new();
        for batch in requests.chunks(BATCH) {
            buffer.clear();
            for (index, request) in batch.iter().enumerate() {
                // Only the last message is acknowledged; the kernel goes in order, so then the others are through.
                let last = index + 1 == batch.len();
                let flags = NLM_F_REQUEST | request.flags | if last { NLM_F_ACK } else { 0 };
                append(&mut buffer, request.message.clone(), flags, index as u32 + 1);
            }
            self.send(&buffer)?;
            answers.extend(self.answers(batch.len())?);
        }
        Ok(answers)
    }

    fn link_messages(&self) -> Result<Vec<LinkMessage>> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        self.dump(
            RouteNetlinkMessage::GetLink(message),
            |part| link::of_interest(part).into(),
            |answer| match answer {
                RouteNetlinkMessage::NewLink(link) => Some(link),
                _ => None,
            },
        )
    }

    fn address_messages(&self) -> Result<Vec<AddressMessage>> {
        self.dump(
            RouteNetlinkMessage::GetAddress(AddressMessage::default()),
            |part| part.into(),
            |answer| match answer {
                RouteNetlinkMessage::NewAddress(address) => Some(address),
                _ => None,
            },
        )
    }

    fn route_messages(&self) -> Result<Vec<RouteMessage>> {
        self.dump(
            RouteNetlinkMessage::GetRoute(RouteMessage::default()),
            |part| part.into(),
            |answer| match answer {
                RouteNetlinkMessage::NewRoute(route) => Some(route),
                _ => None,
            },
        )
    }

    fn qdisc_messages(&self) -> Result<Vec<TcMessage>> {
        self.dump(
            RouteNetlinkMessage::GetQueueDiscipline(TcMessage::default()),
            |part| part.into(),
            |answer| match answer {
                RouteNetlinkMessage::NewQueueDiscipline(qdisc) => Some(qdisc),
                _ => None,
            },
        )
    }

    fn dump<T>(
        &self,
        message: RouteNetlinkMessage,
        of_interest: impl Fn(&[u8]) -> Cow<'_, [u8]>,
        of: impl Fn(RouteNetlinkMessage) -> Option<T>,
    ) -> Result<Vec<T>> {
        let failed = |source: io::Error| Error::new("read", "the kernel's routing tables", source);
        let mut buffer = Vec::new();
        append(&mut buffer, message, NLM_F_REQUEST | NLM_F_DUMP, 1);
        self.send(&buffer)?;
        let mut found = Vec::new();
        let mut datagram = Vec::with_capacity(LONGEST);
        loop {
            self.receive(&mut datagram)?;
            for part in parts(&datagram) {
                let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&of_interest(part))
                    .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))?;
                match message.payload {
                    NetlinkPayload::Done(_) => return Ok(found),
                    NetlinkPayload::Error(error) => return Err(failed(error.to_io())),
                    NetlinkPayload::InnerMessage(message) => found.extend(of(message)),
                    _ => {}
                }
            }
        }
    }

    fn answers(&self, count: usize) -> Result<Vec<std::result::Result<(), Refusal>>> {
        let mut answers = vec![Ok(()); count];
        let mut datagram = Vec::with_capacity(LONGEST);
        loop {
            self.receive(&mut datagram)?;
            for part in parts(&datagram) {
                let (Some(kind), Some(sequence)) = (word16(part, 4), word32(part, 8)) else { continue };
                let Some(payload) = part.get(HEADER..).filter(|_| i32::from(kind) == libc::NLMSG_ERROR)
                else {
                    continue;
                };
                let Ok(error) = ErrorBuffer::new_checked(payload) else { continue };
                if let (Some(code), Some(answer)) =
                    (error.code(), answers.get_mut((sequence as usize).wrapping_sub(1)))
                {
                    *answer = Err(Refusal { errno: -code.get(), text: extended_text(error.payload()) });
                }
                if sequence as usize == count {
                    return Ok(answers);
                }
            }
        }
    }

    fn send(&self, bytes: &[u8]) -> Result<()> {
        self.socket
            .send(bytes, 0)
            .map(drop)
            .map_err(|source| Error::new("write to", "a netlink socket", source))
    }

    /// The next datagram, in place of what is in the buffer.
    fn receive(&self, datagram: &mut Vec<u8>) -> Result<()> {
        datagram.clear();
        self.socket
            .recv(datagram, 0)
            .map(drop)
            .map_err(|source| Error::new("read from", "a netlink socket", source))
    }
}

impl fmt::Debug for Netlink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Netlink")
    }
}

/// The kernel makes no datagram longer than this.
const LONGEST: usize = 32 * 1024;

/// The length of a netlink header, and of its copy in an answer.
const HEADER: usize = 16;

fn append(buffer: &mut Vec<u8>, message: RouteNetlinkMessage, flags: u16, sequence: u32) {
    let mut packet = NetlinkMessage::from(message);
    packet.header.flags = flags;
    packet.header.sequence_number = sequence;
    packet.finalize();
    let start = buffer.len();
    buffer.resize(start + packet.buffer_len().next_multiple_of(4), 0);
    packet.serialize(&mut buffer[start..]);
}

/// The messages of one datagram.
fn parts(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = word32(rest, 0)? as usize;
        let part = rest.get(..length).filter(|part| part.len() >= HEADER)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(part)
    })
}

/// The kernel's words: attribute `NLMSGERR_ATTR_MSG` behind the copy of the request's header.
fn extended_text(payload: &[u8]) -> Option<String> {
    const MESSAGE: u16 = 1;
    let mut rest = payload.get(HEADER..)?;
    loop {
        let length = word16(rest, 0)? as usize;
        let value = rest.get(4..length)?;
        if word16(rest, 2)? & 0x3fff == MESSAGE {
            return Some(String::from_utf8_lossy(value).trim_end_matches('\0').to_owned());
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn word16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::netns;
    use rtnetlink::{LinkBridge, LinkUnspec};
    use std::os::fd::AsFd;

    #[test]
    fn many_requests_in_one_write_each_with_its_answer() {
        let netns = netns::create().unwrap();
        let netlink = netns::with(netns.as_fd(), Netlink::open).unwrap().unwrap();
        let mut requests: Vec<Request> = (0..150)
            .map(|number| {
                Request::create(RouteNetlinkMessage::NewLink(LinkBridge::new(&format!("br{number}")).build()))
            })
            .collect();
        requests.push(Request::create(RouteNetlinkMessage::NewLink(LinkBridge::new("br7").build())));
        requests.push(Request::change(RouteNetlinkMessage::SetLink(
            LinkUnspec::new_with_name("absent").up().build(),
        )));
        requests.push(Request::change(RouteNetlinkMessage::SetLink(
            LinkUnspec::new_with_name("br7").mtu(1).build(),
        )));
        let answers = netlink.perform(&requests).unwrap();
        assert!(answers[..150].iter().all(|answer| answer.is_ok()));
        assert!(answers[150].as_ref().unwrap_err().exists());
        assert!(answers[151].as_ref().unwrap_err().is_gone());
        assert_eq!(
            answers[152].as_ref().unwrap_err().to_string(),
            "mtu less than device minimum (Invalid argument (os error 22))"
        );
        let links = netlink.links().unwrap();
        assert_eq!(links.len(), 151);
        let last = links.iter().find(|link| link.name == "br149").unwrap();
        assert_eq!(netlink.index_of("br149"), Some(last.index));
        assert_eq!(netlink.index_of("a-name-too-long-for-a-link"), None);
        assert_eq!(netlink.index_of("absent"), None);
    }
}
