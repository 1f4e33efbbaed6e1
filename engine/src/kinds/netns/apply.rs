//! Making hosts and letting go of them.

use super::Netns;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{each, on_cores};
use crate::linux::{files, netns};
use crate::machine::{Machine, host_of};
use crate::name::HostName;
use std::os::fd::AsFd;

/// A host that is there already (an interrupted run made it) is made anew: nothing of ours is in it yet.
pub(super) fn create(machine: &Machine, wanted: &[(&ResourceId, &Netns)]) -> Vec<Result<(), Error>> {
    each(wanted.len(), || {
        let made = on_cores(wanted, |part| netns::create_many(part.len()))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::caused("make network namespaces", error))?;
        let hosts: Vec<HostName> =
            wanted.iter().map(|(id, _)| host_of(id).cloned()).collect::<Result<_, _>>()?;
        machine.hold(hosts.into_iter().zip(made.into_iter().flatten()).collect())
    })
}

pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    each(unwanted.len(), || {
        let hosts: Vec<&HostName> = unwanted.iter().map(|(id, _)| host_of(id)).collect::<Result<_, _>>()?;
        machine.release(&hosts)?;
        // The files of a host that is only made anew stay: they are resources of their own.
        for host in hosts.into_iter().filter(|host| !machine.wants(host)) {
            remove_files(machine, host)
                .map_err(|error| Error::caused(format!("remove the files of `{host}`"), error))?;
        }
        Ok(())
    })
}

fn remove_files(machine: &Machine, host: &HostName) -> Result<(), crate::linux::Error> {
    let hosts = machine.path().join("hosts");
    if !hosts.exists() {
        return Ok(());
    }
    let hosts = files::open_directory(&hosts)?;
    files::remove_tree(hosts.as_fd(), host.as_str().as_ref())
}
