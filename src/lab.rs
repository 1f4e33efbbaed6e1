//! Which lab is meant: a file, the name of a running lab, or the one lab file of this directory.

use crate::cli::Context;
use crate::exit::Failure;
use crate::world::Files;
use std::fs;
use std::path::Path;
use topo_lang::syntax::tree::Scalar;
use topo_lang::{Source, Sources, World};

/// The lab file that is meant.
///
/// # Errors
/// There is none, or there are several.
pub(crate) fn file(context: &Context, given: Option<&str>) -> Result<String, Failure> {
    match given {
        Some(given) if Path::new(given).is_dir() => only_lab_file(given),
        Some(given) if Path::new(given).exists() => Ok(given.to_owned()),
        Some(given) => match context.labs.entry(given) {
            Some(entry) => Ok(entry.file),
            None => Err(no_such_lab(context, given)),
        },
        None => only_lab_file("."),
    }
}

/// The name of the lab that is meant, which need not have a file any more.
///
/// # Errors
/// Nothing is named and it is not clear which lab is meant.
pub(crate) fn name(context: &Context, given: Option<&str>, renamed: Option<&str>) -> Result<String, Failure> {
    if let Some(renamed) = renamed {
        return Ok(renamed.to_owned());
    }
    match given {
        Some(given) if Path::new(given).is_dir() => only_lab_file(given).map(|file| name_of(&file)),
        Some(given) if Path::new(given).is_file() => Ok(name_of(given)),
        Some(given) if context.labs.exists(given) => Ok(given.to_owned()),
        Some(given) => Err(no_such_lab(context, given)),
        None => match (only_lab_file("."), context.labs.names().as_slice()) {
            (Ok(file), _) => Ok(name_of(&file)),
            (Err(_), [only]) => Ok(only.clone()),
            (Err(_), [_, _, ..]) if lab_files(".").is_empty() => {
                let names = context.labs.names().join("`, `");
                Err(Failure::input("no lab is named and there are several", format!("name one of `{names}`")))
            }
            (Err(failure), _) => Err(failure),
        },
    }
}

/// What the file's `lab` node says, or the file's stem.
pub(crate) fn name_of(file: &str) -> String {
    let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    lab_node(file).flatten().or(stem).unwrap_or_else(|| "lab".to_owned())
}

/// The lab files of a directory: those with a `lab` node, and all files where none has one.
pub(crate) fn lab_files(directory: &str) -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".kdl"))
        .map(
            |name| {
                if directory == "." { name } else { format!("{}/{name}", directory.trim_end_matches('/')) }
            },
        )
        .collect();
    files.sort();
    files.retain(|file| lab_node(file).is_some());
    files
}

fn only_lab_file(directory: &str) -> Result<String, Failure> {
    let mut files = lab_files(directory);
    let place = if directory == "." { "here".to_owned() } else { format!("in `{directory}`") };
    match files.len() {
        0 => Err(Failure::input(
            format!("no lab file {place}"),
            "name the file, or give it a first line `lab NAME`",
        )),
        1 => Ok(files.remove(0)),
        _ => Err(Failure::input(
            format!("several lab files {place}"),
            format!("name one of `{}`", files.join("`, `")),
        )),
    }
}

/// `None`: no `lab` node. `Some(None)`: one without a plain name.
fn lab_node(file: &str) -> Option<Option<String>> {
    let text = Files.read(file).ok()?;
    if !text.contains("lab") {
        return None;
    }
    let source = Sources::default().add(Source::new(file, &text));
    let (document, _) = topo_lang::syntax::parse(source, &text);
    let lab = document.nodes.iter().find(|node| &*node.name.value == "lab")?;
    Some(lab.entries.iter().find(|entry| entry.name.is_none()).and_then(|entry| match &entry.value {
        Scalar::Text(name) => Some(name.value.to_string()),
        _ => None,
    }))
}

/// The complaint about a file that is not there.
pub(crate) fn no_such_file(given: &str) -> Failure {
    let help = match lab_files(".").as_slice() {
        [] => String::new(),
        files => format!("lab files here: `{}`", files.join("`, `")),
    };
    Failure::input(format!("no file `{given}`"), help)
}

fn no_such_lab(context: &Context, given: &str) -> Failure {
    if given.contains('/') || given.ends_with(".kdl") {
        return no_such_file(given);
    }
    let help = match context.labs.names().as_slice() {
        [] => "no lab was applied yet; `topo apply FILE` does".to_owned(),
        names => format!("labs of this user: `{}`", names.join("`, `")),
    };
    Failure::input(format!("no file and no lab `{given}`"), help)
}

/// The complaint about a host that is not there.
pub(crate) fn no_such_host(lab: &str, host: &str, known: &[String]) -> Failure {
    let help = match topo_lang::nearest::nearest(host, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("its hosts: {}", few(known)),
    };
    Failure::input(format!("lab `{lab}` has no host `{host}`"), help)
}

/// The first names of many, for a line of help.
pub(crate) fn few(names: &[String]) -> String {
    let shown = names.iter().take(12).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 12 { format!("{shown} and {} more", names.len() - 12) } else { shown }
}
