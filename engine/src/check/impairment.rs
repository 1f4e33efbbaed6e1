//! Impairments that cannot be.

use crate::codes;
use crate::lab::{Impairment, Lab};
use topo_lang::{Diagnostic, Span};

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (host_name, host) in &lab.hosts {
        for (name, interface) in &host.interfaces {
            let place = format!("{host_name}/{name}");
            if let Some(impairment) = lab.impairment(interface) {
                let span = interface.impairment.as_ref().map_or(interface.span, |own| own.span);
                parts(&impairment, span, &place, complaints);
            }
            let Some(ingress) = &interface.ingress else { continue };
            parts(ingress, ingress.span, &place, complaints);
            let bridge = interface.port_of().and_then(|network| lab.networks.get(&network.value));
            if !bridge.is_some_and(|network| network.bridge.value) {
                let message = format!("`{place}` is not plugged into a bridge, so it cannot have `ingress`");
                let complaint = Diagnostic::error(codes::BAD_IMPAIRMENT, ingress.span, message);
                complaints.push(complaint.help("impair the other end instead"));
            }
        }
    }
}

/// What says something only together with something else.
fn parts(impairment: &Impairment, span: Span, place: &str, complaints: &mut Vec<Diagnostic>) {
    let mut complain = |message: String, help: &str| {
        complaints.push(Diagnostic::error(codes::BAD_IMPAIRMENT, span, message).help(help));
    };
    let delayed = impairment.delay.is_some_and(|delay| !delay.is_zero());
    if impairment.jitter.is_some_and(|jitter| !jitter.is_zero()) && !delayed {
        complain(format!("expected a `delay` beside the `jitter` of `{place}`, found none"), "add `delay`");
    }
    if impairment.reorder.is_some_and(|chance| chance > 0.0) && !delayed {
        let help = "add `delay`: packets overtake those that are held back";
        complain(format!("expected a `delay` beside the `reorder` of `{place}`, found none"), help);
    }
    if impairment.burst.is_some() && (impairment.is_bad() || impairment.rate().is_none()) {
        let help = "leave `burst` out, or everything but `rate`";
        complain(format!("expected only a `rate` beside the `burst` of `{place}`"), help);
    }
}
