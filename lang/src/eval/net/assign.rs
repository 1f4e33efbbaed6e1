//! `net.assign`: which addresses the interfaces on a network have.
//!
//! Given ones first, then those by number, then those of a lease, and the rest handed out by a hash of the
//! name, so that the outcome depends on the set of names alone and adding a host does not move the others.

use super::prefix::Prefix;
use crate::code::Code;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::eval::builtins::{Args, Builtin, row};
use crate::eval::val::{Attribute, Place, Set, Symbol, ThunkId, Val};
use crate::eval::{Evaluator, Raised};
use crate::source::Span;
use sha2::Digest;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

pub(super) const TABLE: &[Builtin] = &[row("assign", 1, assign)];

/// Numbers handed out stay readable, also in a prefix of 64 bits; numbers of a `map` end there too.
const GREATEST_NUMBER: u128 = u32::MAX as u128;

/// The interfaces of all hosts by their network, found once for all networks.
#[derive(Default)]
pub(in crate::eval) struct HostIndex(Option<(Rc<Set>, Rc<ByNetwork>)>);

type ByNetwork = HashMap<Arc<str>, Vec<Found>>;

/// One interface: host, interface, its attributes, and where it was defined.
#[derive(Clone)]
struct Found {
    host: Symbol,
    interface: Symbol,
    attributes: Rc<Set>,
    place: Place,
}

/// One interface with what is known of its addresses.
struct Member {
    found: Found,
    /// `host/interface`
    name: String,
    given: Vec<Prefix>,
    /// The list that those given stand in.
    list: Rc<[ThunkId]>,
    span: Span,
    number: Option<u128>,
}

/// The prefixes of a network, and the list they stand in.
struct Subnets {
    prefixes: Vec<Prefix>,
    list: Rc<[ThunkId]>,
}

/// How many addresses of one network are complained about at once: each is looked for among all options.
const MOST_COMPLAINTS: usize = 10;

fn assign(e: &mut Evaluator, a: Args<'_>) -> Result<Val, Raised> {
    let options = e.arg_set(a, 0)?;
    let network = match needed(e, a, &options, "network")? {
        Val::Text(text) => text,
        other => return Err(e.expected("a text", &other, a.span, "`network` of `net.assign`")),
    };
    let subnets = subnets(e, a, &options)?;
    let mut members = members(e, a, &options, &network, &subnets)?;
    // The first prefix of each family numbers hosts.
    let mut firsts: Vec<Prefix> = Vec::new();
    for prefix in &subnets.prefixes {
        if firsts.iter().all(|first| first.six != prefix.six) {
            firsts.push(*prefix);
        }
    }
    let mut taken = Taken::default();
    for prefix in members.iter().flat_map(|member| &member.given) {
        if firsts.iter().any(|first| first.contains(*prefix)) {
            taken.take(first_of(&firsts, prefix.six).map_or(0, |first| number_in(first, *prefix)));
        }
    }
    mapped(e, a, &options, &network, &firsts, &mut members, &mut taken)?;
    let leases = e.leases.get(&*network).cloned().unwrap_or_default();
    from_other_family(&firsts, &mut members);
    leased(&leases, &firsts, &mut members, &mut taken);
    hand_out(a, &network, &firsts, &mut members, &mut taken)?;
    finish(e, &network, &firsts, &members)
}

fn needed(e: &mut Evaluator, a: Args<'_>, options: &Set, name: &str) -> Result<Val, Raised> {
    e.attribute_of(options, name)?.ok_or_else(|| {
        Raised::new(codes::MISSING_ATTRIBUTE, a.span, format!("`net.assign` needs the attribute `{name}`"))
    })
}

fn subnets(e: &mut Evaluator, a: Args<'_>, options: &Set) -> Result<Subnets, Raised> {
    let list = needed(e, a, options, "subnet")?;
    let list = e.as_list(list, a.span, "`subnet` of `net.assign`")?;
    let mut prefixes = Vec::new();
    for item in list.iter() {
        prefixes.push(prefix(e, *item, a.span)?.network());
    }
    Ok(Subnets { prefixes, list })
}

fn prefix(e: &mut Evaluator, item: crate::eval::ThunkId, span: Span) -> Result<Prefix, Raised> {
    match e.force(item)? {
        Val::Text(text) => Prefix::parse(&text).ok_or_else(|| {
            Raised::new(
                codes::BAD_ADDRESS,
                span,
                format!("expected an address with its prefix length, found {text:?}"),
            )
        }),
        other => Err(e.expected("an address", &other, span, "an item")),
    }
}

/// All interfaces of all hosts, by network. Forces nothing of a host but `interfaces.*.network`.
fn index(e: &mut Evaluator, a: Args<'_>, hosts: &Rc<Set>) -> Result<Rc<ByNetwork>, Raised> {
    if let Some((known, index)) = &e.hosts.0
        && Rc::ptr_eq(known, hosts)
    {
        return Ok(index.clone());
    }
    let mut index = ByNetwork::new();
    for host in e.sorted(hosts) {
        let value = e.force(host.value)?;
        let value = e.as_set(value, a.span, "each host")?;
        let Some(interfaces) = e.attribute_of(&value, "interfaces")? else { continue };
        let interfaces = e.as_set(interfaces, a.span, "`interfaces` of a host")?;
        for interface in e.sorted(&interfaces) {
            let attributes = e.force(interface.value)?;
            let attributes = e.as_set(attributes, a.span, "each interface")?;
            if let Some(Val::Text(network)) = e.attribute_of(&attributes, "network")? {
                let place = interface.place;
                let found = Found { host: host.name, interface: interface.name, attributes, place };
                index.entry(network).or_default().push(found);
            }
        }
    }
    let index = Rc::new(index);
    e.hosts.0 = Some((hosts.clone(), index.clone()));
    Ok(index)
}

fn members(
    e: &mut Evaluator,
    a: Args<'_>,
    options: &Set,
    network: &Arc<str>,
    subnets: &Subnets,
) -> Result<Vec<Member>, Raised> {
    let hosts = needed(e, a, options, "hosts")?;
    let hosts = e.as_set(hosts, a.span, "`hosts` of `net.assign`")?;
    let index = index(e, a, &hosts)?;
    let address = e.symbol("address");
    let mut members = Vec::new();
    let mut wrong: Vec<Raised> = Vec::new();
    for found in index.get(network).into_iter().flatten() {
        if let Some(Val::Bool(false)) = e.attribute_of(&found.attributes, "numbered")? {
            continue;
        }
        let mut span = e.span_of(found.place).unwrap_or(a.span);
        let mut given = Vec::new();
        let mut list: Rc<[ThunkId]> = Rc::new([]);
        if let Some(attribute) = found.attributes.get(address) {
            span = e.span_of(attribute.place).unwrap_or(span);
            let value = e.force(attribute.value)?;
            list = e.as_list(value, span, "`address` of an interface")?;
            for (at, item) in list.iter().enumerate() {
                let prefix = prefix(e, *item, span)?;
                if wrong.len() < MOST_COMPLAINTS {
                    wrong.extend(check_given(e, network, subnets, prefix, (&list, at, span)).err());
                }
                given.push(prefix);
            }
        }
        let name = format!("{}/{}", e.name(found.host), e.name(found.interface));
        members.push(Member { found: found.clone(), name, given, list, span, number: None });
    }
    // One is raised, the others are said as well.
    match wrong.pop() {
        None => Ok(members),
        Some(last) => {
            e.warnings.extend(wrong.into_iter().map(Diagnostic::from));
            Err(last)
        }
    }
}

/// Where an element of a list is defined, `otherwise` where it is nobody's definition; and the option it is part of.
fn place_of(e: &Evaluator, list: &Rc<[ThunkId]>, at: usize, otherwise: Span) -> (Span, Option<String>) {
    match e.embedder.as_ref().and_then(|embedder| embedder.element(e, list, at)) {
        Some((span, path)) => (span, Some(path)),
        None => (otherwise, None),
    }
}

fn complaint(code: Code, (span, path): (Span, Option<String>), message: String) -> Raised {
    let raised = Raised::new(code, span, message);
    match path {
        Some(path) => raised.about(|| path),
        None => raised,
    }
}

fn check_given(
    e: &Evaluator,
    network: &str,
    subnets: &Subnets,
    given: Prefix,
    (list, at, otherwise): (&Rc<[ThunkId]>, usize, Span),
) -> Result<(), Raised> {
    let host = Prefix { length: given.bits(), ..given };
    let subnet = |number: usize| Some(e.embedder.as_ref()?.element(e, &subnets.list, number)?.0);
    let Some(number) = subnets.prefixes.iter().position(|subnet| subnet.contains(host)) else {
        let message = format!("address `{given}` is outside of network `{network}`");
        let place = place_of(e, list, at, otherwise);
        let mut raised = complaint(codes::ADDRESS_OUTSIDE_NETWORK, place, message);
        if subnets.prefixes.is_empty() {
            return Err(raised.help(format!("network `{network}` has no subnet")));
        }
        let mut unplaced: Vec<String> = Vec::new();
        for (at, prefix) in subnets.prefixes.iter().enumerate() {
            match subnet(at) {
                Some(span) => {
                    let (first, last) = prefix.usable();
                    let (first, last) = (prefix.with_number(first), prefix.with_number(last));
                    let (first, last) = (first.address_text(), last.address_text());
                    raised = raised.label(span, format!("`{network}` has {first} to {last}"));
                }
                None => unplaced.push(format!("`{prefix}`")),
            }
        }
        return Err(match unplaced.is_empty() {
            true => raised,
            false => raised.help(format!("`{network}` has {}", unplaced.join(", "))),
        });
    };
    let prefix = subnets.prefixes[number];
    let (first, last) = prefix.usable();
    let host_number = number_in(prefix, given);
    if host_number < first || host_number > last {
        let which = if host_number < first { "the network's own address" } else { "the broadcast address" };
        let message = format!("address `{given}` is {which} of `{prefix}`");
        let raised = complaint(codes::DOES_NOT_FIT, place_of(e, list, at, otherwise), message);
        let raised = match subnet(number) {
            Some(span) => raised.label(span, "the network's prefix"),
            None => raised,
        };
        let (first, last) = (prefix.with_number(first), prefix.with_number(last));
        let (first, last) = (first.address_text(), last.address_text());
        return Err(raised.help(format!("hosts have {first} to {last}")));
    }
    Ok(())
}

fn number_in(prefix: Prefix, address: Prefix) -> u128 {
    Prefix { length: prefix.length, ..address }.number()
}

fn first_of(firsts: &[Prefix], six: bool) -> Option<Prefix> {
    firsts.iter().copied().find(|first| first.six == six)
}

/// The prefixes that this interface has no given address in.
fn lacking<'a>(firsts: &'a [Prefix], member: &'a Member) -> impl Iterator<Item = Prefix> + 'a {
    firsts.iter().copied().filter(|first| member.given.iter().all(|given| given.six != first.six))
}

/// The numbers that fit all prefixes.
fn range(prefixes: impl Iterator<Item = Prefix>) -> (u128, u128) {
    prefixes
        .map(Prefix::usable)
        .fold((0, GREATEST_NUMBER), |(from, to), (first, last)| (from.max(first), to.min(last)))
}

/// `map { dc1 21 }`: the first interface of that host on this network.
fn mapped(
    e: &mut Evaluator,
    a: Args<'_>,
    options: &Set,
    network: &str,
    firsts: &[Prefix],
    members: &mut [Member],
    taken: &mut Taken,
) -> Result<(), Raised> {
    let Some(map) = e.attribute_of(options, "map")? else { return Ok(()) };
    let map = e.as_set(map, a.span, "`map` of `net.assign`")?;
    let mut of_host: HashMap<Symbol, usize> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        of_host.entry(member.found.host).or_insert(index);
    }
    let mut numbers: BTreeMap<i64, Attribute> = BTreeMap::new();
    for entry in e.sorted(&map) {
        let span = e.span_of(entry.place).unwrap_or(a.span);
        let number = match e.force(entry.value)? {
            Val::Int(number) => number,
            other => return Err(e.expected("an integer", &other, span, "a number of `map`")),
        };
        if let Some(other) = numbers.insert(number, entry) {
            let message = format!(
                "`{}` and `{}` both have number {number} in network `{network}`",
                e.name(other.name),
                e.name(entry.name)
            );
            let raised = Raised::new(codes::DUPLICATE_ADDRESS, span, message);
            return Err(match e.span_of(other.place) {
                Some(first) => raised.label(first, "first here"),
                None => raised,
            });
        }
        for prefix in firsts {
            let (first, last) = prefix.usable();
            if u128::try_from(number).map_or(true, |number| number < first || number > last) {
                let message = format!("number {number} of `{}` does not fit `{prefix}`", e.name(entry.name));
                let help = format!("numbers of network `{network}` go from {first} to {last}");
                return Err(Raised::new(codes::DOES_NOT_FIT, span, message).help(help));
            }
        }
        let number = number.unsigned_abs().into();
        taken.take(number);
        if let Some(member) = of_host.get(&entry.name).and_then(|index| members.get_mut(*index)) {
            member.number = Some(number);
            if member.given.is_empty() {
                member.span = span;
            }
        }
    }
    Ok(())
}

/// 10.53.57.21 given makes fd00:57::15, where that number fits.
fn from_other_family(firsts: &[Prefix], members: &mut [Member]) {
    for member in members {
        let (first, last) = range(lacking(firsts, member));
        if let (None, Some(given)) = (member.number, member.given.first())
            && let Some(prefix) = first_of(firsts, given.six)
        {
            member.number =
                Some(number_in(prefix, *given)).filter(|number| *number >= first && *number <= last);
        }
    }
}

/// Numbers that a running lab has already, as far as they are still free.
fn leased(leases: &BTreeMap<String, u64>, firsts: &[Prefix], members: &mut [Member], taken: &mut Taken) {
    for member in members.iter_mut().filter(|member| member.number.is_none()) {
        let Some(number) = leases.get(&member.name).map(|number| u128::from(*number)) else { continue };
        let (first, last) = range(lacking(firsts, member));
        if number >= first && number <= last && !taken.has(number) {
            taken.take(number);
            member.number = Some(number);
        }
    }
}

/// The rest, in the order of their names: from a hash, and on to the next free number.
fn hand_out(
    a: Args<'_>,
    network: &str,
    firsts: &[Prefix],
    members: &mut [Member],
    taken: &mut Taken,
) -> Result<(), Raised> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|a, b| members[*a].name.cmp(&members[*b].name));
    for index in order {
        let member = &members[index];
        if member.number.is_some() || lacking(firsts, member).next().is_none() {
            continue;
        }
        let (first, last) = range(lacking(firsts, member));
        let digest = sha2::Sha256::digest(member.name.as_bytes());
        let hash = digest.iter().take(8).fold(0_u128, |hash, byte| (hash << 8) | u128::from(*byte));
        let count = (last + 1).saturating_sub(first);
        let wanted = first + if count == 0 { 0 } else { hash % count };
        let free = [(wanted, last), (first, wanted)].into_iter().find_map(|(from, to)| {
            let free = taken.next_free(from);
            (free <= to && count > 0).then_some(free)
        });
        let Some(number) = free else {
            let smallest =
                lacking(firsts, member).max_by_key(|prefix| prefix.length - if prefix.six { 96 } else { 0 });
            let prefix = smallest.map(|prefix| prefix.to_string()).unwrap_or_default();
            let at = if member.span == a.span { a.span } else { member.span };
            let message =
                format!("no address left for `{}` in `{prefix}` of network `{network}`", member.name);
            return Err(Raised::new(codes::PREFIX_FULL, at, message)
                .help(format!("it has room for {count}; give the network a shorter prefix")));
        };
        taken.take(number);
        members[index].number = Some(number);
    }
    Ok(())
}

fn finish(e: &mut Evaluator, network: &str, firsts: &[Prefix], members: &[Member]) -> Result<Val, Raised> {
    let mut owners: HashMap<(bool, u128), usize> = HashMap::new();
    let mut hosts: Vec<(Symbol, Vec<Attribute>)> = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let mut addresses = Vec::new();
        for first in firsts {
            let given = member.given.iter().copied().filter(|given| given.six == first.six);
            let before = addresses.len();
            addresses.extend(given);
            if let (true, Some(number)) = (addresses.len() == before, member.number) {
                addresses.push(first.with_number(number));
            }
        }
        for address in &addresses {
            if let Some(other) = owners.insert((address.six, address.address), index) {
                return Err(duplicate(e, network, *address, member, &members[other]));
            }
        }
        let list = e.list_of(
            addresses.iter().map(|address| Val::Text(address.to_string().into())).collect::<Vec<_>>(),
        );
        let attribute =
            Attribute { name: member.found.interface, value: e.value(list), place: member.found.place };
        match hosts.last_mut() {
            Some((host, interfaces)) if *host == member.found.host => interfaces.push(attribute),
            _ => hosts.push((member.found.host, vec![attribute])),
        }
    }
    let mut entries = Vec::with_capacity(hosts.len());
    for (name, interfaces) in hosts {
        let value = e.value(Val::Set(Rc::new(Set::new(interfaces))));
        entries.push(Attribute { name, value, place: Place::NONE });
    }
    Ok(Val::Set(Rc::new(Set::new(entries))))
}

fn duplicate(e: &Evaluator, network: &str, address: Prefix, member: &Member, other: &Member) -> Raised {
    let same = |given: &Prefix| (given.six, given.address) == (address.six, address.address);
    let place = |of: &Member, at: Option<usize>| match at {
        Some(at) => place_of(e, &of.list, at, of.span),
        None => (of.span, None),
    };
    let (first, last) = (other.given.iter().position(same), member.given.iter().rposition(same));
    let address = address.address_text();
    let message = match member.name == other.name {
        true => format!("`{}` has address `{address}` twice", member.name),
        false => format!(
            "`{}` and `{}` both have address `{address}` on network `{network}`",
            other.name, member.name
        ),
    };
    let (first_span, _) = place(other, first);
    let place = place(member, last);
    let span = place.0;
    let raised = complaint(codes::DUPLICATE_ADDRESS, place, message);
    match (first_span == span, member.name == other.name) {
        (true, _) => raised,
        (false, true) => raised.label(first_span, "first here"),
        (false, false) => raised.label(first_span, format!("`{}` has it too", other.name)),
    }
}

/// Numbers that are gone, and the next free one after each, found in nearly constant time.
#[derive(Default)]
struct Taken {
    numbers: HashSet<u128>,
    next: HashMap<u128, u128>,
}

impl Taken {
    fn has(&self, number: u128) -> bool {
        self.numbers.contains(&number)
    }

    fn take(&mut self, number: u128) {
        if self.numbers.insert(number) {
            self.next.insert(number, number.saturating_add(1));
        }
    }

    /// `number` or the first free one after it.
    fn next_free(&mut self, number: u128) -> u128 {
        let mut free = number;
        while let Some(next) = self.next.get(&free) {
            free = *next;
        }
        // All on the way point there from now on.
        let mut at = number;
        while let Some(next) = self.next.get_mut(&at) {
            at = std::mem::replace(next, free);
        }
        free
    }
}
