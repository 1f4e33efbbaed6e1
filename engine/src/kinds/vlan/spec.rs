//! What a VLAN has besides what every link has: its number.

use crate::attribute::Attributes;
use crate::kinds::own_link::Shape;
use crate::lab::{Interface, Link, Vlan};
use crate::linux::netlink::{InfoData, InfoKind, InfoVlan};

impl Shape for Vlan {
    const IN_PLACE: &'static [&'static str] = &["mtu", "mac", "up"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::Vlan, "8021q")];

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Vlan(vlan) = &interface.link { Some(vlan.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        InfoKind::Vlan
    }

    fn data(&self, _on: Option<u32>) -> Option<InfoData> {
        Some(InfoData::Vlan(vec![InfoVlan::Id(self.id)]))
    }

    fn attributes(&self) -> Attributes {
        Attributes::from([("id".into(), u32::from(self.id).into())])
    }

    fn observed(_kind: &InfoKind, data: Option<&InfoData>) -> Attributes {
        let Some(InfoData::Vlan(all)) = data else { return Attributes::new() };
        let ids = all.iter().filter_map(|one| if let InfoVlan::Id(id) = one { Some(*id) } else { None });
        ids.map(|id| ("id".into(), u32::from(id).into())).collect()
    }
}
