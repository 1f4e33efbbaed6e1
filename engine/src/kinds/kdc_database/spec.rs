//! What a database should be, and how it follows from the lab.

use super::{Kdc, apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::package::{self, Needs};
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{Lab, Secret};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KdcDatabase {
    pub(super) kdc: Kdc,
    pub(super) master_password: Secret,
}

impl Manage for KdcDatabase {
    const IN_PLACE: &'static [&'static str] = &["config"];
    const BATCH: bool = false;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (realm, database) in &host.kdc_databases {
                let Some(kdc) = Kdc::find(lab, name, realm) else { continue };
                let spec = KdcDatabase { kdc, master_password: database.master_password.clone() };
                lowering
                    .of_host(name, realm.as_str(), spec, database.span)
                    .needs(Netns::id(name), Why::Order)
                    .runs_on(name)
                    .named(name, realm.as_str());
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        Attributes::from([
            ("config".into(), self.kdc.config.as_str().into()),
            ("database".into(), self.kdc.database.as_str().into()),
            ("master-password".into(), key.secret(self.master_password.reveal().as_bytes())),
        ])
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let tools = [("kdb5_util", "krb5-kdc"), ("kadmin.local", "krb5-admin-server")];
        let tools = tools.map(|(program, package)| (program, [package.to_owned()]));
        package::missing(tools.iter().flat_map(|(program, packages)| {
            specs.iter().map(move |(id, _)| Needs { id, program, packages, id_range: false })
        }))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        subjects.iter().map(|subject| observe::observe(machine, subject)).collect()
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|(id, database)| apply::create(machine, id, database)).collect()
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        let wanted: Vec<_> = wanted.iter().map(|one| (one.id, one.spec)).collect();
        Self::create(machine, &wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        unwanted.iter().map(|(id, attributes)| apply::delete(machine, id, attributes)).collect()
    }
}
