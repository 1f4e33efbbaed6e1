//! What each interface is: on a network, or one of the other things that it can be. Looked at before it is decoded, which
//! knows of one thing only.

use super::complaint;
use crate::codes;
use topo_lang::{Data, Diagnostic, Span, Value};

/// What an interface can be, besides a port of its network.
const LINKS: [&str; 8] = ["vlan", "vxlan", "macvlan", "tunnel", "wireguard", "bond", "vrf", "dummy"];

/// Every interface that is nothing, or more than one thing.
pub(crate) fn check(root: &Value) -> Vec<Diagnostic> {
    let mut complaints = Vec::new();
    for (host, value) in entries(root, "hosts") {
        for (name, interface) in entries(value, "interfaces") {
            let path = ["hosts", &**host, "interfaces", &**name];
            complaints.extend(one_thing(interface, path));
        }
    }
    complaints
}

fn entries<'v>(value: &'v Value, option: &str) -> impl Iterator<Item = (&'v std::sync::Arc<str>, &'v Value)> {
    match value.get(option).map(|found| &found.data) {
        Some(Data::Set(entries)) => Some(entries.iter()),
        _ => None,
    }
    .into_iter()
    .flatten()
}

fn one_thing(interface: &Value, [hosts, host, interfaces, name]: [&str; 4]) -> Option<Diagnostic> {
    let said = |option: &str| -> Option<Span> {
        let value = interface.get(option)?;
        (!matches!(value.data, Data::Null | Data::Bool(false))).then_some(value.span)
    };
    let links: Vec<(&str, Span)> = LINKS.iter().filter_map(|link| Some((*link, said(link)?))).collect();
    let path: [&dyn std::fmt::Display; 4] = [&hosts, &host, &interfaces, &name];
    match &links[..] {
        [] if said("network").is_none() => {
            let message = format!("interface `{name}` of `{host}` is on no network, and nothing else either");
            Some(complaint(codes::BAD_INTERFACE, &path, interface.span, message).help(format!(
                "add `network=NAME`, or say what it is in its block: `{}` or `{}`",
                LINKS[..LINKS.len() - 1].join("`, `"),
                LINKS[LINKS.len() - 1]
            )))
        }
        [] | [_] => None,
        [(first, first_span), others @ ..] => {
            let names: Vec<String> = links.iter().map(|(link, _)| format!("`{link}`")).collect();
            let message = format!("interface `{name}` of `{host}` cannot be {} at once", names.join(" and "));
            let (last, span) = others[others.len() - 1];
            let mut complaint = complaint(codes::BAD_INTERFACE, &path, span, message)
                .primary_text(format!("a `{last}` here"))
                .label(*first_span, format!("a `{first}` here"));
            for (link, span) in &others[..others.len() - 1] {
                complaint = complaint.label(*span, format!("a `{link}` here"));
            }
            Some(complaint.help("make an interface for each"))
        }
    }
}
