//! An interface of a host, and what it is: a port of its network's bridge, or one of the links that the host makes by
//! itself. Exactly one of them.

use super::{Impairment, Mac, Secret};
use crate::decode::Spanned;
use crate::name::{HostName, InterfaceName, NetworkName};
use indexmap::IndexMap;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::IpAddr;

/// An interface of a host.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Options")]
pub struct Interface {
    /// The network that numbers it. What is nothing else is plugged into it too.
    pub network: Option<Spanned<NetworkName>>,
    /// What it is.
    pub link: Link,
    /// The hardware address; the kernel's choice where there is none.
    pub mac: Option<Spanned<Mac>>,
    /// The largest packet, in bytes; the kernel's choice where there is none.
    pub mtu: Option<u32>,
    /// Whether it is set up.
    pub up: bool,
    /// All addresses with their prefix lengths.
    pub addresses: Vec<Spanned<IpNet>>,
    /// What happens to packets on their way out.
    pub impairment: Option<Spanned<Impairment>>,
    /// The same on their way in.
    pub ingress: Option<Spanned<Impairment>>,
}

/// What an interface is.
#[derive(Clone, Debug)]
pub enum Link {
    /// A port of this network's bridge.
    Port(Spanned<NetworkName>),
    /// A VLAN of another interface.
    Vlan(Spanned<Vlan>),
    /// A network of its own over another one.
    Vxlan(Spanned<Vxlan>),
    /// A further interface, with a hardware address of its own, of another one.
    Macvlan(Spanned<Macvlan>),
    /// Packets in packets, to one other host.
    Tunnel(Spanned<Tunnel>),
    /// One end of WireGuard's tunnels.
    Wireguard(Spanned<Wireguard>),
    /// Several interfaces as one.
    Bond(Spanned<Bond>),
    /// Interfaces with a routing table of their own.
    Vrf(Spanned<Vrf>),
    /// An interface that leads nowhere.
    Dummy,
}

/// A VLAN of another interface: its frames carry a tag.
#[derive(Clone, Debug, Deserialize)]
pub struct Vlan {
    /// The number in the tag.
    pub id: u16,
    /// The interface of the same host that the frames go through.
    pub on: Spanned<InterfaceName>,
}

/// Frames in UDP packets.
#[derive(Clone, Debug, Deserialize)]
pub struct Vxlan {
    /// The number of the network.
    pub id: u32,
    /// Where frames go: a host, or a group.
    pub remote: Option<IpAddr>,
    /// The address they come from.
    pub local: Option<IpAddr>,
    /// The UDP port.
    pub port: u16,
    /// The interface of the same host that the packets go through; what the routes say where none.
    pub on: Option<Spanned<InterfaceName>>,
}

/// A further interface of another one.
#[derive(Clone, Debug, Deserialize)]
pub struct Macvlan {
    /// The interface of the same host.
    pub on: Spanned<InterfaceName>,
    /// How those of one interface reach each other.
    pub mode: MacvlanMode,
}

/// How macvlans of one interface reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacvlanMode {
    /// At once.
    Bridge,
    /// By way of what the interface is plugged into, if that sends frames back.
    Vepa,
    /// Not at all.
    Private,
}

/// Packets in packets.
#[derive(Clone, Debug, Deserialize)]
pub struct Tunnel {
    /// How they are packed.
    pub mode: TunnelMode,
    /// The address they come from.
    pub local: IpAddr,
    /// The address they go to.
    pub remote: IpAddr,
    /// How many hops they may take; as many as what is packed where none.
    pub ttl: Option<u8>,
}

/// How packets are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TunnelMode {
    /// Anything in IPv4, with a header in between.
    Gre,
    /// IPv4 in IPv4.
    Ipip,
    /// IPv6 in IPv4.
    Sit,
    /// IPv4 and IPv6 in IPv6.
    Ip6tnl,
}

/// One end of WireGuard's tunnels.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Wireguard {
    /// The UDP port it listens at.
    pub port: u16,
    /// Its private key in base64; one of the lab's own where none.
    pub private_key: Option<Secret>,
    /// Whom it talks to, by host.
    pub peers: IndexMap<HostName, Spanned<WireguardPeer>>,
}

/// Somebody that WireGuard talks to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WireguardPeer {
    /// Its interface, if it is a host of the lab.
    pub interface: InterfaceName,
    /// Its public key in base64; that of its interface where none.
    pub public_key: Option<Spanned<String>>,
    /// Where it listens; it must speak first where none.
    pub endpoint: Option<IpAddr>,
    /// The UDP port it listens at.
    pub port: u16,
    /// The addresses behind it.
    pub allowed: Vec<IpNet>,
    /// How often it is sent something, in seconds; 0 for never.
    pub keepalive: u16,
}

/// Several interfaces as one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bond {
    /// How frames are spread over them.
    pub mode: BondMode,
    /// The interfaces of the same host.
    pub members: Vec<Spanned<InterfaceName>>,
    /// How often is looked whether they are connected, in milliseconds.
    pub miimon: u32,
    /// How often the other side is asked to say that it is there.
    pub lacp_rate: LacpRate,
    /// What of a frame says which of them it takes.
    pub hash: BondHash,
}

/// How a bond spreads frames over its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BondMode {
    /// One after the other.
    BalanceRr,
    /// All over one, another one when that fails.
    ActiveBackup,
    /// By what is in the frame.
    BalanceXor,
    /// Each over all.
    Broadcast,
    /// By what is in the frame, over those that the other side agrees to.
    #[serde(rename = "802.3ad")]
    Lacp,
    /// Outwards, by how much goes over each.
    BalanceTlb,
    /// Both ways, by how much goes over each.
    BalanceAlb,
}

/// How often the two sides of a bond tell each other that they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LacpRate {
    /// Every thirty seconds.
    Slow,
    /// Every second.
    Fast,
}

/// What of a frame says which member of a bond it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum BondHash {
    /// Hardware addresses.
    #[serde(rename = "layer2")]
    Layer2,
    /// Hardware and IP addresses.
    #[serde(rename = "layer2+3")]
    Layer23,
    /// IP addresses and ports.
    #[serde(rename = "layer3+4")]
    Layer34,
}

/// Interfaces with a routing table of their own.
#[derive(Clone, Debug, Deserialize)]
pub struct Vrf {
    /// The number of the table.
    pub table: u32,
    /// The interfaces of the same host.
    pub members: Vec<Spanned<InterfaceName>>,
}

impl Interface {
    /// The interfaces of the same host that are parts of it.
    pub fn members(&self) -> &[Spanned<InterfaceName>] {
        match &self.link {
            Link::Bond(bond) => &bond.members,
            Link::Vrf(vrf) => &vrf.members,
            Link::Port(_)
            | Link::Vlan(_)
            | Link::Vxlan(_)
            | Link::Macvlan(_)
            | Link::Tunnel(_)
            | Link::Wireguard(_)
            | Link::Dummy => &[],
        }
    }

    /// The network whose bridge it is plugged into.
    pub fn port_of(&self) -> Option<&Spanned<NetworkName>> {
        if let Link::Port(network) = &self.link { Some(network) } else { None }
    }

    /// The interface of the same host that it sits on, and goes with.
    pub fn on(&self) -> Option<&Spanned<InterfaceName>> {
        match &self.link {
            Link::Port(_)
            | Link::Tunnel(_)
            | Link::Wireguard(_)
            | Link::Bond(_)
            | Link::Vrf(_)
            | Link::Dummy => None,
            Link::Vlan(vlan) => Some(&vlan.on),
            Link::Vxlan(vxlan) => vxlan.on.as_ref(),
            Link::Macvlan(macvlan) => Some(&macvlan.on),
        }
    }
}

impl Link {
    /// The option of an interface that says so.
    pub fn option(&self) -> &'static str {
        match self {
            Link::Port(_) => "network",
            Link::Vlan(_) => "vlan",
            Link::Vxlan(_) => "vxlan",
            Link::Macvlan(_) => "macvlan",
            Link::Tunnel(_) => "tunnel",
            Link::Wireguard(_) => "wireguard",
            Link::Bond(_) => "bond",
            Link::Vrf(_) => "vrf",
            Link::Dummy => "dummy",
        }
    }
}

/// The options of an interface, as the library has them.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Options {
    network: Option<Spanned<NetworkName>>,
    vlan: Option<Spanned<Vlan>>,
    vxlan: Option<Spanned<Vxlan>>,
    macvlan: Option<Spanned<Macvlan>>,
    tunnel: Option<Spanned<Tunnel>>,
    wireguard: Option<Spanned<Wireguard>>,
    bond: Option<Spanned<Bond>>,
    vrf: Option<Spanned<Vrf>>,
    dummy: bool,
    mac: Option<Spanned<Mac>>,
    mtu: Option<u32>,
    up: bool,
    addresses: Vec<Spanned<IpNet>>,
    impairment: Option<Spanned<Impairment>>,
    ingress: Option<Spanned<Impairment>>,
}

impl TryFrom<Options> for Interface {
    type Error = &'static str;

    /// What is not one thing was refused before, with all that it is.
    fn try_from(options: Options) -> Result<Self, &'static str> {
        let Options { network, vlan, vxlan, macvlan, tunnel, wireguard, bond, vrf, dummy, .. } = options;
        let Options { mac, mtu, up, addresses, impairment, ingress, .. } = options;
        let links = [
            vlan.map(Link::Vlan),
            vxlan.map(Link::Vxlan),
            macvlan.map(Link::Macvlan),
            tunnel.map(Link::Tunnel),
            wireguard.map(Link::Wireguard),
            bond.map(Link::Bond),
            vrf.map(Link::Vrf),
            dummy.then_some(Link::Dummy),
        ];
        let mut links = links.into_iter().flatten();
        let link = match (links.next(), links.next(), &network) {
            (Some(link), None, _) => link,
            (None, _, Some(network)) => Link::Port(network.clone()),
            (_, _, _) => return Err("expected an interface that is one thing"),
        };
        Ok(Self { network, link, mac, mtu, up, addresses, impairment, ingress })
    }
}
