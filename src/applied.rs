//! What a running lab was applied from last: its texts and inputs, so that `apply --rollback` can go back to it.
//!
//! The lab's supervisor keeps it in memory. It is never on disk, for there may be secrets in it.

use crate::cli::Context;
use crate::exit::Failure;
use crate::labs::Entry;
use crate::session::Prepared;
use crate::world::Files;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use topo_engine::error::Error;
use topo_engine::lab::Lab;
use topo_engine::runtime::{Client, LabDirectory};
use topo_engine::session::Keeper;
use topo_engine::state::{self, Loaded};
use topo_lang::{Sources, World};

/// What the supervisor calls it.
const NAME: &str = "lab/applied";

/// The texts of a lab as they were.
#[derive(Serialize, Deserialize)]
struct Applied {
    /// The lab file, as it was named.
    file: String,
    entry: Entry,
    texts: BTreeMap<String, String>,
}

/// What a lab was before a run.
pub(crate) struct Before {
    /// What it asked for; `None` where there was nothing of it.
    pub(crate) lab: Option<Lab>,
    /// The texts that places point into.
    pub(crate) sources: Sources,
}

/// Notes what a lab was applied from, now that all of it is so.
///
/// # Errors
/// The supervisor does not answer.
pub(crate) fn remember(keeper: &Keeper, prepared: &Prepared) -> Result<(), Failure> {
    let own = prepared.sources.iter().filter(|source| !source.name.starts_with("std:"));
    let texts = own.map(|source| (source.name.to_string(), source.text.to_string())).collect();
    let applied = Applied { file: prepared.file.clone(), entry: prepared.entry.clone(), texts };
    let text = serde_json::to_string(&applied).map_err(|error| Error::caused("remember the lab", error))?;
    Ok(keeper.remember(NAME, &text)?)
}

/// What the lab is now, before it is changed.
///
/// # Errors
/// That is not known.
pub(crate) fn before(context: &Context, prepared: &Prepared) -> Result<Before, Failure> {
    let name = &prepared.name;
    let nothing = Before { lab: None, sources: Sources::default() };
    let Some(directory) = LabDirectory::open(context.labs.root(), name.as_str())? else { return Ok(nothing) };
    let unknown = |why: &str| {
        let help = format!("leave `--rollback` away, or begin anew with `topo destroy {name}`");
        Err(Failure::input(format!("nothing to go back to: lab `{name}` {why}"), help))
    };
    let is_empty = match state::load(directory.path())? {
        Loaded::Absent => true,
        Loaded::Known(state) => state.resources.is_empty(),
        Loaded::Foreign { .. } | Loaded::Spoilt { .. } => return unknown("has no record that can be read"),
    };
    let Some(client) = Client::connect(&directory)? else {
        return if is_empty { Ok(nothing) } else { unknown("does not run") };
    };
    if !client.held()?.iter().any(|held| held == NAME) {
        return if is_empty { Ok(nothing) } else { unknown("was never wholly applied") };
    }
    let operation = "read what the lab was applied from";
    let mut text = String::new();
    for descriptor in client.get(&[NAME.to_owned()])? {
        let mut file = File::from(descriptor);
        file.rewind()
            .and_then(|()| file.read_to_string(&mut text))
            .map_err(|error| Error::caused(operation, error))?;
    }
    let applied: Applied = serde_json::from_str(&text).map_err(|error| Error::caused(operation, error))?;
    let quiet = Context { quiet: true, ..context.clone() };
    let inputs = applied.entry.inputs();
    let former = Prepared::in_world(&quiet, &applied, &applied.file, &inputs, Some(name.as_str()))?;
    Ok(Before { lab: Some(former.lab), sources: former.sources })
}

impl World for Applied {
    fn read(&self, path: &str) -> io::Result<String> {
        match self.texts.get(path) {
            Some(text) => Ok(text.clone()),
            None if path.starts_with("std:") => Files.read(path),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn standard(&self) -> Vec<&str> {
        Files.standard()
    }
}
