//! When a network is in operation, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::bridge::Bridge;
use crate::kinds::veth::Veth;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::Lab;
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{HostName, InterfaceName, NetworkName};
use std::collections::BTreeMap;

/// A network in operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network;

impl Manage for Network {
    const IN_PLACE: &'static [&'static str] = &["up"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        let mut ports: BTreeMap<&NetworkName, Vec<(&HostName, &InterfaceName)>> = BTreeMap::new();
        for (host_name, host) in &lab.hosts {
            for (name, interface) in &host.interfaces {
                if let Some(network) = interface.port_of() {
                    ports.entry(&network.value).or_default().push((host_name, name));
                }
            }
        }
        let without = lab.without_bridge();
        for (name, network) in lab.networks.iter().filter(|(name, _)| !without.contains(name)) {
            let mut adding =
                lowering.of_lab(name.as_str(), Network, network.span).needs(Bridge::id(name), Why::Order);
            for (host, interface) in ports.remove(name).unwrap_or_default() {
                adding = adding.needs(Veth::id(host, interface), Why::After).sets_up(host);
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        Attributes::from([("up".into(), true.into())])
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::set_up(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::set_up_again(machine, wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::set_down(machine, unwanted)
    }
}
