//! What a host should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Kind, Manage, Subject, Updating};
use crate::lab::Lab;
use crate::linux::namespace;
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::{AbsolutePath, Fqdn, HostName};
use crate::runtime::Isolation;

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netns {
    /// The hostname its processes see.
    pub hostname: Fqdn,
    /// Directories, besides `/etc` and `/var`, that it may change.
    pub overlays: Vec<AbsolutePath>,
    /// What it has of its own besides.
    pub isolation: Isolation,
}

impl Netns {
    /// The resource of this kind that stands for `host`.
    pub fn id(host: &HostName) -> ResourceId {
        ResourceId::of_host(Kind::Netns, host, "")
    }
}

impl Netns {
    /// What it isolates, each in a line.
    fn isolated(&self) -> Vec<String> {
        let Isolation { user, cgroup, time } = &self.isolation;
        let mut lines = Vec::new();
        if let Some(ids) = user {
            lines.push("user".to_owned());
            lines.extend(ids.iter().map(|line| format!("ids {line}")));
        }
        lines.extend(cgroup.then(|| "cgroup".to_owned()));
        lines.extend(time.map(|clocks| format!("time {:+} {:+}", clocks.boottime, clocks.monotonic)));
        lines
    }
}

impl Manage for Netns {
    const IN_PLACE: &'static [&'static str] = &[];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            let overlays = host.overlays.iter().map(|path| path.value.clone()).collect();
            let spec = Netns { hostname: host.fqdn.clone(), overlays, isolation: host.isolation() };
            lowering.of_host(name, "", spec, host.span).sets_up(name);
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let overlays: Vec<String> = self.overlays.iter().map(ToString::to_string).collect();
        Attributes::from([
            ("hostname".into(), self.hostname.as_str().into()),
            ("overlays".into(), overlays.into()),
            ("isolate".into(), self.isolated().into()),
        ])
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let without = |word: &str| !namespace::is_known(word);
        let lacking = ["user", "cgroup", "time"].into_iter().filter(|word| without(word));
        let asks = |netns: &Netns, word| {
            namespace::from_name(word).is_some_and(|sort| netns.isolation.namespaces().contains(sort))
        };
        lacking
            .filter_map(|word| {
                let by = specs.iter().filter(|(_, netns)| asks(netns, word)).map(|(id, _)| id.to_string());
                let needed_by: Vec<String> = by.collect();
                let what = format!("{word} namespaces");
                let cure = "run a kernel that has them".to_owned();
                (!needed_by.is_empty()).then_some(Missing { what, needed_by, cure })
            })
            .collect()
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn found(machine: &Machine) -> Result<Vec<ResourceId>, Error> {
        Ok(machine.hosts()?.iter().map(Netns::id).collect())
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
