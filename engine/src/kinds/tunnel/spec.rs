//! What a tunnel has besides what every link has: how it packs, and its ends.

use crate::attribute::Attributes;
use crate::kinds::own_link::Shape;
use crate::lab::{Interface, Link, Tunnel, TunnelMode};
use crate::linux::netlink::{InfoData, InfoGre, InfoIpTunnel, InfoKind};
use std::net::IpAddr;

/// What the plan says of a limit on hops that the lab does not give.
const INHERIT: &str = "inherit";

impl Shape for Tunnel {
    const IN_PLACE: &'static [&'static str] = &["mtu", "up", "local", "remote", "ttl"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[
        (InfoKind::GreTun, "ip_gre"),
        (InfoKind::IpIp, "ipip"),
        (InfoKind::SitTun, "sit"),
        (InfoKind::Ip6Tnl, "ip6_tunnel"),
    ];

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Tunnel(tunnel) = &interface.link { Some(tunnel.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        match self.mode {
            TunnelMode::Gre => InfoKind::GreTun,
            TunnelMode::Ipip => InfoKind::IpIp,
            TunnelMode::Sit => InfoKind::SitTun,
            TunnelMode::Ip6tnl => InfoKind::Ip6Tnl,
        }
    }

    fn data(&self, _on: Option<u32>) -> Option<InfoData> {
        let ttl = self.ttl.unwrap_or(0);
        Some(match (self.mode, self.local, self.remote) {
            (TunnelMode::Gre, IpAddr::V4(local), IpAddr::V4(remote)) => InfoData::GreTun(vec![
                InfoGre::Local(local),
                InfoGre::Remote(remote),
                InfoGre::Ttl(ttl),
                InfoGre::PathMTUDiscovery(true),
            ]),
            (_, local, remote) => {
                let mut data =
                    vec![InfoIpTunnel::Local(local), InfoIpTunnel::Remote(remote), InfoIpTunnel::Ttl(ttl)];
                if local.is_ipv4() {
                    data.push(InfoIpTunnel::PMtuDisc(true));
                }
                InfoData::IpTunnel(data)
            }
        })
    }

    fn change(&self) -> Option<InfoData> {
        self.data(None)
    }

    fn attributes(&self) -> Attributes {
        Attributes::from([
            ("mode".into(), self.kind().to_string().into()),
            ("local".into(), self.local.to_string().into()),
            ("remote".into(), self.remote.to_string().into()),
            ("ttl".into(), self.ttl.map_or(INHERIT.to_owned(), |ttl| ttl.to_string()).into()),
        ])
    }

    fn observed(kind: &InfoKind, data: Option<&InfoData>) -> Attributes {
        let hops = |ttl: u8| if ttl == 0 { INHERIT.to_owned() } else { ttl.to_string() };
        let mut attributes = Attributes::from([("mode".into(), kind.to_string().into())]);
        let ends: Vec<(&str, String)> = match data {
            Some(InfoData::GreTun(all)) => all
                .iter()
                .filter_map(|one| match one {
                    InfoGre::Local(address) => Some(("local", address.to_string())),
                    InfoGre::Remote(address) => Some(("remote", address.to_string())),
                    InfoGre::Ttl(ttl) => Some(("ttl", hops(*ttl))),
                    _ => None,
                })
                .collect(),
            Some(InfoData::IpTunnel(all)) => all
                .iter()
                .filter_map(|one| match one {
                    InfoIpTunnel::Local(address) => Some(("local", address.to_string())),
                    InfoIpTunnel::Remote(address) => Some(("remote", address.to_string())),
                    InfoIpTunnel::Ttl(ttl) => Some(("ttl", hops(*ttl))),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        attributes.extend(ends.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        attributes
    }
}
