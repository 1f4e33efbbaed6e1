//! Interfaces that sit on others.

use crate::codes;
use crate::lab::{Interface, Lab, Link};
use crate::name::InterfaceName;
use topo_lang::Diagnostic;
use topo_lang::nearest::nearest;

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (host_name, host) in &lab.hosts {
        for (name, interface) in &host.interfaces {
            let Some(on) = interface.on() else {
                group_without_way(interface, complaints);
                continue;
            };
            let Some(below) = host.interfaces.get(&on.value).filter(|_| on.value != *name) else {
                let message = format!("expected another interface of `{host_name}`, found `{}`", on.value);
                let mut complaint = Diagnostic::error(codes::UNKNOWN_INTERFACE, on.span, message)
                    .primary_text(format!("what {host_name}/{name} sits on"));
                let others = host.interfaces.keys().filter(|other| *other != name).map(InterfaceName::as_str);
                if let Some(near) = nearest(on.value.as_str(), others) {
                    complaint = complaint.help(format!("did you mean `{near}`?"));
                }
                complaints.push(complaint);
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

/// Where the kernel is to listen to a group it must be told.
fn group_without_way(interface: &Interface, complaints: &mut Vec<Diagnostic>) {
    if let Link::Vxlan(vxlan) = &interface.link
        && let Some(group) = vxlan.remote.filter(|remote| remote.is_multicast())
    {
        let message = format!("expected the interface by which the group `{group}` is reached, found none");
        complaints.push(Diagnostic::error(codes::BAD_LINK, vxlan.span, message).help("add `on=INTERFACE`"));
    }
}
