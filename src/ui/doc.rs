//! What options and types there are: for people, and as a chapter of a book.

use crate::commands::doc::Found;
use crate::ui::{Look, first_line, style, table::Table};
use std::fmt::Write;
use topo_lang::{OptionDoc, Sources, TypeDoc};

/// Options in full, types as tables of their options.
pub(crate) fn text(found: &Found, sources: &Sources, look: Look) -> String {
    let mut parts: Vec<String> =
        found.options.iter().map(|(ty, option)| option_text(ty, option, sources)).collect();
    parts.extend(found.types.iter().filter(|ty| !ty.options.is_empty()).map(|ty| type_text(ty, look)));
    parts.join("\n")
}

fn option_text(ty: &TypeDoc, option: &OptionDoc, sources: &Sources) -> String {
    let mut out = format!("{}{}{0:#}\n", style::HEADING, full_name(ty, option));
    if let Some(doc) = &option.doc {
        let _ = writeln!(out, "  {doc}");
    }
    for (what, said) in facts(option) {
        let _ = writeln!(out, "  {}{what:9}{0:#} {1}", style::DIM, first_line(&said, 200));
    }
    let _ = writeln!(out, "  {}declared {0:#} {1}", style::DIM, sources.place(option.span));
    out
}

fn type_text(ty: &TypeDoc, look: Look) -> String {
    let title = if ty.name.is_empty() { "a lab" } else { &ty.name };
    let mut table = Table::new(["OPTION", "TYPE", "FOR"]);
    let widest = |of: fn(&OptionDoc) -> usize| ty.options.iter().map(of).max().unwrap_or(0);
    let taken = widest(|option| option.name.chars().count()) + widest(|option| option.ty.chars().count()) + 6;
    for option in &ty.options {
        let doc =
            first_line(option.doc.as_deref().unwrap_or_default(), look.width.saturating_sub(taken).max(30));
        table.row([option.name.to_string(), option.ty.clone(), doc]);
    }
    let rows: String = table.text().lines().map(|line| format!("  {line}\n")).collect();
    format!("{}{title}{0:#}\n{rows}", style::HEADING)
}

/// A chapter: a section for each type, in it one for each option.
pub(crate) fn markdown(found: &Found) -> String {
    let mut out = String::new();
    for (ty, option) in &found.options {
        option_markdown(&mut out, ty, option);
    }
    for ty in found.types.iter().filter(|ty| !ty.options.is_empty()) {
        let title = if ty.name.is_empty() { "A lab".to_owned() } else { format!("`{}`", ty.name) };
        let _ = writeln!(out, "## {title}\n");
        for option in &ty.options {
            option_markdown(&mut out, ty, option);
        }
    }
    format!("{}\n", out.trim_end())
}

fn option_markdown(out: &mut String, ty: &TypeDoc, option: &OptionDoc) {
    let _ = writeln!(out, "### `{}`\n", full_name(ty, option));
    if let Some(doc) = &option.doc {
        let _ = writeln!(out, "{doc}\n");
    }
    for (what, said) in facts(option) {
        let _ = writeln!(out, "- {what}: {}", code(&said));
    }
    let _ = writeln!(out, "- module: {}\n", code(&option.module));
}

/// What else is said of an option, by name.
fn facts(option: &OptionDoc) -> Vec<(&'static str, String)> {
    let mut facts = vec![("type", option.ty.clone())];
    facts.extend(option.node.iter().map(|node| ("node", node.to_string())));
    facts.extend(option.key.iter().map(|key| ("key", key.clone())));
    facts.extend(option.default.iter().map(|default| ("default", default.clone())));
    facts.extend(option.examples.iter().map(|example| ("example", example.to_string())));
    facts
}

fn full_name(ty: &TypeDoc, option: &OptionDoc) -> String {
    if ty.name.is_empty() { option.name.to_string() } else { format!("{}.{}", ty.name, option.name) }
}

/// Text as code on one line, whatever backticks are in it.
fn code(text: &str) -> String {
    let words: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = words.join(" ");
    if line.contains('`') { format!("`` {line} ``") } else { format!("`{line}`") }
}
