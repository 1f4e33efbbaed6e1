//! Setting bridges up and down.

use super::Network;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, perform, spread};
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
        let netlink = Netlink::open().map_err(|error| Error::caused("set bridges up or down", error))?;
        let requests = networks.iter().map(|id| {
            let request = if up { netlink::set_up(&id.name) } else { netlink::set_down(&id.name) };
            (format!("set {id} {}", if up { "up" } else { "down" }), request)
        });
        perform(&netlink, requests, |refusal| !up && refusal.is_gone())
    })
}
