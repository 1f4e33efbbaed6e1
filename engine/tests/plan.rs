//! The planner's cases: one folder each in `tests/plan/`, from files to a plan. No kernel, no clock.
//!
//! `lab.kdl` is what is desired. `recorded.json` is what an earlier apply left in the state, `observed.json` what is really
//! there; `plan.txt` is what must come of the three, and `BLESS=1` writes it. Both JSON files map names of resources, as
//! plans write them, to attributes. A name that ends in `*` means all that begin so, and more exact names come later:
//!
//! - `"*": "lab.kdl"`: all that this lab asks for, as it asks for it; it may also be an earlier lab beside it;
//! - `"veth a/eth0": { "mtu": 1400 }`: these attributes differ; a name nobody asked for is added with these alone;
//! - `"veth a/eth0": null`: it is not there;
//! - `"interrupted": true`, among recorded attributes: an apply began with it and never said how it ended.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use topo_engine::attribute::{Attribute, Attributes};
use topo_engine::decode::decode;
use topo_engine::digest::DigestKey;
use topo_engine::graph::{Graph, ResourceId};
use topo_engine::kinds::Kind;
use topo_engine::lower::lower;
use topo_engine::name::{HostName, LabName};
use topo_engine::plan::{Action, Bookkeeping, Change, Observed, Plan, Reason, plan};
use topo_engine::state::Recorded;
use topo_lang::{Diagnostic, Inputs, Sources, Span, World, evaluate};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(root.join("tests/plan")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 10, "only {} cases in tests/plan", cases.len());
    let trials = cases.into_iter().map(|case| {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let library = root.join("stdlib");
        Trial::test(name, move || check(&Folder { case, library }))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(folder: &Folder) -> Result<(), Failed> {
    let (desired, sources) = folder.lab("lab.kdl")?;
    let recorded = folder.things("recorded.json")?;
    let observed: Observed = folder
        .things("observed.json")?
        .into_iter()
        .map(|(_, (id, recorded))| (id, recorded.attributes))
        .collect();
    let recorded: BTreeMap<ResourceId, Recorded> = recorded.into_values().collect();
    let found = tell(&plan(&desired, &recorded, &observed), &sources);
    let expectation = folder.case.join("plan.txt");
    if std::env::var_os("BLESS").is_some() {
        return Ok(write(&expectation, &found)?);
    }
    let expected = fs::read_to_string(&expectation).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    Err(format!("differs from {}\nexpected:\n{expected}\nfound:\n{found}", expectation.display()).into())
}

/// A plan, one line for each step and each attribute that differs.
fn tell(plan: &Plan, sources: &Sources) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let sign = match step.action {
            Action::Create => '+',
            Action::Update => '~',
            Action::Replace => '±',
            Action::Delete => '-',
        };
        let reason = match &step.reason {
            Reason::New(span) => format!("new in {}", place(sources, *span)),
            Reason::Changed(span) => format!("changed in {}", place(sources, *span)),
            Reason::Unwanted => "no longer in the lab".to_owned(),
            Reason::Destroyed => "destroyed".to_owned(),
            Reason::Missing => "missing".to_owned(),
            Reason::Drifted => "drifted".to_owned(),
            Reason::Reads(id) => format!("reads {id}"),
            Reason::Inside(id) => format!("inside {id}"),
            Reason::Interrupted => "left unfinished".to_owned(),
            Reason::Undone => "undone".to_owned(),
        };
        writeln!(text, "{sign} {}  ({reason})", step.id).unwrap();
        // What is made is as the lab has it.
        for change in step.changes.iter().filter(|_| step.action != Action::Create) {
            writeln!(text, "    {} {}", change.attribute, difference(change)).unwrap();
        }
    }
    for entry in &plan.bookkeeping {
        match entry {
            Bookkeeping::Record(id, _) => writeln!(text, "only record {id}").unwrap(),
            Bookkeeping::Forget(id) => writeln!(text, "only forget {id}").unwrap(),
        }
    }
    writeln!(text, "{} unchanged", plan.unchanged).unwrap();
    text
}

/// Where something is written; lines of the library count for nothing here.
fn place(sources: &Sources, span: Span) -> String {
    let place = sources.place(span);
    match place.rsplit_once(':') {
        Some((name, _)) if name.starts_with("std:") => name.to_owned(),
        _ => place,
    }
}

fn difference(change: &Change) -> String {
    let shown = |value: &Option<Attribute>| value.as_ref().map_or("nothing".to_owned(), ToString::to_string);
    match (&change.from, &change.to) {
        (Some(Attribute::Digest { .. }), Some(Attribute::Digest { .. })) => "changed".to_owned(),
        (from, to) => format!("{} → {}", shown(from), shown(to)),
    }
}

/// One case; `std:` is the library.
struct Folder {
    case: PathBuf,
    library: PathBuf,
}

/// Recorded or observed resources, by the name that plans write.
type Things = BTreeMap<String, (ResourceId, Recorded)>;

impl Folder {
    /// The graph of a lab in this folder.
    fn lab(&self, file: &str) -> Result<(Graph, Sources), Failed> {
        let wrong = |complaints: &[Diagnostic]| {
            let messages: Vec<&str> = complaints.iter().map(|complaint| complaint.message.as_str()).collect();
            Failed::from(format!("{file}: {}", messages.join("\n")))
        };
        let evaluation = evaluate(self, file, &Inputs::default());
        let value = evaluation.value.as_ref().ok_or_else(|| wrong(&evaluation.diagnostics))?;
        let lab = decode(value, &LabName::try_from("case").unwrap()).map_err(|errors| wrong(&errors))?;
        let graph = lower(&lab, &DigestKey::new([7; 32])).map_err(|errors| wrong(&errors))?;
        Ok((graph, evaluation.sources))
    }

    /// What `recorded.json` or `observed.json` says is there.
    fn things(&self, file: &str) -> Result<Things, Failed> {
        let text = fs::read_to_string(self.case.join(file)).map_err(|error| format!("{file}: {error}"))?;
        // Sorted, so that `*` comes before all that it stands for.
        let entries: BTreeMap<String, Json> = serde_json::from_str(&text)?;
        let mut things = Things::new();
        for (name, says) in entries {
            let meant: Vec<String> = match name.strip_suffix('*') {
                Some(start) => things.keys().filter(|known| known.starts_with(start)).cloned().collect(),
                None => things.keys().filter(|known| **known == name).cloned().collect(),
            };
            match says {
                Json::String(lab) if name == "*" => {
                    things.extend(self.lab(&lab)?.0.iter().map(|resource| {
                        let thing = Recorded::new(resource.attributes.clone(), resource.depends_on.clone());
                        (resource.id.to_string(), (resource.id.clone(), thing))
                    }));
                }
                Json::Null if !meant.is_empty() => meant.iter().for_each(|gone| drop(things.remove(gone))),
                Json::Object(attributes) if !name.ends_with('*') => {
                    let unknown = || (resource_id(&name), Recorded::new(Attributes::new(), Vec::new()));
                    let (_, thing) = things.entry(name.clone()).or_insert_with(unknown);
                    for (attribute, value) in attributes {
                        match attribute.as_str() {
                            "interrupted" => thing.interrupted = serde_json::from_value(value)?,
                            _ => drop(thing.attributes.insert(attribute, serde_json::from_value(value)?)),
                        }
                    }
                }
                other => return Err(format!("{file}: `{name}` cannot be {other}").into()),
            }
        }
        Ok(things)
    }
}

impl World for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(match path.strip_prefix("std:") {
            Some(module) => self.library.join(format!("{module}.kdl")),
            None => self.case.join(path),
        })
    }

    fn standard(&self) -> Vec<&str> {
        vec!["core", "kerberos", "samba", "ssh"]
    }
}

/// The resource of a name as plans write it.
fn resource_id(text: &str) -> ResourceId {
    let (kind, name) = text.split_once(' ').unwrap();
    let kind = *Kind::ALL.iter().find(|known| known.name() == kind).unwrap();
    let host = |host: &str| HostName::try_from(host).unwrap();
    match (name.split_once(":/"), name.split_once('/')) {
        (Some((on, path)), _) => ResourceId::of_host(kind, &host(on), format!("/{path}")),
        (None, Some((on, name))) if !on.is_empty() => ResourceId::of_host(kind, &host(on), name),
        (None, None) if kind == Kind::Netns => ResourceId::of_host(kind, &host(name), ""),
        (None, _) => ResourceId::of_lab(kind, name),
    }
}

#[expect(clippy::disallowed_methods, reason = "an expectation is not a file of a lab")]
fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}
