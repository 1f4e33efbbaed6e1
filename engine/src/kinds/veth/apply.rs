//! Making, changing and removing interfaces.

use super::Veth;
use super::spec::port_name;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{
    Updating, change_per_host, change_stacks, delete_per_host, keep_addresses, links_here, links_of, perform,
    spread,
};
use crate::linux::netlink::{self, Link, Netlink};
use crate::machine::{Machine, host_of};
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;

/// What an interrupted run left is taken away first: it may be half of what is wanted.
pub(super) fn create(machine: &Machine, wanted: &[(&ResourceId, &Veth)]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        let links = links_here()?;
        let mut answers = make(machine, wanted, &links)?;
        let again: Vec<usize> = (0..wanted.len()).filter(|index| answers[*index].is_err()).collect();
        if again.is_empty() {
            return Ok(answers);
        }
        let left: Vec<(&ResourceId, &Veth)> = again.iter().map(|index| wanted[*index]).collect();
        let leftovers = |id: &ResourceId| {
            id.host.as_ref().is_some_and(|host| links.contains_key(&port_name(host.as_str(), &id.name)))
        };
        let _ = delete_ports(&left.iter().map(|(id, _)| *id).filter(|id| leftovers(id)).collect::<Vec<_>>())?;
        let _ = change_per_host(machine, &left, |wanted| {
            let names: Vec<&ResourceId> = wanted.iter().map(|(id, _)| *id).collect();
            delete_here(&names)
        });
        for (index, answer) in again.iter().zip(make(machine, &left, &links)?) {
            answers[*index] = answer;
        }
        Ok(answers)
    })
}

fn make(
    machine: &Machine,
    wanted: &[(&ResourceId, &Veth)],
    links: &BTreeMap<String, Link>,
) -> Result<Vec<Result<(), Error>>, Error> {
    let hosts: BTreeSet<_> = wanted.iter().map(|(id, _)| host_of(id)).collect::<Result<_, _>>()?;
    let namespaces = machine.netns(&hosts)?;
    let netlink = Netlink::open().map_err(|error| Error::caused("create interfaces", error))?;
    let mut requests = Vec::with_capacity(wanted.len());
    for (id, veth) in wanted {
        let host = host_of(id)?;
        let namespace = namespaces.get(host).ok_or_else(|| {
            Error::found(format!("create {id}"), format!("`{host}` has no network namespace"))
        })?;
        let request = netlink::Veth {
            name: &port_name(host.as_str(), &id.name),
            controller: links.get(veth.network.as_str()).map_or(0, |link| link.index),
            mtu: veth.mtu,
            peer: &id.name,
            peer_mac: veth.mac.map(|mac| mac.0),
            peer_netns: namespace.as_fd(),
        };
        requests.push((format!("create {id}"), request.create()));
    }
    let made = perform(&netlink, requests, |_| false)?;
    let inside = set_up(machine, wanted);
    Ok(made.into_iter().zip(inside).map(|(made, inside)| made.and(inside)).collect())
}

/// Sets the hosts' ends up that should be.
fn set_up(machine: &Machine, wanted: &[(&ResourceId, &Veth)]) -> Vec<Result<(), Error>> {
    change_stacks(machine, wanted, |netlink, wanted| {
        let requests = wanted.iter().map(|(id, veth)| {
            let request = if veth.up { netlink::set_up(&id.name) } else { netlink::set_down(&id.name) };
            (format!("set {id} {}", if veth.up { "up" } else { "down" }), request)
        });
        perform(netlink, requests, |_| false)
    })
}

pub(super) fn update(machine: &Machine, wanted: &[Updating<'_, Veth>]) -> Vec<Result<(), Error>> {
    spread(wanted.len(), || {
        let inside = change_per_host(machine, wanted, |wanted| {
            let netlink = Netlink::open().map_err(|error| Error::caused("change interfaces", error))?;
            let links = links_of(&netlink)?;
            if wanted.iter().any(|one| !one.spec.up) {
                keep_addresses()?;
            }
            let requests = wanted.iter().map(|Updating { id, spec: veth, .. }| {
                let index = links.get(&*id.name).map_or(0, |link| link.index);
                let mac = veth.mac.map(|mac| mac.0);
                let (up, mtu) = (Some(veth.up), Some(veth.mtu));
                let change = netlink::Change { up, mtu, mac, controller: None };
                (format!("update {id}"), netlink::change(index, change))
            });
            perform(&netlink, requests, |_| false)
        });
        let links = links_here()?;
        let netlink = Netlink::open().map_err(|error| Error::caused("change ports", error))?;
        let mut requests = Vec::with_capacity(wanted.len());
        for Updating { id, spec: veth, .. } in wanted {
            let port = port_name(host_of(id)?.as_str(), &id.name);
            let change = netlink::Change {
                up: Some(true),
                mtu: Some(veth.mtu),
                mac: None,
                controller: Some(links.get(veth.network.as_str()).map_or(0, |link| link.index)),
            };
            let index = links.get(&port).map_or(0, |link| link.index);
            requests.push((format!("update the port of {id}"), netlink::change(index, change)));
        }
        let outside = perform(&netlink, requests, |_| false)?;
        Ok(inside.into_iter().zip(outside).map(|(inside, outside)| inside.and(outside)).collect())
    })
}

/// Either end takes the other along; the host's is removed too in case it was left alone.
pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    spread(unwanted.len(), || {
        let ids: Vec<&ResourceId> = unwanted.iter().map(|(id, _)| *id).collect();
        let outside = delete_ports(&ids)?;
        let inside =
            delete_per_host(machine, &ids, |ids| delete_here(&ids.iter().map(|id| **id).collect::<Vec<_>>()));
        Ok(inside.into_iter().zip(outside).map(|(inside, outside)| inside.and(outside)).collect())
    })
}

fn delete_ports(ids: &[&ResourceId]) -> Result<Vec<Result<(), Error>>, Error> {
    let netlink = Netlink::open().map_err(|error| Error::caused("delete ports", error))?;
    let mut requests = Vec::with_capacity(ids.len());
    for id in ids {
        let port = port_name(host_of(id)?.as_str(), &id.name);
        requests.push((format!("delete the port of {id}"), netlink::delete(&port)));
    }
    perform(&netlink, requests, netlink::Refusal::is_gone)
}

/// Removes interfaces of the namespace this thread is in.
fn delete_here(ids: &[&ResourceId]) -> Result<Vec<Result<(), Error>>, Error> {
    let netlink = Netlink::open().map_err(|error| Error::caused("delete interfaces", error))?;
    let requests = ids.iter().map(|id| (format!("delete {id}"), netlink::delete(&id.name)));
    perform(&netlink, requests, netlink::Refusal::is_gone)
}
