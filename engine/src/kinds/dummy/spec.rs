//! What a dummy has besides what every link has: nothing.

use crate::attribute::Attributes;
use crate::kinds::own_link::Shape;
use crate::lab::{Interface, Link};
use crate::linux::netlink::{InfoData, InfoKind};

/// An interface that leads nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Dummy;

impl Shape for Dummy {
    const IN_PLACE: &'static [&'static str] = &["mtu", "mac", "up"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::Dummy, "dummy")];

    fn of(interface: &Interface) -> Option<Self> {
        matches!(interface.link, Link::Dummy).then_some(Self)
    }

    fn kind(&self) -> InfoKind {
        InfoKind::Dummy
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
