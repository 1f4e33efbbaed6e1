//! What a principal should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::check::complaint;
use crate::codes;
use crate::decode::Spanned;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::kdc_database::{Kdc, Remembered, flag, flags};
use crate::kinds::{Kind, Manage, Subject, Updating};
use crate::lab::{Lab, Secret};
use crate::lower::Lowering;
use crate::machine::Machine;
use std::fmt::Display;
use topo_lang::Diagnostic;

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub(super) kdc: Kdc,
    /// With its realm.
    pub(super) name: String,
    /// `None`: a random key.
    pub(super) password: Option<Secret>,
    /// Flags, each with its sign.
    pub(super) attributes: Vec<String>,
}

impl Principal {
    /// The resource that stands for a principal, given by its full name.
    pub(crate) fn id(kdc: &Kdc, full_name: &str) -> ResourceId {
        ResourceId::of_host(Kind::Principal, &kdc.host, full_name)
    }

    /// What stands for the password or the random key.
    pub(super) fn key(&self, key: &DigestKey) -> Attribute {
        match &self.password {
            Some(password) => key.secret(password.reveal().as_bytes()),
            None => Remembered::RANDOM.into(),
        }
    }
}

impl Manage for Principal {
    const IN_PLACE: &'static [&'static str] = &["key", "attributes"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (realm, database) in &host.kdc_databases {
                let Some(kdc) = Kdc::find(lab, name, realm) else { continue };
                for (principal, wanted) in &database.principals {
                    for attribute in &wanted.attributes {
                        let path: [&dyn Display; 7] = [
                            &"hosts",
                            name,
                            &"kdc-databases",
                            realm,
                            &"principals",
                            principal,
                            &"attributes",
                        ];
                        if let Some(complaint) = check_flag(attribute, &path) {
                            lowering.complain(complaint);
                        }
                    }
                    if let Some(password) = &wanted.password
                        && password.reveal().contains(['\n', '\r', '\0'])
                    {
                        let message = format!("the password of `{principal}` has a line break in it");
                        let path: [&dyn Display; 7] =
                            [&"hosts", name, &"kdc-databases", realm, &"principals", principal, &"password"];
                        lowering.complain(
                            complaint(codes::BAD_VALUE, &path, wanted.span, message)
                                .help("leave the password out for a random key"),
                        );
                    }
                    let full_name = kdc.full_name(principal.as_str());
                    let spec = Principal {
                        kdc: kdc.clone(),
                        name: full_name.clone(),
                        password: wanted.password.clone(),
                        attributes: wanted.attributes.iter().map(|one| one.value.clone()).collect(),
                    };
                    lowering
                        .of_host(name, &full_name, spec, wanted.span)
                        .needs(kdc.id(), Why::Inside)
                        .runs_on(name)
                        // Whoever comes after the database comes after those in it.
                        .named(name, realm.as_str());
                }
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        Attributes::from([
            ("realm".into(), self.kdc.realm.as_str().into()),
            ("database".into(), self.kdc.database.as_str().into()),
            ("config".into(), self.kdc.config.as_str().into()),
            ("key".into(), self.key(key)),
            ("attributes".into(), self.attributes.clone().into()),
        ])
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::ensure(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        let wanted: Vec<_> = wanted.iter().map(|one| (one.id, one.spec)).collect();
        apply::ensure(machine, &wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::delete(machine, unwanted)
    }
}

fn check_flag(attribute: &Spanned<String>, path: &[&dyn Display]) -> Option<Diagnostic> {
    let name = attribute.strip_prefix(['+', '-']);
    if name.is_some_and(|name| flag(name).is_some()) {
        return None;
    }
    let message = format!("expected `+` or `-` and a flag of `kadmin addprinc`, found `{}`", attribute.value);
    let complaint = complaint(codes::BAD_VALUE, path, attribute.span, message);
    let sign = if attribute.starts_with('-') { '-' } else { '+' };
    Some(match topo_lang::nearest::nearest(name.unwrap_or(attribute), flags()) {
        Some(near) => complaint.help(format!("did you mean `{sign}{near}`?")),
        None => complaint.help("`kadmin(1)` has them all, at `addprinc`; `+requires_preauth` is one"),
    })
}
