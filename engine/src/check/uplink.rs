//! The machine's own places on networks.

use crate::codes;
use crate::lab::Lab;
use crate::name::InterfaceName;
use std::collections::BTreeMap;
use topo_lang::{Diagnostic, Span};

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&InterfaceName, Span> = BTreeMap::new();
    for (name, network) in &lab.networks {
        let Some(uplink) = &network.uplink else { continue };
        if !network.bridge.value {
            let message = format!("network `{name}` has no bridge that an uplink could be plugged into");
            complaints.push(
                Diagnostic::error(codes::BAD_LINK, uplink.span, message)
                    .help("leave `bridge=#false` or `uplink` out"),
            );
        }
        if let Some(first) = seen.insert(&uplink.interface.value, uplink.interface.span) {
            let message = format!("the machine cannot have two interfaces `{}`", uplink.interface.value);
            let complaint = Diagnostic::error(codes::BAD_LINK, uplink.interface.span, message);
            complaints.push(complaint.label(first, "the other one"));
        }
        for address in &uplink.address {
            let ip = address.addr();
            if !network.subnet.iter().any(|subnet| subnet.contains(&ip)) {
                let message = format!("address `{}` is outside of network `{name}`", address.value);
                complaints.push(Diagnostic::error(codes::ADDRESS_OUTSIDE_NETWORK, address.span, message));
            }
            for (host_name, host) in &lab.hosts {
                for (interface_name, interface) in &host.interfaces {
                    let on_it = interface.network.as_ref().is_some_and(|network| network.value == *name);
                    if on_it && interface.addresses.iter().any(|own| own.addr() == ip) {
                        let message = format!("`{ip}` is on network `{name}` twice");
                        let complaint = Diagnostic::error(codes::DUPLICATE_ADDRESS, address.span, message);
                        let other = format!("{host_name}/{interface_name} has it");
                        complaints
                            .push(complaint.primary_text("the machine has it").label(interface.span, other));
                    }
                }
            }
        }
    }
}
