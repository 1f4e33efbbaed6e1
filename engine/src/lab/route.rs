//! How a host's packets find their way: its routes, and the rules that say which table is asked.

use super::{Host, Link};
use crate::decode::Spanned;
use crate::name::InterfaceName;
use indexmap::IndexMap;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::IpAddr;

/// The table that is asked unless a rule or a VRF says otherwise.
pub const MAIN: u32 = 254;

/// A routing table besides the main one.
#[derive(Clone, Debug, Deserialize)]
pub struct Table {
    /// Its routes, by destination.
    pub routes: IndexMap<IpNet, Spanned<Route>>,
}

/// A route.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Route {
    /// The next hop.
    pub via: Option<Spanned<IpAddr>>,
    /// The interface it goes out by.
    pub dev: Option<Spanned<InterfaceName>>,
    /// Several next hops.
    pub next_hops: IndexMap<IpAddr, Spanned<NextHop>>,
    /// What becomes of packets that are not passed on.
    #[serde(rename = "refuse")]
    pub kind: Option<Refusal>,
    /// The address that the host's own packets come from.
    pub src: Option<Spanned<IpAddr>>,
    /// Whether the next hop is on the link even if no address says so.
    pub onlink: bool,
    /// Lower wins.
    pub metric: u32,
}

/// One of several next hops.
#[derive(Clone, Debug, Deserialize)]
pub struct NextHop {
    /// The interface it goes out by.
    pub dev: Option<Spanned<InterfaceName>>,
    /// How much of it goes this way.
    pub weight: u16,
    /// Whether the next hop is on the link even if no address says so.
    pub onlink: bool,
}

/// What becomes of packets that are not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// They are dropped.
    Blackhole,
    /// The sender is told that nobody is there.
    Unreachable,
    /// The sender is told that it may not.
    Prohibit,
}

impl Refusal {
    const NAMES: [(&'static str, Self); 3] =
        [("blackhole", Self::Blackhole), ("unreachable", Self::Unreachable), ("prohibit", Self::Prohibit)];

    /// Its name, as a lab has it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, refusal)| *refusal == self).map_or("", |(name, _)| name)
    }

    /// The one of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, refusal)| *refusal)
    }
}

/// A policy rule.
#[derive(Clone, Debug, Deserialize)]
pub struct PolicyRule {
    /// The table that packets are looked up in.
    pub table: Option<u32>,
    /// What becomes of them if they are not.
    #[serde(rename = "refuse")]
    pub kind: Option<Refusal>,
    /// The family, where no address says it.
    pub family: Option<Family>,
    /// Whether it means the packets that are not as the rest says.
    pub not: bool,
    /// Where they come from.
    pub from: Option<IpNet>,
    /// Where they go to.
    pub to: Option<IpNet>,
    /// The interface they came in by.
    pub iif: Option<InterfaceName>,
    /// The interface that the socket is bound to.
    pub oif: Option<InterfaceName>,
    /// Their mark.
    pub fwmark: Option<u32>,
    /// The bits of it that count.
    pub fwmask: u32,
    /// Their type of service.
    pub tos: u8,
    /// Their protocol.
    pub ipproto: Option<String>,
    /// The port they come from, or the first and the last.
    pub sport: Vec<u16>,
    /// The port they go to, or the first and the last.
    pub dport: Vec<u16>,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl PolicyRule {
    /// Whether it is one of this family: of that of its addresses, of both where it has none.
    pub fn is_of(&self, is_ipv6: bool) -> bool {
        let own = [self.from, self.to].into_iter().flatten().map(|prefix| prefix.addr().is_ipv6());
        let said = self.family.map(|family| family == Family::Ipv6);
        own.chain(said).all(|own| own == is_ipv6)
    }
}

impl Host {
    /// Every route, with its table and its destination.
    pub fn all_routes(&self) -> impl Iterator<Item = (u32, &IpNet, &Spanned<Route>)> {
        let main = self.routes.iter().map(|(destination, route)| (MAIN, destination, route));
        main.chain(self.tables.iter().flat_map(|(table, inner)| {
            inner.routes.iter().map(|(destination, route)| (table.0, destination, route))
        }))
    }

    /// The tables of its VRFs.
    pub fn vrf_tables(&self) -> impl Iterator<Item = u32> {
        self.interfaces.values().filter_map(|interface| match &interface.link {
            Link::Vrf(vrf) => Some(vrf.table),
            _ => None,
        })
    }

    /// The table that an interface keeps to.
    pub fn table_of(&self, name: &InterfaceName) -> u32 {
        let vrf = self.interfaces.values().find_map(|interface| match &interface.link {
            Link::Vrf(vrf) if vrf.members.iter().any(|member| member.value == *name) => Some(vrf.table),
            _ => None,
        });
        vrf.unwrap_or(MAIN)
    }

    /// The interfaces that this one is a part of.
    pub fn having_as_member<'h>(
        &'h self,
        name: &'h InterfaceName,
    ) -> impl Iterator<Item = &'h InterfaceName> {
        let has = |interface: &Spanned<super::Interface>| {
            interface.members().iter().any(|member| member.value == *name)
        };
        self.interfaces.iter().filter(move |(_, interface)| has(interface)).map(|(whole, _)| whole)
    }
}
