//! Versions, as Nix compares them.

use super::{Builtin, row};
use crate::eval::val::Val;
use std::cmp::Ordering;

pub(super) const TABLE: &[Builtin] = &[
    row("compareVersions", 2, |e, a| {
        let (left, right) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        Ok(Val::Int(compare(&left, &right) as i64))
    }),
    row("splitVersion", 1, |e, a| {
        let version = e.arg_text(a, 0)?;
        let parts: Vec<Val> = components(&version).map(|part| Val::Text(part.into())).collect();
        Ok(e.list_of(parts))
    }),
    row("parseDrvName", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        let bytes = text.as_bytes();
        // The version begins at the first `-` that no letter follows.
        let dash = (0..bytes.len()).find(|at| {
            bytes[*at] == b'-' && bytes.get(at + 1).is_some_and(|next| !next.is_ascii_alphabetic())
        });
        let (name, version) = dash.map_or((&*text, ""), |at| (&text[..at], &text[at + 1..]));
        let (name, version) = (Val::Text(name.into()), Val::Text(version.into()));
        let entries = vec![(e.symbol("name"), e.value(name)), (e.symbol("version"), e.value(version))];
        Ok(e.set(entries))
    }),
];

/// Runs of digits and runs of anything else, without dots and dashes.
fn components(version: &str) -> impl Iterator<Item = &str> {
    let mut rest = version;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '-']);
        let digits = rest.starts_with(|first: char| first.is_ascii_digit());
        let end = rest
            .find(|next: char| next == '.' || next == '-' || next.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (components(left), components(right));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or(""), b.unwrap_or("")),
        };
        if less(a, b) {
            return Ordering::Less;
        }
        if less(b, a) {
            return Ordering::Greater;
        }
    }
}

fn less(a: &str, b: &str) -> bool {
    let number =
        |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a < b,
        (None, Some(_)) if a.is_empty() => true,
        (_, None) if a == "pre" && b != "pre" => true,
        (_, _) if b == "pre" => false,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) => a < b,
    }
}
