//! From desired, recorded and observed to what is to be done. Pure: no clock, no kernel, no files.

mod decide;
mod saved;
mod scope;

use crate::attribute::{Attribute, Attributes};
use crate::graph::{Dependency, ResourceId};
use crate::state::Recorded;
use serde::{Deserialize, Serialize};
use topo_lang::Span;

pub use decide::{Observed, again, between, plan, removal};
pub use saved::{Moved, SavedPlan, SavedReason, SavedStep};
pub use scope::{Scope, narrow, needed, undoing};

/// What to do, in an order that respects every dependency. Steps that change nothing are not in it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Removals first (dependents before what they need), then the rest (what is needed first).
    pub steps: Vec<Step>,
    /// How many resources are already as they should be.
    pub unchanged: usize,
    /// What the state has wrong though the machine is right; put right without a word.
    pub bookkeeping: Vec<Bookkeeping>,
}

impl Plan {
    /// Whether the lab is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps that are in the plan only because of `step`: the daemons it restarts, what it takes along.
    pub fn consequences<'p>(&'p self, step: &'p Step) -> impl Iterator<Item = &'p Step> {
        self.steps.iter().filter(move |other| match &other.reason {
            Reason::Reads(id) | Reason::Inside(id) => *id == step.id,
            Reason::New(_)
            | Reason::Changed(_)
            | Reason::Unwanted
            | Reason::Destroyed
            | Reason::Missing
            | Reason::Drifted
            | Reason::Interrupted
            | Reason::Undone => false,
        })
    }
}

/// A correction of the state alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Bookkeeping {
    /// It is as the lab wants it, but not so recorded.
    Record(ResourceId, Recorded),
    /// It is recorded, unwanted, and gone already.
    Forget(ResourceId),
}

/// One resource and what happens to it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is about.
    pub id: ResourceId,
    /// What is done.
    pub action: Action,
    /// Attributes that differ, by name.
    pub changes: Vec<Change>,
    /// Why.
    pub reason: Reason,
    /// Steps of this plan that come first.
    pub after: Vec<ResourceId>,
    /// Its edges, to be recorded; for a removal, the recorded ones.
    pub depends_on: Vec<Dependency>,
    /// The attributes it has afterwards; for a removal, the recorded ones.
    pub attributes: Attributes,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is not there and will be.
    Create,
    /// It is changed where it is: a daemon restarts, a step runs again, a file is rewritten.
    Update,
    /// It is removed and made anew, with all that lives inside it.
    Replace,
    /// It is removed.
    Delete,
}

/// One differing attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name.
    pub attribute: String,
    /// What it is; `None` where nothing is.
    pub from: Option<Attribute>,
    /// What it will be; `None` for a removal.
    pub to: Option<Attribute>,
}

/// Why a step is in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The lab asks for it and nobody made it yet.
    New(Span),
    /// The lab asks for something else than before.
    Changed(Span),
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
