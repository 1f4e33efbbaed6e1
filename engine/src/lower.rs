//! From the typed lab to the graph of resources. Each kind adds its own; this joins what they say of each other.
//!
//! Deliberately absent: any kind. A resource says which host it helps to set up, which interface it is, which path it
//! provides and which name it has for `after`; another says which host it runs on, which interface it is about, which
//! path it reads and what it comes after.

use crate::codes;
use crate::decode::Spanned;
use crate::digest::DigestKey;
use crate::graph::{Dependency, Graph, Resource, ResourceId, Why};
use crate::kinds::{Kind, Spec};
use crate::lab::Lab;
use crate::name::{AbsolutePath, HostName, InterfaceName};
use std::collections::BTreeMap;
use topo_lang::{Diagnostic, Span};

/// The desired graph of a lab; all complaints at once. Secrets become digests under `key`.
pub fn lower(lab: &Lab, key: &DigestKey) -> Result<Graph, Vec<Diagnostic>> {
    let mut lowering = Lowering::default();
    for kind in Kind::ALL {
        kind.lower(lab, &mut lowering);
    }
    lowering.finish(key)
}

/// Resources as the kinds add them, their edges still by host, path and name.
#[derive(Debug, Default)]
pub struct Lowering {
    entries: Vec<Entry>,
    complaints: Vec<Diagnostic>,
    /// Per host, and under `None` for all hosts: what must be there before a process runs.
    setup: BTreeMap<Option<HostName>, Vec<usize>>,
    /// Per host: who is an interface.
    interfaces: BTreeMap<HostName, BTreeMap<InterfaceName, usize>>,
    /// Per host, and under `None` for all hosts: who provides a path.
    paths: BTreeMap<Option<HostName>, BTreeMap<AbsolutePath, Vec<usize>>>,
    /// Per host: who has a name that `after` may use.
    units: BTreeMap<HostName, BTreeMap<String, Vec<usize>>>,
}

#[derive(Debug)]
struct Entry {
    id: ResourceId,
    spec: Spec,
    defined_at: Span,
    depends_on: Vec<Dependency>,
    runs_on: Vec<HostName>,
    about: Vec<(HostName, InterfaceName, Why)>,
    reads: Vec<(HostName, AbsolutePath)>,
    after: Vec<(HostName, Spanned<String>)>,
}

impl Lowering {
    /// Adds a resource of the lab as a whole.
    pub fn of_lab(&mut self, name: &str, spec: impl Into<Spec>, defined_at: Span) -> Adding<'_> {
        let spec = spec.into();
        self.add(ResourceId::of_lab(spec.kind(), name), spec, defined_at)
    }

    /// Adds a resource of one host; `name` is empty where a host has but one of the kind.
    pub fn of_host(
        &mut self,
        host: &HostName,
        name: &str,
        spec: impl Into<Spec>,
        defined_at: Span,
    ) -> Adding<'_> {
        let spec = spec.into();
        self.add(ResourceId::of_host(spec.kind(), host, name), spec, defined_at)
    }

    /// Adds a complaint.
    pub fn complain(&mut self, complaint: Diagnostic) {
        self.complaints.push(complaint);
    }

    fn add(&mut self, id: ResourceId, spec: Spec, defined_at: Span) -> Adding<'_> {
        let index = self.entries.len();
        self.entries.push(Entry {
            id,
            spec,
            defined_at,
            depends_on: Vec::new(),
            runs_on: Vec::new(),
            about: Vec::new(),
            reads: Vec::new(),
            after: Vec::new(),
        });
        Adding { lowering: self, index }
    }

    fn finish(mut self, key: &DigestKey) -> Result<Graph, Vec<Diagnostic>> {
        let mut complaints = std::mem::take(&mut self.complaints);
        let edges: Vec<Vec<Dependency>> =
            (0..self.entries.len()).map(|index| self.edges(index, &mut complaints)).collect();
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let names = |indices: Vec<usize>| indices.into_iter().map(|index| self.entries[index].id.clone());
        let setup =
            self.setup.into_iter().map(|(scope, indices)| (scope, names(indices).collect())).collect();
        let resources = self.entries.into_iter().zip(edges).map(|(entry, depends_on)| Resource {
            attributes: entry.spec.attributes(key),
            id: entry.id,
            spec: entry.spec,
            depends_on,
            defined_at: entry.defined_at,
        });
        Ok(Graph::new(resources.collect())?.with_setup(setup))
    }

    /// All edges of one entry; where two reasons meet, the stronger one stays.
    fn edges(&self, index: usize, complaints: &mut Vec<Diagnostic>) -> Vec<Dependency> {
        let entry = &self.entries[index];
        let mut edges: BTreeMap<&ResourceId, (Why, Option<Span>)> = BTreeMap::new();
        let mut add = |on: usize, why: Why, asked_at: Option<Span>| {
            if on != index {
                let edge = edges.entry(&self.entries[on].id).or_insert((why, asked_at));
                edge.0 = edge.0.max(why);
                edge.1 = edge.1.or(asked_at);
            }
        };
        for host in &entry.runs_on {
            for scope in [None, Some(host.clone())] {
                self.setup.get(&scope).into_iter().flatten().for_each(|on| add(*on, Why::Order, None));
            }
        }
        for (host, interface, why) in &entry.about {
            let is = self.interfaces.get(host).and_then(|interfaces| interfaces.get(interface));
            is.into_iter().for_each(|on| add(*on, *why, None));
        }
        for (host, path) in &entry.reads {
            self.providers(host, path).into_iter().for_each(|on| add(on, Why::Reads, None));
        }
        for (host, name) in &entry.after {
            match self.unit(host, name) {
                Ok(units) => units.iter().for_each(|on| add(*on, Why::Order, Some(name.span))),
                Err(complaint) => complaints.push(match entry.id.unit_path() {
                    Some(path) => complaint.about(|| format!("{path}.after")),
                    None => *complaint,
                }),
            }
        }
        let mut all = entry.depends_on.clone();
        all.extend(edges.into_iter().map(|(on, (why, asked_at))| Dependency {
            on: on.clone(),
            why,
            asked_at,
        }));
        all.sort_by(|a, b| (&a.on, b.why).cmp(&(&b.on, a.why)));
        all.dedup_by(|later, earlier| later.on == earlier.on);
        all
    }

    /// Who provides a path on a host, or something below it; the host's own before the lab's.
    fn providers(&self, host: &HostName, path: &AbsolutePath) -> Vec<usize> {
        let mut found: BTreeMap<&AbsolutePath, &Vec<usize>> = BTreeMap::new();
        for scope in [None, Some(host.clone())] {
            for (provided, by) in
                self.paths.get(&scope).into_iter().flat_map(|paths| paths.range(path.clone()..))
            {
                if !provided.as_str().starts_with(path.as_str()) {
                    break;
                }
                if provided.is_within(path.as_str()) {
                    found.insert(provided, by);
                }
            }
        }
        found.into_values().flatten().copied().collect()
    }

    /// What `after` means: `NAME` on this host, or `HOST/NAME`.
    fn unit(&self, host: &HostName, name: &Spanned<String>) -> Result<&[usize], Box<Diagnostic>> {
        let own = self.units.get(host).and_then(|units| units.get(&name.value));
        let other = || {
            let (host, rest) = name.value.split_once('/')?;
            self.units.get(host)?.get(rest)
        };
        if let Some(units) = own.or_else(other) {
            return Ok(units);
        }
        let names: Vec<String> = self
            .units
            .iter()
            .flat_map(|(of, units)| {
                units.keys().map(move |unit| if of == host { unit.clone() } else { format!("{of}/{unit}") })
            })
            .collect();
        let mut complaint = Diagnostic::error(
            codes::UNKNOWN_NAME,
            name.span,
            format!("expected a step, daemon, database or keytab, found `{}`", name.value),
        )
        .primary_text(format!("nothing of this name on `{host}`"));
        if let Some(nearest) = topo_lang::nearest::nearest(&name.value, names.iter().map(String::as_str)) {
            complaint = complaint.help(format!("did you mean `{nearest}`?"));
        } else if name.value.contains('/') {
            complaint = complaint.help("`HOST/NAME` is of another host, `NAME` of this one");
        }
        Err(Box::new(complaint))
    }
}

/// A resource just added, to say how it hangs together with others.
#[derive(Debug)]
pub struct Adding<'l> {
    lowering: &'l mut Lowering,
    index: usize,
}

impl Adding<'_> {
    /// It needs `on`.
    pub fn needs(mut self, on: ResourceId, why: Why) -> Self {
        self.entry().depends_on.push(Dependency { on, why, asked_at: None });
        self
    }

    /// It must be there before any process runs on `host`.
    pub fn sets_up(self, host: &HostName) -> Self {
        self.lowering.setup.entry(Some(host.clone())).or_default().push(self.index);
        self
    }

    /// It must be there before any process runs on any host.
    pub fn sets_up_all(self) -> Self {
        self.lowering.setup.entry(None).or_default().push(self.index);
        self
    }

    /// It is this interface of `host`.
    pub fn is_interface(self, host: &HostName, interface: &InterfaceName) -> Self {
        self.lowering.interfaces.entry(host.clone()).or_default().insert(interface.clone(), self.index);
        self
    }

    /// It needs whatever is this interface of `host`.
    pub fn needs_interface(mut self, host: &HostName, interface: &InterfaceName, why: Why) -> Self {
        self.entry().about.push((host.clone(), interface.clone(), why));
        self
    }

    /// It makes `path` on `host`, or on all hosts where `None`.
    pub fn provides(self, host: Option<&HostName>, path: &AbsolutePath) -> Self {
        let paths = self.lowering.paths.entry(host.cloned()).or_default();
        paths.entry(path.clone()).or_default().push(self.index);
        self
    }

    /// `after` may name it so.
    pub fn named(self, host: &HostName, name: &str) -> Self {
        let units = self.lowering.units.entry(host.clone()).or_default();
        units.entry(name.to_owned()).or_default().push(self.index);
        self
    }

    /// It runs a process on `host`: everything that sets the host up comes first.
    pub fn runs_on(mut self, host: &HostName) -> Self {
        self.entry().runs_on.push(host.clone());
        self
    }

    /// It reads `path` on `host`, a file or a directory with what is below; what nobody in the lab provides is the machine's.
    pub fn reads(mut self, host: &HostName, path: &AbsolutePath) -> Self {
        self.entry().reads.push((host.clone(), path.clone()));
        self
    }

    /// It comes after what `name` says: `NAME` on `host`, or `HOST/NAME`.
    pub fn after(mut self, host: &HostName, name: &Spanned<String>) -> Self {
        self.entry().after.push((host.clone(), name.clone()));
        self
    }

    fn entry(&mut self) -> &mut Entry {
        &mut self.lowering.entries[self.index]
    }
}
