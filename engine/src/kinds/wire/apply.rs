//! Making, changing and removing wires.

use super::spec::at;
use super::{End, Wire};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{
    InHost, Updating, change_per_host, delete_per_host, keep_addresses, links_of, perform, spread,
};
use crate::linux::netlink::{self, Change, Netlink};
use crate::machine::Machine;
use std::collections::BTreeSet;
use std::os::fd::AsFd;

/// One end, and which of the wires in hand it belongs to.
struct Item<'a> {
    at: ResourceId,
    wire: usize,
    id: &'a ResourceId,
    end: &'a End,
    peer: &'a End,
}

impl InHost for Item<'_> {
    fn id(&self) -> &ResourceId {
        &self.at
    }
}

/// An end that is to go, and which of the wires in hand it belongs to.
struct Gone<'a> {
    at: ResourceId,
    wire: usize,
    id: &'a ResourceId,
}

impl InHost for Gone<'_> {
    fn id(&self) -> &ResourceId {
        &self.at
    }
}

impl Item<'_> {
    fn change(&self) -> Change {
        Change {
            up: Some(self.end.up),
            mtu: self.end.mtu,
            mac: self.end.mac.map(|mac| mac.0),
            controller: None,
        }
    }
}

/// What an interrupted run left is taken away first.
pub(super) fn create(machine: &Machine, wanted: &[(&ResourceId, &Wire)]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        let ends = items(wanted.iter().copied());
        let cleared = change_per_host(machine, &ends, |items| {
            let netlink = Netlink::open().map_err(|error| Error::caused("create wires", error))?;
            let links = links_of(&netlink)?;
            let left = items.iter().filter(|item| links.contains_key(&*item.at.name));
            let left: Vec<_> = left.map(|item| removal(item)).collect();
            perform(&netlink, left, netlink::Refusal::is_gone)?;
            Ok(items.iter().map(|_| Ok(())).collect())
        });
        let hosts: BTreeSet<_> = ends.iter().map(|item| &item.end.host).collect();
        let namespaces = machine.netns(&hosts)?;
        let firsts: Vec<&Item<'_>> = ends.iter().step_by(2).collect();
        let made = change_per_host(machine, &firsts, |items| {
            let netlink = Netlink::open().map_err(|error| Error::caused("create wires", error))?;
            let mut requests = Vec::with_capacity(items.len());
            for item in items {
                let namespace = namespaces.get(&item.peer.host).ok_or_else(|| {
                    let host = &item.peer.host;
                    Error::found(format!("create {}", item.id), format!("`{host}` has no network namespace"))
                })?;
                let pair = netlink::Pair {
                    name: item.end.interface.as_str(),
                    change: item.change(),
                    peer: item.peer.interface.as_str(),
                    peer_netns: namespace.as_fd(),
                };
                requests.push((format!("create {}", item.id), pair.create()));
            }
            perform(&netlink, requests, |_| false)
        });
        let set = set(machine, &ends);
        let outcomes = (0..wanted.len()).map(|_| Ok(())).collect();
        let made = made.into_iter().zip(firsts.iter().map(|item| item.wire));
        Ok([belonging(cleared, &ends), made.collect(), belonging(set, &ends)]
            .into_iter()
            .flatten()
            .fold(outcomes, first_failure))
    })
}

pub(super) fn update(machine: &Machine, wanted: &[Updating<'_, Wire>]) -> Vec<Result<(), Error>> {
    let ends = items(wanted.iter().map(|one| (one.id, one.spec)));
    let outcomes = (0..wanted.len()).map(|_| Ok(())).collect();
    belonging(set(machine, &ends), &ends).into_iter().fold(outcomes, first_failure)
}

/// Either end takes the other along.
pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    let mut ends: Vec<Gone<'_>> = Vec::new();
    for (wire, (id, attributes)) in unwanted.iter().enumerate() {
        let places = Wire::places(attributes).into_iter().flatten();
        ends.extend(places.map(|(host, interface)| Gone { at: at(&host, &interface), wire, id }));
    }
    let removed = delete_per_host(machine, &ends, |ends| {
        let netlink = Netlink::open().map_err(|error| Error::caused("delete wires", error))?;
        let requests = ends.iter().map(|end| (format!("delete {}", end.id), netlink::delete(&end.at.name)));
        perform(&netlink, requests, netlink::Refusal::is_gone)
    });
    let outcomes = (0..unwanted.len()).map(|_| Ok(())).collect();
    removed.into_iter().zip(ends.iter().map(|end| end.wire)).fold(outcomes, first_failure)
}

/// Both ends of every wire, one after the other.
fn items<'a>(wires: impl Iterator<Item = (&'a ResourceId, &'a Wire)>) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for (wire, (id, Wire { ends: [one, other] })) in wires.enumerate() {
        for (end, peer) in [(one, other), (other, one)] {
            items.push(Item { at: at(&end.host, &end.interface), wire, id, end, peer });
        }
    }
    items
}

/// Gives the ends their sizes and hardware addresses, and sets them up or down.
fn set(machine: &Machine, ends: &[Item<'_>]) -> Vec<Result<(), Error>> {
    change_per_host(machine, ends, |items| {
        let netlink = Netlink::open().map_err(|error| Error::caused("change wires", error))?;
        let links = links_of(&netlink)?;
        if items.iter().any(|item| !item.end.up) {
            keep_addresses()?;
        }
        let requests = items.iter().map(|item| {
            let index = links.get(&*item.at.name).map_or(0, |link| link.index);
            (format!("update {}", item.id), netlink::change(index, item.change()))
        });
        perform(&netlink, requests, |_| false)
    })
}

fn removal(item: &Item<'_>) -> (String, netlink::Request) {
    (format!("delete {}", item.id), netlink::delete(&item.at.name))
}

/// The outcome of each end, with the wire it belongs to.
fn belonging(outcomes: Vec<Result<(), Error>>, ends: &[Item<'_>]) -> Vec<(Result<(), Error>, usize)> {
    outcomes.into_iter().zip(ends.iter().map(|item| item.wire)).collect()
}

/// What went wrong first with a wire is what went wrong with it.
fn first_failure(
    mut outcomes: Vec<Result<(), Error>>,
    (outcome, wire): (Result<(), Error>, usize),
) -> Vec<Result<(), Error>> {
    if outcomes[wire].is_ok() {
        outcomes[wire] = outcome;
    }
    outcomes
}
