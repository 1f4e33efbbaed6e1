//! Resources and what each needs. Knows no kind.

use crate::attribute::Attributes;
use crate::kinds::{Kind, Spec};
use crate::name::HostName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use topo_lang::Span;

/// The name of one managed thing: `veth kdc1/eth0`, `bridge corp`, `file kdc1:/etc/krb5.conf`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceId {
    /// What it is.
    pub kind: Kind,
    /// Whose it is; `None` for what belongs to the lab as a whole.
    pub host: Option<HostName>,
    /// Which one, unique among its kind and host.
    pub name: Arc<str>,
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            None => write!(f, "{} {}", self.kind, self.name),
            Some(host) if self.name.is_empty() => write!(f, "{} {host}", self.kind),
            Some(host) if self.name.starts_with('/') => write!(f, "{} {host}:{}", self.kind, self.name),
            Some(host) => write!(f, "{} {host}/{}", self.kind, self.name),
        }
    }
}

/// One managed thing, as the lab wants it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its name.
    pub id: ResourceId,
    /// What it should be.
    pub spec: Spec,
    /// `spec` as the plan compares and records it.
    pub attributes: Attributes,
    /// What must be there before it.
    pub depends_on: Vec<Dependency>,
    /// The definition in the lab that asks for it; reasons in the plan name it.
    pub defined_at: Span,
}

/// One edge of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// What must be there first.
    pub on: ResourceId,
    /// What a change of it means.
    pub why: Why,
}

/// Why one resource needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It only has to come first.
    Order,
    /// Its content is read: when it changes, this is done again (a daemon restarts, a step reruns).
    Reads,
    /// This lives inside it (an address on an interface): when it goes, so does this.
    Inside,
}
