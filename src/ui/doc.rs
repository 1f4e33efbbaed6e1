//! What options, types and functions there are: for people, and as a chapter of a book.

use crate::commands::doc::Found;
use crate::ui::{Look, first_line, style, table::Table};
use std::fmt::Write;
use topo_lang::{FunctionDoc, OptionDoc, Sources, TypeDoc, functions, sections};

/// Options in full, types as tables of their options.
pub(crate) fn text(found: &Found, sources: &Sources, look: Look) -> String {
    let mut parts: Vec<String> =
        found.options.iter().map(|(ty, option)| option_text(ty, option, sources)).collect();
    parts.extend(found.types.iter().filter(|ty| !ty.options.is_empty()).map(|ty| type_text(ty, look)));
    parts.extend(found.functions.iter().map(|function| function_text(function)));
    parts.extend(found.sections.iter().map(|section| section_text(section, look)));
    parts.join("\n")
}

/// The sets of functions, each with some of its names.
pub(crate) fn overview(look: Look) -> String {
    let mut table = Table::new(["SET", "FUNCTIONS"]);
    for section in sections() {
        let names: Vec<&str> = functions_of(&section).map(|function| function.name).collect();
        table.row([section, first_line(&names.join(" "), look.width.saturating_sub(20).max(30))]);
    }
    let rows: String = table.text().lines().map(|line| format!("  {line}\n")).collect();
    format!("\n{}functions{0:#}\n{rows}", style::HEADING)
}

/// The functions of a set, without those that it has from another.
pub(crate) fn functions_of(section: &str) -> impl Iterator<Item = &'static FunctionDoc> {
    functions().iter().filter(move |function| function.section == section)
}

fn function_text(function: &FunctionDoc) -> String {
    let mut out = format!("{}{}{0:#}\n  {}\n", style::HEADING, function.path(), function.doc);
    let also = (function.paths.len() > 1).then(|| ("also", function.paths[1..].join(", ")));
    let facts = [
        ("type", function.ty.clone()),
        ("example", function.example.clone()),
        ("result", function.result.clone()),
    ];
    for (what, said) in facts.into_iter().chain(also) {
        let _ = writeln!(out, "  {}{what:9}{0:#} {said}", style::DIM);
    }
    out
}

fn section_text(section: &str, look: Look) -> String {
    let mut table = Table::new(["FUNCTION", "FOR"]);
    let widest = functions_of(section).map(|function| function.path().chars().count()).max().unwrap_or(0);
    for function in functions_of(section) {
        let doc = first_line(&function.doc, look.width.saturating_sub(widest + 4).max(30));
        table.row([function.path().to_owned(), doc]);
    }
    let rows: String = table.text().lines().map(|line| format!("  {line}\n")).collect();
    format!("{}{section}{0:#}\n{rows}", style::HEADING)
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
    for function in &found.functions {
        function_markdown(&mut out, function);
    }
    for section in &found.sections {
        let _ = writeln!(out, "## `{section}`\n");
        let shared = functions().iter().filter(|function| function.section != *section);
        let shared = shared.filter_map(|function| {
            function.paths.contains(&format!("{section}.{}", function.name)).then_some(function.name)
        });
        let shared: Vec<&str> = shared.collect();
        if !shared.is_empty() {
            let _ = writeln!(out, "As in `builtins`: `{}`.\n", shared.join("`, `"));
        }
        for function in functions_of(section) {
            function_markdown(&mut out, function);
        }
    }
    format!("{}\n", out.trim_end())
}

fn function_markdown(out: &mut String, function: &FunctionDoc) {
    let _ = writeln!(out, "### `{}`\n\n{}\n", function.path(), function.doc);
    let _ = writeln!(out, "- type: {}", code(&function.ty));
    let _ = writeln!(out, "- example: {} is {}\n", code(&function.example), code(&function.result));
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
