//! Networks, interfaces, addresses.

use super::complaint;
use crate::codes;
use crate::decode::Spanned;
use crate::kinds::veth::port_name;
use crate::lab::{Host, Interface, Lab, Mac};
use crate::name::{HostName, InterfaceName, NetworkName};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use topo_lang::{Diagnostic, Span};

/// How many ports the kernel gives one bridge.
const MOST_PORTS: usize = 1023;

/// How many interfaces on a wire are shown.
const PORTS_SHOWN: usize = 4;

/// Names that the kernel has a meaning of its own for.
const RESERVED: [&str; 12] = [
    "lo", "all", "default", "tunl0", "gre0", "gretap0", "erspan0", "sit0", "ip6tnl0", "ip6gre0", "ip_vti0",
    "ip6_vti0",
];

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    let mut seen = Seen::default();
    for (host_name, host) in &lab.hosts {
        for (name, interface) in &host.interfaces {
            if RESERVED.contains(&name.as_str()) {
                let message =
                    format!("expected a name for an interface, found `{name}`, which the kernel uses itself");
                let path: [&dyn Display; 4] = [&"hosts", host_name, &"interfaces", name];
                complaints.push(
                    complaint(codes::BAD_INTERFACE_NAME, &path, interface.span, message).help(
                        "call it `eth0`, say; for addresses that the host has by itself, `dummy #true`",
                    ),
                );
            }
            let place = Place { host: host_name, name, interface };
            seen.mac(&place, complaints);
            seen.port(lab, &place, complaints);
        }
    }
    for (name, network) in &lab.networks {
        let ports = seen.ports.get(name).map_or(&[][..], Vec::as_slice);
        let count = ports.len();
        if count > MOST_PORTS {
            let message =
                format!("network `{name}` has {count} interfaces, the kernel's bridges take {MOST_PORTS}");
            complaints.push(
                complaint(codes::TOO_MANY_PORTS, &[&"networks", name], network.span, message)
                    .help("make several networks and a host with `forward` between them"),
            );
        }
        if !network.bridge.value && !matches!(count, 0 | 2) {
            let message =
                format!("expected two interfaces on network `{name}`, which has no bridge, found {count}");
            let path: [&dyn Display; 3] = [&"networks", name, &"bridge"];
            let mut complaint = complaint(codes::BAD_WIRE, &path, network.bridge.span, message);
            for (port, span) in ports.iter().take(PORTS_SHOWN) {
                complaint = complaint.label(*span, format!("`{port}` is on it"));
            }
            complaints.push(complaint.help("without a bridge a network is a wire between two; with one, `bridge=#true`, it takes any number"));
        }
        if let Some(gateway) = &network.gateway {
            let here = |own: &Spanned<Interface>| own.network.as_ref().is_some_and(|own| own.value == *name);
            let on_it = |host: &Spanned<Host>| host.interfaces.values().any(here);
            if !lab.hosts.get(&gateway.value).is_some_and(on_it) {
                let message = format!("gateway `{}` has no interface on network `{name}`", gateway.value);
                let path: [&dyn Display; 3] = [&"networks", name, &"gateway"];
                let mut complaint = complaint(codes::BAD_GATEWAY, &path, gateway.span, message);
                if let Some(host) = lab.hosts.get(&gateway.value) {
                    complaint = complaint.label(host.span, "the host");
                }
                complaints.push(
                    complaint.help(format!("give `{}` an interface with `network={name}`", gateway.value)),
                );
            }
        }
    }
}

struct Place<'l> {
    host: &'l HostName,
    name: &'l InterfaceName,
    interface: &'l Spanned<Interface>,
}

impl Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host, self.name)
    }
}

/// What was met already, and where.
#[derive(Default)]
struct Seen<'l> {
    macs: BTreeMap<(&'l NetworkName, Mac), (String, Span)>,
    ports: BTreeMap<&'l NetworkName, Vec<(String, Span)>>,
}

impl<'l> Seen<'l> {
    fn mac(&mut self, place: &Place<'l>, complaints: &mut Vec<Diagnostic>) {
        let (Some(network), Some(mac)) = (&place.interface.network, place.interface.mac) else { return };
        let network = &network.value;
        match self.macs.get(&(network, mac.value)) {
            Some((other, first)) => {
                let message = format!(
                    "`{other}` and `{place}` both have the hardware address `{}` on network `{network}`",
                    mac.value
                );
                let path: [&dyn Display; 5] = [&"hosts", place.host, &"interfaces", place.name, &"mac"];
                let complaint = complaint(codes::DUPLICATE_MAC, &path, mac.span, message);
                let complaint = match *first == mac.span {
                    true => complaint.help("leave `mac` out, or compute it: each interface needs its own"),
                    false => complaint.label(*first, format!("`{other}` has it too")),
                };
                complaints.push(complaint);
            }
            None => {
                self.macs.insert((network, mac.value), (place.to_string(), mac.span));
            }
        }
    }

    fn port(&mut self, lab: &Lab, place: &Place<'l>, complaints: &mut Vec<Diagnostic>) {
        let Some(network) = place.interface.port_of() else { return };
        self.ports.entry(&network.value).or_default().push((place.to_string(), network.span));
        let port = port_name(place.host.as_str(), place.name.as_str());
        if let Some(network) = lab.networks.get(port.as_str()) {
            let message = format!("network `{port}` has the name of the port of `{place}`");
            complaints.push(
                complaint(codes::BAD_NETWORK_NAME, &[&"networks", &port], network.span, message)
                    .label(place.interface.span, "its port on the network's bridge is called so")
                    .help("call the network otherwise"),
            );
        }
    }
}
