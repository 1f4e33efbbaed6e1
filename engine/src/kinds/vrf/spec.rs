//! What a VRF has besides what every link has: its table, and the interfaces that keep to it.

use crate::attribute::Attributes;
use crate::kinds::own_link::{Joining, Shape};
use crate::lab::{Interface, Link, Vrf};
use crate::linux::netlink::{InfoData, InfoKind, InfoVrf};

impl Shape for Vrf {
    const IN_PLACE: &'static [&'static str] = &["mtu", "mac", "up", "members"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::Vrf, "vrf")];
    const JOINING: Option<Joining> = Some(Joining::AsItIs);

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Vrf(vrf) = &interface.link { Some(vrf.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        InfoKind::Vrf
    }

    fn data(&self, _on: Option<u32>) -> Option<InfoData> {
        Some(InfoData::Vrf(vec![InfoVrf::TableId(self.table)]))
    }

    fn attributes(&self) -> Attributes {
        Attributes::from([("table".into(), self.table.into())])
    }

    fn observed(_kind: &InfoKind, data: Option<&InfoData>) -> Attributes {
        let Some(InfoData::Vrf(all)) = data else { return Attributes::new() };
        let tables =
            all.iter().filter_map(|one| if let InfoVrf::TableId(id) = one { Some(*id) } else { None });
        tables.map(|table| ("table".into(), table.into())).collect()
    }
}
