//! `topo fmt`: lab files in the one layout. It reads and formats everything before it writes anything.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::world::{read_file, read_text};
use crate::{lab, ui};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use topo_engine::error::Error;
use topo_engine::linux::files;
use topo_lang::{Diagnostic, Source, SourceId, Sources, syntax};

/// Format lab files
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, directories for all `.kdl` files below them, or `-` for stdin [default: this directory]
    #[arg(value_name = "FILES")]
    files: Vec<String>,
    /// Write nothing; name the files that are not formatted, and end with 2 where there are any
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    diff: bool,
}

/// One text and its layout.
struct Formatted {
    name: String,
    before: String,
    after: String,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let read = match args.files.as_slice() {
        [only] if only == "-" => vec![("stdin".to_owned(), read_stdin()?)],
        several if several.iter().any(|file| file == "-") => {
            return Err(Failure::input("expected `-` alone, found files beside it", ""));
        }
        files => read_all(files)?,
    };
    let is_stdin = args.files.first().is_some_and(|file| file == "-");
    let count = read.len();
    let all = format(read)?;
    if is_stdin && !args.check && !args.diff {
        all.iter().try_for_each(|one| ui::data(&one.after))?;
        return Ok(Exit::Done);
    }

    let changed: Vec<&Formatted> = all.iter().filter(|one| one.before != one.after).collect();
    if args.diff {
        ui::data(
            &changed.iter().map(|one| ui::diff::text(&one.name, &one.before, &one.after)).collect::<String>(),
        )?;
    }
    if args.check {
        let names: String = changed.iter().map(|one| format!("{}\n", one.name)).collect();
        if !args.diff {
            ui::data(&names)?;
        }
        return Ok(if changed.is_empty() { Exit::Done } else { Exit::Changes });
    }
    if !args.diff {
        changed.iter().try_for_each(|one| write(one))?;
        if !context.quiet {
            let formatted = ui::plural(changed.len(), "file");
            ui::message(&format!("{formatted} formatted, {} unchanged", count - changed.len()));
        }
    }
    Ok(Exit::Done)
}

/// Every text in the one layout.
///
/// # Errors
/// What is no KDL, in all of them.
fn format(texts: Vec<(String, String)>) -> Result<Vec<Formatted>, Failure> {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let mut all = Vec::new();
    for (name, before) in texts {
        match syntax::format(&before) {
            Ok(after) => all.push(Formatted { name, before, after }),
            Err(wrong) => {
                let source = sources.add(Source::new(&name, &before));
                diagnostics.extend(wrong.into_iter().map(|diagnostic| placed(diagnostic, source)));
            }
        }
    }
    if diagnostics.is_empty() { Ok(all) } else { Err(Failure::Lab { sources, diagnostics }) }
}

/// The formatter knows one text only.
fn placed(mut diagnostic: Diagnostic, source: SourceId) -> Diagnostic {
    diagnostic.primary.iter_mut().chain(&mut diagnostic.labels).for_each(|label| label.span.source = source);
    diagnostic
}

fn read_all(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let mut names = Vec::new();
    let here = [".".to_owned()];
    for name in if given.is_empty() { &here } else { given } {
        let path = Path::new(name);
        if path.is_dir() {
            below(path, &mut names)?;
        } else {
            names.push(path.to_owned());
        }
    }
    if names.is_empty() {
        return Err(Failure::input("no `.kdl` file there", "name a file, or `-` for stdin"));
    }
    let mut read = Vec::new();
    for path in names {
        let name = path.strip_prefix(".").unwrap_or(&path).to_string_lossy().into_owned();
        if path.exists() && !path.is_file() {
            // What comes out of a pipe or a device cannot be put back.
            return Err(Failure::input(format!("`{name}` is no regular file"), "`topo fmt -` reads stdin"));
        }
        let text = read_file(&name).map_err(|error| match path.exists() {
            true => Failure::input(format!("cannot read `{name}`: {error}"), ""),
            false => lab::no_such_file(&name),
        })?;
        read.push((name, text));
    }
    Ok(read)
}

/// The `.kdl` files below a directory, in order; what is hidden or a link to a directory is left out.
fn below(directory: &Path, names: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error| Failure::input(format!("cannot read `{}`: {error}", directory.display()), "");
    let mut entries: Vec<_> =
        std::fs::read_dir(directory).and_then(Iterator::collect::<Result<_, _>>).map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            below(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "kdl") && path.is_file() {
            names.push(path);
        }
    }
    Ok(())
}

fn read_stdin() -> Result<String, Failure> {
    read_text(std::io::stdin().lock())
        .map_err(|error| Failure::input(format!("cannot read stdin: {error}"), ""))
}

/// Writes the layout in place of the text, with the file's mode; a link goes on pointing to it.
fn write(one: &Formatted) -> Result<(), Failure> {
    let failed = |error| Error::caused(format!("write `{}`", one.name), error);
    let path = std::fs::canonicalize(&one.name).map_err(failed)?;
    let mode = std::fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o7777;
    files::replace(&path, one.after.as_bytes(), mode)
        .map_err(|error| Error::caused(format!("write `{}`", one.name), error))?;
    Ok(())
}
