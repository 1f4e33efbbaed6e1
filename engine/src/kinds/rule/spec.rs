//! Which rules a host should have, and how they follow from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{self, Lab};
use crate::linux::netlink::{self, RuleAction};
use crate::lower::Lowering;
use crate::machine::Machine;

/// A rule; its priority and its family are its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As the kernel is told of it.
    pub rule: netlink::Rule,
}

/// The families, as the last part of a resource's name, and whether they are IPv6.
const FAMILIES: [(&str, bool); 2] = [("ipv4", false), ("ipv6", true)];

/// The protocols that a lab can name, with their numbers.
const PROTOCOLS: [(&str, u8); 8] = [
    ("icmp", 1),
    ("tcp", 6),
    ("udp", 17),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("sctp", 132),
];

/// What becomes of packets that are not looked up.
const ENDS: [(&str, RuleAction); 3] = [
    ("blackhole", RuleAction::Blackhole),
    ("unreachable", RuleAction::Unreachable),
    ("prohibit", RuleAction::Prohibit),
];

impl Rule {
    fn new(priority: u32, is_ipv6: bool, rule: &lab::PolicyRule) -> Self {
        let ports = |ports: &[u16]| Some((*ports.first()?, *ports.last()?));
        let action = match (rule.kind, rule.table) {
            (Some(lab::Refusal::Blackhole), _) => RuleAction::Blackhole,
            (Some(lab::Refusal::Unreachable), _) => RuleAction::Unreachable,
            (Some(lab::Refusal::Prohibit), _) => RuleAction::Prohibit,
            (None, _) => RuleAction::ToTable,
        };
        let protocol = rule.ipproto.as_ref().map(|protocol| {
            PROTOCOLS.iter().find(|(name, _)| *name == protocol.as_str()).map_or(0, |(_, number)| *number)
        });
        Self {
            rule: netlink::Rule {
                is_ipv6,
                priority,
                not: rule.not,
                from: rule.from.as_ref().map(|from| from.trunc()),
                to: rule.to.as_ref().map(|to| to.trunc()),
                iif: rule.iif.as_ref().map(ToString::to_string),
                oif: rule.oif.as_ref().map(ToString::to_string),
                mark: rule.fwmark.map(|mark| (mark, rule.fwmask)),
                tos: rule.tos,
                protocol,
                sport: ports(&rule.sport),
                dport: ports(&rule.dport),
                action,
                table: rule.table.unwrap_or_default(),
            },
        }
    }

    /// The spec as attributes, in the words that `ip rule` has.
    pub(super) fn as_attributes(&self) -> Attributes {
        Attributes::from([("packets".into(), self.packets().into()), ("then".into(), self.then().into())])
    }

    fn packets(&self) -> String {
        let rule = &self.rule;
        let ports = |(first, last): (u16, u16)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        let protocol = |number: u8| {
            let known = PROTOCOLS.iter().find(|(_, known)| *known == number);
            known.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
        };
        let words = [
            ("from", rule.from.map(|from| from.to_string())),
            ("to", rule.to.map(|to| to.to_string())),
            ("iif", rule.iif.clone()),
            ("oif", rule.oif.clone()),
            ("fwmark", rule.mark.map(|(mark, mask)| format!("{mark:#x}/{mask:#x}"))),
            ("tos", (rule.tos != 0).then(|| format!("{:#x}", rule.tos))),
            ("ipproto", rule.protocol.map(protocol)),
            ("sport", rule.sport.map(ports)),
            ("dport", rule.dport.map(ports)),
        ];
        let said: Vec<String> =
            words.into_iter().filter_map(|(word, value)| Some(format!("{word} {}", value?))).collect();
        let said = if said.is_empty() { "all".to_owned() } else { said.join(" ") };
        if rule.not { format!("not {said}") } else { said }
    }

    fn then(&self) -> String {
        match ENDS.iter().find(|(_, action)| *action == self.rule.action) {
            Some((name, _)) => (*name).to_owned(),
            None => format!("table {}", self.rule.table),
        }
    }

    /// The rule that a name and attributes speak of.
    pub(super) fn of(id: &ResourceId, attributes: &Attributes) -> Option<Self> {
        let (Some(Attribute::Text(packets)), Some(Attribute::Text(then))) =
            (attributes.get("packets"), attributes.get("then"))
        else {
            return None;
        };
        let (priority, is_ipv6) = place_of(id)?;
        let mut rule = netlink::Rule {
            is_ipv6,
            priority,
            not: false,
            from: None,
            to: None,
            iif: None,
            oif: None,
            mark: None,
            tos: 0,
            protocol: None,
            sport: None,
            dport: None,
            action: RuleAction::ToTable,
            table: 0,
        };
        match ENDS.iter().find(|(name, _)| name == then) {
            Some((_, action)) => rule.action = *action,
            None => rule.table = then.strip_prefix("table ")?.parse().ok()?,
        }
        let mut words = packets.split(' ');
        while let Some(word) = words.next() {
            match word {
                "all" => {}
                "not" => rule.not = true,
                "from" => rule.from = Some(words.next()?.parse().ok()?),
                "to" => rule.to = Some(words.next()?.parse().ok()?),
                "iif" => rule.iif = Some(words.next()?.to_owned()),
                "oif" => rule.oif = Some(words.next()?.to_owned()),
                "fwmark" => {
                    let (mark, mask) = words.next()?.split_once('/')?;
                    rule.mark = Some((hexadecimal(mark)?, hexadecimal(mask)?));
                }
                "tos" => rule.tos = u8::try_from(hexadecimal(words.next()?)?).ok()?,
                "ipproto" => {
                    let name = words.next()?;
                    let known = PROTOCOLS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
                    rule.protocol = known.or_else(|| name.parse().ok());
                }
                "sport" => rule.sport = Some(ports_of(words.next()?)?),
                "dport" => rule.dport = Some(ports_of(words.next()?)?),
                _ => return None,
            }
        }
        Some(Self { rule })
    }
}

fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn ports_of(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The priority that a resource of this kind is about, and whether it is IPv6's.
pub(super) fn place_of(id: &ResourceId) -> Option<(u32, bool)> {
    let (priority, family) = id.name.split_once('/')?;
    let (_, is_ipv6) = FAMILIES.iter().find(|(name, _)| *name == family)?;
    Some((priority.parse().ok()?, *is_ipv6))
}

impl Manage for Rule {
    const IN_PLACE: &'static [&'static str] = &["packets", "then"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (priority, rule) in &host.rules {
                for (family, is_ipv6) in FAMILIES {
                    if rule.is_of(is_ipv6) {
                        let spec = Rule::new(priority.0, is_ipv6, rule);
                        lowering
                            .of_host(name, &format!("{}/{family}", priority.0), spec, rule.span)
                            .needs(Netns::id(name), Why::Inside)
                            .sets_up(name);
                    }
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        self.as_attributes()
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::create(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::update(machine, wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::delete(machine, unwanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;
    use crate::name::HostName;

    #[test]
    fn a_rule_is_what_its_attributes_say() {
        let host = HostName::try_from("a".to_owned()).unwrap();
        let check = |name: &str, packets: &str, then: &str| {
            let id = ResourceId::of_host(Kind::Rule, &host, name);
            let said = Attributes::from([("packets".into(), packets.into()), ("then".into(), then.into())]);
            assert_eq!(Rule::of(&id, &said).unwrap().as_attributes(), said);
        };
        check("100/ipv4", "all", "table 7");
        check("100/ipv6", "from fd00::/64 to fd01::/64", "prohibit");
        check("9/ipv4", "not from 10.0.0.0/8 iif eth0 oif eth1 fwmark 0x1/0xff tos 0x10", "blackhole");
        check("9/ipv4", "ipproto tcp sport 80 dport 8000-8999", "unreachable");
    }
}
