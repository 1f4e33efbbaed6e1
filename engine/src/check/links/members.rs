//! Interfaces that are parts of bonds and VRFs.

use super::{other, unknown};
use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Host, Interface, Link};
use crate::name::{HostName, InterfaceName};
use std::collections::BTreeMap;
use topo_lang::{Diagnostic, Span};

pub(super) fn check(host_name: &HostName, host: &Host, complaints: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<&InterfaceName, (&InterfaceName, Span)> = BTreeMap::new();
    let mut tables: BTreeMap<u32, (&InterfaceName, Span)> = BTreeMap::new();
    for (name, interface) in &host.interfaces {
        let before = complaints.len();
        for member in interface.members() {
            let Some(part) = other(host, name, member) else {
                complaints.push(unknown(
                    (host_name, host),
                    (name, interface),
                    member,
                    "members",
                    "has as a member",
                ));
                continue;
            };
            if let Some((whole, first)) = taken.insert(&member.value, (name, member.span)) {
                let message = format!("`{}` cannot be a member of `{whole}` and of `{name}`", member.value);
                complaints.push(
                    Diagnostic::error(codes::BAD_LINK, member.span, message).label(first, "the first time"),
                );
            }
            match &interface.link {
                Link::Bond(_) => of_bond(name, interface, member, part, complaints),
                Link::Vrf(_) if matches!(part.link, Link::Vrf(_)) => {
                    let message =
                        format!("a VRF such as `{}` cannot be a member of another one", member.value);
                    complaints.push(Diagnostic::error(codes::BAD_LINK, member.span, message));
                }
                _ => {}
            }
        }
        if let Link::Vrf(vrf) = &interface.link
            && let Some((other, first)) = tables.insert(vrf.table, (name, vrf.span))
        {
            let message = format!("`{other}` and `{name}` cannot both have table {}", vrf.table);
            complaints.push(
                Diagnostic::error(codes::BAD_LINK, vrf.span, message)
                    .label(first, format!("`{other}` has it")),
            );
        }
        let path = ["hosts", host_name.as_str(), "interfaces", name.as_str(), interface.link.option()];
        for complaint in &mut complaints[before..] {
            complaint.path.get_or_insert_with(|| path.map(topo_lang::path_part).join("."));
        }
    }
}

/// The kernel makes a bond's members alike, and takes what they have for themselves.
fn of_bond(
    name: &InterfaceName,
    bond: &Spanned<Interface>,
    member: &Spanned<InterfaceName>,
    part: &Spanned<Interface>,
    complaints: &mut Vec<Diagnostic>,
) {
    let wrong = |span: Span, message: String, help: String| {
        Diagnostic::error(codes::BAD_LINK, span, message).label(member.span, "a member").help(help)
    };
    let member = &member.value;
    if !matches!(part.link, Link::Port(_) | Link::Dummy) {
        let message =
            format!("only a port of a network, or a dummy, can be a member of a bond, not `{member}`");
        complaints.push(wrong(part.span, message, format!("take `{member}` out of `{name}`")));
    }
    if let Some(address) = part.addresses.first() {
        let message = format!("`{member}` is a member of the bond `{name}` and cannot have an address");
        let help = format!("give the address to `{name}`, and `numbered=#false` to `{member}`");
        complaints.push(wrong(address.span, message, help));
    }
    if let Some(mac) = part.mac {
        let message =
            format!("`{member}` has the hardware address of the bond `{name}` that it is a member of");
        complaints.push(wrong(mac.span, message, format!("give the hardware address to `{name}`")));
    }
    if !part.up {
        let message = format!("`{member}` is set up with the bond `{name}` that it is a member of");
        complaints.push(wrong(part.span, message, "take `up=#false` away".to_owned()));
    }
    let (own, whole) = (part.mtu.unwrap_or(USUAL_MTU), bond.mtu.unwrap_or(USUAL_MTU));
    if own != whole {
        let message =
            format!("`{member}` has an MTU of {own}, the bond `{name}` that it is a member of {whole}");
        complaints.push(wrong(part.span, message, format!("give `{name}` the same MTU as its members")));
    }
}

/// What the kernel gives a link of which nothing is said.
const USUAL_MTU: u32 = 1500;
