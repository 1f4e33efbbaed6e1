//! A plan for some hosts only: their steps, what those need, and what must not be left behind when those are done.

use super::{Action, Bookkeeping, Plan, Reason, Step};
use crate::graph::{Dependency, Graph, ResourceId, Why};
use crate::name::HostName;
use crate::state::Recorded;
use std::collections::{BTreeMap, BTreeSet};

/// Which part of a lab is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    #[default]
    Lab,
    /// These hosts.
    Hosts(BTreeSet<HostName>),
}

/// The part of a plan that is about these hosts. Four things come with their steps:
///
/// - the steps without which no process could run there: their networks, the files of all hosts;
/// - the steps that they need, on other hosts and of the lab as a whole;
/// - the steps of what lives inside something that is removed or made anew: it goes with it;
/// - the steps that read what changes: once that is done nothing else would tell that they were left out.
pub fn narrow(plan: Plan, desired: &Graph, recorded: &BTreeMap<ResourceId, Recorded>, scope: &Scope) -> Plan {
    let Scope::Hosts(hosts) = scope else { return plan };
    let is_meant = |id: &ResourceId| id.host.as_ref().is_some_and(|host| hosts.contains(host));
    let setup: BTreeSet<&ResourceId> = hosts.iter().flat_map(|host| desired.setup(host)).collect();
    let takes_along = |action| matches!(action, Action::Replace | Action::Delete);
    let kept = closure(&plan.steps, recorded, takes_along, |id| is_meant(id) || setup.contains(id));
    let unchanged = desired.iter().filter(|resource| is_meant(&resource.id)).count()
        - plan.steps.iter().filter(|step| is_meant(&step.id) && step.action != Action::Delete).count();
    Plan { unchanged, ..only(plan, &kept, is_meant) }
}

/// The part of a plan for an earlier version of a lab that takes back what a run has done or begun, with all that comes
/// with it as in [`narrow`]. What that run did not touch stays as it is.
pub fn undoing(plan: Plan, recorded: &BTreeMap<ResourceId, Recorded>, begun: &BTreeSet<ResourceId>) -> Plan {
    // What is made again has taken along what lived in it when it went.
    let kept = closure(&plan.steps, recorded, |_| true, |id| begun.contains(id));
    let mut plan = only(plan, &kept, |_| true);
    for step in plan.steps.iter_mut().filter(|step| begun.contains(&step.id)) {
        step.reason = Reason::Undone;
    }
    plan
}

/// The steps of these numbers, and the bookkeeping of what is meant.
fn only(plan: Plan, kept: &BTreeSet<usize>, is_meant: impl Fn(&ResourceId) -> bool) -> Plan {
    let names: BTreeSet<ResourceId> = kept.iter().map(|index| plan.steps[*index].id.clone()).collect();
    let steps = plan.steps.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
    let steps = steps.map(|(_, step)| Step {
        after: step.after.into_iter().filter(|id| names.contains(id)).collect(),
        ..step
    });
    let bookkeeping = plan.bookkeeping.into_iter().filter(|entry| match entry {
        Bookkeeping::Record(id, _) | Bookkeeping::Forget(id) => is_meant(id),
    });
    Plan { steps: steps.collect(), unchanged: plan.unchanged, bookkeeping: bookkeeping.collect() }
}

/// The resources in scope, and those that they need.
pub fn needed<'g>(desired: &'g Graph, scope: &Scope) -> BTreeSet<&'g ResourceId> {
    let Scope::Hosts(hosts) = scope else { return desired.iter().map(|resource| &resource.id).collect() };
    let mut needed: BTreeSet<&ResourceId> = hosts.iter().flat_map(|host| desired.setup(host)).collect();
    // Backwards: whatever needs a resource comes after it.
    for resource in desired.iter().rev() {
        let is_meant = resource.id.host.as_ref().is_some_and(|host| hosts.contains(host));
        if is_meant || needed.contains(&resource.id) {
            needed.insert(&resource.id);
            let edges = resource.depends_on.iter().filter(|edge| edge.why != Why::After);
            needed.extend(edges.map(|edge| &edge.on));
        }
    }
    needed
}

/// The numbers of the steps that are meant, and of those that come with them.
fn closure(
    steps: &[Step],
    recorded: &BTreeMap<ResourceId, Recorded>,
    takes_along: impl Fn(Action) -> bool,
    is_meant: impl Fn(&ResourceId) -> bool,
) -> BTreeSet<usize> {
    let numbers: BTreeMap<&ResourceId, usize> =
        steps.iter().enumerate().map(|(index, step)| (&step.id, index)).collect();
    let mut followers: BTreeMap<&ResourceId, Vec<(usize, Why)>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        let before: &[Dependency] = recorded.get(&step.id).map_or(&[], |known| &known.depends_on);
        for edge in step.depends_on.iter().chain(before) {
            followers.entry(&edge.on).or_default().push((index, edge.why));
        }
    }
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let mut queue: Vec<usize> = (0..steps.len()).filter(|index| is_meant(&steps[*index].id)).collect();
    while let Some(index) = queue.pop() {
        if !kept.insert(index) {
            continue;
        }
        let step = &steps[index];
        if step.action != Action::Delete {
            let needed = step.depends_on.iter().filter(|edge| edge.why != Why::After);
            queue.extend(needed.filter_map(|edge| numbers.get(&edge.on)));
        }
        for (follower, why) in followers.get(&step.id).into_iter().flatten() {
            let follows = match why {
                Why::After | Why::Order => false,
                // What is only made later reads it then.
                Why::Reads => matches!(steps[*follower].action, Action::Update | Action::Replace),
                Why::Inside => takes_along(step.action),
            };
            if follows {
                queue.push(*follower);
            }
        }
    }
    kept
}
