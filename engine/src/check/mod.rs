//! What a lab must keep to beyond the types of its options. All complaints at once, each at its place.
//!
//! Deliberately absent: names that `after` may use, which only lowering knows.

mod links;
mod network;
mod paths;
mod processes;

use crate::lab::Lab;
use topo_lang::Diagnostic;

/// Every complaint about a decoded lab.
pub(crate) fn check(lab: &Lab) -> Vec<Diagnostic> {
    let mut complaints = Vec::new();
    network::check(lab, &mut complaints);
    links::check(lab, &mut complaints);
    paths::check(lab, &mut complaints);
    processes::check(lab, &mut complaints);
    complaints
}
