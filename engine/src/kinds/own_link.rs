//! What links have in common that a host makes by itself, in its own namespace: made, read, changed and removed alike.
//! A kind of them has a [`Shape`]: what only it has.

use super::{
    Manage, Subject, Updating, change_per_host, delete_per_host, goes_down, keep_addresses, links_of,
    observe_stacks, perform,
};
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::lab::{Interface, Lab, Mac};
use crate::linux::machine::has_links;
use crate::linux::netlink::{self, Change, InfoData, InfoKind, Link, Netlink};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::InterfaceName;
use crate::plan;
use std::collections::BTreeMap;
use std::fmt;

/// What only one kind of link has.
pub trait Shape: Clone + fmt::Debug + Send + Sync {
    /// The attributes that `change` can change. Size, hardware address and being up always can.
    const IN_PLACE: &'static [&'static str];

    /// The kernel's modules that have it, by its kernel's name for the kind.
    const MODULES: &'static [(InfoKind, &'static str)];

    /// How others become parts of it, where they do.
    const JOINING: Option<Joining> = None;

    /// The interface as this kind, if it is one.
    fn of(interface: &Interface) -> Option<Self>;

    /// The kernel's name for it.
    fn kind(&self) -> InfoKind;

    /// What the kernel is told of it besides; `on` is the number of the link that it sits on.
    fn data(&self, on: Option<u32>) -> Option<InfoData>;

    /// The same for one that is there, where that can be changed.
    fn change(&self) -> Option<InfoData> {
        None
    }

    /// What only it has, in the form that is compared and shown.
    fn attributes(&self) -> Attributes;

    /// The same, as the kernel has it.
    fn observed(kind: &InfoKind, data: Option<&InfoData>) -> Attributes;

    /// The number of the link that it sits on, where the kernel has that among what only its kind has.
    fn on(data: &InfoData) -> Option<u32> {
        let _ = data;
        None
    }
}

/// How an interface becomes a part of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// As it is.
    AsItIs,
    /// Only while it is down. The kernel sets it up then, and leaves it down when it is let go.
    Down,
}

/// A link that a host makes by itself.
#[derive(Clone, Debug)]
pub struct OwnLink<S> {
    /// The interface of the same host that it sits on.
    pub on: Option<InterfaceName>,
    /// The largest packet, in bytes; the kernel's choice where none.
    pub mtu: Option<u32>,
    /// The hardware address; the kernel's choice where none.
    pub mac: Option<Mac>,
    /// Whether it is set up.
    pub up: bool,
    /// The interfaces of the same host that are parts of it, sorted.
    pub members: Vec<InterfaceName>,
    /// What only its kind has.
    pub shape: S,
}

impl<S: Shape> OwnLink<S> {
    fn change(&self) -> Change {
        let mac = self.mac.map(|mac| mac.0);
        Change { up: Some(self.up), mtu: self.mtu, mac, controller: None }
    }
}

impl<S: Shape> Manage for OwnLink<S>
where
    Self: Into<super::Spec>,
{
    const IN_PLACE: &'static [&'static str] = S::IN_PLACE;
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (host_name, host) in &lab.hosts {
            for (name, interface) in &host.interfaces {
                let Some(shape) = S::of(interface) else { continue };
                let on = interface.on().map(|on| on.value.clone());
                let mac = interface.mac.map(|mac| mac.value);
                let mut members: Vec<InterfaceName> =
                    interface.members().iter().map(|member| member.value.clone()).collect();
                members.sort();
                let (mtu, up) = (interface.mtu, interface.up);
                let spec = Self { on: on.clone(), mtu, mac, up, members: members.clone(), shape };
                let mut adding = lowering
                    .of_host(host_name, name.as_str(), spec, interface.span)
                    .needs(Netns::id(host_name), Why::Inside)
                    .is_interface(host_name, name)
                    .sets_up(host_name);
                if let Some(on) = on {
                    adding = adding.needs_interface(host_name, &on, Why::Inside);
                }
                for member in &members {
                    // One that is made anew has to become a part again.
                    adding = adding.needs_interface(host_name, member, Why::Reads);
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let mut attributes = self.shape.attributes();
        attributes.insert("up".into(), self.up.into());
        if S::JOINING.is_some() {
            attributes.insert(MEMBERS.into(), names(self.members.iter().map(InterfaceName::as_str)));
        }
        attributes.extend(self.on.as_ref().map(|on| ("on".into(), on.as_str().into())));
        attributes.extend(self.mtu.map(|mtu| ("mtu".into(), mtu.into())));
        attributes.extend(self.mac.map(|mac| ("mac".into(), mac.to_string().into())));
        attributes
    }

    fn matters(change: &plan::Change) -> bool {
        goes_down(change) || change.attribute == MEMBERS
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let mut asked: BTreeMap<String, (&str, Vec<String>)> = BTreeMap::new();
        for (id, spec) in specs {
            let kind = spec.shape.kind();
            let module = S::MODULES.iter().find(|(known, _)| *known == kind).map_or("", |(_, module)| module);
            asked.entry(kind.to_string()).or_insert((module, Vec::new())).1.push(id.to_string());
        }
        if asked.is_empty() {
            return Vec::new();
        }
        let kinds: Vec<&str> = asked.keys().map(String::as_str).collect();
        // Where nothing can be tried, whatever keeps it from being tried has words of its own.
        let has = has_links(&kinds).unwrap_or_default();
        asked
            .into_iter()
            .zip(has)
            .filter(|(_, has)| !has)
            .map(|((kind, (module, needed_by)), _)| Missing {
                what: format!("links of kind `{kind}`, which this kernel does not have"),
                needed_by,
                cure: format!("use a kernel with the module `{module}`; Debian's have it"),
            })
            .collect()
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe_stacks(machine, subjects, |stack, subjects| {
            let links = stack.links()?;
            Ok(subjects.iter().map(|subject| look::<S>(&links, &subject.id.name)).collect())
        })
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        change_per_host(machine, wanted, |wanted| {
            let netlink = Netlink::open().map_err(|error| Error::caused("create links", error))?;
            let links = links_of(&netlink)?;
            // What an interrupted run left is taken away first: it may be half of what is wanted.
            let left = wanted.iter().filter(|(id, _)| links.contains_key(&*id.name));
            let left: Vec<_> = left.map(|(id, _)| removal(id)).collect();
            perform(&netlink, left, netlink::Refusal::is_gone)?;
            let made =
                perform(&netlink, wanted.iter().map(|(id, spec)| creation(id, spec, &links)), |_| false)?;
            both(made, join(&netlink, wanted.iter().map(|(id, spec)| (*id, *spec)))?)
        })
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        change_per_host(machine, wanted, |wanted| {
            let netlink = Netlink::open().map_err(|error| Error::caused("change links", error))?;
            let links = links_of(&netlink)?;
            if wanted.iter().any(|one| !one.spec.up) {
                keep_addresses()?;
            }
            let index = |id: &ResourceId| links.get(&*id.name).map_or(0, |link| link.index);
            let own = wanted.iter().map(|Updating { id, spec, .. }| {
                // What has nothing of its own to change is asked for what it has.
                let request = match spec.shape.change() {
                    Some(data) => netlink::change_data(index(id), spec.shape.kind(), data),
                    None => netlink::change(index(id), Change::default()),
                };
                (format!("update {id}"), request)
            });
            let own = perform(&netlink, own, |_| false)?;
            let common = wanted.iter().map(|Updating { id, spec, .. }| {
                (format!("update {id}"), netlink::change(index(id), spec.change()))
            });
            let common = perform(&netlink, common, |_| false)?;
            let changed = both(own, common)?;
            both(changed, join(&netlink, wanted.iter().map(|one| (one.id, one.spec)))?)
        })
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        delete_per_host(machine, unwanted, |unwanted| {
            let netlink = Netlink::open().map_err(|error| Error::caused("delete links", error))?;
            let gone =
                perform(&netlink, unwanted.iter().map(|(id, _)| removal(id)), netlink::Refusal::is_gone)?;
            if S::JOINING == Some(Joining::Down) {
                let left = unwanted.iter().flat_map(|(_, attributes)| members_of(attributes));
                let requests = left.map(|name| (format!("set {name} up"), netlink::set_up(name)));
                perform(&netlink, requests, netlink::Refusal::is_gone)?;
            }
            Ok(gone)
        })
    }
}

/// The attribute with the parts of a link.
const MEMBERS: &str = "members";

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Attribute {
    names.map(str::to_owned).collect::<Vec<String>>().into()
}

fn members_of(attributes: &Attributes) -> &[String] {
    match attributes.get(MEMBERS) {
        Some(Attribute::List(members)) => members,
        Some(Attribute::Bool(_) | Attribute::Int(_) | Attribute::Digest { .. } | Attribute::Text(_))
        | None => &[],
    }
}

/// Of each two outcomes the first that failed.
fn both(one: Vec<Result<(), Error>>, other: Vec<Result<(), Error>>) -> Result<Vec<Result<(), Error>>, Error> {
    Ok(one.into_iter().zip(other).map(|(one, other)| one.and(other)).collect())
}

/// Makes exactly its members parts of each link. All leave before any comes: one may go from one link to another.
fn join<'a, S: Shape + 'a>(
    netlink: &Netlink,
    wanted: impl Iterator<Item = (&'a ResourceId, &'a OwnLink<S>)>,
) -> Result<Vec<Result<(), Error>>, Error> {
    let Some(joining) = S::JOINING else { return Ok(wanted.map(|_| Ok(())).collect()) };
    let wanted: Vec<_> = wanted.collect();
    let links = links_of(netlink)?;
    let (mut leaving, mut coming) = (Vec::new(), Vec::new());
    for (owner, (id, spec)) in wanted.iter().enumerate() {
        let own = links.get(&*id.name).map_or(0, |link| link.index);
        for link in links.values() {
            let is_part = link.controller == Some(own);
            let is_wanted = spec.members.iter().any(|member| member.as_str() == link.name);
            if is_part && !is_wanted {
                let change = Change { up: Some(true), controller: Some(0), ..Change::default() };
                let doing = format!("take {} out of {id}", link.name);
                leaving.push((owner, (doing, netlink::change(link.index, change))));
            } else if is_wanted && !is_part {
                let doing = format!("make {} a part of {id}", link.name);
                if joining == Joining::Down {
                    coming.push((owner, (doing.clone(), netlink::set_down(&link.name))));
                }
                let change = Change { controller: Some(own), ..Change::default() };
                coming.push((owner, (doing, netlink::change(link.index, change))));
            }
        }
    }
    if !coming.is_empty() {
        // Whatever sets them down on the way must not cost them their addresses.
        keep_addresses()?;
    }
    let (owners, requests): (Vec<usize>, Vec<_>) = leaving.into_iter().chain(coming).unzip();
    let mut outcomes: Vec<Result<(), Error>> = wanted.iter().map(|_| Ok(())).collect();
    for (owner, outcome) in owners.into_iter().zip(perform(netlink, requests, |_| false)?) {
        if outcomes[owner].is_ok() {
            outcomes[owner] = outcome;
        }
    }
    Ok(outcomes)
}

fn creation<S: Shape>(
    id: &ResourceId,
    spec: &OwnLink<S>,
    links: &BTreeMap<String, Link>,
) -> (String, netlink::Request) {
    let parent = spec.on.as_ref().map(|on| links.get(on.as_str()).map_or(0, |link| link.index));
    let (kind, data) = (spec.shape.kind(), spec.shape.data(parent));
    let link = netlink::Own { name: &id.name, kind, data, parent, change: spec.change() };
    (format!("create {id}"), link.create())
}

fn removal(id: &ResourceId) -> (String, netlink::Request) {
    (format!("delete {id}"), netlink::delete(&id.name))
}

/// A link of another kind under this name is not this one.
fn look<S: Shape>(links: &BTreeMap<String, Link>, name: &str) -> Option<Attributes> {
    let link = links.get(name)?;
    let kind = link.kind.as_ref()?;
    if !S::MODULES.iter().any(|(known, _)| known == kind) {
        return None;
    }
    let mut attributes = S::observed(kind, link.data.as_ref());
    attributes.insert("up".into(), link.up.into());
    attributes.insert("mtu".into(), link.mtu.into());
    attributes.insert("mac".into(), Mac(link.mac).to_string().into());
    let parent = link.data.as_ref().and_then(S::on).or(link.parent);
    let on = parent.and_then(|index| links.values().find(|link| link.index == index));
    attributes.extend(on.map(|on| ("on".into(), on.name.as_str().into())));
    if S::JOINING.is_some() {
        let members = links.values().filter(|other| other.controller == Some(link.index));
        attributes.insert(MEMBERS.into(), names(members.map(|member| member.name.as_str())));
    }
    Some(attributes)
}
