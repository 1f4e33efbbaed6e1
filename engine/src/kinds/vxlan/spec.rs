//! What a VXLAN has besides what every link has: its number, and where its packets come from and go.

use crate::attribute::Attributes;
use crate::kinds::own_link::Shape;
use crate::lab::{Interface, Link, Vxlan};
use crate::linux::netlink::{InfoData, InfoKind, InfoVxlan};
use std::net::IpAddr;

/// What the plan says of an address that the lab does not give.
const ANY: &str = "any";

impl Shape for Vxlan {
    const IN_PLACE: &'static [&'static str] = &["mtu", "mac", "up", "remote", "local"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::Vxlan, "vxlan")];

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Vxlan(vxlan) = &interface.link { Some(vxlan.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        InfoKind::Vxlan
    }

    fn data(&self, on: Option<u32>) -> Option<InfoData> {
        let mut data = vec![InfoVxlan::Id(self.id), InfoVxlan::Port(self.port)];
        data.extend(on.map(InfoVxlan::Link));
        data.extend(self.ends());
        Some(InfoData::Vxlan(data))
    }

    fn change(&self) -> Option<InfoData> {
        let mut data = vec![InfoVxlan::Id(self.id)];
        data.extend(self.ends());
        Some(InfoData::Vxlan(data))
    }

    fn attributes(&self) -> Attributes {
        let end = |address: Option<IpAddr>| address.map_or(ANY.to_owned(), |address| address.to_string());
        Attributes::from([
            ("id".into(), self.id.into()),
            ("port".into(), u32::from(self.port).into()),
            ("remote".into(), end(self.remote).into()),
            ("local".into(), end(self.local).into()),
        ])
    }

    fn observed(_kind: &InfoKind, data: Option<&InfoData>) -> Attributes {
        let mut attributes = Attributes::from([("remote".into(), ANY.into()), ("local".into(), ANY.into())]);
        let Some(InfoData::Vxlan(all)) = data else { return attributes };
        for one in all {
            let (name, value) = match one {
                InfoVxlan::Id(id) => ("id", (*id).into()),
                InfoVxlan::Port(port) => ("port", u32::from(*port).into()),
                InfoVxlan::Group(address) => ("remote", address.to_string().into()),
                InfoVxlan::Group6(address) => ("remote", address.to_string().into()),
                InfoVxlan::Local(address) => ("local", address.to_string().into()),
                InfoVxlan::Local6(address) => ("local", address.to_string().into()),
                _ => continue,
            };
            attributes.insert(name.into(), value);
        }
        attributes
    }

    fn on(data: &InfoData) -> Option<u32> {
        let InfoData::Vxlan(all) = data else { return None };
        all.iter().find_map(|one| if let InfoVxlan::Link(index) = one { Some(*index) } else { None })
    }
}

impl Vxlan {
    fn ends(&self) -> impl Iterator<Item = InfoVxlan> {
        let remote = self.remote.map(|remote| match remote {
            IpAddr::V4(address) => InfoVxlan::Group(address),
            IpAddr::V6(address) => InfoVxlan::Group6(address),
        });
        let local = self.local.map(|local| match local {
            IpAddr::V4(address) => InfoVxlan::Local(address),
            IpAddr::V6(address) => InfoVxlan::Local6(address),
        });
        remote.into_iter().chain(local)
    }
}
