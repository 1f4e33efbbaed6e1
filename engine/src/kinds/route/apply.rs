//! Adding, changing and removing routes.

use super::Route;
use super::spec::{Hop, To, place_of};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, change_stacks, delete_per_host, perform};
use crate::lab::Refusal;
use crate::linux::netlink::{self, Netlink, Request, RouteType};
use crate::machine::Machine;

pub(super) fn create(machine: &Machine, wanted: &[(&ResourceId, &Route)]) -> Vec<Result<(), Error>> {
    change_stacks(machine, wanted, |netlink, wanted| {
        let wanted: Vec<(&ResourceId, Option<Route>)> =
            wanted.iter().map(|(id, route)| (*id, Some((*route).clone()))).collect();
        ask(netlink, "add", &wanted, netlink::add_route, |_| false)
    })
}

/// The old route goes first: one with another metric would stay beside the new one.
pub(super) fn update(machine: &Machine, wanted: &[Updating<'_, Route>]) -> Vec<Result<(), Error>> {
    change_stacks(machine, wanted, |netlink, wanted| {
        let old: Vec<(&ResourceId, Option<Route>)> = wanted
            .iter()
            .map(|one| (one.id, Route::of(one.before).filter(|route| route != one.spec)))
            .collect();
        let new: Vec<(&ResourceId, Option<Route>)> =
            wanted.iter().map(|one| (one.id, Some(one.spec.clone()))).collect();
        let removed = ask(netlink, "remove", &old, netlink::delete_route, netlink::Refusal::is_gone)?;
        let added = ask(netlink, "add", &new, netlink::add_route, |_| false)?;
        Ok(removed.into_iter().zip(added).map(|(removed, added)| removed.and(added)).collect())
    })
}

pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    delete_per_host(machine, unwanted, |unwanted| {
        let unwanted: Vec<(&ResourceId, Option<Route>)> =
            unwanted.iter().map(|(id, attributes)| (*id, Route::of(attributes))).collect();
        let netlink = Netlink::open().map_err(|error| Error::caused("remove routes", error))?;
        ask(&netlink, "remove", &unwanted, netlink::delete_route, netlink::Refusal::is_gone)
    })
}

/// One request for each route there is.
fn ask(
    netlink: &Netlink,
    verb: &str,
    routes: &[(&ResourceId, Option<Route>)],
    request: impl Fn(&netlink::Route) -> Request,
    is_fine: impl Fn(&netlink::Refusal) -> bool,
) -> Result<Vec<Result<(), Error>>, Error> {
    let asked = routes.iter().map(|(id, route)| {
        let route = route.as_ref()?;
        let via = route.as_attributes().remove("via")?;
        Some((format!("{verb} {id} via {via}"), request(&told(netlink, id, route)?)))
    });
    let asked: Vec<Option<(String, Request)>> = asked.collect();
    let nothing: Vec<bool> = asked.iter().map(Option::is_none).collect();
    let mut answers = perform(netlink, asked.into_iter().flatten(), is_fine)?.into_iter();
    Ok(nothing
        .into_iter()
        .map(|nothing| if nothing { Ok(()) } else { answers.next().unwrap_or(Ok(())) })
        .collect())
}

/// A route as the kernel is told of it.
fn told(netlink: &Netlink, id: &ResourceId, route: &Route) -> Option<netlink::Route> {
    let (destination, table) = place_of(id)?;
    let hop = |hop: &Hop| {
        let link = hop.dev.as_ref().and_then(|dev| netlink.index_of(dev.as_str())).unwrap_or(0);
        netlink::Hop { via: hop.via, link, weight: hop.weight, onlink: hop.onlink }
    };
    let (kind, source) = match route.to {
        To::Hops { source, .. } => (RouteType::Unicast, source),
        To::Nowhere(Refusal::Blackhole) => (RouteType::BlackHole, None),
        To::Nowhere(Refusal::Unreachable) => (RouteType::Unreachable, None),
        To::Nowhere(Refusal::Prohibit) => (RouteType::Prohibit, None),
    };
    let hops = route.hops().iter().map(hop).collect();
    Some(netlink::Route { destination, table, kind, hops, metric: route.metric, source })
}
