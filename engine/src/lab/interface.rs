//! An interface of a host, and what it is: a port of its network's bridge, or one of the links that the host makes by
//! itself. Exactly one of them.

use super::Mac;
use crate::decode::Spanned;
use crate::name::{InterfaceName, NetworkName};
use ipnet::IpNet;
use serde::Deserialize;

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
}

/// What an interface is.
#[derive(Clone, Debug)]
pub enum Link {
    /// A port of this network's bridge.
    Port(Spanned<NetworkName>),
    /// A VLAN of another interface.
    Vlan(Spanned<Vlan>),
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

impl Interface {
    /// The network whose bridge it is plugged into.
    pub fn port_of(&self) -> Option<&Spanned<NetworkName>> {
        if let Link::Port(network) = &self.link { Some(network) } else { None }
    }

    /// The interface of the same host that it sits on, and goes with.
    pub fn on(&self) -> Option<&Spanned<InterfaceName>> {
        match &self.link {
            Link::Port(_) | Link::Dummy => None,
            Link::Vlan(vlan) => Some(&vlan.on),
        }
    }
}

/// The options of an interface, as the library has them.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Options {
    network: Option<Spanned<NetworkName>>,
    vlan: Option<Spanned<Vlan>>,
    dummy: bool,
    mac: Option<Spanned<Mac>>,
    mtu: Option<u32>,
    up: bool,
    addresses: Vec<Spanned<IpNet>>,
}

impl TryFrom<Options> for Interface {
    type Error = String;

    fn try_from(options: Options) -> Result<Self, String> {
        let Options { network, vlan, dummy, mac, mtu, up, addresses } = options;
        let mut links = [("vlan", vlan.map(Link::Vlan)), ("dummy", dummy.then_some(Link::Dummy))]
            .into_iter()
            .filter_map(|(name, link)| Some((name, link?)));
        let link = match (links.next(), links.next(), &network) {
            (Some((one, _)), Some((other, _)), _) => {
                return Err(format!("expected an interface to be one thing, found `{one}` and `{other}`"));
            }
            (Some((_, link)), None, _) => link,
            (None, _, Some(network)) => Link::Port(network.clone()),
            (None, _, None) => {
                return Err("expected `network`, or what else the interface is, found neither".to_owned());
            }
        };
        Ok(Self { network, link, mac, mtu, up, addresses })
    }
}
