//! Policy rules: which table packets are looked up in.

use super::{Netlink, Request};
use crate::linux::Result;
use ipnet::IpNet;
use rtnetlink::packet_route::rule::{
    RuleAction, RuleAttribute, RuleFlags, RuleHeader, RuleMessage, RulePortRange,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A rule: which packets, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether it is one of IPv6.
    pub is_ipv6: bool,
    /// Lower ones come first.
    pub priority: u32,
    /// Whether it means the packets that are not as the rest says.
    pub not: bool,
    /// Where they come from.
    pub from: Option<IpNet>,
    /// Where they go to.
    pub to: Option<IpNet>,
    /// The interface they came in by.
    pub iif: Option<String>,
    /// The interface that the socket is bound to.
    pub oif: Option<String>,
    /// Their mark, and its bits that count.
    pub mark: Option<(u32, u32)>,
    /// Their type of service.
    pub tos: u8,
    /// The number of their protocol.
    pub protocol: Option<u8>,
    /// The ports they come from, the first and the last.
    pub sport: Option<(u16, u16)>,
    /// The ports they go to, the first and the last.
    pub dport: Option<(u16, u16)>,
    /// What becomes of them.
    pub action: RuleAction,
    /// The table that they are looked up in, if that is what becomes of them.
    pub table: u32,
}

/// Adds a rule.
pub fn add_rule(rule: &Rule) -> Request {
    Request::create(RouteNetlinkMessage::NewRule(message(rule)))
}

/// Removes a rule.
pub fn delete_rule(rule: &Rule) -> Request {
    Request::change(RouteNetlinkMessage::DelRule(message(rule)))
}

impl Netlink {
    /// Every rule of the namespace.
    pub fn rules(&self) -> Result<Vec<Rule>> {
        let messages = self.dump(
            RouteNetlinkMessage::GetRule(RuleMessage::default()),
            |part| part.into(),
            |answer| match answer {
                RouteNetlinkMessage::NewRule(rule) => Some(rule),
                _ => None,
            },
        )?;
        Ok(messages.iter().filter_map(decode).collect())
    }
}

fn message(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header = RuleHeader {
        family: if rule.is_ipv6 { AddressFamily::Inet6 } else { AddressFamily::Inet },
        dst_len: rule.to.map_or(0, |to| to.prefix_len()),
        src_len: rule.from.map_or(0, |from| from.prefix_len()),
        tos: rule.tos,
        table: u8::try_from(rule.table).unwrap_or_default(),
        action: rule.action,
        flags: if rule.not { RuleFlags::Invert } else { RuleFlags::empty() },
    };
    let attributes = &mut message.attributes;
    attributes.push(RuleAttribute::Priority(rule.priority));
    attributes.extend(rule.from.map(|from| RuleAttribute::Source(from.network())));
    attributes.extend(rule.to.map(|to| RuleAttribute::Destination(to.network())));
    attributes.extend(rule.iif.clone().map(RuleAttribute::Iifname));
    attributes.extend(rule.oif.clone().map(RuleAttribute::Oifname));
    if let Some((mark, mask)) = rule.mark {
        attributes.extend([RuleAttribute::FwMark(mark), RuleAttribute::FwMask(mask)]);
    }
    attributes.extend(rule.protocol.map(|protocol| RuleAttribute::IpProtocol(protocol.into())));
    let range = |(start, end)| RulePortRange { start, end };
    attributes.extend(rule.sport.map(range).map(RuleAttribute::SourcePortRange));
    attributes.extend(rule.dport.map(range).map(RuleAttribute::DestinationPortRange));
    if rule.action == RuleAction::ToTable {
        attributes.push(RuleAttribute::Table(rule.table));
    }
    message
}

fn decode(message: &RuleMessage) -> Option<Rule> {
    let header = &message.header;
    let is_ipv6 = match header.family {
        AddressFamily::Inet => false,
        AddressFamily::Inet6 => true,
        _ => return None,
    };
    let any = if is_ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let prefix = |length: u8, address: IpAddr| IpNet::new(address, length).ok();
    let mut rule = Rule {
        is_ipv6,
        priority: 0,
        not: header.flags.contains(RuleFlags::Invert),
        from: prefix(header.src_len, any).filter(|from| from.prefix_len() > 0),
        to: prefix(header.dst_len, any).filter(|to| to.prefix_len() > 0),
        iif: None,
        oif: None,
        mark: None,
        tos: header.tos,
        protocol: None,
        sport: None,
        dport: None,
        action: header.action,
        table: header.table.into(),
    };
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Priority(priority) => rule.priority = *priority,
            RuleAttribute::Source(address) => rule.from = prefix(header.src_len, *address),
            RuleAttribute::Destination(address) => rule.to = prefix(header.dst_len, *address),
            RuleAttribute::Iifname(name) => rule.iif = Some(name.clone()),
            RuleAttribute::Oifname(name) => rule.oif = Some(name.clone()),
            RuleAttribute::FwMark(mark) => {
                rule.mark = Some((*mark, rule.mark.map_or(u32::MAX, |(_, mask)| mask)))
            }
            RuleAttribute::FwMask(mask) => rule.mark = Some((rule.mark.map_or(0, |(mark, _)| mark), *mask)),
            RuleAttribute::IpProtocol(protocol) => rule.protocol = Some((*protocol).into()),
            RuleAttribute::SourcePortRange(range) => rule.sport = Some((range.start, range.end)),
            RuleAttribute::DestinationPortRange(range) => rule.dport = Some((range.start, range.end)),
            RuleAttribute::Table(table) => rule.table = *table,
            _ => {}
        }
    }
    if rule.action != RuleAction::ToTable {
        rule.table = 0;
    }
    Some(rule)
}
