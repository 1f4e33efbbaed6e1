//! Resources and what each needs, in an order that respects it. Knows no kind.

use crate::attribute::Attributes;
use crate::codes;
use crate::kinds::{Kind, Spec};
use crate::name::HostName;
use indexmap::IndexMap;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use topo_lang::{Diagnostic, Span};

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

impl ResourceId {
    /// The `kind` called `name` of the lab as a whole.
    pub fn of_lab(kind: Kind, name: impl Into<Arc<str>>) -> Self {
        Self { kind, host: None, name: name.into() }
    }

    /// The `kind` called `name` of one host; the name is empty where a host has but one.
    pub fn of_host(kind: Kind, host: &HostName, name: impl Into<Arc<str>>) -> Self {
        Self { kind, host: Some(host.clone()), name: name.into() }
    }

    /// The path of the option that a step or a daemon is an entry of.
    pub(crate) fn unit_path(&self) -> Option<String> {
        let host = topo_lang::path_part(self.host.as_ref()?.as_str());
        Some(format!("hosts.{host}.{}s.{}", self.kind, topo_lang::path_part(&self.name)))
    }
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
    /// Where the lab asks for the order, if it does so itself.
    #[serde(skip)]
    pub asked_at: Option<Span>,
}

impl Dependency {
    /// The order in which they are kept, which knows nothing of the lab's text.
    pub fn order(&self, other: &Dependency) -> Ordering {
        (&self.on, self.why).cmp(&(&other.on, other.why))
    }
}

/// Why one resource needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It comes first where both are to be done; neither needs the other.
    After,
    /// It has to be there first.
    Order,
    /// Its content is read: when it changes, this is done again (a daemon restarts, a step reruns).
    Reads,
    /// This lives inside it (an address on an interface): when it goes, so does this.
    Inside,
}

/// All resources of a lab, each after everything it depends on.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    resources: IndexMap<ResourceId, Resource>,
    /// Per host, and under `None` for all hosts: what must be there before a process runs.
    setup: BTreeMap<Option<HostName>, Vec<ResourceId>>,
}

impl Graph {
    /// Orders the resources. A cycle is one complaint that names every edge of it.
    ///
    /// Every dependency must be on one of the resources, and no two may share a name.
    pub fn new(resources: Vec<Resource>) -> Result<Self, Vec<Diagnostic>> {
        let mut graph = DiGraph::<usize, ()>::with_capacity(resources.len(), resources.len() * 2);
        let mut nodes: IndexMap<&ResourceId, NodeIndex> = IndexMap::with_capacity(resources.len());
        for (index, resource) in resources.iter().enumerate() {
            nodes.insert(&resource.id, graph.add_node(index));
        }
        for resource in &resources {
            for dependency in &resource.depends_on {
                if let (Some(from), Some(to)) = (nodes.get(&dependency.on), nodes.get(&resource.id)) {
                    graph.add_edge(*from, *to, ());
                }
            }
        }
        let Ok(order) = toposort(&graph, None) else {
            return Err(cycles(&graph, &resources));
        };
        let mut unordered: Vec<Option<Resource>> = resources.into_iter().map(Some).collect();
        let resources = order
            .into_iter()
            .filter_map(|node| unordered.get_mut(graph[node])?.take())
            .map(|resource| (resource.id.clone(), resource))
            .collect();
        Ok(Self { resources, setup: BTreeMap::new() })
    }

    /// The same graph, which knows what sets its hosts up: per host, and under `None` for all hosts.
    pub(crate) fn with_setup(self, setup: BTreeMap<Option<HostName>, Vec<ResourceId>>) -> Self {
        Self { setup, ..self }
    }

    /// What must be there before a process runs on a host, of the host itself or of the lab.
    pub fn setup(&self, host: &HostName) -> impl Iterator<Item = &ResourceId> {
        let of = |scope: Option<HostName>| self.setup.get(&scope).into_iter().flatten();
        of(None).chain(of(Some(host.clone())))
    }

    /// The resource of this name.
    pub fn get(&self, id: &ResourceId) -> Option<&Resource> {
        self.resources.get(id)
    }

    /// Every resource, each after everything it depends on.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Resource> + ExactSizeIterator {
        self.resources.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

/// One complaint per knot of resources that wait for each other.
fn cycles(graph: &DiGraph<usize, ()>, resources: &[Resource]) -> Vec<Diagnostic> {
    let mut complaints = Vec::new();
    for knot in tarjan_scc(graph) {
        let members: Vec<&Resource> = knot.iter().map(|node| &resources[graph[*node]]).collect();
        let Some(cycle) = shortest_cycle(&members) else { continue };
        let (first, first_edge) = cycle[0];
        let span = first_edge.asked_at.unwrap_or(first.defined_at);
        let chain: Vec<String> = cycle.iter().map(|(resource, _)| format!("`{}`", resource.id)).collect();
        let message =
            format!("each of these waits for the next, the last for the first: {}", chain.join(", "));
        let mut complaint = Diagnostic::error(codes::ORDER_CYCLE, span, message)
            .primary_text(format!("`{}` comes after `{}`", first.id, first_edge.on));
        for (resource, edge) in &cycle[1..] {
            let span = edge.asked_at.unwrap_or(resource.defined_at);
            complaint = complaint.label(span, format!("`{}` comes after `{}`", resource.id, edge.on));
        }
        let asked = cycle.iter().find(|(_, edge)| edge.asked_at.is_some());
        if let Some(path) = asked.and_then(|(resource, _)| resource.id.unit_path()) {
            complaint = complaint.about(|| path);
        }
        complaints.push(complaint.help("take one of the `after` or `reads` away"));
    }
    complaints
}

/// Some cycle through the members, from an edge that the lab asks for itself if there is one.
fn shortest_cycle<'r>(members: &[&'r Resource]) -> Option<Vec<(&'r Resource, &'r Dependency)>> {
    let by_id: IndexMap<&ResourceId, &'r Resource> =
        members.iter().map(|member| (&member.id, *member)).collect();
    let mut starts: Vec<(&'r Resource, &'r Dependency)> = members
        .iter()
        .flat_map(|member| member.depends_on.iter().map(move |edge| (*member, edge)))
        .filter(|(_, edge)| by_id.contains_key(&edge.on))
        .collect();
    starts.sort_by(|(a, x), (b, y)| {
        (x.asked_at.is_none(), &a.id, &x.on).cmp(&(y.asked_at.is_none(), &b.id, &y.on))
    });
    let (start, first) = *starts.first()?;
    // Breadth first from the first edge's target back to its owner.
    let mut came_by: IndexMap<&'r ResourceId, Option<(&'r Resource, &'r Dependency)>> = IndexMap::new();
    came_by.insert(&first.on, None);
    let mut at = 0;
    while let Some((id, _)) = came_by.get_index(at) {
        let id = *id;
        at += 1;
        if *id == start.id {
            break;
        }
        let resource = by_id.get(id)?;
        for edge in &resource.depends_on {
            if by_id.contains_key(&edge.on) && !came_by.contains_key(&edge.on) {
                came_by.insert(&edge.on, Some((resource, edge)));
            }
        }
    }
    let mut path = Vec::new();
    let mut id = &start.id;
    while let Some(Some((resource, edge))) = came_by.get(id) {
        path.push((*resource, *edge));
        id = &resource.id;
    }
    path.push((start, first));
    path.reverse();
    Some(path)
}
