//! The table of kinds: the only list of them. A kind is one folder and one row here.
//!
//! A kind's folder has `spec.rs` (what it should be, and how it follows from the lab), `observe.rs` (what it is)
//! and `apply.rs` (how it gets there). Everything outside goes through [`Manage`] and knows no kind.

use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::machine::Machine;
use crate::lab::Lab;
use crate::lower::Lowering;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What every kind says of itself. All functions take many resources at once, so that a kind may batch:
/// one netlink write, one `kadmin.local`. They may block; they run on threads of their own.
pub trait Manage: Sized {
    /// Attributes that `update` can change; a difference in any other one replaces the resource.
    const IN_PLACE: &'static [&'static str];

    /// Whether all ready resources of the kind are handed over in one call (links), or each in its own, side by side (daemons).
    const BATCH: bool;

    /// The resources of this kind that the lab asks for, with their edges.
    fn lower(lab: &Lab, lowering: &mut Lowering);

    /// The spec in the form that is compared, shown and recorded.
    fn attributes(&self) -> Attributes;

    /// What this machine lacks for resources of this kind, by name and with the cure.
    fn missing(machine: &Machine, specs: &[(&ResourceId, &Self)]) -> Vec<crate::machine::Missing> {
        let _ = (machine, specs);
        Vec::new()
    }

    /// What is really there; `None` where nothing is. One answer per subject, in order.
    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error>;

    /// Makes what is not there. Creating what a killed run had begun must succeed.
    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>>;

    /// Changes in place, or does again what only something it reads has changed for.
    fn update(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>>;

    /// Removes. What is already gone is no error. `attributes` are the recorded ones.
    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>>;
}

/// One resource to observe: wanted, recorded, or both.
#[derive(Debug)]
pub struct Subject<'a, S> {
    /// Its name.
    pub id: &'a ResourceId,
    /// What the lab asks for.
    pub desired: Option<&'a S>,
    /// What was applied last.
    pub recorded: Option<&'a Attributes>,
}
