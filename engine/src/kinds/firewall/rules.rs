//! From a firewall to the lines of its table.
//!
//! Every line of a rule ends with the rule's name as a comment: by that it is found again. What a firewall has besides
//! its rules has names in parentheses.

use crate::decode::Spanned;
use crate::lab::{Firewall, Lab, PortForward, Rule, Verdict, Way};
use crate::name::{HostName, NetworkName};
use ipnet::IpNet;
use std::net::IpAddr;

/// A chain of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: &'static str,
    /// When it is asked.
    pub hook: &'static str,
    /// What happens to packets that no rule is about.
    pub policy: Verdict,
    /// Rules in order, each with its name and its lines.
    pub rules: Vec<(String, Vec<String>)>,
}

/// A name in `from` or `to` that means nothing.
#[derive(Debug)]
pub(super) struct Unknown<'a>(pub(super) &'a Spanned<String>);

/// The chains that a firewall needs.
pub(super) fn chains<'a>(lab: &Lab, firewall: &'a Firewall) -> Result<Vec<Chain>, Unknown<'a>> {
    let mut chains = Vec::new();
    for (way, name, hook, policy) in [
        (Way::Input, "input", "type filter hook input priority filter", firewall.input),
        (Way::Forward, "forward", "type filter hook forward priority filter", firewall.forward),
        (Way::Output, "output", "type filter hook output priority filter", firewall.output),
    ] {
        let mut rules = Vec::new();
        for (name, rule) in firewall.rules.iter().filter(|(_, rule)| rule.way == way) {
            rules.push((name.to_string(), lines(lab, rule)?));
        }
        if rules.is_empty() && policy == Verdict::Accept {
            continue;
        }
        if firewall.established {
            rules.insert(0, (format!("(established {name})"), established(way)));
        }
        if way == Way::Forward && policy != Verdict::Accept && !firewall.port_forwards.is_empty() {
            rules.push(("(port-forwards)".to_owned(), vec!["ct status dnat accept".to_owned()]));
        }
        if policy == Verdict::Reject {
            rules.push((format!("(reject {name})"), vec!["reject".to_owned()]));
        }
        chains.push(Chain { name, hook, policy, rules });
    }
    let nat = [
        ("prerouting", "type nat hook prerouting priority dstnat", port_forwards(firewall)),
        ("postrouting", "type nat hook postrouting priority srcnat", masquerade(firewall)),
    ];
    let nat = nat.into_iter().filter(|(_, _, rules)| !rules.is_empty());
    chains.extend(nat.map(|(name, hook, rules)| Chain { name, hook, policy: Verdict::Accept, rules }));
    Ok(chains)
}

/// The table as `nft` reads it.
pub(super) fn table(chains: &[Chain], besides: &str) -> String {
    let mut text = String::from("table inet topo {\n");
    for chain in chains {
        // A policy cannot send back; the last rule of the chain does.
        let policy = if chain.policy == Verdict::Drop { "drop" } else { "accept" };
        text.push_str(&format!("chain {} {{\n{}; policy {policy};\n", chain.name, chain.hook));
        for (name, lines) in &chain.rules {
            text.extend(lines.iter().map(|line| format!("{line} comment \"{name}\"\n")));
        }
        text.push_str("}\n");
    }
    format!("{text}{besides}\n}}\n")
}

/// What always passes where anything is held back. Neighbours are searched for before any connection is known.
fn established(way: Way) -> Vec<String> {
    let neighbours =
        "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept";
    let mut lines = vec!["ct state established,related accept".to_owned()];
    match way {
        Way::Input => lines.extend(["iifname \"lo\" accept".to_owned(), neighbours.to_owned()]),
        Way::Output => lines.extend(["oifname \"lo\" accept".to_owned(), neighbours.to_owned()]),
        Way::Forward => {}
    }
    lines
}

/// One line, or one for each family where addresses of both are named.
fn lines<'a>(lab: &Lab, rule: &'a Rule) -> Result<Vec<String>, Unknown<'a>> {
    let (from, to) = (addresses(lab, &rule.from)?, addresses(lab, &rule.to)?);
    let mut common = Vec::new();
    common.extend(rule.r#in.as_ref().map(|name| format!("iifname \"{}\"", name.value)));
    common.extend(rule.out.as_ref().map(|name| format!("oifname \"{}\"", name.value)));
    let mut last = Vec::new();
    let ports: Vec<&str> = rule.port.iter().map(|port| port.0.as_str()).collect();
    let protocols: Vec<&str> = rule.protocol.iter().flat_map(|name| protocols(name)).copied().collect();
    match (protocols.as_slice(), ports.as_slice()) {
        ([], []) => {}
        ([protocol], [_, ..]) => last.push(format!("{protocol} dport {}", set(&ports))),
        (_, []) => last.push(format!("meta l4proto {}", set(&protocols))),
        (_, [_, ..]) => last.push(format!("meta l4proto {} th dport {}", set(&protocols), set(&ports))),
    }
    if !rule.state.is_empty() {
        last.push(format!("ct state {}", rule.state.join(",")));
    }
    last.push(word(rule.action).to_owned());
    if rule.from.is_empty() && rule.to.is_empty() {
        common.extend(last);
        return Ok(vec![common.join(" ")]);
    }
    let of_family = |family: &str, is_it: fn(&IpNet) -> bool| {
        let of = |all: &[IpNet]| all.iter().filter(|net| is_it(net)).map(short).collect::<Vec<_>>();
        let (from, to) = (of(&from), of(&to));
        if from.is_empty() != rule.from.is_empty() || to.is_empty() != rule.to.is_empty() {
            return None;
        }
        let mut words = common.clone();
        words.extend((!from.is_empty()).then(|| format!("{family} saddr {}", set(&from))));
        words.extend((!to.is_empty()).then(|| format!("{family} daddr {}", set(&to))));
        words.extend(last.iter().cloned());
        Some(words.join(" "))
    };
    let families =
        [of_family("ip", |net| net.addr().is_ipv4()), of_family("ip6", |net| net.addr().is_ipv6())];
    Ok(families.into_iter().flatten().collect())
}

/// The names by which `nft` knows a protocol; those of both families for the one that has two.
fn protocols(name: &str) -> &[&str] {
    match name {
        "icmp" => &["icmp", "ipv6-icmp"],
        "tcp" => &["tcp"],
        "udp" => &["udp"],
        "sctp" => &["sctp"],
        "gre" => &["gre"],
        "esp" => &["esp"],
        _ => &[],
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accept",
        Verdict::Drop => "drop",
        Verdict::Reject => "reject",
    }
}

/// `80`, or `{ 80, 443 }`.
fn set<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    if let [only] = items.as_slice() { (*only).to_owned() } else { format!("{{ {} }}", items.join(", ")) }
}

fn short(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.trunc().to_string() }
}

/// What hosts, networks, addresses and prefixes stand for, none of it twice.
fn addresses<'a>(lab: &Lab, names: &'a [Spanned<String>]) -> Result<Vec<IpNet>, Unknown<'a>> {
    let mut found = Vec::new();
    for name in names {
        if let Ok(net) = name.parse::<IpNet>() {
            found.push(net.trunc());
        } else if let Ok(ip) = name.parse::<IpAddr>() {
            found.push(ip.into());
        } else if let Some(host) =
            HostName::try_from(name.as_str()).ok().and_then(|name| lab.hosts.get(&name))
        {
            let addresses = host.interfaces.values().flat_map(|interface| &interface.addresses);
            found.extend(addresses.map(|address| IpNet::from(address.addr())));
        } else if let Some(network) =
            NetworkName::try_from(name.as_str()).ok().and_then(|name| lab.networks.get(&name))
        {
            found.extend(network.subnet.iter().map(|subnet| subnet.trunc()));
        } else {
            return Err(Unknown(name));
        }
    }
    // One within another would make the kernel refuse the set.
    Ok(IpNet::aggregate(&found))
}

fn port_forwards(firewall: &Firewall) -> Vec<(String, Vec<String>)> {
    let line = |one: &PortForward| {
        let interface =
            one.r#in.as_ref().map(|name| format!("iifname \"{}\" ", name.value)).unwrap_or_default();
        let (family, protocol, nat, to) = match one.to {
            IpAddr::V4(ip) => ("ipv4", &one.protocol, "ip", ip.to_string()),
            IpAddr::V6(ip) => ("ipv6", &one.protocol, "ip6", format!("[{ip}]")),
        };
        // Packets that only pass through are for somebody else's port already.
        format!(
            "{interface}meta nfproto {family} fib daddr type local {protocol} dport {} dnat {nat} to {to}:{}",
            one.port, one.to_port
        )
    };
    firewall
        .port_forwards
        .iter()
        .map(|(name, one)| (format!("(port-forward {name})"), vec![line(one)]))
        .collect()
}

fn masquerade(firewall: &Firewall) -> Vec<(String, Vec<String>)> {
    let line = |interface: &Spanned<_>| format!("oifname \"{}\" masquerade", interface.value);
    let each = firewall.masquerade.iter();
    each.map(|interface| (format!("(masquerade {})", interface.value), vec![line(interface)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_nft_reads_it() {
        let rules = vec![("ssh".to_owned(), vec!["tcp dport 22 accept".to_owned()])];
        let hook = "type filter hook input priority filter";
        let chain = Chain { name: "input", hook, policy: Verdict::Drop, rules };
        let expected = "table inet topo {\nchain input {\ntype filter hook input priority filter; policy drop;\n\
                        tcp dport 22 accept comment \"ssh\"\n}\nset s { type ipv4_addr; }\n}\n";
        assert_eq!(table(&[chain], "set s { type ipv4_addr; }"), expected);
    }

    #[test]
    fn sets_have_braces_only_where_they_have_more_than_one() {
        assert_eq!(set(&["80"]), "80");
        assert_eq!(set(&["80", "90-99"]), "{ 80, 90-99 }");
        assert_eq!(short(&"10.0.0.5/32".parse().unwrap()), "10.0.0.5");
        assert_eq!(short(&"fd00::5/64".parse().unwrap()), "fd00::/64");
    }
}
