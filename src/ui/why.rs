//! Where a value comes from, for people.

use crate::lab;
use crate::ui::{first_line, plural, style, table::Table};
use std::fmt::Write;
use topo_lang::{Data, Reason, Sources, Value, print};

/// The value, its declaration, and every definition of it, those that count first.
pub(crate) fn text(path: &str, value: &str, reason: &Reason, sources: &Sources) -> String {
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
            first_line(definition_text(reason, sources.text(definition.span)), 60),
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
    out
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
