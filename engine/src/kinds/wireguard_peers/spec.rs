//! What the settings of a WireGuard link should be, and how they follow from the lab. A private key that the lab does not
//! give is derived from the lab's own key: the same as long as the lab's state stays, and never written down.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::check::complaint;
use crate::codes;
use crate::decode::Spanned;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{self, Lab, Link, Secret};
use crate::linux::netlink::wireguard::{self, Device, Key};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{HostName, InterfaceName};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ipnet::IpNet;
use std::fmt::Display;
use std::net::SocketAddr;
use topo_lang::Diagnostic;
use x25519_dalek::{PublicKey as Point, StaticSecret};

/// The settings of a WireGuard link.
#[derive(Clone, Debug)]
pub struct WireguardPeers {
    /// Its private key.
    pub private: PrivateKey,
    /// The UDP port it listens at.
    pub port: u16,
    /// Whom it talks to.
    pub peers: Vec<Peer>,
}

/// Somebody it talks to.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The public key.
    pub public: PublicKey,
    /// Where it listens.
    pub endpoint: Option<SocketAddr>,
    /// The addresses behind it.
    pub allowed: Vec<IpNet>,
    /// How often it is sent something, in seconds; 0 for never.
    pub keepalive: u16,
}

/// A private key.
#[derive(Clone, Debug)]
pub enum PrivateKey {
    /// As the lab gives it, in base64.
    Given(Secret),
    /// Made for this `HOST/INTERFACE`.
    Derived(String),
}

/// A public key.
#[derive(Clone, Debug)]
pub enum PublicKey {
    /// As the lab gives it.
    Given(Key),
    /// That belongs to a private key.
    Of(PrivateKey),
}

impl PrivateKey {
    fn bytes(&self, key: &DigestKey) -> Key {
        let mut bytes = match self {
            PrivateKey::Given(text) => decode(text.reveal()).unwrap_or_default(),
            PrivateKey::Derived(place) => key.derive(format!("wireguard {place}").as_bytes()),
        };
        // The kernel keeps keys in this form, and what it has is compared.
        bytes[0] &= 248;
        bytes[31] = (bytes[31] & 127) | 64;
        bytes
    }
}

impl WireguardPeers {
    /// What the kernel is told.
    pub(super) fn device(&self, key: &DigestKey) -> Device {
        let peers = self.peers.iter().map(|peer| wireguard::Peer {
            public: match &peer.public {
                PublicKey::Given(public) => *public,
                PublicKey::Of(private) => Point::from(&StaticSecret::from(private.bytes(key))).to_bytes(),
            },
            endpoint: peer.endpoint,
            allowed: peer.allowed.clone(),
            keepalive: peer.keepalive,
        });
        Device { private: self.private.bytes(key), port: self.port, peers: peers.collect() }
    }
}

/// Settings as attributes: the private key as a digest, one line for each peer.
pub(super) fn attributes(device: &Device, key: &DigestKey) -> Attributes {
    let mut peers: Vec<String> = device
        .peers
        .iter()
        .map(|peer| {
            let mut allowed: Vec<String> = peer.allowed.iter().map(ToString::to_string).collect();
            allowed.sort();
            let endpoint = peer.endpoint.map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
            let often =
                if peer.keepalive == 0 { String::new() } else { format!(" every {} s", peer.keepalive) };
            format!("{}{endpoint} for {}{often}", BASE64_STANDARD.encode(peer.public), allowed.join(","))
        })
        .collect();
    peers.sort();
    Attributes::from([
        ("private-key".into(), key.secret(&device.private)),
        ("port".into(), u32::from(device.port).into()),
        ("peers".into(), peers.into()),
    ])
}

fn decode(text: &str) -> Option<Key> {
    BASE64_STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

impl Manage for WireguardPeers {
    const IN_PLACE: &'static [&'static str] = &["private-key", "port", "peers"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (host_name, host) in &lab.hosts {
            for (name, interface) in &host.interfaces {
                let Link::Wireguard(wireguard) = &interface.link else { continue };
                let mut peers = Vec::new();
                for (peer_name, peer) in &wireguard.peers {
                    match public(lab, peer_name, peer) {
                        Ok(public) => peers.push(Peer {
                            public,
                            endpoint: peer.endpoint.map(|ip| SocketAddr::new(ip, peer.port)),
                            allowed: peer.allowed.iter().map(IpNet::trunc).collect(),
                            keepalive: peer.keepalive,
                        }),
                        Err(wrong) => {
                            let path: [&dyn Display; 7] =
                                [&"hosts", host_name, &"interfaces", name, &"wireguard", &"peers", peer_name];
                            let keys = path.map(|key| topo_lang::path_part(&key.to_string()));
                            lowering.complain(wrong.about(|| keys.join(".")));
                        }
                    }
                }
                if let Some(given) = &wireguard.private_key
                    && decode(given.reveal()).is_none()
                {
                    let message = "expected a private key of 32 bytes in base64, found something else";
                    let path: [&dyn Display; 6] =
                        [&"hosts", host_name, &"interfaces", name, &"wireguard", &"private-key"];
                    lowering.complain(
                        complaint(codes::BAD_LINK, &path, wireguard.span, message)
                            .help("`wg genkey` makes one; without it, the lab has one of its own"),
                    );
                }
                let spec = WireguardPeers {
                    private: private(host_name, name, wireguard),
                    port: wireguard.port,
                    peers,
                };
                lowering
                    .of_host(host_name, name.as_str(), spec, interface.span)
                    .needs_interface(host_name, name, Why::Inside)
                    .sets_up(host_name);
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        attributes(&self.device(key), key)
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::set(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::set(machine, &wanted.iter().map(|one| (one.id, one.spec)).collect::<Vec<_>>())
    }

    fn delete(_machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        // They go with the link.
        unwanted.iter().map(|_| Ok(())).collect()
    }
}

fn private(host: &HostName, interface: &InterfaceName, wireguard: &lab::Wireguard) -> PrivateKey {
    match &wireguard.private_key {
        Some(given) => PrivateKey::Given(given.clone()),
        None => PrivateKey::Derived(format!("{host}/{interface}")),
    }
}

/// The public key of a peer: as given, or of a host of the lab.
fn public(
    lab: &Lab,
    name: &HostName,
    peer: &Spanned<lab::WireguardPeer>,
) -> Result<PublicKey, Box<Diagnostic>> {
    if let Some(given) = &peer.public_key {
        return decode(&given.value).map(PublicKey::Given).ok_or_else(|| {
            let message = format!("expected a public key of 32 bytes in base64, found `{}`", given.value);
            let complaint = Diagnostic::error(codes::BAD_LINK, given.span, message);
            Box::new(complaint.help("`wg pubkey` makes it of a private key"))
        });
    }
    let host = lab.hosts.get(name);
    match host.and_then(|host| host.interfaces.get(&peer.interface)).map(|interface| &interface.link) {
        Some(Link::Wireguard(other)) => Ok(PublicKey::Of(private(name, &peer.interface, other))),
        Some(_) | None => {
            let message = format!("peer `{name}` has no WireGuard interface `{}`", peer.interface);
            let complaint = Diagnostic::error(codes::BAD_LINK, peer.span, message);
            let interfaces = host.into_iter().flat_map(|host| &host.interfaces);
            let others: Vec<&str> = interfaces
                .filter(|(_, interface)| matches!(interface.link, Link::Wireguard(_)))
                .map(|(name, _)| name.as_str())
                .collect();
            let complaint = match host {
                Some(host) => complaint.label(host.span, "the peer"),
                None => complaint,
            };
            Err(Box::new(match &others[..] {
                [] => complaint.help(format!("give it `interface {} {{ wireguard }}`", peer.interface)),
                [one, ..] => complaint.help(format!("it has `{one}`: add `interface={one}` to the peer")),
            }))
        }
    }
}
