//! Which addresses an interface should have, and how they follow from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::{Kind, Manage, Subject, Updating};
use crate::lab::Lab;
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{HostName, InterfaceName};
use ipnet::IpNet;

/// The addresses of one family that an interface should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// With their prefix lengths, the first of them the preferred one.
    pub addresses: Vec<IpNet>,
}

/// The names of the families, as the last part of a resource's name.
const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

impl Address {
    /// The resource of this kind that stands for the addresses of `address`'s family on an interface.
    pub fn id(host: &HostName, interface: &InterfaceName, address: &IpNet) -> ResourceId {
        ResourceId::of_host(Kind::Address, host, format!("{interface}/{}", family(address)))
    }
}

fn family(address: &IpNet) -> &'static str {
    match address {
        IpNet::V4(_) => FAMILIES[0],
        IpNet::V6(_) => FAMILIES[1],
    }
}

/// The interface that a resource of this kind is about.
pub(super) fn interface_of(id: &ResourceId) -> &str {
    id.name.rsplit_once('/').map_or(&id.name, |(interface, _)| interface)
}

/// The addresses among attributes.
pub(super) fn addresses_of(attributes: &Attributes) -> Vec<IpNet> {
    match attributes.get("address") {
        Some(Attribute::List(addresses)) => {
            addresses.iter().filter_map(|address| address.parse().ok()).collect()
        }
        Some(Attribute::Bool(_) | Attribute::Int(_) | Attribute::Digest { .. } | Attribute::Text(_))
        | None => Vec::new(),
    }
}

/// Addresses as attributes.
pub(super) fn attributes(addresses: &[IpNet]) -> Attributes {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Attributes::from([("address".into(), addresses.into())])
}

impl Manage for Address {
    const IN_PLACE: &'static [&'static str] = &["address"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (host_name, host) in &lab.hosts {
            for (name, interface) in &host.interfaces {
                for of_family in FAMILIES {
                    let own: Vec<_> =
                        interface.addresses.iter().filter(|address| family(address) == of_family).collect();
                    let Some(first) = own.first() else { continue };
                    let spec = Address { addresses: own.iter().map(|address| address.value).collect() };
                    // The library puts them together; whoever reads a reason looks for the interface.
                    let same_file = first.span.source == interface.span.source;
                    let span = if same_file { first.span } else { interface.span };
                    lowering
                        .of_host(host_name, &format!("{name}/{of_family}"), spec, span)
                        .needs_interface(host_name, name, Why::Inside)
                        .sets_up(host_name);
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        attributes(&self.addresses)
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
