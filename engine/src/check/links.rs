//! Interfaces that sit on others, or have others as parts.

mod members;

use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Host, Interface, Lab, Link};
use crate::name::{HostName, InterfaceName};
use topo_lang::Diagnostic;
use topo_lang::nearest::nearest;

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (host_name, host) in &lab.hosts {
        members::check(host_name, host, complaints);
        for (name, interface) in &host.interfaces {
            let Some(on) = interface.on() else {
                group_without_way(interface, complaints);
                continue;
            };
            let Some(below) = other(host, name, on) else {
                complaints.push(unknown(host_name, host, name, on, "sits on"));
                continue;
            };
            if interface.up && !below.up {
                let message =
                    format!("`{name}` cannot be up while `{}`, which it sits on, is down", on.value);
                complaints.push(
                    Diagnostic::error(codes::BAD_LINK, interface.span, message)
                        .label(below.span, "down")
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

/// That there is no such other interface, which `name` should be about.
fn unknown(
    host_name: &HostName,
    host: &Host,
    name: &InterfaceName,
    asked: &Spanned<InterfaceName>,
    about: &str,
) -> Diagnostic {
    let message = format!("expected another interface of `{host_name}`, found `{}`", asked.value);
    let complaint = Diagnostic::error(codes::UNKNOWN_INTERFACE, asked.span, message)
        .primary_text(format!("what {host_name}/{name} {about}"));
    let others = host.interfaces.keys().filter(|other| *other != name).map(InterfaceName::as_str);
    match nearest(asked.value.as_str(), others) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint,
    }
}

/// Where the kernel is to listen to a group it must be told.
fn group_without_way(interface: &Interface, complaints: &mut Vec<Diagnostic>) {
    if let Link::Vxlan(vxlan) = &interface.link
        && let Some(group) = vxlan.remote.filter(|remote| remote.is_multicast())
    {
        let message = format!("expected the interface by which the group `{group}` is reached, found none");
        complaints.push(Diagnostic::error(codes::BAD_LINK, vxlan.span, message).help("add `on=INTERFACE`"));
    }
}
