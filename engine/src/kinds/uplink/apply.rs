//! Making, changing and removing the machine's end.

use super::Uplink;
use super::spec::{addresses_of, port_of};
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, links_here, links_of, perform};
use crate::linux::netlink::{self, Change, Netlink, Refusal};
use crate::machine::Machine;
use ipnet::IpNet;
use std::os::fd::AsFd;

/// What an interrupted run left is taken away first.
pub(super) fn create(machine: &Machine, id: &ResourceId, uplink: &Uplink) -> Result<(), Error> {
    delete(id)?;
    let interface = uplink.interface.as_str();
    if machine.outside(links_here)?.contains_key(interface) {
        let found = format!("the machine has an interface `{interface}` already");
        return Err(
            Error::found(format!("create {id}"), found).help("`uplink NAME` gives this one another name")
        );
    }
    let netlink = open()?;
    let request = netlink::Veth {
        name: &port_of(id),
        controller: links_of(&netlink)?.get(&*id.name).map_or(0, |link| link.index),
        mtu: uplink.mtu,
        peer: interface,
        peer_mac: None,
        peer_netns: machine.outside_netns().as_fd(),
    };
    all(&netlink, vec![(format!("create {id}"), request.create())], |_| false)?;
    set(machine, id, uplink, &[])
}

pub(super) fn update(machine: &Machine, one: &Updating<'_, Uplink>) -> Result<(), Error> {
    let netlink = open()?;
    let links = links_of(&netlink)?;
    let index = |name: &str| links.get(name).map_or(0, |link| link.index);
    let change = Change {
        up: Some(true),
        mtu: Some(one.spec.mtu),
        controller: Some(index(&one.id.name)),
        ..Change::default()
    };
    let port = index(&port_of(one.id));
    all(&netlink, vec![(format!("update the port of {}", one.id), netlink::change(port, change))], |_| {
        false
    })?;
    set(machine, one.id, one.spec, &addresses_of(one.before))
}

/// Either end takes the other along.
pub(super) fn delete(id: &ResourceId) -> Result<(), Error> {
    all(&open()?, vec![(format!("delete {id}"), netlink::delete(&port_of(id)))], Refusal::is_gone)
}

/// Makes the machine's end what it should be, where it is; `before` are the addresses it was given.
fn set(machine: &Machine, id: &ResourceId, uplink: &Uplink, before: &[IpNet]) -> Result<(), Error> {
    machine.outside(|| {
        let netlink = open()?;
        let links = links_of(&netlink)?;
        let interface = uplink.interface.as_str();
        let index = links.get(interface).map_or(0, |link| link.index);
        let controller = match &uplink.bridge {
            None => 0,
            Some(bridge) => {
                links.get(bridge.as_str()).filter(|link| link.is_bridge()).map(|link| link.index).ok_or_else(
                    || Error::found(format!("set up {id}"), format!("the machine has no bridge `{bridge}`")),
                )?
            }
        };
        let change = Change {
            up: Some(true),
            mtu: Some(uplink.mtu),
            controller: Some(controller),
            ..Change::default()
        };
        all(&netlink, vec![(format!("set up {id}"), netlink::change(index, change))], |_| false)?;
        let request = |address: &IpNet| netlink::Address { index, address: *address };
        let stale = before.iter().filter(|address| !uplink.addresses.contains(address));
        let stale = stale.map(|address| {
            (format!("remove {address} from {id}"), netlink::delete_address(&request(address)))
        });
        all(&netlink, stale.collect(), Refusal::is_gone)?;
        let wanted = uplink.addresses.iter();
        let wanted =
            wanted.map(|address| (format!("add {address} to {id}"), netlink::add_address(&request(address))));
        all(&netlink, wanted.collect(), |_| false)
    })
}

fn open() -> Result<Netlink, Error> {
    Netlink::open().map_err(|error| Error::caused("change the machine's place on a network", error))
}

/// Asks for everything; the first refusal is told.
fn all(
    netlink: &Netlink,
    requests: Vec<(String, netlink::Request)>,
    is_fine: impl Fn(&Refusal) -> bool,
) -> Result<(), Error> {
    perform(netlink, requests, is_fine)?.into_iter().collect()
}
