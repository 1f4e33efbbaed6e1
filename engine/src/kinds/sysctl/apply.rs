//! Writing settings, and giving them back the value a fresh namespace has.

use super::Sysctl;
use super::spec::file_of;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{change_per_host, delete_per_host, spread};
use crate::linux::netns;
use crate::machine::Machine;
use std::os::fd::AsFd;

pub(super) fn write(machine: &Machine, wanted: &[(&ResourceId, &Sysctl)]) -> Vec<Result<(), Error>> {
    change_per_host(machine, wanted, |wanted| {
        let set = |id: &ResourceId, value: &str| {
            netns::write_proc(&file_of(id), value).map_err(|error| {
                Error::caused(format!("set {id} to `{value}`"), error)
                    .help("only settings below `net.` that a network namespace has of its own can be set")
            })
        };
        Ok(wanted.iter().map(|(id, sysctl)| set(id, &sysctl.value)).collect())
    })
}

pub(super) fn reset(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    spread(unwanted.len(), || {
        let failed = |error| Error::caused("read the settings of a fresh network namespace", error);
        let fresh = netns::create().map_err(failed)?;
        let defaults: Vec<Option<String>> = netns::with(fresh.as_fd(), || {
            unwanted.iter().map(|(id, _)| std::fs::read_to_string(file_of(id)).ok()).collect()
        })
        .map_err(failed)?;
        let items: Vec<(&ResourceId, Option<String>)> =
            unwanted.iter().map(|(id, _)| *id).zip(defaults).collect();
        Ok(delete_per_host(machine, &items, |items| {
            let reset = |id: &ResourceId, value: &Option<String>| match value {
                // A setting of an interface goes with it.
                None => Ok(()),
                Some(value) => netns::write_proc(&file_of(id), value.trim())
                    .map_err(|error| Error::caused(format!("reset {id}"), error)),
            };
            Ok(items.iter().map(|(id, value)| reset(id, value)).collect())
        }))
    })
}
