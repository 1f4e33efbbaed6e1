//! Why a command could not do what was asked, in text.

use crate::exit::Failure;
use crate::ui::{Look, diagnostics, style};
use std::fmt::Write;
use topo_engine::machine::Missing;
use topo_lang::{Diagnostic, Sources};

/// So many diagnostics are shown with their snippets; the rest are counted.
const DIAGNOSTICS_SHOWN: usize = 50;

/// The failure, its causes, and the ways out.
pub(crate) fn render(failure: &Failure, look: Look) -> String {
    match failure {
        Failure::Lab { sources, diagnostics } => render_diagnostics(sources, diagnostics, look),
        Failure::Input { message, help } => complaint(message, help),
        Failure::Interrupted { message, help } => complaint(message, help),
        Failure::Missing(missing) => render_missing(missing),
        Failure::Engine(error) => render_error(error, look),
        Failure::Runtime(error) => render_chain(error, &[], &[], look),
        Failure::Output(error) => complaint(&format!("write the output: {error}"), &[]),
    }
}

/// All diagnostics with their snippets, and how many there are.
pub(crate) fn render_diagnostics(sources: &Sources, all: &[Diagnostic], look: Look) -> String {
    let mut out = String::new();
    for diagnostic in all.iter().take(DIAGNOSTICS_SHOWN) {
        out.push_str(&diagnostics::render(sources, diagnostic, look));
        out.push('\n');
    }
    if all.len() > DIAGNOSTICS_SHOWN {
        let _ = writeln!(out, "and {} more; `--format json` has them all", all.len() - DIAGNOSTICS_SHOWN);
    }
    let _ = writeln!(out, "{}", diagnostics::count(all));
    out
}

/// An engine's error: operation, causes, what the failing process printed last, ways out.
pub(crate) fn render_error(error: &topo_engine::error::Error, look: Look) -> String {
    render_chain(error, &error.log, &error.help, look)
}

fn render_chain(error: &dyn std::error::Error, log: &[String], help: &[String], look: Look) -> String {
    let mut out = headline(&error.to_string());
    let mut cause = error.source();
    let (turn, bar) = if look.unicode { ("╰─▶", "│") } else { ("`->", "|") };
    while let Some(current) = cause {
        let _ = writeln!(out, "  {}{turn}{0:#} {current}", style::BAD);
        cause = current.source();
    }
    for line in log {
        let _ = writeln!(out, "  {}{bar}{0:#} {}", style::DIM, printable(line));
    }
    push_help(&mut out, help);
    out
}

/// What the machine lacks, each by name with what needs it and the cure.
pub(crate) fn render_missing(missing: &[Missing]) -> String {
    let mut out = String::new();
    for one in missing {
        let needed = match one.needed_by.as_slice() {
            [] => String::new(),
            by => format!(", needed by {}", few(by)),
        };
        out.push_str(&headline(&format!("this machine lacks {}{needed}", one.what)));
        push_help(&mut out, std::slice::from_ref(&one.cure));
    }
    let mut packages: Vec<&str> =
        missing.iter().filter_map(|one| packages_of(&one.cure)).flat_map(str::split_whitespace).collect();
    packages.sort_unstable();
    packages.dedup();
    if missing.len() > 1 && missing.iter().all(|one| packages_of(&one.cure).is_some()) {
        let _ =
            writeln!(out, "\n  {}all of them:{0:#} sudo apt install {1}", style::HELP, packages.join(" "));
    }
    out
}

/// The packages of a cure that is nothing but to install them.
fn packages_of(cure: &str) -> Option<&str> {
    let packages = cure.strip_prefix("apt install ")?;
    packages.chars().all(|c| c.is_ascii_alphanumeric() || " +-.".contains(c)).then_some(packages)
}

/// The first names of many.
fn few(names: &[String]) -> String {
    match names {
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        names => names.join(", "),
    }
}

/// Something that is not as it should be, though it is no failure, and what that means.
pub(crate) fn warning(message: &str, help: &str) -> String {
    let mut out = format!("{}warning{0:#}: {message}\n", style::NOTE);
    push_help(&mut out, &[help.to_owned()]);
    out
}

fn complaint(message: &str, help: &[String]) -> String {
    let mut out = headline(message);
    push_help(&mut out, help);
    out
}

fn headline(message: &str) -> String {
    format!("{}error{0:#}{}: {message}{1:#}\n", style::BAD.bold(), style::HEADING)
}

fn push_help(out: &mut String, help: &[String]) {
    for one in help.iter().filter(|one| !one.is_empty()) {
        let _ = writeln!(out, "  {}help:{0:#} {one}", style::HELP);
    }
}

/// A line some process printed, without what could drive the reader's terminal.
pub(crate) fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '?' } else { c }).collect()
}
