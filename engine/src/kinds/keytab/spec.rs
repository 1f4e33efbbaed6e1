//! What a keytab should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::directory::below_directories;
use crate::kinds::kdc_database::Kdc;
use crate::kinds::netns::Netns;
use crate::kinds::principal::Principal;
use crate::kinds::{Manage, Subject, Updating, Watched};
use crate::lab::{self, Lab};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};
use std::collections::BTreeSet;

/// A keytab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keytab {
    pub(super) host: HostName,
    pub(super) path: AbsolutePath,
    pub(super) kdc: Kdc,
    /// Full names.
    pub(super) principals: BTreeSet<String>,
    pub(super) mode: u32,
    pub(super) owner: u32,
    pub(super) group: u32,
}

impl Keytab {
    /// What the database's memo calls it.
    pub(super) fn remembered_as(&self) -> String {
        format!("{}:{}", self.host, self.path)
    }

    /// `None` for one whose keys cannot be had, which is refused before.
    fn new(lab: &Lab, host: &HostName, path: &AbsolutePath, keytab: &lab::Keytab) -> Option<Self> {
        let kdc = Kdc::find(lab, &keytab.kdc, &keytab.realm)?;
        let principals = keytab.principals.iter().map(|name| kdc.full_name(name.as_str())).collect();
        let (host, path) = (host.clone(), path.clone());
        Some(Keytab {
            host,
            path,
            kdc,
            principals,
            mode: keytab.mode,
            owner: keytab.owner,
            group: keytab.group,
        })
    }
}

impl Manage for Keytab {
    const IN_PLACE: &'static [&'static str] =
        &["realm", "kdc", "principals", "keys", "mode", "owner", "group"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (path, keytab) in &host.keytabs {
                let Some(spec) = Keytab::new(lab, name, path, keytab) else { continue };
                let kdc = spec.kdc.clone();
                let principals: Vec<ResourceId> =
                    spec.principals.iter().map(|name| Principal::id(&kdc, name)).collect();
                let adding = lowering
                    .of_host(name, path.as_str(), spec, keytab.span)
                    .needs(Netns::id(name), Why::Order)
                    .runs_on(&kdc.host)
                    .provides(Some(name), path)
                    .named(name, path.as_str());
                let mut adding = below_directories(adding, name, host, path);
                for principal in principals {
                    adding = adding.needs(principal, Why::Reads);
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let principals: Vec<String> = self.principals.iter().cloned().collect();
        Attributes::from([
            ("kdc".into(), self.kdc.host.as_str().into()),
            ("realm".into(), self.kdc.realm.as_str().into()),
            ("principals".into(), principals.into()),
            ("keys".into(), observe::CURRENT.into()),
            ("mode".into(), format!("{:04o}", self.mode).into()),
            ("owner".into(), self.owner.into()),
            ("group".into(), self.group.into()),
        ])
    }

    fn watched(&self, id: &ResourceId) -> Option<Watched> {
        Some(Watched::Path(id.host.clone(), AbsolutePath::try_from(&*id.name).ok()?))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::extract(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        let wanted: Vec<_> = wanted.iter().map(|one| (one.id, one.spec)).collect();
        apply::extract(machine, &wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        unwanted.iter().map(|(id, _)| apply::remove(machine, id)).collect()
    }
}
