//! What a WireGuard link has besides what every link has: nothing that is told to make it.

use crate::attribute::Attributes;
use crate::kinds::own_link::Shape;
use crate::lab::{Interface, Link, Wireguard};
use crate::linux::netlink::{InfoData, InfoKind};

impl Shape for Wireguard {
    const IN_PLACE: &'static [&'static str] = &["mtu", "up"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::Wireguard, "wireguard")];

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Wireguard(wireguard) = &interface.link { Some(wireguard.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        InfoKind::Wireguard
    }

    fn data(&self, _on: Option<u32>) -> Option<InfoData> {
        None
    }

    fn attributes(&self) -> Attributes {
        Attributes::new()
    }

    fn observed(_kind: &InfoKind, _data: Option<&InfoData>) -> Attributes {
        Attributes::new()
    }
}
