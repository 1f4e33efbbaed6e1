//! What links have in common that a host makes by itself, in its own namespace: made, read, changed and removed alike.
//! A kind of them has a [`Shape`]: what only it has.

use super::{
    Manage, Subject, Updating, change_per_host, delete_per_host, keep_addresses_of, links_of, observe_stacks,
    perform,
};
use crate::attribute::Attributes;
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
use std::collections::BTreeMap;
use std::fmt;

/// What only one kind of link has.
pub trait Shape: Clone + fmt::Debug + Send + Sync {
    /// The attributes that `change` can change. Size, hardware address and being up always can.
    const IN_PLACE: &'static [&'static str];

    /// The kernel's modules that have it, by its kernel's name for the kind.
    const MODULES: &'static [(InfoKind, &'static str)];

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
                let spec = Self { on: on.clone(), mtu: interface.mtu, mac, up: interface.up, shape };
                let adding = lowering
                    .of_host(host_name, name.as_str(), spec, interface.span)
                    .needs(Netns::id(host_name), Why::Inside)
                    .is_interface(host_name, name)
                    .sets_up(host_name);
                if let Some(on) = on {
                    adding.needs_interface(host_name, &on, Why::Inside);
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let mut attributes = self.shape.attributes();
        attributes.insert("up".into(), self.up.into());
        attributes.extend(self.on.as_ref().map(|on| ("on".into(), on.as_str().into())));
        attributes.extend(self.mtu.map(|mtu| ("mtu".into(), mtu.into())));
        attributes.extend(self.mac.map(|mac| ("mac".into(), mac.to_string().into())));
        attributes
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let mut asked: BTreeMap<String, (&str, Vec<String>)> = BTreeMap::new();
        for (id, spec) in specs {
            let kind = spec.shape.kind();
            let module = S::MODULES.iter().find(|(known, _)| *known == kind).map_or("", |(_, module)| module);
            asked.entry(kind.to_string()).or_insert((module, Vec::new())).1.push(id.to_string());
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
            perform(&netlink, wanted.iter().map(|(id, spec)| creation(id, spec, &links)), |_| false)
        })
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        change_per_host(machine, wanted, |wanted| {
            let netlink = Netlink::open().map_err(|error| Error::caused("change links", error))?;
            let links = links_of(&netlink)?;
            keep_addresses_of(wanted.iter().filter(|one| !one.spec.up).map(|one| &*one.id.name))?;
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
            Ok(own.into_iter().zip(common).map(|(own, common)| own.and(common)).collect())
        })
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        delete_per_host(machine, unwanted, |unwanted| {
            let netlink = Netlink::open().map_err(|error| Error::caused("delete links", error))?;
            perform(&netlink, unwanted.iter().map(|(id, _)| removal(id)), netlink::Refusal::is_gone)
        })
    }
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
    Some(attributes)
}
