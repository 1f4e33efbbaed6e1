//! What WireGuard is told over generic netlink: keys, the port, the peers. The link itself is one like any.

use super::{HEADER, parts, word16, word32};
use crate::linux::{Error, Result};
use ipnet::IpNet;
use nix::libc;
use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use rtnetlink::sys::{Socket, SocketAddr as KernelAddress, protocols::NETLINK_GENERIC};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A key, private or public.
pub type Key = [u8; 32];

/// A WireGuard link's own settings.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// Its private key.
    pub private: Key,
    /// The UDP port it listens at.
    pub port: u16,
    /// Whom it talks to.
    pub peers: Vec<Peer>,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("port", &self.port).field("peers", &self.peers).finish_non_exhaustive()
    }
}

/// Somebody a WireGuard link talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its public key.
    pub public: Key,
    /// Where it listens; it must speak first where that is not known.
    pub endpoint: Option<SocketAddr>,
    /// The addresses behind it.
    pub allowed: Vec<IpNet>,
    /// How often it is sent something, in seconds; 0 for never.
    pub keepalive: u16,
}

/// Names of the protocol, as in the kernel's `linux/wireguard.h` and `linux/genetlink.h`.
mod name {
    pub(super) const GET_DEVICE: u8 = 0;
    pub(super) const SET_DEVICE: u8 = 1;
    pub(super) const REPLACE: u32 = 1;
    pub(super) const REPLACE_ALLOWED: u32 = 2;
    pub(super) const CONTROL: u16 = 16;
    pub(super) const GET_FAMILY: u8 = 3;
    pub(super) const FAMILY_ID: u16 = 1;
    pub(super) const FAMILY_NAME: u16 = 2;
    pub(super) const DEVICE_NAME: u16 = 2;
    pub(super) const DEVICE_PRIVATE: u16 = 3;
    pub(super) const DEVICE_FLAGS: u16 = 5;
    pub(super) const DEVICE_PORT: u16 = 6;
    pub(super) const DEVICE_PEERS: u16 = 8;
    pub(super) const PEER_PUBLIC: u16 = 1;
    pub(super) const PEER_FLAGS: u16 = 3;
    pub(super) const PEER_ENDPOINT: u16 = 4;
    pub(super) const PEER_KEEPALIVE: u16 = 5;
    pub(super) const PEER_ALLOWED: u16 = 9;
    pub(super) const ALLOWED_FAMILY: u16 = 1;
    pub(super) const ALLOWED_ADDRESS: u16 = 2;
    pub(super) const ALLOWED_LENGTH: u16 = 3;
}

/// A socket to the kernel's WireGuard, of the namespace it was opened in.
pub struct Wireguard {
    socket: Socket,
    family: u16,
}

impl Wireguard {
    /// A socket in the calling thread's network namespace. A WireGuard link must be there, so that the kernel knows of it.
    pub fn open() -> Result<Self> {
        let failed = |source| Error::new("open", "a socket to WireGuard", source);
        let mut socket = Socket::new(NETLINK_GENERIC).map_err(failed)?;
        socket.bind_auto().map_err(failed)?;
        socket.connect(&KernelAddress::new(0, 0)).map_err(failed)?;
        let mut control = Self { socket, family: name::CONTROL };
        let asked = attribute(name::FAMILY_NAME, b"wireguard\0");
        let answers = control.ask(name::GET_FAMILY, NLM_F_ACK, &asked).map_err(failed)?;
        let ids =
            answers.iter().flat_map(|answer| attributes(answer)).filter(|(kind, _)| *kind == name::FAMILY_ID);
        let id = ids.filter_map(|(_, value)| word16(value, 0)).next();
        control.family = id.ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotFound)))?;
        Ok(control)
    }

    /// Gives a link these settings, and no other peers.
    pub fn set(&self, link: &str, device: &Device) -> Result<()> {
        let mut message = attribute(name::DEVICE_NAME, &[link.as_bytes(), &[0]].concat());
        message.extend(attribute(name::DEVICE_FLAGS, &name::REPLACE.to_ne_bytes()));
        message.extend(attribute(name::DEVICE_PRIVATE, &device.private));
        message.extend(attribute(name::DEVICE_PORT, &device.port.to_ne_bytes()));
        let peers: Vec<u8> = device.peers.iter().flat_map(|peer| nested(0, &encode(peer))).collect();
        message.extend(nested(name::DEVICE_PEERS, &peers));
        self.ask(name::SET_DEVICE, NLM_F_ACK, &message)
            .map(drop)
            .map_err(|source| Error::new("set up WireGuard on", link, source))
    }

    /// The settings of a link.
    pub fn get(&self, link: &str) -> Result<Device> {
        let asked = attribute(name::DEVICE_NAME, &[link.as_bytes(), &[0]].concat());
        let answers = self
            .ask(name::GET_DEVICE, NLM_F_DUMP, &asked)
            .map_err(|source| Error::new("read the WireGuard settings of", link, source))?;
        let mut device = Device { private: [0; 32], port: 0, peers: Vec::new() };
        for (kind, value) in answers.iter().flat_map(|answer| attributes(answer)) {
            match kind {
                name::DEVICE_PRIVATE => device.private = value.try_into().unwrap_or_default(),
                name::DEVICE_PORT => device.port = word16(value, 0).unwrap_or_default(),
                name::DEVICE_PEERS => {
                    for peer in attributes(value).filter_map(|(_, value)| decode(value)) {
                        // One with many addresses is told of in several pieces.
                        match device.peers.last_mut().filter(|last| last.public == peer.public) {
                            Some(last) => last.allowed.extend(peer.allowed),
                            None => device.peers.push(peer),
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(device)
    }

    /// Sends one message; the attributes of every answer.
    fn ask(&self, command: u8, flags: u16, body: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        const GENERIC: usize = 4;
        let mut message = Vec::with_capacity(HEADER + GENERIC + body.len());
        message.extend(u32::try_from(HEADER + GENERIC + body.len()).unwrap_or(u32::MAX).to_ne_bytes());
        message.extend(self.family.to_ne_bytes());
        message.extend((NLM_F_REQUEST | flags).to_ne_bytes());
        message.extend(1_u32.to_ne_bytes());
        message.extend(0_u32.to_ne_bytes());
        message.extend([command, 1, 0, 0]);
        message.extend(body);
        self.socket.send(&message, 0)?;
        let mut answers = Vec::new();
        loop {
            let mut datagram = Vec::with_capacity(64 * 1024);
            self.socket.recv(&mut datagram, 0)?;
            for part in parts(&datagram) {
                match word16(part, 4).map(i32::from) {
                    Some(libc::NLMSG_ERROR) => {
                        let code = word32(part, HEADER).unwrap_or_default().cast_signed();
                        return if code == 0 {
                            Ok(answers)
                        } else {
                            Err(io::Error::from_raw_os_error(-code))
                        };
                    }
                    Some(libc::NLMSG_DONE) => return Ok(answers),
                    _ => answers.extend(part.get(HEADER + GENERIC..).map(<[u8]>::to_vec)),
                }
            }
        }
    }
}

impl fmt::Debug for Wireguard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wireguard")
    }
}

fn encode(peer: &Peer) -> Vec<u8> {
    let mut bytes = attribute(name::PEER_PUBLIC, &peer.public);
    bytes.extend(attribute(name::PEER_FLAGS, &name::REPLACE_ALLOWED.to_ne_bytes()));
    if let Some(endpoint) = peer.endpoint {
        bytes.extend(attribute(name::PEER_ENDPOINT, &socket_address(endpoint)));
    }
    bytes.extend(attribute(name::PEER_KEEPALIVE, &peer.keepalive.to_ne_bytes()));
    let allowed = peer.allowed.iter().flat_map(|allowed| {
        let (family, address) = match allowed.addr() {
            IpAddr::V4(address) => (libc::AF_INET, address.octets().to_vec()),
            IpAddr::V6(address) => (libc::AF_INET6, address.octets().to_vec()),
        };
        let mut bytes = attribute(name::ALLOWED_FAMILY, &(family as u16).to_ne_bytes());
        bytes.extend(attribute(name::ALLOWED_ADDRESS, &address));
        bytes.extend(attribute(name::ALLOWED_LENGTH, &[allowed.prefix_len()]));
        nested(0, &bytes)
    });
    bytes.extend(nested(name::PEER_ALLOWED, &allowed.collect::<Vec<u8>>()));
    bytes
}

fn decode(bytes: &[u8]) -> Option<Peer> {
    let mut public = None;
    let mut peer = Peer { public: [0; 32], endpoint: None, allowed: Vec::new(), keepalive: 0 };
    for (kind, value) in attributes(bytes) {
        match kind {
            name::PEER_PUBLIC => public = value.try_into().ok(),
            name::PEER_ENDPOINT => peer.endpoint = endpoint(value),
            name::PEER_KEEPALIVE => peer.keepalive = word16(value, 0)?,
            name::PEER_ALLOWED => {
                peer.allowed.extend(attributes(value).filter_map(|(_, value)| {
                    let find =
                        |wanted| attributes(value).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
                    let address = find(name::ALLOWED_ADDRESS)?;
                    let address = match <[u8; 4]>::try_from(address) {
                        Ok(four) => IpAddr::from(four),
                        Err(_) => IpAddr::from(<[u8; 16]>::try_from(address).ok()?),
                    };
                    IpNet::new(address, *find(name::ALLOWED_LENGTH)?.first()?).ok()
                }));
            }
            _ => {}
        }
    }
    peer.public = public?;
    Some(peer)
}

/// A `sockaddr_in` or `sockaddr_in6`.
fn socket_address(address: SocketAddr) -> Vec<u8> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut bytes = (family as u16).to_ne_bytes().to_vec();
    bytes.extend(address.port().to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => bytes.extend([&ip.octets()[..], &[0; 8]].concat()),
        IpAddr::V6(ip) => bytes.extend([&[0; 4], &ip.octets()[..], &[0; 4]].concat()),
    }
    bytes
}

fn endpoint(bytes: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
    let ip = if i32::from(word16(bytes, 0)?) == libc::AF_INET {
        IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(4..8)?).ok()?))
    } else {
        IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(8..24)?).ok()?))
    };
    Some(SocketAddr::new(ip, port))
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(4 + value.len()).unwrap_or(u16::MAX).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn nested(kind: u16, value: &[u8]) -> Vec<u8> {
    const NESTED: u16 = 1 << 15;
    attribute(kind | NESTED, value)
}

/// Kind and value of each attribute.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(word16(rest, 0)?);
        let kind = word16(rest, 2)? & 0x3fff;
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_read_as_it_was_written() {
        let peer = Peer {
            public: [7; 32],
            endpoint: Some("[fd00::2]:51820".parse().unwrap()),
            allowed: vec!["10.9.0.2/32".parse().unwrap(), "fd00:9::/64".parse().unwrap()],
            keepalive: 25,
        };
        assert_eq!(decode(&encode(&peer)), Some(peer.clone()));
        let four = Peer { endpoint: Some("10.0.0.2:7".parse().unwrap()), ..peer };
        assert_eq!(decode(&encode(&four)), Some(four));
        assert_eq!(decode(&[8, 0, 1]), None);
    }
}
