//! The table of kinds: the only list of them. A kind is one folder and one row here.
//!
//! A kind's folder has `spec.rs` (what it should be, and how it follows from the lab), `observe.rs` (what it is)
//! and `apply.rs` (how it gets there). Everything outside goes through [`Manage`] and knows no kind.

use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::lab::Lab;
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::{AbsolutePath, HostName};
use crate::plan::Change;
use serde::{Deserialize, Serialize};
use std::fmt;

pub mod address;
mod batch;
pub mod bond;
pub mod bridge;
pub mod daemon;
pub mod directory;
pub mod dummy;
pub mod file;
pub mod firewall;
mod host_file;
pub mod impairment;
pub mod kdc_database;
pub mod keytab;
mod links;
pub mod macvlan;
pub mod netns;
pub mod network;
mod output;
pub mod own_link;
mod package;
mod places;
pub mod principal;
pub mod route;
pub mod rule;
pub mod step;
pub mod sysctl;
pub mod tunnel;
pub mod uplink;
pub mod veth;
pub mod vlan;
pub mod vrf;
pub mod vxlan;
pub mod wire;
pub mod wireguard;
pub mod wireguard_peers;

pub(crate) use batch::{
    InHost, change_per_host, change_stacks, delete_per_host, each, observe_per_host, observe_stacks,
    on_cores, spread,
};
pub(crate) use links::{goes_down, keep_addresses, links_here, links_of, perform};
pub(crate) use places::{Fleeting, Place, at_places, make_parents, path_of};

/// Expands the table into [`Kind`], [`Spec`] and the one `match` for each function of [`Manage`].
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $spec:ty;)*) => {
        /// A type of thing we can manage.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $variant,
        )*}

        /// The typed desired state of one resource.
        #[derive(Clone, Debug)]
        pub enum Spec {$(
            $(#[$doc])*
            $variant($spec),
        )*}

        $(
            impl From<$spec> for Spec {
                fn from(spec: $spec) -> Spec {
                    Spec::$variant(spec)
                }
            }

            impl Row for $spec {
                fn of(spec: &Spec) -> Option<&Self> {
                    if let Spec::$variant(spec) = spec { Some(spec) } else { None }
                }
            }
        )*

        impl Spec {
            /// Which kind it is of.
            pub fn kind(&self) -> Kind {
                match self { $(Spec::$variant(_) => Kind::$variant,)* }
            }

            /// See [`Manage::text`].
            pub fn text(&self) -> Option<&str> {
                match self { $(Spec::$variant(spec) => spec.text(),)* }
            }

            /// See [`Manage::watched`].
            pub fn watched(&self, id: &ResourceId) -> Option<Watched> {
                match self { $(Spec::$variant(spec) => spec.watched(id),)* }
            }

            /// See [`Manage::attributes`].
            pub fn attributes(&self, key: &DigestKey) -> Attributes {
                match self { $(Spec::$variant(spec) => spec.attributes(key),)* }
            }
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// Its name, as the plan writes it.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// Whether [`Manage::update`] can change this attribute.
            pub fn in_place(self, attribute: &str) -> bool {
                let some = match self { $(Kind::$variant => <$spec>::IN_PLACE,)* };
                some == ANY || some.contains(&attribute)
            }

            /// See [`Manage::WHILE_IT_RUNS`].
            pub fn while_it_runs(self) -> &'static [&'static str] {
                match self { $(Kind::$variant => <$spec>::WHILE_IT_RUNS,)* }
            }

            /// See [`Manage::BATCH`].
            pub fn batch(self) -> bool {
                match self { $(Kind::$variant => <$spec>::BATCH,)* }
            }

            /// See [`Manage::matters`].
            pub fn matters(self, change: &Change) -> bool {
                match self { $(Kind::$variant => <$spec>::matters(change),)* }
            }

            /// See [`Manage::lower`].
            pub fn lower(self, lab: &Lab, lowering: &mut Lowering) {
                match self { $(Kind::$variant => <$spec>::lower(lab, lowering),)* }
            }

            /// See [`Manage::missing`].
            pub fn missing(self, specs: &[(&ResourceId, &Spec)]) -> Vec<Missing> {
                match self { $(Kind::$variant => <$spec>::missing(&pick(specs)),)* }
            }

            /// See [`Manage::observe`].
            pub fn observe(self, machine: &Machine, subjects: &[Subject<'_, Spec>]) -> Result<Vec<Option<Attributes>>, Error> {
                match self { $(Kind::$variant => <$spec>::observe(machine, &pick_subjects(subjects)),)* }
            }

            /// See [`Manage::found`].
            pub fn found(self, machine: &Machine) -> Result<Vec<ResourceId>, Error> {
                match self { $(Kind::$variant => <$spec>::found(machine),)* }
            }

            /// See [`Manage::create`].
            pub fn create(self, machine: &Machine, wanted: &[(&ResourceId, &Spec)]) -> Vec<Result<(), Error>> {
                match self { $(Kind::$variant => <$spec>::create(machine, &pick(wanted)),)* }
            }

            /// See [`Manage::update`].
            pub fn update(self, machine: &Machine, wanted: &[Updating<'_, Spec>]) -> Vec<Result<(), Error>> {
                match self { $(Kind::$variant => <$spec>::update(machine, &pick_updating(wanted)),)* }
            }

            /// See [`Manage::delete`].
            pub fn delete(self, machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
                match self { $(Kind::$variant => <$spec>::delete(machine, unwanted),)* }
            }
        }
    };
}

kinds! {
    /// A host: its network namespace, its hostname, its view of the file system.
    Netns = "netns": netns::Netns;
    /// The kernel switch of a network.
    Bridge = "bridge": bridge::Bridge;
    /// An interface of a host and the port it is plugged into: the two ends of a veth pair.
    Veth = "veth": veth::Veth;
    /// A network without a bridge: the two ends of one veth pair, each in a host.
    Wire = "wire": wire::Wire;
    /// A network in operation: its bridge set up, after its ports were plugged in.
    Network = "network": network::Network;
    /// The machine's own place on a network.
    Uplink = "uplink": uplink::Uplink;
    /// A VLAN of another interface.
    Vlan = "vlan": own_link::OwnLink<crate::lab::Vlan>;
    /// A network of its own over another one.
    Vxlan = "vxlan": own_link::OwnLink<crate::lab::Vxlan>;
    /// A further interface of another one.
    Macvlan = "macvlan": own_link::OwnLink<crate::lab::Macvlan>;
    /// Packets in packets.
    Tunnel = "tunnel": own_link::OwnLink<crate::lab::Tunnel>;
    /// An interface that leads nowhere.
    Dummy = "dummy": own_link::OwnLink<dummy::Dummy>;
    /// One end of WireGuard's tunnels.
    Wireguard = "wireguard": own_link::OwnLink<crate::lab::Wireguard>;
    /// The keys, the port and the peers of one.
    WireguardPeers = "wireguard-peers": wireguard_peers::WireguardPeers;
    /// Several interfaces as one.
    Bond = "bond": own_link::OwnLink<crate::lab::Bond>;
    /// Interfaces with a routing table of their own.
    Vrf = "vrf": own_link::OwnLink<crate::lab::Vrf>;
    /// What happens to packets on their way out of an interface, or into it.
    Impairment = "impairment": impairment::Impairment;
    /// What a host lets through.
    Firewall = "firewall": firewall::Firewall;
    /// The addresses of one family that an interface has.
    Address = "address": address::Address;
    /// A setting of a host's kernel.
    Sysctl = "sysctl": sysctl::Sysctl;
    /// A way to elsewhere.
    Route = "route": route::Route;
    /// Which packets are looked up in which table.
    Rule = "rule": rule::Rule;
    /// A directory of a host.
    Directory = "directory": directory::Directory;
    /// A file, of one host or of all.
    File = "file": file::File;
    /// A command that is run once for its inputs.
    Step = "step": step::Step;
    /// An MIT Kerberos database.
    KdcDatabase = "kdc-database": kdc_database::KdcDatabase;
    /// An identity in one.
    Principal = "principal": principal::Principal;
    /// A file with long-term keys.
    Keytab = "keytab": keytab::Keytab;
    /// A long-running process.
    Daemon = "daemon": daemon::Daemon;
}

/// In place of a list of attributes: all of them, also those with names of the lab's own.
pub(crate) const ANY: &[&str] = &["*"];

/// What every kind says of itself. All functions take many resources at once, so that a kind may batch:
/// one netlink write, one `kadmin.local`. They may block; they run on threads of their own.
pub trait Manage: Sized {
    /// Attributes that `update` can change; a difference in any other one replaces the resource.
    const IN_PLACE: &'static [&'static str];

    /// Whether all ready resources of the kind are handed over in one call (links), or each in its own, side by side (daemons).
    const BATCH: bool;

    /// Of what runs: attributes that `update` can change while it does. A change of any other one starts it anew.
    const WHILE_IT_RUNS: &'static [&'static str] = &[];

    /// The resources of this kind that the lab asks for, with their edges.
    fn lower(lab: &Lab, lowering: &mut Lowering);

    /// The spec in the form that is compared, shown and recorded. Secrets appear as digests under `key`.
    fn attributes(&self, key: &DigestKey) -> Attributes;

    /// The text behind its digest, where there is one that anybody may read: a change of it can be shown line by line.
    fn text(&self) -> Option<&str> {
        None
    }

    /// Whether a change in place is one to those that read it: of a link, only what makes the kernel drop something.
    fn matters(change: &Change) -> bool {
        let _ = change;
        true
    }

    /// What this machine lacks for resources of this kind, by name and with the cure. Asked before anything starts:
    /// there is no lab yet, only the machine the command runs on.
    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let _ = specs;
        Vec::new()
    }

    /// What tells at once that it is no longer as it was, besides the kernel's word on links, addresses, routes and rules.
    fn watched(&self, id: &ResourceId) -> Option<Watched> {
        let _ = id;
        None
    }

    /// What is really there; `None` where nothing is. One answer per subject, in order.
    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error>;

    /// What there is of this kind that nobody needs to have recorded, because the lab alone can have made it: what goes when
    /// the record is lost, where the lab does not ask for it.
    fn found(machine: &Machine) -> Result<Vec<ResourceId>, Error> {
        let _ = machine;
        Ok(Vec::new())
    }

    /// Makes what is not there. Creating what a killed run had begun must succeed. One answer each, in order.
    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>>;

    /// Changes in place, or does again what only something it reads has changed for. One answer each, in order.
    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>>;

    /// Removes. What is already gone is no error. `attributes` are the recorded ones. One answer each, in order.
    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>>;
}

/// Something that changes when a resource does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// A file or directory, of one host or of all.
    Path(Option<HostName>, AbsolutePath),
    /// A process that the supervisor has under this name.
    Process(String),
}

/// One resource to observe: wanted, recorded, or both.
#[derive(Debug)]
pub struct Subject<'a, S> {
    /// Its name.
    pub id: &'a ResourceId,
    /// What the lab asks for.
    pub desired: Option<&'a S>,
    /// What was applied last.
    pub recorded: Option<&'a Attributes>,
}

/// One resource to change in place.
#[derive(Debug)]
pub struct Updating<'a, S> {
    /// Its name.
    pub id: &'a ResourceId,
    /// What it should be.
    pub spec: &'a S,
    /// What it is: observed, or recorded where that cannot be read back. Equal to the spec's where only something it
    /// reads has changed.
    pub before: &'a Attributes,
}

/// A type of spec that has a row in the table.
trait Row: Sized {
    fn of(spec: &Spec) -> Option<&Self>;
}

fn pick<'a, S: Row>(pairs: &[(&'a ResourceId, &'a Spec)]) -> Vec<(&'a ResourceId, &'a S)> {
    pairs.iter().filter_map(|(id, spec)| Some((*id, S::of(spec)?))).collect()
}

fn pick_updating<'a, S: Row>(wanted: &[Updating<'a, Spec>]) -> Vec<Updating<'a, S>> {
    wanted
        .iter()
        .filter_map(|one| Some(Updating { id: one.id, spec: S::of(one.spec)?, before: one.before }))
        .collect()
}

fn pick_subjects<'a, S: Row>(subjects: &[Subject<'a, Spec>]) -> Vec<Subject<'a, S>> {
    subjects
        .iter()
        .map(|subject| Subject {
            id: subject.id,
            desired: subject.desired.and_then(S::of),
            recorded: subject.recorded,
        })
        .collect()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
