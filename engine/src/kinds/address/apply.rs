//! Adding and removing addresses.

use super::Address;
use super::spec::{addresses_of, interface_of};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, change_stacks, delete_per_host, perform};
use crate::linux::netlink::{self, Netlink, Request};
use crate::machine::Machine;
use ipnet::IpNet;
use std::collections::BTreeMap;

pub(super) fn create(machine: &Machine, wanted: &[(&ResourceId, &Address)]) -> Vec<Result<(), Error>> {
    change_stacks(machine, wanted, |netlink, wanted| {
        let items: Vec<(&ResourceId, &[IpNet])> =
            wanted.iter().map(|(id, spec)| (*id, spec.addresses.as_slice())).collect();
        ask(netlink, "add", &items, netlink::add_address, |_| false)
    })
}

/// Takes away what the lab no longer wants, and adds all it wants: the kernel removes an address's secondaries with it.
pub(super) fn update(machine: &Machine, wanted: &[Updating<'_, Address>]) -> Vec<Result<(), Error>> {
    change_stacks(machine, wanted, |netlink, wanted| {
        let stale: Vec<Vec<IpNet>> = wanted
            .iter()
            .map(|one| {
                let before = addresses_of(one.before);
                before.into_iter().filter(|address| !one.spec.addresses.contains(address)).collect()
            })
            .collect();
        let items: Vec<(&ResourceId, &[IpNet])> =
            wanted.iter().zip(&stale).map(|(one, stale)| (one.id, stale.as_slice())).collect();
        let removed = ask(netlink, "remove", &items, netlink::delete_address, netlink::Refusal::is_gone)?;
        let items: Vec<(&ResourceId, &[IpNet])> =
            wanted.iter().map(|one| (one.id, one.spec.addresses.as_slice())).collect();
        let added = ask(netlink, "add", &items, netlink::add_address, |_| false)?;
        Ok(removed.into_iter().zip(added).map(|(removed, added)| removed.and(added)).collect())
    })
}

pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    delete_per_host(machine, unwanted, |unwanted| {
        let addresses: Vec<Vec<IpNet>> =
            unwanted.iter().map(|(_, attributes)| addresses_of(attributes)).collect();
        let items: Vec<(&ResourceId, &[IpNet])> =
            unwanted.iter().zip(&addresses).map(|((id, _), addresses)| (*id, addresses.as_slice())).collect();
        let netlink = Netlink::open().map_err(|error| Error::caused("remove addresses", error))?;
        ask(&netlink, "remove", &items, netlink::delete_address, netlink::Refusal::is_gone)
    })
}

/// One request for each address; one answer for each item.
fn ask(
    netlink: &Netlink,
    verb: &str,
    items: &[(&ResourceId, &[IpNet])],
    request: impl Fn(&netlink::Address) -> Request,
    is_fine: impl Fn(&netlink::Refusal) -> bool,
) -> Result<Vec<Result<(), Error>>, Error> {
    let mut requests = Vec::new();
    let mut owners = Vec::new();
    for (owner, (id, addresses)) in items.iter().enumerate() {
        let index = netlink.index_of(interface_of(id)).unwrap_or(0);
        for address in *addresses {
            requests.push((
                format!("{verb} {id} {address}"),
                request(&netlink::Address { index, address: *address }),
            ));
            owners.push(owner);
        }
    }
    let mut outcomes: BTreeMap<usize, Error> = BTreeMap::new();
    for (owner, answer) in owners.into_iter().zip(perform(netlink, requests, is_fine)?) {
        if let Err(error) = answer {
            outcomes.entry(owner).or_insert(error);
        }
    }
    Ok((0..items.len()).map(|owner| outcomes.remove(&owner).map_or(Ok(()), Err)).collect())
}
