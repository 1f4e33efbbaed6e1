//! What a lab must keep to beyond the types of its options. All complaints at once, each at its place.
//!
//! Deliberately absent: names that `after` may use, which only lowering knows.

mod firewall;
mod impairment;
mod kinds;
mod links;
mod network;
mod paths;
mod processes;
mod routes;
mod uplink;

pub(crate) use kinds::check as interface_kinds;

use crate::lab::Lab;
use std::fmt::Display;
use topo_lang::{Code, Diagnostic, Span};

/// Every complaint about a decoded lab.
pub(crate) fn check(lab: &Lab) -> Vec<Diagnostic> {
    let mut complaints = Vec::new();
    network::check(lab, &mut complaints);
    firewall::check(lab, &mut complaints);
    routes::check(lab, &mut complaints);
    links::check(lab, &mut complaints);
    uplink::check(lab, &mut complaints);
    impairment::check(lab, &mut complaints);
    paths::check(lab, &mut complaints);
    processes::check(lab, &mut complaints);
    complaints
}

/// A complaint about the option at a path.
pub(crate) fn complaint(
    code: Code,
    path: &[&dyn Display],
    span: Span,
    message: impl Into<String>,
) -> Diagnostic {
    let keys = path.iter().map(|key| topo_lang::path_part(&key.to_string()));
    Diagnostic::error(code, span, message).about(|| keys.collect::<Vec<_>>().join("."))
}
