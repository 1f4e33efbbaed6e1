//! The change between two versions of a lab, without a running one: `topo plan --base`.

use crate::cli::{Context, InputArgs};
use crate::evaluated::{Evaluated, Leases, evaluate_in, lab_name};
use crate::exit::Failure;
use crate::git::Revision;
use crate::lab;
use crate::ui::told::Base;
use crate::world::Files;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use topo_engine::decode::decode;
use topo_engine::digest::DigestKey;
use topo_engine::graph::Graph;
use topo_engine::lower::lower;
use topo_engine::name::HostName;
use topo_engine::plan::{Plan, Scope, between};
use topo_engine::state;
use topo_lang::{LabName as Named, Source, Sources, World};

/// Two versions of a lab, and what has to be done to get from the one to the other.
pub(crate) struct Comparison {
    /// What the later version is called, or the earlier one where there is no later.
    pub(crate) name: String,
    /// The texts of the later version.
    pub(crate) sources: Sources,
    /// What the later version asks for.
    pub(crate) graph: Graph,
    /// The earlier version.
    pub(crate) base: Base,
    /// The change.
    pub(crate) plan: Plan,
}

/// One version of a lab; all is empty where there is none.
#[derive(Default)]
struct Version {
    name: Option<String>,
    sources: Sources,
    graph: Graph,
    leases: Leases,
}

/// Where the earlier version is.
enum Origin {
    File(String),
    Revision { revision: Revision, path: String },
}

/// Compares the lab with what it was in `base`, a revision, a `REVISION:PATH` or a file.
///
/// # Errors
/// There is no such version, or one of the two has mistakes.
pub(crate) fn compare(
    context: &Context,
    given: Option<&str>,
    inputs: &InputArgs,
    base: &str,
    scope: &Scope,
) -> Result<Comparison, Failure> {
    let file = match given {
        // It may be there only in the earlier version.
        Some(path) if !Path::new(path).exists() && (path.ends_with(".kdl") || path.contains('/')) => {
            path.to_owned()
        }
        given => lab::file(context, given)?,
    };
    let origin = origin(&file, base)?;
    let key = DigestKey::random()?;
    let quiet = Context { quiet: true, ..context.clone() };
    let (earlier, commit, path) = match &origin {
        Origin::File(path) => (version(&quiet, &Files, path, inputs, Leases::new(), &key)?, None, path),
        Origin::Revision { revision, path } => {
            let version = if revision.has(path)? {
                let found = version(&quiet, revision, path, inputs, Leases::new(), &key);
                found.map_err(|failure| of_revision(failure, base))?
            } else {
                Version::default()
            };
            (version, Some(revision.commit.clone()), path)
        }
    };
    let later = if Path::new(&file).exists() {
        version(context, &Files, &file, inputs, earlier.leases, &key)?
    } else {
        Version::default()
    };
    let Some(name) = later.name.or(earlier.name) else {
        return Err(Failure::input(format!("no file `{file}`, neither here nor in `{base}`"), String::new()));
    };
    check_scope(&name, scope, [&earlier.graph, &later.graph])?;
    let plan = between(&earlier.graph, &later.graph, scope);
    let base = Base {
        name: base.to_owned(),
        commit,
        file: path.clone(),
        graph: earlier.graph,
        sources: earlier.sources,
    };
    Ok(Comparison { name, sources: later.sources, graph: later.graph, base, plan })
}

/// A file, if there is one and it is no revision; `REVISION:PATH`; or a revision.
fn origin(file: &str, base: &str) -> Result<Origin, Failure> {
    let is_file = Path::new(base).is_file();
    if is_file && (base.ends_with(".kdl") || base.contains('/')) {
        return Ok(Origin::File(base.to_owned()));
    }
    if let Some((revision, path)) = base.split_once(':')
        && let Some(revision) = Revision::find(file, revision)?
    {
        let path = revision.path_of(path);
        return Ok(Origin::Revision { revision, path });
    }
    match Revision::find(file, base) {
        Ok(Some(revision)) => Ok(Origin::Revision { revision, path: file.to_owned() }),
        _ if is_file => Ok(Origin::File(base.to_owned())),
        Ok(None) => {
            let help =
                format!("`git fetch origin {base}` may bring it, where only a part of the history is here");
            Err(Failure::input(format!("no revision and no file `{base}`"), help))
        }
        Err(failure) => Err(failure),
    }
}

fn version(
    context: &Context,
    world: &dyn World,
    file: &str,
    inputs: &InputArgs,
    leases: Leases,
    key: &DigestKey,
) -> Result<Version, Failure> {
    let evaluation = evaluate_in(world, file, inputs, leases)?;
    let mut named = evaluation.lab.clone();
    if let Some(name) = &inputs.name {
        named = Named { name: name.as_str().into(), span: None };
    }
    let Evaluated { sources, value, .. } = Evaluated::from(context, evaluation, None)?;
    let found = lab_name(&named)
        .and_then(|name| decode(&value, &name))
        .and_then(|lab| Ok((lower(&lab, key)?, state::leases(&lab))));
    match found {
        Ok((graph, leases)) => {
            let numbers = |hosts: BTreeMap<String, u32>| {
                hosts.into_iter().map(|(host, number)| (host, u64::from(number))).collect()
            };
            let leases =
                leases.into_iter().map(|(network, hosts)| (network.to_string(), numbers(hosts))).collect();
            Ok(Version { name: Some(named.name.to_string()), sources, graph, leases })
        }
        Err(diagnostics) => Err(Failure::Lab { sources, diagnostics }),
    }
}

/// Mistakes of an earlier version say which one it is.
fn of_revision(failure: Failure, revision: &str) -> Failure {
    let Failure::Lab { sources, diagnostics } = failure else { return failure };
    let mut named = Sources::default();
    for source in sources.iter() {
        let is_versioned = !source.name.starts_with("std:") && !source.name.starts_with("--");
        let name = if is_versioned { format!("{revision}:{}", source.name) } else { source.name.to_string() };
        named.add(Source::new(&name, &source.text));
    }
    Failure::Lab { sources: named, diagnostics }
}

fn check_scope(lab: &str, scope: &Scope, graphs: [&Graph; 2]) -> Result<(), Failure> {
    let Scope::Hosts(hosts) = scope else { return Ok(()) };
    let ids = graphs.into_iter().flat_map(|graph| graph.iter()).map(|resource| &resource.id);
    let known: BTreeSet<&HostName> = ids.filter_map(|id| id.host.as_ref()).collect();
    match hosts.iter().find(|host| !known.contains(host)) {
        None => Ok(()),
        Some(host) => {
            let known: Vec<String> = known.into_iter().map(ToString::to_string).collect();
            Err(lab::no_such_host(lab, host.as_str(), &known))
        }
    }
}
