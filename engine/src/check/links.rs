//! Interfaces that sit on others, or have others as parts.

mod members;

use super::complaint;
use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Host, Interface, Lab, Link};
use crate::name::{HostName, InterfaceName};
use std::fmt::Display;
use topo_lang::Diagnostic;
use topo_lang::nearest::nearest;

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (host_name, host) in &lab.hosts {
        members::check(host_name, host, complaints);
        for (name, interface) in &host.interfaces {
            let Some(on) = interface.on() else {
                group_without_way(host_name, name, interface, complaints);
                continue;
            };
            let Some(below) = other(host, name, on) else {
                complaints.push(unknown((host_name, host), (name, interface), on, "on", "sits on"));
                continue;
            };
            if interface.up && !below.up {
                let message =
                    format!("`{name}` cannot be up while `{}`, which it sits on, is down", on.value);
                let path: [&dyn Display; 5] = [&"hosts", host_name, &"interfaces", name, &"up"];
                complaints.push(
                    complaint(codes::BAD_LINK, &path, interface.span, message)
                        .label(below.span, "this one is down")
                        .help("add `up=#false` to both, or to neither"),
                );
            }
        }
    }
}

/// The interface called so, if it is another one than `name`.
fn other<'h>(
    host: &'h Host,
    name: &InterfaceName,
    other: &Spanned<InterfaceName>,
) -> Option<&'h Spanned<Interface>> {
    host.interfaces.get(&other.value).filter(|_| other.value != *name)
}

/// That there is no such other interface, which an option of this one's kind says it should be about.
fn unknown(
    (host_name, host): (&HostName, &Host),
    (name, interface): (&InterfaceName, &Interface),
    asked: &Spanned<InterfaceName>,
    option: &str,
    about: &str,
) -> Diagnostic {
    let message = format!("expected another interface of `{host_name}`, found `{}`", asked.value);
    let path: [&dyn Display; 6] =
        [&"hosts", host_name, &"interfaces", name, &interface.link.option(), &option];
    let complaint = complaint(codes::UNKNOWN_INTERFACE, &path, asked.span, message)
        .primary_text(format!("what `{host_name}/{name}` {about}"));
    let others: Vec<&str> =
        host.interfaces.keys().filter(|other| *other != name).map(InterfaceName::as_str).collect();
    match (nearest(asked.value.as_str(), others.iter().copied()), &others[..]) {
        (Some(near), _) => complaint.help(format!("did you mean `{near}`?")),
        (None, []) => complaint.help(format!("`{host_name}` has no other interface: add one")),
        (None, _) => complaint.help(format!("`{host_name}` has `{}`", others.join("`, `"))),
    }
}

/// Where the kernel is to listen to a group it must be told.
fn group_without_way(
    host: &HostName,
    name: &InterfaceName,
    interface: &Interface,
    complaints: &mut Vec<Diagnostic>,
) {
    if let Link::Vxlan(vxlan) = &interface.link
        && let Some(group) = vxlan.remote.filter(|remote| remote.is_multicast())
    {
        let message = format!("expected the interface by which the group `{group}` is reached, found none");
        let path: [&dyn Display; 6] = [&"hosts", host, &"interfaces", name, &"vxlan", &"on"];
        complaints.push(complaint(codes::BAD_LINK, &path, vxlan.span, message).help("add `on=INTERFACE`"));
    }
}
