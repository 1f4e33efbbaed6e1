//! Which routes hosts have. Where several lead to one destination, the wanted one counts, then the one applied before.

use super::spec::{Hop, Route, To, place_of};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, observe_stacks};
use crate::lab::Refusal;
use crate::linux::netlink::{self, RouteType};
use crate::machine::Machine;
use crate::name::InterfaceName;
use std::collections::BTreeMap;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Route>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_stacks(machine, subjects, |stack, subjects| {
        let routes = stack.routes()?;
        // Only routes by way of a given interface tell which one it is.
        let mut names = BTreeMap::new();
        if subjects.iter().any(|subject| wanted(subject).iter().any(names_interface)) {
            names.extend(stack.links()?.values().map(|link| (link.index, link.name.clone())));
        }
        Ok(subjects.iter().map(|subject| look(subject, &routes, &names)).collect())
    })
}

/// The wanted route, then the one applied before.
fn wanted(subject: &Subject<'_, Route>) -> Vec<Route> {
    subject.desired.cloned().into_iter().chain(subject.recorded.and_then(Route::of)).collect()
}

fn names_interface(route: &Route) -> bool {
    route.hops().iter().any(|hop| hop.dev.is_some())
}

fn look(
    subject: &Subject<'_, Route>,
    routes: &[netlink::Route],
    names: &BTreeMap<u32, String>,
) -> Option<Attributes> {
    let place = place_of(subject.id)?;
    let there: Vec<&netlink::Route> =
        routes.iter().filter(|route| (route.destination, route.table) == place).collect();
    let wanted = wanted(subject);
    for route in &wanted {
        if let Some(found) =
            there.iter().filter_map(|one| seen(one, Some(route), names)).find(|one| one == route)
        {
            return Some(found.as_attributes());
        }
    }
    let first = there.iter().find_map(|one| seen(one, wanted.first(), names))?;
    Some(first.as_attributes())
}

/// A route as a lab would say it: with an interface only where the wanted one has one.
fn seen(route: &netlink::Route, wanted: Option<&Route>, names: &BTreeMap<u32, String>) -> Option<Route> {
    let to = match route.kind {
        RouteType::Unicast => {
            let mut hops: Vec<Hop> = route.hops.iter().map(|hop| seen_hop(*hop, wanted, names)).collect();
            hops.sort();
            To::Hops { hops, source: route.source }
        }
        RouteType::BlackHole => To::Nowhere(Refusal::Blackhole),
        RouteType::Unreachable => To::Nowhere(Refusal::Unreachable),
        RouteType::Prohibit => To::Nowhere(Refusal::Prohibit),
        _ => return None,
    };
    Some(Route { to, metric: route.metric })
}

fn seen_hop(hop: netlink::Hop, wanted: Option<&Route>, names: &BTreeMap<u32, String>) -> Hop {
    let is_free = |wanted: &Route| wanted.hops().iter().any(|one| one.via == hop.via && one.dev.is_none());
    let dev = names.get(&hop.link).and_then(|name| InterfaceName::try_from(name.as_str()).ok());
    let dev = dev.filter(|_| hop.via.is_none() || !wanted.is_some_and(is_free));
    Hop { via: hop.via, dev, weight: hop.weight, onlink: hop.onlink }
}
