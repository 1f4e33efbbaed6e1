//! Telling the kernel what should happen to packets. One message replaces what was there, without a moment in between.

use super::Impairment;
use super::spec::Place;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{InHost, change_per_host, delete_per_host, links_of, perform, spread};
use crate::linux::netlink::{self, Netlink, Refusal, Request};
use crate::machine::Machine;

pub(super) fn set(machine: &Machine, wanted: &[(&ResourceId, &Impairment)]) -> Vec<Result<(), Error>> {
    let request = |(id, spec): &(&ResourceId, &Impairment), index| {
        (format!("set up {id}"), netlink::set_qdisc(index, &spec.qdisc))
    };
    let ports = spread(wanted.len(), || ask(&all(wanted), of_port, request, |_| false));
    let interfaces = change_per_host(machine, wanted, |wanted| ask(wanted, of_interface, request, |_| false));
    both(ports, interfaces)
}

pub(super) fn remove(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    let request =
        |(id, _): &(&ResourceId, &Attributes), index| (format!("remove {id}"), netlink::remove_qdisc(index));
    let ports = spread(unwanted.len(), || ask(&all(unwanted), of_port, request, Refusal::is_gone));
    let interfaces =
        delete_per_host(machine, unwanted, |unwanted| ask(unwanted, of_interface, request, Refusal::is_gone));
    both(ports, interfaces)
}

/// The name of a port that is in the lab's own namespace.
fn of_port(id: &ResourceId) -> Option<String> {
    if let Place::Port(name) = Place::of(id) { Some(name) } else { None }
}

/// The name of an interface that is in its host's namespace.
fn of_interface(id: &ResourceId) -> Option<String> {
    if let Place::Interface(name) = Place::of(id) { Some(name) } else { None }
}

/// One request for each item whose link `name` says is in the namespace this thread is in; the others are fine.
fn ask<I: InHost>(
    items: &[&I],
    name: fn(&ResourceId) -> Option<String>,
    request: impl Fn(&I, u32) -> (String, Request),
    is_fine: impl Fn(&Refusal) -> bool,
) -> Result<Vec<Result<(), Error>>, Error> {
    let names: Vec<Option<String>> = items.iter().map(|item| name(item.id())).collect();
    if names.iter().all(Option::is_none) {
        return Ok(items.iter().map(|_| Ok(())).collect());
    }
    let netlink = Netlink::open().map_err(|error| Error::caused("change what happens to packets", error))?;
    let links = links_of(&netlink)?;
    let here = items.iter().zip(&names).filter_map(|(item, name)| {
        let index = links.get(name.as_ref()?).map_or(0, |link| link.index);
        Some(request(item, index))
    });
    let mut answers = perform(&netlink, here, is_fine)?.into_iter();
    Ok(names.iter().map(|name| name.as_ref().and_then(|_| answers.next()).unwrap_or(Ok(()))).collect())
}

fn all<I>(items: &[I]) -> Vec<&I> {
    items.iter().collect()
}

fn both(ones: Vec<Result<(), Error>>, others: Vec<Result<(), Error>>) -> Vec<Result<(), Error>> {
    ones.into_iter().zip(others).map(|(one, other)| one.and(other)).collect()
}
