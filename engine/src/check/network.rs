//! Networks, interfaces, addresses, routes.

use crate::codes;
use crate::decode::Spanned;
use crate::kinds::veth::port_name;
use crate::lab::{Host, Interface, Lab, Mac};
use crate::name::{HostName, InterfaceName, NetworkName};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use topo_lang::{Diagnostic, Span};

/// How many ports the kernel gives one bridge.
const MOST_PORTS: usize = 1023;

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
                complaints.push(Diagnostic::error(codes::BAD_INTERFACE_NAME, interface.span, message));
            }
            let place = Place { host: host_name, name, interface };
            seen.addresses(lab, &place, complaints);
            seen.mac(&place, complaints);
            seen.port(lab, &place, complaints);
        }
        routes(host_name, host, complaints);
    }
    for (name, network) in &lab.networks {
        let ports = seen.ports.get(name).copied().unwrap_or_default();
        if ports > MOST_PORTS {
            let message =
                format!("network `{name}` has {ports} interfaces, the kernel's bridges take {MOST_PORTS}");
            complaints.push(
                Diagnostic::error(codes::TOO_MANY_PORTS, network.span, message)
                    .help("make several networks and a host with `forward` between them"),
            );
        }
        if !network.bridge && !matches!(ports, 0 | 2) {
            let message =
                format!("expected two interfaces on network `{name}`, which has no bridge, found {ports}");
            complaints.push(Diagnostic::error(codes::BAD_WIRE, network.span, message));
        }
        if let Some(gateway) = &network.gateway {
            let here = |own: &Spanned<Interface>| own.network.as_ref().is_some_and(|own| own.value == *name);
            let on_it = |host: &Spanned<Host>| host.interfaces.values().any(here);
            if !lab.hosts.get(&gateway.value).is_some_and(on_it) {
                let message = format!("gateway `{}` has no interface on network `{name}`", gateway.value);
                complaints.push(
                    Diagnostic::error(codes::BAD_GATEWAY, gateway.span, message)
                        .help(format!("give `{}` an interface with `network={name}`", gateway.value)),
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

/// What was met already, and where.
#[derive(Default)]
struct Seen<'l> {
    addresses: BTreeMap<(&'l NetworkName, IpAddr), (&'l HostName, &'l InterfaceName, Span)>,
    macs: BTreeMap<(&'l NetworkName, Mac), (&'l HostName, Span)>,
    ports: BTreeMap<&'l NetworkName, usize>,
}

impl<'l> Seen<'l> {
    fn addresses(&mut self, lab: &Lab, place: &Place<'l>, complaints: &mut Vec<Diagnostic>) {
        let Some(network_name) = place.interface.network.as_ref().map(|network| &network.value) else {
            return;
        };
        let Some(network) = lab.networks.get(network_name) else { return };
        for address in &place.interface.addresses {
            let (ip, span) = (address.addr(), address.span);
            if !network.subnet.iter().any(|subnet| subnet.contains(&ip)) {
                let prefixes: Vec<String> =
                    network.subnet.iter().map(|subnet| format!("`{}`", subnet.value)).collect();
                let mut complaint = Diagnostic::error(
                    codes::ADDRESS_OUTSIDE_NETWORK,
                    span,
                    format!("address `{}` is not within network `{network_name}`", address.value),
                )
                .primary_text(format!("{}/{}", place.host, place.name));
                complaint = match network.subnet.first() {
                    Some(first) => {
                        complaint.label(first.span, format!("the network has {}", prefixes.join(", ")))
                    }
                    None => complaint.label(network.span, "the network has no prefix"),
                };
                complaints.push(complaint);
            }
            match self.addresses.get(&(network_name, ip)) {
                Some((host, name, first)) => complaints.push(
                    Diagnostic::error(
                        codes::DUPLICATE_ADDRESS,
                        span,
                        format!("`{ip}` is on network `{network_name}` twice"),
                    )
                    .primary_text(format!("{}/{} has it", place.host, place.name))
                    .label(*first, format!("{host}/{name} has it")),
                ),
                None => {
                    self.addresses.insert((network_name, ip), (place.host, place.name, span));
                }
            }
        }
    }

    fn mac(&mut self, place: &Place<'l>, complaints: &mut Vec<Diagnostic>) {
        let (Some(network), Some(mac)) = (&place.interface.network, place.interface.mac) else { return };
        let network = &network.value;
        match self.macs.get(&(network, mac.value)) {
            Some((host, first)) => complaints.push(
                Diagnostic::error(
                    codes::DUPLICATE_MAC,
                    mac.span,
                    format!("`{}` is on network `{network}` twice", mac.value),
                )
                .primary_text(format!("{} has it", place.host))
                .label(*first, format!("{host} has it")),
            ),
            None => {
                self.macs.insert((network, mac.value), (place.host, mac.span));
            }
        }
    }

    fn port(&mut self, lab: &Lab, place: &Place<'l>, complaints: &mut Vec<Diagnostic>) {
        let Some(network) = place.interface.port_of() else { return };
        *self.ports.entry(&network.value).or_default() += 1;
        let port = port_name(place.host.as_str(), place.name.as_str());
        if let Some(network) = lab.networks.get(port.as_str()) {
            let message =
                format!("network `{port}` has the name of the port of {}/{}", place.host, place.name);
            complaints.push(
                Diagnostic::error(codes::BAD_NETWORK_NAME, network.span, message)
                    .help("call the network otherwise"),
            );
        }
    }
}

fn routes(name: &HostName, host: &Host, complaints: &mut Vec<Diagnostic>) {
    let own: Vec<IpNet> = host
        .interfaces
        .values()
        .filter(|interface| interface.up)
        .flat_map(|interface| &interface.addresses)
        .map(|address| address.value)
        .collect();
    for (destination, route) in &host.routes {
        let via = route.via.value;
        if destination.addr().is_ipv6() && via.is_ipv4() {
            let message = format!("expected an IPv6 next hop for `{destination}`, found `{via}`");
            complaints.push(Diagnostic::error(codes::BAD_ROUTE, route.via.span, message));
        } else if own.iter().any(|address| address.addr() == via) {
            let message = format!("the next hop `{via}` is `{name}` itself");
            complaints.push(Diagnostic::error(codes::BAD_ROUTE, route.via.span, message));
        } else if !is_link_local(via) && !own.iter().any(|address| address.contains(&via)) {
            let prefixes: Vec<String> = own.iter().map(|address| format!("`{}`", address.trunc())).collect();
            let found = if prefixes.is_empty() { "no address".to_owned() } else { prefixes.join(", ") };
            let message = format!("the next hop `{via}` is on no network of `{name}`");
            complaints.push(
                Diagnostic::error(codes::BAD_ROUTE, route.via.span, message)
                    .label(host_span(host, route.span), format!("it has {found}")),
            );
        }
    }
}

fn host_span(host: &Host, otherwise: Span) -> Span {
    host.interfaces.values().next().map_or(otherwise, |interface| interface.span)
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}
