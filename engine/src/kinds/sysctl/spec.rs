//! Which settings a host should have, and how they follow from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{Host, Lab};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::HostName;
use topo_lang::Span;

/// A setting; its dotted name is the resource's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// What it should be.
    pub value: String,
}

/// What a host needs to pass packets on.
const FORWARD: [&str; 2] = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"];

/// The file of a setting. An interface's name may have dots of its own; they are written as `/` then.
pub(super) fn file_of(id: &ResourceId) -> String {
    let swapped: String = id
        .name
        .chars()
        .map(|c| match c {
            '.' => '/',
            '/' => '.',
            other => other,
        })
        .collect();
    format!("/proc/sys/{swapped}")
}

impl Manage for Sysctl {
    const IN_PLACE: &'static [&'static str] = &["value"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (setting, value) in &host.sysctls {
                add(lowering, name, host, setting, &value.0, value.span);
            }
            for setting in
                FORWARD.iter().filter(|setting| host.forward && !host.sysctls.contains_key(**setting))
            {
                add(lowering, name, host, setting, "1", host.span);
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        Attributes::from([("value".into(), self.value.as_str().into())])
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::write(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::write(machine, &wanted.iter().map(|one| (one.id, one.spec)).collect::<Vec<_>>())
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::reset(machine, unwanted)
    }
}

fn add(lowering: &mut Lowering, name: &HostName, host: &Host, setting: &str, value: &str, span: Span) {
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    // Settings of an interface are gone with it, and can only be made when it is there.
    let of_interface =
        host.interfaces.keys().find(|interface| setting.split('.').any(|part| part == interface.as_str()));
    let adding = lowering.of_host(name, setting, Sysctl { value }, span).sets_up(name);
    match of_interface {
        Some(interface) => adding.needs_interface(name, interface, Why::Inside),
        None => adding.needs(Netns::id(name), Why::Inside),
    };
}
