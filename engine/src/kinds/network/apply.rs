//! Setting bridges up and down.

use super::Network;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, links_here, perform, spread};
use crate::linux::netlink::{self, Netlink};
use crate::machine::Machine;

pub(super) fn set_up(_machine: &Machine, wanted: &[(&ResourceId, &Network)]) -> Vec<Result<(), Error>> {
    set(&wanted.iter().map(|(id, _)| *id).collect::<Vec<_>>(), true)
}

pub(super) fn set_up_again(_machine: &Machine, wanted: &[Updating<'_, Network>]) -> Vec<Result<(), Error>> {
    set(&wanted.iter().map(|one| one.id).collect::<Vec<_>>(), true)
}

pub(super) fn set_down(
    _machine: &Machine,
    unwanted: &[(&ResourceId, &Attributes)],
) -> Vec<Result<(), Error>> {
    set(&unwanted.iter().map(|(id, _)| *id).collect::<Vec<_>>(), false)
}

fn set(networks: &[&ResourceId], up: bool) -> Vec<Result<(), Error>> {
    spread(networks.len(), || {
        let links = links_here()?;
        let netlink = Netlink::open().map_err(|error| Error::caused("set bridges up or down", error))?;
        let requests = networks.iter().map(|id| {
            let index = links.get(&*id.name).map_or(0, |link| link.index);
            let change = netlink::Change { up: Some(up), ..netlink::Change::default() };
            (format!("set {id} {}", if up { "up" } else { "down" }), netlink::change(index, change))
        });
        perform(&netlink, requests, |refusal| !up && refusal.is_gone())
    })
}
