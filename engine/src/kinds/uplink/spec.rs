//! What the machine's end should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::bridge::Bridge;
use crate::kinds::veth::port_name;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::Lab;
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::{InterfaceName, NetworkName};
use ipnet::IpNet;

/// The machine's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// The network.
    pub network: NetworkName,
    /// What it is called there.
    pub interface: InterfaceName,
    /// The machine's bridge that it is plugged into.
    pub bridge: Option<InterfaceName>,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// The largest packet, in bytes.
    pub mtu: u32,
}

/// The attribute with its name.
pub(super) const INTERFACE: &str = "interface";

/// The attribute with its addresses.
pub(super) const ADDRESS: &str = "address";

/// The attribute with the machine's bridge.
pub(super) const BRIDGE: &str = "bridge";

/// What stands for no bridge.
pub(super) const NONE: &str = "none";

/// The other end, among the bridges. No host has an empty name.
pub(super) fn port_of(id: &ResourceId) -> String {
    port_name("", &id.name)
}

/// The name of the machine's end, as attributes have it.
pub(super) fn interface_of(attributes: &Attributes) -> Option<&str> {
    if let Some(Attribute::Text(name)) = attributes.get(INTERFACE) { Some(name) } else { None }
}

/// Its addresses, as attributes have them.
pub(super) fn addresses_of(attributes: &Attributes) -> Vec<IpNet> {
    let Some(Attribute::List(addresses)) = attributes.get(ADDRESS) else { return Vec::new() };
    addresses.iter().filter_map(|address| address.parse().ok()).collect()
}

/// Addresses as an attribute.
pub(super) fn listed(addresses: &[IpNet]) -> Attribute {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().into()
}

impl Manage for Uplink {
    const IN_PLACE: &'static [&'static str] = &["network", BRIDGE, ADDRESS, "mtu", "up"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, network) in &lab.networks {
            let Some(uplink) = &network.uplink else { continue };
            let spec = Uplink {
                network: name.clone(),
                interface: uplink.interface.value.clone(),
                bridge: uplink.bridge.clone(),
                addresses: uplink.address.iter().map(|address| address.value).collect(),
                mtu: network.mtu,
            };
            lowering
                .of_lab(name.as_str(), spec, uplink.span)
                .needs(Bridge::id(name), Why::Order)
                .sets_up_all();
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        Attributes::from([
            ("network".into(), self.network.as_str().into()),
            (INTERFACE.into(), self.interface.as_str().into()),
            (BRIDGE.into(), self.bridge.as_ref().map_or(NONE, |bridge| bridge.as_str()).into()),
            (ADDRESS.into(), listed(&self.addresses)),
            ("mtu".into(), self.mtu.into()),
            ("up".into(), true.into()),
        ])
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        if specs.is_empty() || nix::unistd::geteuid().is_root() {
            return Vec::new();
        }
        vec![Missing {
            what: "the right to change its own network, which only root has".to_owned(),
            needed_by: specs.iter().map(|(id, _)| id.to_string()).collect(),
            cure: "apply the lab as root, or leave `uplink` out".to_owned(),
        }]
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|(id, uplink)| apply::create(machine, id, uplink)).collect()
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|one| apply::update(machine, one)).collect()
    }

    fn delete(_machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        unwanted.iter().map(|(id, _)| apply::delete(id)).collect()
    }
}
