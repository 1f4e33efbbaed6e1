//! Firewalls that are about interfaces or ports that there are not.

use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Host, Lab, Rule};
use crate::name::{HostName, InterfaceName};
use topo_lang::Diagnostic;
use topo_lang::nearest::nearest;

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (name, host) in &lab.hosts {
        let Some(firewall) = &host.firewall else { continue };
        for rule in firewall.rules.values() {
            ports(rule, complaints);
        }
        let of_rules = firewall.rules.values().flat_map(|rule| [&rule.r#in, &rule.out]).flatten();
        let of_ports = firewall.port_forwards.values().filter_map(|one| one.r#in.as_ref());
        for interface in of_rules.chain(of_ports).chain(&firewall.masquerade) {
            known(name, host, interface, complaints);
        }
    }
}

fn known(name: &HostName, host: &Host, interface: &Spanned<InterfaceName>, complaints: &mut Vec<Diagnostic>) {
    if interface.as_str() == "lo" || host.interfaces.contains_key(&interface.value) {
        return;
    }
    let message = format!("expected an interface of `{name}`, found `{}`", interface.value);
    let mut complaint = Diagnostic::error(codes::UNKNOWN_INTERFACE, interface.span, message);
    if let Some(near) = nearest(interface.as_str(), host.interfaces.keys().map(InterfaceName::as_str)) {
        complaint = complaint.help(format!("did you mean `{near}`?"));
    }
    complaints.push(complaint);
}

fn ports(rule: &Rule, complaints: &mut Vec<Diagnostic>) {
    for port in rule.port.iter().filter(|port| !is_port(&port.0)) {
        let message = format!("expected a port or a range such as `6000-6010`, found `{}`", port.0);
        complaints.push(Diagnostic::error(codes::BAD_VALUE, port.span, message));
    }
    if let Some(other) = rule.protocol.iter().find(|name| !["tcp", "udp", "sctp"].contains(&name.as_str()))
        && let Some(port) = rule.port.first()
    {
        let message = format!("protocol `{other}` has no ports");
        complaints.push(
            Diagnostic::error(codes::BAD_VALUE, port.span, message)
                .help("leave the port out, or name `tcp`, `udp` or `sctp`"),
        );
    }
}

fn is_port(text: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('-') {
        None => number(text).is_some(),
        Some((first, last)) => {
            matches!((number(first), number(last)), (Some(first), Some(last)) if first < last)
        }
    }
}
