//! What a macvlan has besides what every link has: how it reaches others of its interface.

use crate::attribute::Attributes;
use crate::kinds::own_link::Shape;
use crate::lab::{Interface, Link, Macvlan, MacvlanMode};
use crate::linux::netlink::{InfoData, InfoKind, InfoMacVlan, MacVlanMode};

impl Shape for Macvlan {
    const IN_PLACE: &'static [&'static str] = &["mtu", "mac", "up", "mode"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::MacVlan, "macvlan")];

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Macvlan(macvlan) = &interface.link { Some(macvlan.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        InfoKind::MacVlan
    }

    fn data(&self, _on: Option<u32>) -> Option<InfoData> {
        let mode = match self.mode {
            MacvlanMode::Bridge => MacVlanMode::Bridge,
            MacvlanMode::Vepa => MacVlanMode::Vepa,
            MacvlanMode::Private => MacVlanMode::Private,
        };
        Some(InfoData::MacVlan(vec![InfoMacVlan::Mode(mode)]))
    }

    fn change(&self) -> Option<InfoData> {
        self.data(None)
    }

    fn attributes(&self) -> Attributes {
        let mode = match self.mode {
            MacvlanMode::Bridge => "bridge",
            MacvlanMode::Vepa => "vepa",
            MacvlanMode::Private => "private",
        };
        Attributes::from([("mode".into(), mode.into())])
    }

    fn observed(_kind: &InfoKind, data: Option<&InfoData>) -> Attributes {
        let Some(InfoData::MacVlan(all)) = data else { return Attributes::new() };
        let modes = all.iter().filter_map(|one| match one {
            InfoMacVlan::Mode(MacVlanMode::Bridge) => Some("bridge"),
            InfoMacVlan::Mode(MacVlanMode::Vepa) => Some("vepa"),
            InfoMacVlan::Mode(MacVlanMode::Private) => Some("private"),
            InfoMacVlan::Mode(_) => Some("another"),
            _ => None,
        });
        modes.map(|mode| ("mode".into(), mode.into())).collect()
    }
}
