//! The decisions. What is neither desired nor recorded is never in a plan, whatever is observed.

use super::{Action, Bookkeeping, Change, Plan, Reason, Scope, Step, narrow};
use crate::attribute::{Attribute, Attributes};
use crate::graph::{Dependency, Graph, Resource, ResourceId, Why};
use crate::state::Recorded;
use petgraph::algo::{has_path_connecting, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// What is really there, of all that is desired or recorded.
pub type Observed = BTreeMap<ResourceId, Attributes>;

/// What to do so that the machine becomes what is desired.
pub fn plan(desired: &Graph, recorded: &BTreeMap<ResourceId, Recorded>, observed: &Observed) -> Plan {
    let mut plan = removal_of(recorded, observed, &Reason::Unwanted, |id| desired.get(id).is_none());
    let removed: BTreeSet<ResourceId> = plan.steps.iter().map(|step| step.id.clone()).collect();
    let former = formerly_read(desired, recorded);
    let mut actions: BTreeMap<&ResourceId, Decided> = BTreeMap::new();
    for resource in in_order(desired, &former) {
        let known = recorded.get(&resource.id);
        let there = observed.get(&resource.id);
        let Some((action, reason)) = decide(resource, known, there, &actions, &removed) else {
            plan.unchanged += 1;
            if !known.is_some_and(|known| is_recorded(resource, known)) {
                let right = Recorded::new(resource.attributes.clone(), resource.depends_on.clone());
                plan.bookkeeping.push(Bookkeeping::Record(resource.id.clone(), right));
            }
            continue;
        };
        let changes = match action {
            Action::Create => differences(&resource.attributes, None, None),
            Action::Update | Action::Replace | Action::Delete => {
                differences(&resource.attributes, known, there)
            }
        };
        let needed = resource.depends_on.iter().map(|edge| &edge.on);
        let mut after: Vec<ResourceId> = needed
            .chain(former.get(&resource.id).into_iter().flatten().copied())
            .filter(|on| actions.contains_key(on))
            .cloned()
            .collect();
        after.dedup();
        let matters = match action {
            Action::Create | Action::Replace | Action::Delete => true,
            Action::Update => {
                changes.is_empty() || changes.iter().any(|change| resource.id.kind.matters(change))
            }
        };
        actions.insert(&resource.id, Decided { action, matters });
        plan.steps.push(Step {
            id: resource.id.clone(),
            action,
            changes,
            reason,
            after,
            depends_on: resource.depends_on.clone(),
            attributes: resource.attributes.clone(),
        });
    }
    plan
}

/// What was decided on a resource.
#[derive(Clone, Copy)]
struct Decided {
    action: Action,
    /// Whether it is a change to those that read it.
    matters: bool,
}

/// Per resource, what it read when it was made and no longer does, of what there will still be. The kernel may have put it
/// on that: a route on the link by which it reached its next hop then.
fn formerly_read<'g>(
    desired: &'g Graph,
    recorded: &BTreeMap<ResourceId, Recorded>,
) -> BTreeMap<&'g ResourceId, Vec<&'g ResourceId>> {
    let mut former: BTreeMap<&ResourceId, Vec<&ResourceId>> = BTreeMap::new();
    for resource in desired.iter() {
        let Some(known) = recorded.get(&resource.id) else { continue };
        let is_read_still = |on: &ResourceId| resource.depends_on.iter().any(|edge| edge.on == *on);
        for edge in known.depends_on.iter().filter(|edge| edge.why == Why::Reads && !is_read_still(&edge.on))
        {
            if let Some(on) = desired.get(&edge.on) {
                former.entry(&resource.id).or_default().push(&on.id);
            }
        }
    }
    former
}

/// The resources, each after what it needs and, unless that needs it now, after what it read before.
fn in_order<'g>(
    desired: &'g Graph,
    former: &BTreeMap<&'g ResourceId, Vec<&'g ResourceId>>,
) -> Vec<&'g Resource> {
    let resources: Vec<&Resource> = desired.iter().collect();
    if former.is_empty() {
        return resources;
    }
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: BTreeMap<&ResourceId, NodeIndex> =
        resources.iter().enumerate().map(|(index, one)| (&one.id, graph.add_node(index))).collect();
    for resource in &resources {
        for edge in &resource.depends_on {
            if let (Some(from), Some(to)) = (nodes.get(&edge.on), nodes.get(&resource.id)) {
                graph.add_edge(*from, *to, ());
            }
        }
    }
    for (reader, read) in former {
        for on in read {
            if let (Some(from), Some(to)) = (nodes.get(on), nodes.get(reader))
                && !has_path_connecting(&graph, *to, *from, None)
            {
                graph.add_edge(*from, *to, ());
            }
        }
    }
    match toposort(&graph, None) {
        Ok(order) => order.into_iter().map(|node| resources[graph[node]]).collect(),
        // Cannot be: no edge closed a circle.
        Err(_) => resources,
    }
}

/// Does what is chosen once more, each after those it needs, as if it had drifted; a daemon is restarted by that.
pub fn again(desired: &Graph, chosen: &BTreeSet<ResourceId>) -> Plan {
    let mut needed: BTreeMap<&ResourceId, BTreeSet<&ResourceId>> = BTreeMap::new();
    let mut plan = Plan::default();
    for resource in desired.iter() {
        let mut first: BTreeSet<&ResourceId> = BTreeSet::new();
        for edge in &resource.depends_on {
            first.extend(needed.get(&edge.on).into_iter().flatten());
            first.extend(chosen.get(&edge.on));
        }
        if chosen.contains(&resource.id) {
            plan.steps.push(Step {
                id: resource.id.clone(),
                action: Action::Update,
                changes: Vec::new(),
                reason: Reason::Drifted,
                after: first.iter().map(|id| (*id).clone()).collect(),
                depends_on: resource.depends_on.clone(),
                attributes: resource.attributes.clone(),
            });
        }
        if !first.is_empty() {
            needed.insert(&resource.id, first);
        }
    }
    plan
}

/// What to do to get from one version of a lab, running exactly as it asks for, to another.
pub fn between(base: &Graph, desired: &Graph, scope: &Scope) -> Plan {
    let recorded: BTreeMap<ResourceId, Recorded> = base
        .iter()
        .map(|resource| {
            let recorded = Recorded::new(resource.attributes.clone(), resource.depends_on.clone());
            (resource.id.clone(), recorded)
        })
        .collect();
    let observed = base.iter().map(|resource| (resource.id.clone(), resource.attributes.clone())).collect();
    narrow(plan(desired, &recorded, &observed), desired, &recorded, scope)
}

/// What to do so that nothing of what is recorded is left.
pub fn removal(recorded: &BTreeMap<ResourceId, Recorded>, observed: &Observed) -> Plan {
    removal_of(recorded, observed, &Reason::Destroyed, |_| true)
}

/// Whether and why something happens to a desired resource.
fn decide(
    resource: &Resource,
    known: Option<&Recorded>,
    there: Option<&Attributes>,
    actions: &BTreeMap<&ResourceId, Decided>,
    removed: &BTreeSet<ResourceId>,
) -> Option<(Action, Reason)> {
    let interrupted = known.is_some_and(|known| known.interrupted);
    let made_anew = resource.depends_on.iter().find(|edge| {
        edge.why == Why::Inside
            && actions
                .get(&edge.on)
                .is_some_and(|decided| matches!(decided.action, Action::Create | Action::Replace))
    });
    if let (Some(edge), Some(_)) = (made_anew, known) {
        let reason = if interrupted { Reason::Interrupted } else { Reason::Inside(edge.on.clone()) };
        return Some((Action::Create, reason));
    }
    let Some(there) = there.filter(|_| made_anew.is_none()) else {
        let reason = match known {
            None => Reason::New(resource.defined_at),
            Some(_) if interrupted => Reason::Interrupted,
            Some(_) => Reason::Missing,
        };
        return Some((Action::Create, reason));
    };
    let changes = differences(&resource.attributes, known, Some(there));
    if !changes.is_empty() {
        let kind = resource.id.kind;
        let action = if changes.iter().all(|change| kind.in_place(&change.attribute)) {
            Action::Update
        } else {
            Action::Replace
        };
        return Some((action, why_different(resource, known, &changes)));
    }
    if interrupted {
        return Some((Action::Update, Reason::Interrupted));
    }
    let changes = |on: &ResourceId| actions.get(on).is_some_and(|decided| decided.matters);
    read_anew(&resource.depends_on, changes)
        .or_else(|| read_anew(&known?.depends_on, |on| removed.contains(on) || changes(on)))
        .map(|on| (Action::Update, Reason::Reads(on.clone())))
}

/// The first thing that is read and changes.
fn read_anew(edges: &[Dependency], changes: impl Fn(&ResourceId) -> bool) -> Option<&ResourceId> {
    edges.iter().filter(|edge| edge.why == Why::Reads).map(|edge| &edge.on).find(|on| changes(on))
}

fn why_different(resource: &Resource, known: Option<&Recorded>, changes: &[Change]) -> Reason {
    let Some(known) = known else {
        return Reason::New(resource.defined_at);
    };
    if known.interrupted {
        return Reason::Interrupted;
    }
    let as_left = |change: &Change| known.attributes.get(&change.attribute) == change.from.as_ref();
    if changes.iter().all(as_left) { Reason::Changed(resource.defined_at) } else { Reason::Drifted }
}

/// Whether it is recorded as the lab wants it, in whatever order the lab says what it needs.
fn is_recorded(resource: &Resource, known: &Recorded) -> bool {
    let is_known = |edge: &Dependency| known.depends_on.binary_search_by(|other| other.order(edge)).is_ok();
    !known.interrupted
        && known.attributes == resource.attributes
        && known.depends_on.len() == resource.depends_on.len()
        && resource.depends_on.iter().all(is_known)
}

/// The desired attributes that are not so now: as observed, and as recorded where that cannot be read back. What the lab
/// does not ask for is not compared.
fn differences(desired: &Attributes, known: Option<&Recorded>, there: Option<&Attributes>) -> Vec<Change> {
    let now = |name: &String| {
        there.and_then(|there| there.get(name)).or_else(|| known.and_then(|known| known.attributes.get(name)))
    };
    desired
        .iter()
        .map(|(name, value)| (name, value, now(name)))
        .filter(|(_, value, now)| *now != Some(*value))
        .map(|(name, value, now): (&String, &Attribute, Option<&Attribute>)| Change {
            attribute: name.clone(),
            from: now.cloned(),
            to: Some(value.clone()),
        })
        .collect()
}

/// Removes what is recorded and `unwanted`, dependents first; what is gone already is only forgotten.
fn removal_of(
    recorded: &BTreeMap<ResourceId, Recorded>,
    observed: &Observed,
    reason: &Reason,
    unwanted: impl Fn(&ResourceId) -> bool,
) -> Plan {
    let mut plan = Plan::default();
    let mut doomed: Vec<(&ResourceId, &Recorded)> = Vec::new();
    for (id, known) in recorded.iter().filter(|(id, _)| unwanted(id)) {
        if observed.contains_key(id) {
            doomed.push((id, known));
        } else {
            plan.bookkeeping.push(Bookkeeping::Forget(id.clone()));
        }
    }
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: BTreeMap<&ResourceId, NodeIndex> =
        doomed.iter().enumerate().map(|(index, (id, _))| (*id, graph.add_node(index))).collect();
    let mut dependents: BTreeMap<&ResourceId, Vec<ResourceId>> = BTreeMap::new();
    for (id, known) in &doomed {
        for edge in &known.depends_on {
            if let (Some(from), Some(to)) = (nodes.get(id), nodes.get(&edge.on)) {
                graph.add_edge(*from, *to, ());
                dependents.entry(&edge.on).or_default().push((*id).clone());
            }
        }
    }
    // A recorded cycle can only come from a spoilt state; then any order is as good.
    let order = toposort(&graph, None).unwrap_or_else(|_| graph.node_indices().collect());
    for (id, known) in order.into_iter().map(|node| doomed[graph[node]]) {
        plan.steps.push(Step {
            id: id.clone(),
            action: Action::Delete,
            changes: Vec::new(),
            reason: reason.clone(),
            after: dependents.get(id).cloned().unwrap_or_default(),
            depends_on: known.depends_on.clone(),
            attributes: known.attributes.clone(),
        });
    }
    plan
}

#[cfg(test)]
mod tests;
