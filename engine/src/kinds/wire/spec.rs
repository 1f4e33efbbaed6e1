//! What a wire should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::{Kind, Manage, Subject, Updating, goes_down};
use crate::lab::{Lab, Mac};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{HostName, InterfaceName, NetworkName};
use crate::plan::Change;
use std::collections::BTreeMap;

/// A wire between two hosts, or two interfaces of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Both ends, by name.
    pub ends: [End; 2],
}

/// One end of a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Where it is.
    pub host: HostName,
    /// What it is there.
    pub interface: InterfaceName,
    /// The largest packet, in bytes; the kernel's choice where none.
    pub mtu: Option<u32>,
    /// The hardware address; the kernel's choice where none.
    pub mac: Option<Mac>,
    /// Whether it is set up.
    pub up: bool,
}

/// What the attributes of either end are called: where it is, and what it is like.
pub(super) const NAMES: [[&str; 4]; 2] =
    [["from", "mtu", "mac", "up"], ["to", "mtu of `to`", "mac of `to`", "up of `to`"]];

impl Wire {
    /// The hosts and interfaces that attributes say the ends are.
    pub(super) fn places(attributes: &Attributes) -> Option<[(HostName, InterfaceName); 2]> {
        let place = |name: &str| match attributes.get(name) {
            Some(Attribute::Text(text)) => {
                let (host, interface) = text.split_once('/')?;
                Some((HostName::try_from(host).ok()?, InterfaceName::try_from(interface).ok()?))
            }
            Some(Attribute::Bool(_) | Attribute::Int(_) | Attribute::List(_) | Attribute::Digest { .. })
            | None => None,
        };
        Some([place(NAMES[0][0])?, place(NAMES[1][0])?])
    }
}

impl Manage for Wire {
    const IN_PLACE: &'static [&'static str] =
        &[NAMES[0][1], NAMES[0][2], NAMES[0][3], NAMES[1][1], NAMES[1][2], NAMES[1][3]];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        let mut found: BTreeMap<&NetworkName, Vec<End>> = BTreeMap::new();
        for (host, interface_name, interface) in lab.hosts.iter().flat_map(|(host, inner)| {
            inner.interfaces.iter().map(move |(name, interface)| (host, name, interface))
        }) {
            let Some(network) = interface.port_of().map(|network| &network.value) else { continue };
            if lab.networks.get(network).is_some_and(|network| !network.bridge.value) {
                found.entry(network).or_default().push(End {
                    host: host.clone(),
                    interface: interface_name.clone(),
                    mtu: interface.mtu,
                    mac: interface.mac.map(|mac| mac.value),
                    up: interface.up,
                });
            }
        }
        for (name, mut ends) in found {
            // So that it does not matter which one the lab has first.
            ends.sort_by(|a, b| (&a.host, &a.interface).cmp(&(&b.host, &b.interface)));
            let (Some(network), Ok(ends)) = (lab.networks.get(name), <[End; 2]>::try_from(ends)) else {
                continue;
            };
            let mut adding = lowering.of_lab(name.as_str(), Wire { ends: ends.clone() }, network.span);
            for end in &ends {
                adding = adding
                    .needs(Netns::id(&end.host), Why::Inside)
                    .is_interface(&end.host, &end.interface)
                    .sets_up(&end.host);
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let mut attributes = Attributes::new();
        for (end, [place, mtu, mac, up]) in self.ends.iter().zip(NAMES) {
            attributes.insert(place.into(), format!("{}/{}", end.host, end.interface).into());
            attributes.insert(up.into(), end.up.into());
            attributes.extend(end.mtu.map(|value| (mtu.into(), value.into())));
            attributes.extend(end.mac.map(|value| (mac.into(), value.to_string().into())));
        }
        attributes
    }

    fn matters(change: &Change) -> bool {
        goes_down(change)
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::create(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::update(machine, wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::delete(machine, unwanted)
    }
}

/// An end of some wire, under a name by which its host is found.
pub(super) fn at(host: &HostName, interface: &InterfaceName) -> ResourceId {
    ResourceId::of_host(Kind::Wire, host, interface.as_str())
}
