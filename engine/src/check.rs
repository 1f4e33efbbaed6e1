//! What a lab must keep to beyond the types of its options. All complaints at once, each at its place.

use crate::lab::Lab;
use topo_lang::Diagnostic;

/// Every complaint about a decoded lab.
pub(crate) fn check(lab: &Lab) -> Vec<Diagnostic> {
    let _ = lab;
    Vec::new()
}
