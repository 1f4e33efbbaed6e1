//! What a bridge should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Kind, Manage, Subject, Updating};
use crate::lab::Lab;
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::NetworkName;

/// A bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// The largest packet, in bytes.
    pub mtu: u32,
}

impl Bridge {
    /// The resource of this kind that stands for `network`.
    pub fn id(network: &NetworkName) -> ResourceId {
        ResourceId::of_lab(Kind::Bridge, network)
    }
}

impl Manage for Bridge {
    const IN_PLACE: &'static [&'static str] = &["mtu"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        let without = lab.without_bridge();
        for (name, network) in lab.networks.iter().filter(|(name, _)| !without.contains(name)) {
            lowering.of_lab(name.as_str(), Bridge { mtu: network.mtu }, network.span);
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        Attributes::from([("mtu".into(), self.mtu.into())])
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn found(machine: &Machine) -> Result<Vec<ResourceId>, Error> {
        observe::found(machine)
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
