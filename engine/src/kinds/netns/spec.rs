//! What a host should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Kind, Manage, Subject, Updating};
use crate::lab::Lab;
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{AbsolutePath, Fqdn, HostName};

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netns {
    /// The hostname its processes see.
    pub hostname: Fqdn,
    /// Directories, besides `/etc` and `/var`, that it may change.
    pub overlays: Vec<AbsolutePath>,
}

impl Netns {
    /// The resource of this kind that stands for `host`.
    pub fn id(host: &HostName) -> ResourceId {
        ResourceId::of_host(Kind::Netns, host, "")
    }
}

impl Manage for Netns {
    const IN_PLACE: &'static [&'static str] = &[];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            let overlays = host.overlays.iter().map(|path| path.value.clone()).collect();
            let spec = Netns { hostname: host.fqdn.clone(), overlays };
            lowering.of_host(name, "", spec, host.span).sets_up(name);
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let overlays: Vec<String> = self.overlays.iter().map(ToString::to_string).collect();
        Attributes::from([
            ("hostname".into(), self.hostname.as_str().into()),
            ("overlays".into(), overlays.into()),
        ])
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::create(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        // Nothing of a host can be changed in place; what an interrupted run made is as good as new.
        let _ = machine;
        wanted.iter().map(|_| Ok(())).collect()
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::delete(machine, unwanted)
    }
}
