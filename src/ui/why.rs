//! Where a value comes from, for people.

use crate::lab;
use crate::ui::{Look, first_line, glimpse, plural, style, table::Table};
use std::fmt::Write;
use topo_lang::{Data, Glimpse, Input, InputKind, Reason, Sources, Value, print};

/// The value, its declaration, and every definition of it, those that count first.
pub(crate) fn text(path: &str, value: &str, reason: &Reason, sources: &Sources, look: Look) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}{path}{0:#} = {value}", style::HEADING);
    if reason.path != path {
        let _ = writeln!(out, "  within `{}`", reason.path);
    }
    let _ = writeln!(out, "  {}, declared at {}", reason.ty, sources.place(reason.declared));
    if let Some(doc) = &reason.doc {
        let _ = writeln!(out, "  {}{doc}{0:#}", style::DIM);
    }
    out.push('\n');

    let mut table = Table::new(["COUNTS", "PRIORITY", "PLACE", "DEFINITION"]);
    for definition in &reason.definitions {
        let counts = match definition.counts {
            true => format!("{}yes{0:#}", style::GOOD),
            false => "no".to_owned(),
        };
        table.row([
            counts,
            rule(definition.priority),
            sources.place(definition.span),
            first_line(definition_text(reason, &sources.shown(definition.span)), 60),
        ]);
        for (span, turn) in &definition.by_way_of {
            table.row([String::new(), String::new(), sources.place(*span), format!("  {turn}")]);
        }
    }
    if reason.definitions.is_empty() {
        out.push_str("nothing defines it\n");
    } else {
        out.push_str(&table.text());
    }
    if !reason.inputs.is_empty() {
        let mut table = Table::new(["MADE FROM", "VALUE", "PRIORITY", "PLACE", "DEFINITION"]);
        let mut said = Vec::new();
        reason.inputs.iter().for_each(|input| rows(&mut table, input, 0, &mut said, sources, look));
        out.push('\n');
        out.push_str(&table.text());
    }
    out
}

/// An input, and below it what it was made from; only once, since many are made from the same.
fn rows<'r>(
    table: &mut Table<5>,
    input: &'r Input,
    depth: usize,
    said: &mut Vec<&'r Input>,
    sources: &Sources,
    look: Look,
) {
    let known = said.contains(&input);
    let written = if input.secret { "<secret>".to_owned() } else { sources.shown(input.span) };
    table.row([
        format!("{}{}", "  ".repeat(depth), input.name),
        value(input, look),
        rule_of(input),
        sources.place(input.span),
        first_line(&written, 60),
    ]);
    if known {
        return;
    }
    said.push(input);
    input.inputs.iter().for_each(|inner| rows(table, inner, depth + 1, said, sources, look));
}

fn value(input: &Input, look: Look) -> String {
    match &input.value {
        Glimpse::Set(..) | Glimpse::List(..) => {
            let flat = glimpse::text(&input.value, Look { width: 40, ..look });
            if flat.contains('\n') { collection(&input.value) } else { flat }
        }
        Glimpse::Text(text, _) => format!("\"{}\"", first_line(text, 40)),
        other => glimpse::text(other, look),
    }
}

/// How many parts there are.
fn collection(value: &Glimpse) -> String {
    match value {
        Glimpse::List(items, more) => format!("[ … {} ]", items.len() + more),
        Glimpse::Set(entries, more) => format!("{{ … {} }}", entries.len() + more),
        _ => String::new(),
    }
}

/// What gives an input its value: a priority, or what it is.
pub(crate) fn rule_of(input: &Input) -> String {
    match (input.kind, input.priority) {
        (_, Some(priority)) => rule(priority),
        (InputKind::Option, None) => String::new(),
        (InputKind::Let, _) => "let".to_owned(),
        (InputKind::Param, _) => "param".to_owned(),
        (InputKind::Variable, _) => "variable".to_owned(),
    }
}

/// What gives a definition its priority.
pub(crate) fn rule(priority: u32) -> String {
    match priority {
        50 => "(force)".to_owned(),
        100 => "plain".to_owned(),
        1000 => "(default)".to_owned(),
        1500 => "default=".to_owned(),
        other => other.to_string(),
    }
}

/// A definition as it is written; that of a secret is one.
pub(crate) fn definition_text<'t>(reason: &Reason, written: &'t str) -> &'t str {
    if reason.ty.contains("secret") { "<secret>" } else { written }
}

/// A value on one line.
pub(crate) fn in_short(value: &Value) -> String {
    match &value.data {
        Data::Set(entries) if entries.is_empty() => "{}".to_owned(),
        Data::Set(entries) => {
            let names: Vec<String> = entries.keys().map(ToString::to_string).collect();
            format!("a set of {}", lab::few(&names))
        }
        Data::List(items) => {
            print::arguments(value).unwrap_or_else(|| format!("a list of {}", plural(items.len(), "item")))
        }
        Data::Text(text) if text.contains('\n') => {
            format!("a text of {}", plural(text.lines().count(), "line"))
        }
        _ => print::arguments(value).unwrap_or_default(),
    }
}
