//! How kinds work on many things at once: over both cores, and grouped by the host whose network namespace it takes.

use super::{Subject, Updating};
use crate::error::Error;
use crate::fault;
use crate::graph::ResourceId;
use crate::linux::namespace;
use crate::linux::netlink::Netlink;
use crate::machine::{Machine, Stack};
use crate::name::HostName;
use nix::sched::CloneFlags;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::thread;

/// Gives the one outcome of work on `count` things to each of them.
pub(crate) fn each(count: usize, work: impl FnOnce() -> Result<(), Error>) -> Vec<Result<(), Error>> {
    spread(count, || work().map(|()| (0..count).map(|_| Ok(())).collect()))
}

/// The outcomes of work on `count` things; where it fails as a whole, each gets the failure.
pub(crate) fn spread<R>(
    count: usize,
    work: impl FnOnce() -> Result<Vec<Result<R, Error>>, Error>,
) -> Vec<Result<R, Error>> {
    match work() {
        Ok(outcomes) => outcomes,
        Err(error) => {
            let copies: Vec<Error> = (1..count).map(|_| error.retold()).collect();
            std::iter::once(error).chain(copies).take(count).map(Err).collect()
        }
    }
}

/// Does `work` on as many parts of `items` as there are cores, side by side, each on a thread that ends with it.
pub(crate) fn on_cores<I: Sync, R: Send>(items: &[I], work: impl Fn(&[I]) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let size = items.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = items.chunks(size).map(|part| scope.spawn(|| work(part))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// What lies in some host.
pub(crate) trait InHost {
    /// Under this name.
    fn id(&self) -> &ResourceId;
}

impl InHost for ResourceId {
    fn id(&self) -> &ResourceId {
        self
    }
}

impl<T: InHost> InHost for &T {
    fn id(&self) -> &ResourceId {
        (*self).id()
    }
}

impl<T> InHost for (&ResourceId, T) {
    fn id(&self) -> &ResourceId {
        self.0
    }
}

impl<S> InHost for Subject<'_, S> {
    fn id(&self) -> &ResourceId {
        self.id
    }
}

impl<S> InHost for Updating<'_, S> {
    fn id(&self) -> &ResourceId {
        self.id
    }
}

/// Does `work` on the items of each host that has a place, the hosts spread over the cores. One answer per item, in order;
/// `None` where its host has none.
fn per_host<'a, I: InHost + Sync, P: Sync, R: Send>(
    places: &BTreeMap<HostName, P>,
    items: &'a [I],
    work: impl Fn(&HostName, &P, &[&'a I]) -> Result<Vec<Result<R, Error>>, Error> + Sync,
) -> Vec<Option<Result<R, Error>>> {
    let mut groups: BTreeMap<&HostName, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(host) = &item.id().host {
            groups.entry(host).or_default().push(index);
        }
    }
    let groups: Vec<(&HostName, Vec<usize>, &P)> =
        groups.into_iter().filter_map(|(host, indexes)| Some((host, indexes, places.get(host)?))).collect();
    let mut answers: Vec<Option<Result<R, Error>>> = (0..items.len()).map(|_| None).collect();
    let found = on_cores(&groups, |part| {
        let answer = |(host, indexes, place): &(&HostName, Vec<usize>, &P)| {
            let own: Vec<&'a I> = indexes.iter().map(|index| &items[*index]).collect();
            let answers = spread(own.len(), || work(host, place, &own));
            fault::point("batch: one host done");
            indexes.iter().copied().zip(answers).collect::<Vec<_>>()
        };
        part.iter().flat_map(answer).collect::<Vec<_>>()
    });
    for (index, answer) in found.into_iter().flatten() {
        answers[index] = Some(answer);
    }
    answers
}

fn hosts_of<I: InHost>(items: &[I]) -> BTreeSet<&HostName> {
    items.iter().filter_map(|item| item.id().host.as_ref()).collect()
}

/// The same on a thread in the host's network namespace.
fn in_networks<'a, I: InHost + Sync, R: Send>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Result<R, Error>>, Error> + Sync,
) -> Result<Vec<Option<Result<R, Error>>>, Error> {
    Ok(per_host(&machine.netns(&hosts_of(items))?, items, |host, netns, own| {
        namespace::enter(netns.as_fd(), CloneFlags::CLONE_NEWNET)
            .map_err(|error| Error::caused(format!("enter the network of `{host}`"), error))?;
        work(own)
    }))
}

/// What `work` finds of the items of each host, on a thread in that host's network namespace; `None` where there is
/// nothing, also because the host has no namespace.
pub(crate) fn observe_per_host<'a, I: InHost + Sync, R: Send>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Option<R>>, Error> + Sync,
) -> Result<Vec<Option<R>>, Error> {
    found(in_networks(machine, items, |items| Ok(work(items)?.into_iter().map(Ok).collect()))?)
}

/// The same in what the kernel says of the host's network, which all kinds read together.
pub(crate) fn observe_stacks<'a, I: InHost + Sync, R: Send>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&Stack, &[&'a I]) -> Result<Vec<Option<R>>, Error> + Sync,
) -> Result<Vec<Option<R>>, Error> {
    let stacks = machine.stacks(&hosts_of(items))?;
    found(per_host(&stacks, items, |_, stack, own| Ok(work(stack, own)?.into_iter().map(Ok).collect())))
}

fn found<R>(answers: Vec<Option<Result<Option<R>, Error>>>) -> Result<Vec<Option<R>>, Error> {
    answers.into_iter().map(|answer| Ok(answer.transpose()?.flatten())).collect()
}

/// The same as [`observe_per_host`] for making and changing, where a host without a namespace is an error.
pub(crate) fn change_per_host<'a, I: InHost + Sync>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Result<(), Error>>, Error> + Sync,
) -> Vec<Result<(), Error>> {
    spread(items.len(), || Ok(all_changed(items, in_networks(machine, items, work)?)))
}

/// The same by way of a socket into the host's network.
pub(crate) fn change_stacks<'a, I: InHost + Sync>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&Netlink, &[&'a I]) -> Result<Vec<Result<(), Error>>, Error> + Sync,
) -> Vec<Result<(), Error>> {
    spread(items.len(), || {
        let stacks = machine.stacks(&hosts_of(items))?;
        let answers = per_host(&stacks, items, |_, stack, own| stack.change(|netlink| work(netlink, own)));
        Ok(all_changed(items, answers))
    })
}

fn all_changed<I: InHost>(items: &[I], answers: Vec<Option<Result<(), Error>>>) -> Vec<Result<(), Error>> {
    let absent =
        |item: &I| Error::found(format!("work on {}", item.id()), "its host has no network namespace");
    let answers = items.iter().zip(answers);
    answers.map(|(item, answer)| answer.unwrap_or_else(|| Err(absent(item)))).collect()
}

/// The same as [`change_per_host`] for removing, where a host without a namespace has nothing left to remove.
pub(crate) fn delete_per_host<'a, I: InHost + Sync>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Result<(), Error>>, Error> + Sync,
) -> Vec<Result<(), Error>> {
    spread(items.len(), || {
        Ok(in_networks(machine, items, work)?.into_iter().map(|answer| answer.unwrap_or(Ok(()))).collect())
    })
}
