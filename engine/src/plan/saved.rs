//! A plan as it is kept in a file, and whether what it was made for is still so.
//!
//! It has no place in a lab file, no secret in clear, and nothing of a resource that does not change but a digest of what
//! the lab asks for. It is not carried out as it is read: the plan is made anew, must come out the same, and is the one
//! that is applied.

use super::{Action, Bookkeeping, Change, Plan, Reason};
use crate::attribute::{Attribute, Attributes};
use crate::digest::{self, DigestKey};
use crate::graph::{Dependency, Graph, ResourceId};
use crate::state::Recorded;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A plan without its places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// The key of the digests, where the lab had none of its own yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<DigestKey>,
    /// What is done, in order.
    pub steps: Vec<SavedStep>,
    /// What is put right in the state alone.
    pub bookkeeping: Vec<SavedBookkeeping>,
    /// Per resource of the lab, a digest of what the lab asked for.
    pub desired: Vec<(ResourceId, String)>,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedStep {
    /// What it is about.
    pub id: ResourceId,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: SavedReason,
    /// Attributes that differ.
    pub changes: Vec<Change>,
    /// Steps that come first.
    pub after: Vec<ResourceId>,
    /// Its edges.
    pub depends_on: Vec<Dependency>,
    /// The attributes it has afterwards; for a removal, the recorded ones.
    pub attributes: Attributes,
}

/// A [`Reason`] without its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SavedReason {
    /// The lab asks for it and nobody made it yet.
    New,
    /// The lab asks for something else than before.
    Changed,
    /// The lab no longer asks for it.
    Unwanted,
    /// It is to go, whatever the lab asks for.
    Destroyed,
    /// It was made and is gone.
    Missing,
    /// It was made and is no longer what it was.
    Drifted,
    /// Something it reads changes.
    Reads(ResourceId),
    /// Something it lives in is made anew.
    Inside(ResourceId),
    /// An earlier apply was interrupted while working on it.
    Interrupted,
    /// It was done by a run that is taken back.
    Undone,
}

/// A [`Bookkeeping`] entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SavedBookkeeping {
    /// It is only recorded.
    Record(ResourceId, Recorded),
    /// It is only forgotten.
    Forget(ResourceId),
}

/// Something that is no longer as it was when a plan was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moved<'a> {
    /// The lab asks for something else, or for something more or less.
    Lab(&'a ResourceId),
    /// The lab asks for the same, but something else would have to be done for it now.
    World {
        /// What it is about.
        id: &'a ResourceId,
        /// What was to be done.
        planned: Option<&'a SavedStep>,
        /// What would be done now.
        now: Option<&'a SavedStep>,
    },
    /// Nothing that a step shows: what is recorded.
    Record,
}

impl SavedPlan {
    /// What is to be kept of a plan for `desired`. `key` is that of the digests, where the lab has none of its own yet.
    pub fn new(plan: &Plan, desired: &Graph, key: Option<DigestKey>) -> Self {
        let steps = plan.steps.iter().map(|step| SavedStep {
            id: step.id.clone(),
            action: step.action,
            reason: SavedReason::from(&step.reason),
            changes: step.changes.clone(),
            after: sorted(step.after.iter().cloned()),
            depends_on: plain(&step.depends_on),
            attributes: step.attributes.clone(),
        });
        let bookkeeping = plan.bookkeeping.iter().map(|entry| match entry {
            Bookkeeping::Record(id, recorded) => SavedBookkeeping::Record(id.clone(), recorded.clone()),
            Bookkeeping::Forget(id) => SavedBookkeeping::Forget(id.clone()),
        });
        let desired = desired.iter().map(|resource| {
            let depends_on = plain(&resource.depends_on);
            (resource.id.clone(), short_digest(&(&resource.attributes, depends_on)))
        });
        Self { key, steps: steps.collect(), bookkeeping: bookkeeping.collect(), desired: desired.collect() }
    }

    /// What is no longer as it was for this plan, if the plan made anew is `now`. Empty: they do the same.
    pub fn moved<'a>(&'a self, now: &'a SavedPlan) -> Vec<Moved<'a>> {
        let (asked, asks): (BTreeMap<_, _>, BTreeMap<_, _>) = (by_id(&self.desired), by_id(&now.desired));
        let ids: BTreeSet<&ResourceId> = asked.keys().chain(asks.keys()).copied().collect();
        let lab: BTreeSet<&ResourceId> = ids.into_iter().filter(|id| asked.get(id) != asks.get(id)).collect();
        let planned: BTreeMap<&ResourceId, &SavedStep> =
            self.steps.iter().map(|step| (&step.id, step)).collect();
        let would: BTreeMap<&ResourceId, &SavedStep> =
            now.steps.iter().map(|step| (&step.id, step)).collect();
        let ids: BTreeSet<&ResourceId> = planned.keys().chain(would.keys()).copied().collect();
        let mut moved: Vec<Moved<'_>> = lab.iter().map(|id| Moved::Lab(id)).collect();
        for id in ids.into_iter().filter(|id| !lab.contains(id) && !alike(planned.get(id), would.get(id))) {
            moved.push(Moved::World { id, planned: planned.get(id).copied(), now: would.get(id).copied() });
        }
        // The steps are the same by now, and `after` says in which order they are done.
        if moved.is_empty() && !same(&self.bookkeeping, &now.bookkeeping) {
            moved.push(Moved::Record);
        }
        moved
    }
}

impl From<&Reason> for SavedReason {
    fn from(reason: &Reason) -> Self {
        match reason {
            Reason::New(_) => SavedReason::New,
            Reason::Changed(_) => SavedReason::Changed,
            Reason::Unwanted => SavedReason::Unwanted,
            Reason::Destroyed => SavedReason::Destroyed,
            Reason::Missing => SavedReason::Missing,
            Reason::Drifted => SavedReason::Drifted,
            Reason::Reads(id) => SavedReason::Reads(id.clone()),
            Reason::Inside(id) => SavedReason::Inside(id.clone()),
            Reason::Interrupted => SavedReason::Interrupted,
            Reason::Undone => SavedReason::Undone,
        }
    }
}

/// Whether both do the same. Of several reasons to do it, which one is told is no part of that.
fn alike(planned: Option<&&SavedStep>, now: Option<&&SavedStep>) -> bool {
    match (planned, now) {
        (Some(planned), Some(now)) => SavedStep { reason: now.reason.clone(), ..(*planned).clone() } == **now,
        (planned, now) => planned.is_none() && now.is_none(),
    }
}

/// Whether both have the same entries, in any order.
fn same(planned: &[SavedBookkeeping], now: &[SavedBookkeeping]) -> bool {
    planned.len() == now.len() && planned.iter().all(|entry| now.contains(entry))
}

fn by_id(desired: &[(ResourceId, String)]) -> BTreeMap<&ResourceId, &str> {
    desired.iter().map(|(id, digest)| (id, digest.as_str())).collect()
}

/// Edges without their places. In which order a lab says things is no part of what it says.
fn plain(edges: &[Dependency]) -> Vec<Dependency> {
    let mut edges: Vec<Dependency> =
        edges.iter().map(|edge| Dependency { asked_at: None, ..edge.clone() }).collect();
    edges.sort_by(|one, other| one.order(other));
    edges
}

fn sorted(ids: impl Iterator<Item = ResourceId>) -> Vec<ResourceId> {
    let mut ids: Vec<ResourceId> = ids.collect();
    ids.sort();
    ids
}

/// Enough of a digest to tell two versions of one thing apart.
fn short_digest(value: &impl Serialize) -> String {
    // Attributes and edges always have a JSON form.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    match digest::contents(&bytes) {
        Attribute::Digest { digest } => digest.chars().skip("sha256:".len()).take(20).collect(),
        other => other.to_string(),
    }
}
