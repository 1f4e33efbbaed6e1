//! Making, changing and removing bridges.

use super::Bridge;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, links_here, perform, spread};
use crate::linux::netlink::{self, Netlink};
use crate::linux::netns;
use crate::machine::Machine;

pub(super) fn create(_machine: &Machine, wanted: &[(&ResourceId, &Bridge)]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        // Bridges and ports only pass frames on; an IPv6 of their own would multicast to every port at each new one.
        netns::without_ipv6().map_err(|error| Error::caused("turn IPv6 off where the bridges are", error))?;
        let netlink = Netlink::open().map_err(|error| Error::caused("create bridges", error))?;
        let requests = wanted
            .iter()
            .map(|(id, bridge)| (format!("create {id}"), netlink::create_bridge(&id.name, bridge.mtu)));
        // One that is there is an interrupted run's, and as good.
        let made = perform(&netlink, requests, netlink::Refusal::exists)?;
        let requests = wanted
            .iter()
            .map(|(id, bridge)| (format!("set the MTU of {id}"), netlink::set_mtu(&id.name, bridge.mtu)));
        let set = perform(&netlink, requests, |_| false)?;
        Ok(made.into_iter().zip(set).map(|(made, set)| made.and(set)).collect())
    })
}

pub(super) fn update(_machine: &Machine, wanted: &[Updating<'_, Bridge>]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        let links = links_here()?;
        let netlink = Netlink::open().map_err(|error| Error::caused("change bridges", error))?;
        let requests = wanted.iter().map(|Updating { id, spec, .. }| {
            let index = links.get(&*id.name).map_or(0, |link| link.index);
            let change = netlink::Change { mtu: Some(spec.mtu), ..netlink::Change::default() };
            (format!("update {id}"), netlink::change(index, change))
        });
        perform(&netlink, requests, |_| false)
    })
}

pub(super) fn delete(_machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    spread(unwanted.len(), || {
        let netlink = Netlink::open().map_err(|error| Error::caused("delete bridges", error))?;
        let requests = unwanted.iter().map(|(id, _)| (format!("delete {id}"), netlink::delete(&id.name)));
        perform(&netlink, requests, netlink::Refusal::is_gone)
    })
}
