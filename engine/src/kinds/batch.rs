//! How kinds work on many things at once: over both cores, and grouped by the host whose network namespace it takes.

use super::{Subject, Updating};
use crate::error::Error;
use crate::fault;
use crate::graph::ResourceId;
use crate::linux::namespace;
use crate::machine::Machine;
use crate::name::HostName;
use nix::sched::CloneFlags;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::resume_unwind;
use std::sync::Arc;
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

/// Does `work` on the items of each host, on a thread in that host's network namespace. One answer per item, in order;
/// `None` where the host has no namespace.
fn per_host<'a, I: InHost + Sync, R: Send>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Result<R, Error>>, Error> + Sync,
) -> Result<Vec<Option<Result<R, Error>>>, Error> {
    let mut groups: BTreeMap<&HostName, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(host) = &item.id().host {
            groups.entry(host).or_default().push(index);
        }
    }
    let namespaces = machine.netns(&groups.keys().copied().collect::<BTreeSet<_>>())?;
    let groups: Vec<(&HostName, Vec<usize>, _)> = groups
        .into_iter()
        .filter_map(|(host, indexes)| Some((host, indexes, namespaces.get(host)?.clone())))
        .collect();
    let mut answers: Vec<Option<Result<R, Error>>> = (0..items.len()).map(|_| None).collect();
    let found = on_cores(&groups, |part| {
        let answer = |(host, indexes, netns): &(&HostName, Vec<usize>, Arc<OwnedFd>)| {
            let own: Vec<&'a I> = indexes.iter().map(|index| &items[*index]).collect();
            let answers = spread(own.len(), || {
                namespace::enter(netns.as_fd(), CloneFlags::CLONE_NEWNET)
                    .map_err(|error| Error::caused(format!("enter the network of `{host}`"), error))?;
                work(&own)
            });
            fault::point("batch: one host done");
            indexes.iter().copied().zip(answers).collect::<Vec<_>>()
        };
        part.iter().flat_map(answer).collect::<Vec<_>>()
    });
    for (index, answer) in found.into_iter().flatten() {
        answers[index] = Some(answer);
    }
    Ok(answers)
}

/// What `work` finds of the items of each host, on a thread in that host's network namespace; `None` where there is
/// nothing, also because the host has no namespace.
pub(crate) fn observe_per_host<'a, I: InHost + Sync, R: Send>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Option<R>>, Error> + Sync,
) -> Result<Vec<Option<R>>, Error> {
    let found = per_host(machine, items, |items| Ok(work(items)?.into_iter().map(Ok).collect()))?;
    found.into_iter().map(|answer| Ok(answer.transpose()?.flatten())).collect()
}

/// The same for making and changing, where a host without a namespace is an error.
pub(crate) fn change_per_host<'a, I: InHost + Sync>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Result<(), Error>>, Error> + Sync,
) -> Vec<Result<(), Error>> {
    spread(items.len(), || {
        let answers = per_host(machine, items, work)?;
        let absent =
            |item: &I| Error::found(format!("work on {}", item.id()), "its host has no network namespace");
        Ok(items
            .iter()
            .zip(answers)
            .map(|(item, answer)| answer.unwrap_or_else(|| Err(absent(item))))
            .collect())
    })
}

/// The same for removing, where a host without a namespace has nothing left to remove.
pub(crate) fn delete_per_host<'a, I: InHost + Sync>(
    machine: &Machine,
    items: &'a [I],
    work: impl Fn(&[&'a I]) -> Result<Vec<Result<(), Error>>, Error> + Sync,
) -> Vec<Result<(), Error>> {
    spread(items.len(), || {
        Ok(per_host(machine, items, work)?.into_iter().map(|answer| answer.unwrap_or(Ok(()))).collect())
    })
}
