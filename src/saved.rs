//! Plans kept in files: `topo plan -o FILE` writes one, `topo apply FILE` does exactly what is in it.

use crate::cli::InputArgs;
use crate::exit::Failure;
use crate::labs::Entry;
use crate::ui::told::{difference, verb};
use crate::world::read_file;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use topo_engine::error::Error;
use topo_engine::lab::Lab;
use topo_engine::linux::files;
use topo_engine::name::{HostName, LabName};
use topo_engine::plan::{Moved, SavedPlan, SavedStep, Scope};
use topo_engine::session::Work;
use topo_lang::Sources;

/// The shape of the file.
const FORMAT: &str = "topo.saved-plan/1";

/// So many things that moved are named one by one.
const MOVED_SHOWN: usize = 10;

/// A plan with all that is needed to make it anew.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedFile {
    format: String,
    /// The version of `topo` that wrote it.
    topo: String,
    /// What the lab is called.
    pub(crate) lab: LabName,
    entry: Entry,
    /// Parameters of `--set` whose values are not here, for they may be secrets.
    withheld: Vec<String>,
    only: Vec<HostName>,
    plan: SavedPlan,
}

/// What is read before anything else, of any version's file.
#[derive(Deserialize)]
struct Head {
    format: String,
    #[serde(default)]
    topo: String,
}

/// Whether a file is a plan: no lab file begins like one.
pub(crate) fn is_plan(path: &str) -> bool {
    Path::new(path).is_file() && read_file(path).is_ok_and(|text| text.trim_start().starts_with('{'))
}

/// Where a plan is to be kept. Nothing but an older plan is written over.
///
/// # Errors
/// Something else is there.
pub(crate) fn place_for(path: &str) -> Result<PathBuf, Failure> {
    if Path::new(path).exists() && !is_plan(path) {
        let message = format!("`{path}` is there and is no saved plan");
        return Err(Failure::input(message, "name a new file, or remove that one"));
    }
    let failed = |error| Failure::from(Error::caused(format!("keep a plan in `{path}`"), error));
    std::path::absolute(path).map_err(failed)
}

impl SavedFile {
    /// What is to be kept of a plan.
    pub(crate) fn new(name: &LabName, entry: &Entry, lab: &Lab, scope: &Scope, work: &Work) -> Self {
        let (kept, withheld): (Vec<_>, Vec<_>) =
            entry.set.iter().cloned().partition(|(_, value)| is_harmless(value) && !lab.has_secret(value));
        let only = match scope {
            Scope::Lab => Vec::new(),
            Scope::Hosts(hosts) => hosts.iter().cloned().collect(),
        };
        Self {
            format: FORMAT.to_owned(),
            topo: env!("CARGO_PKG_VERSION").to_owned(),
            lab: name.clone(),
            entry: Entry { set: kept, ..entry.clone() },
            withheld: withheld.into_iter().map(|(name, _)| name).collect(),
            only,
            plan: saved(work),
        }
    }

    /// Writes it, for nobody else to read.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let operation = || format!("write the plan to `{}`", path.display());
        let mut text = serde_json::to_string(self).map_err(|error| Error::caused(operation(), error))?;
        text.push('\n');
        let written = files::replace(path, text.as_bytes(), 0o600);
        Ok(written.map_err(|error| Error::caused(operation(), error))?)
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none, or one of another version.
    pub(crate) fn read(path: &str) -> Result<Self, Failure> {
        let text = read_file(path)
            .map_err(|error| Failure::input(format!("cannot read `{path}`: {error}"), String::new()))?;
        let again = "`topo plan -o FILE` makes one";
        let head: Head = serde_json::from_str(&text)
            .map_err(|error| Failure::input(format!("`{path}` is no saved plan: {error}"), again))?;
        if !head.format.starts_with("topo.saved-plan/") {
            let message = format!("expected a saved plan, found `{path}` of the format `{}`", head.format);
            return Err(Failure::input(message, again));
        }
        let own = env!("CARGO_PKG_VERSION");
        if head.topo != own || head.format != FORMAT {
            let message =
                format!("the plan in `{path}` was made by topo {}, and this is topo {own}", head.topo);
            return Err(Failure::input(message, format!("make it anew: `topo plan -o {path}`")));
        }
        serde_json::from_str(&text)
            .map_err(|error| Failure::input(format!("the plan in `{path}` is spoilt: {error}"), again))
    }

    /// Where its lab came from, with the inputs that are not in the file.
    ///
    /// # Errors
    /// Such an input is missing.
    pub(crate) fn entry(&self, path: &str, given: &InputArgs) -> Result<Entry, Failure> {
        if given.name.as_deref().is_some_and(|name| name != self.lab.as_str()) {
            let message = format!("the plan in `{path}` is one of lab `{}`", self.lab);
            return Err(Failure::input(message, "leave `--name` away"));
        }
        let lacking: Vec<&String> =
            self.withheld.iter().filter(|name| !given.set.iter().any(|(set, _)| set == *name)).collect();
        if !lacking.is_empty() {
            let names = lacking.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message =
                format!("the plan in `{path}` was made with values for {names} that it does not have");
            let set = lacking.iter().map(|name| format!(" --set {name}=…")).collect::<String>();
            let help = format!("they may be secrets, so say them again: `topo apply {path}{set}`");
            return Err(Failure::input(message, help));
        }
        let mut entry = self.entry.clone();
        entry.set.extend(given.set.iter().cloned());
        if !Path::new(&entry.file).exists() {
            let message = format!("the lab file of the plan in `{path}` is gone: `{}`", entry.file);
            return Err(Failure::input(message, "a plan is applied where its lab file is"));
        }
        Ok(entry)
    }

    /// The part of the lab it is about.
    pub(crate) fn scope(&self) -> Scope {
        match self.only.as_slice() {
            [] => Scope::Lab,
            hosts => Scope::Hosts(hosts.iter().cloned().collect()),
        }
    }

    /// The key under which its digests are made, where the lab had none.
    pub(crate) fn key(&self) -> Option<&topo_engine::digest::DigestKey> {
        self.plan.key.as_ref()
    }

    /// Whether the plan made anew does exactly what is in this one. A lab that is already as the plan would make it is no
    /// reason to complain.
    ///
    /// # Errors
    /// What moved since.
    pub(crate) fn check(&self, path: &str, work: &Work, sources: &Sources) -> Result<(), Failure> {
        let stale = |found: String, lines: Vec<String>| {
            let file = &self.entry.file;
            let help = format!("look again: `topo plan {file} -o {path}`");
            Failure::from(
                Error::found(format!("the plan in `{path}` no longer fits"), found).log(lines).help(help),
            )
        };
        let lab = &self.lab;
        match &self.plan.key {
            None if work.is_new => return Err(stale(format!("lab `{lab}` was destroyed since"), Vec::new())),
            Some(key) if *key != work.key => {
                return Err(stale(format!("lab `{lab}` was applied since"), Vec::new()));
            }
            _ => {}
        }
        let now = saved(work);
        let moved = self.plan.moved(&now);
        let is_done = work.plan.is_empty() && !moved.iter().any(|one| matches!(one, Moved::Lab(_)));
        if moved.is_empty() || is_done {
            return Ok(());
        }
        let mut lines: Vec<String> =
            moved.iter().take(MOVED_SHOWN).map(|one| told(one, work, sources)).collect();
        if moved.len() > MOVED_SHOWN {
            lines.push(format!("and {} more", moved.len() - MOVED_SHOWN));
        }
        let what = match moved.iter().filter(|one| matches!(one, Moved::Lab(_))).count() {
            0 => "the lab is no longer as it was then",
            all if all == moved.len() => "the lab file no longer says the same",
            _ => "neither the lab file nor the lab are as they were then",
        };
        Err(stale(what.to_owned(), lines))
    }
}

fn saved(work: &Work) -> SavedPlan {
    SavedPlan::new(&work.plan, &work.graph, work.is_new.then(|| work.key.clone()))
}

/// Numbers, and yes or no.
fn is_harmless(value: &str) -> bool {
    matches!(value, "true" | "false" | "#true" | "#false") || value.parse::<i64>().is_ok()
}

fn told(moved: &Moved<'_>, work: &Work, sources: &Sources) -> String {
    match moved {
        Moved::Lab(id) => match work.graph.get(id) {
            Some(resource) => format!("{id}: changed in {}", sources.place(resource.defined_at)),
            None => format!("{id}: no longer in the lab"),
        },
        Moved::World { id, planned, now } => {
            let now = match (planned, now) {
                (None, Some(now)) => format!("not planned, but now to {}", what(now)),
                (Some(planned), None) => format!("was to {}, and nothing is left to do", what(planned)),
                (Some(planned), Some(now)) if what(planned) != what(now) => {
                    format!("was to {}, now to {}", what(planned), what(now))
                }
                (planned, _) => {
                    format!("still to {}, but not in the same way", planned.map_or_else(String::new, what))
                }
            };
            format!("{id}: {now}")
        }
        Moved::Record => "what is recorded of the lab".to_owned(),
    }
}

/// What a step does, in short.
fn what(step: &SavedStep) -> String {
    let changes: Vec<String> = step
        .changes
        .iter()
        .filter(|change| change.from.is_some())
        .map(|change| format!("{} {}", change.attribute, difference(change, "→")))
        .collect();
    let verb = verb(step.action);
    if changes.is_empty() { verb.to_owned() } else { format!("{verb} ({})", changes.join(", ")) }
}
