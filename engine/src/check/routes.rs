//! Routes and policy rules of hosts.

use super::complaint;
use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Host, Lab, MAIN, PolicyRule, Route};
use crate::name::{HostName, InterfaceName};
use ipnet::IpNet;
use std::fmt::Display;
use std::net::IpAddr;
use topo_lang::nearest::nearest;
use topo_lang::{Diagnostic, Span};

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (name, host) in &lab.hosts {
        for (table, destination, route) in host.all_routes() {
            let mut about = About { name, host, table, destination, complaints };
            about.route(route);
        }
        for (priority, rule) in &host.rules {
            complaints.extend(wrong_rule(name, priority.0, rule));
        }
    }
}

/// A route under examination.
struct About<'a> {
    name: &'a HostName,
    host: &'a Host,
    table: u32,
    destination: &'a IpNet,
    complaints: &'a mut Vec<Diagnostic>,
}

impl About<'_> {
    fn route(&mut self, route: &Spanned<Route>) {
        let ways =
            [route.via.is_some() || route.dev.is_some(), !route.next_hops.is_empty(), route.kind.is_some()];
        if ways.iter().filter(|way| **way).count() != 1 {
            let message = format!(
                "expected one way for packets to `{}`: a next hop, several, or none",
                self.destination
            );
            let help = "say `via` or `dev`, or `next-hop` for each of several, or `refuse` for those that go nowhere";
            self.complaints.push(self.wrong(&[], route.span, message).help(help));
            return;
        }
        if let Some(via) = route.via {
            self.next_hop(&[&"via"], via, route.dev.as_ref(), route.onlink);
        }
        for (via, hop) in &route.next_hops {
            let asked = Spanned { value: *via, span: hop.span };
            self.next_hop(&[&"next-hops", via], asked, hop.dev.as_ref(), hop.onlink);
        }
        for dev in route.dev.iter().chain(route.next_hops.values().filter_map(|hop| hop.dev.as_ref())) {
            self.interface(dev);
        }
        let own: Vec<IpAddr> =
            self.host.interfaces.values().flat_map(|own| &own.addresses).map(|own| own.addr()).collect();
        if let Some(source) = route.src.filter(|source| !own.contains(&source.value)) {
            let message =
                format!("`{}` has no address `{}` for packets to come from", self.name, source.value);
            let known: Vec<String> = own.iter().map(|own| format!("`{own}`")).collect();
            let complaint = self.wrong(&[&"src"], source.span, message);
            self.complaints.push(complaint.help(format!("it has {}", known.join(", "))));
        }
    }

    fn next_hop(
        &mut self,
        option: &[&dyn Display],
        via: Spanned<IpAddr>,
        dev: Option<&Spanned<InterfaceName>>,
        onlink: bool,
    ) {
        // An address that the network hands out is written nowhere: its interface is.
        let own: Vec<(&InterfaceName, Spanned<IpNet>)> = self
            .host
            .interfaces
            .iter()
            .filter(|(name, interface)| interface.up && self.reaches(name, dev))
            .flat_map(|(name, interface)| {
                let place = |address: &Spanned<IpNet>| Spanned { span: interface.span, ..*address };
                interface.addresses.iter().map(move |address| (name, place(address)))
            })
            .collect();
        let Spanned { value: via, span } = via;
        let wrong = |message: String| self.wrong(option, span, message);
        let complaint = if self.destination.addr().is_ipv6() && via.is_ipv4() {
            wrong(format!("expected an IPv6 next hop for `{}`, found `{via}`", self.destination))
        } else if let Some((interface, address)) = own.iter().find(|(_, address)| address.addr() == via) {
            wrong(format!("the next hop `{via}` is `{}` itself", self.name))
                .label(address.span, format!("`{interface}` has it"))
                .help("a next hop is another host on a network of this one")
        } else if onlink && dev.is_none() {
            wrong(format!("nothing says on which link the next hop `{via}` is")).help("add `dev=INTERFACE`")
        } else if !onlink && !is_link_local(via) && !own.iter().any(|(_, address)| address.contains(&via)) {
            let mut complaint = wrong(format!("the next hop `{via}` is on no network of `{}`", self.name));
            for (interface, address) in own.iter().take(SHOWN) {
                let text = format!("`{interface}` is in `{}`", address.trunc());
                complaint = complaint.label(address.span, text);
            }
            match own.is_empty() {
                true => complaint.help(format!(
                    "`{}` has no interface with an address{}",
                    self.name,
                    self.in_table()
                )),
                false => complaint,
            }
        } else {
            return;
        };
        self.complaints.push(complaint);
    }

    /// Whether packets of the table go by way of an interface, and by this one if one is said: a VRF has its own.
    fn reaches(&self, name: &InterfaceName, dev: Option<&Spanned<InterfaceName>>) -> bool {
        let table = self.host.table_of(name);
        dev.is_none_or(|dev| dev.value == *name)
            && (table == self.table || table == MAIN && !self.is_of_vrf())
    }

    fn is_of_vrf(&self) -> bool {
        self.host.vrf_tables().any(|of_vrf| of_vrf == self.table)
    }

    fn in_table(&self) -> String {
        if self.is_of_vrf() { format!(" in the VRF with table {}", self.table) } else { String::new() }
    }

    fn interface(&mut self, dev: &Spanned<InterfaceName>) {
        if self.host.interfaces.contains_key(&dev.value) {
            return;
        }
        let message = format!("expected an interface of `{}`, found `{}`", self.name, dev.value);
        let path: [&dyn Display; 3] = [&"hosts", self.name, &"routes"];
        let complaint = complaint(codes::UNKNOWN_INTERFACE, &path, dev.span, message);
        let known: Vec<&str> = self.host.interfaces.keys().map(InterfaceName::as_str).collect();
        self.complaints.push(match nearest(dev.value.as_str(), known.iter().copied()) {
            Some(near) => complaint.help(format!("did you mean `{near}`?")),
            None => complaint.help(format!("`{}` has `{}`", self.name, known.join("`, `"))),
        });
    }

    /// A complaint about an option of the route.
    fn wrong(&self, option: &[&dyn Display], span: Span, message: String) -> Diagnostic {
        let mut path: Vec<&dyn Display> = vec![&"hosts", self.name];
        if self.table != MAIN {
            path.extend([&"tables" as &dyn Display, &self.table]);
        }
        path.extend([&"routes" as &dyn Display, self.destination]);
        path.extend(option);
        complaint(codes::BAD_ROUTE, &path, span, message)
    }
}

/// How many interfaces are shown.
const SHOWN: usize = 4;

fn wrong_rule(host: &HostName, priority: u32, rule: &Spanned<PolicyRule>) -> Option<Diagnostic> {
    let path: [&dyn Display; 4] = [&"hosts", host, &"rules", &priority];
    let wrong =
        |message: &str, help: &str| Some(complaint(codes::BAD_RULE, &path, rule.span, message).help(help));
    if rule.table.is_some() == rule.kind.is_some() {
        return wrong(
            "expected a table to look packets up in, or what else becomes of them",
            "say `table` or `refuse`",
        );
    }
    if !rule.is_of(false) && !rule.is_of(true) {
        return wrong("expected addresses of one family, found both", "make two rules of it");
    }
    if rule.sport.len() > 2 || rule.dport.len() > 2 {
        return wrong("expected a port, or the first and the last of several", "make a rule for each");
    }
    if (!rule.sport.is_empty() || !rule.dport.is_empty()) && rule.ipproto.is_none() {
        return wrong("ports are those of some protocol", "add `ipproto=tcp`, or `udp`");
    }
    None
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}
