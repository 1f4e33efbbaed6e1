//! Which routes hosts have. Where several lead to one destination, the wanted one counts, then the one applied before.

use super::Route;
use super::spec::destination_of;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, observe_stacks};
use crate::linux::netlink;
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Route>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_stacks(machine, subjects, |stack, subjects| {
        let routes = stack.routes()?;
        Ok(subjects.iter().map(|subject| look(subject, &routes)).collect())
    })
}

fn look(subject: &Subject<'_, Route>, routes: &[netlink::Route]) -> Option<Attributes> {
    let destination = destination_of(subject.id)?;
    let there: Vec<Route> = routes
        .iter()
        .filter(|route| route.destination == destination)
        .map(|route| Route { via: route.via, metric: route.metric })
        .collect();
    let recorded = subject.recorded.and_then(Route::of);
    let best = there
        .iter()
        .find(|route| subject.desired == Some(route))
        .or_else(|| there.iter().find(|route| recorded.as_ref() == Some(route)))
        .or(there.first())?;
    Some(best.as_attributes())
}
