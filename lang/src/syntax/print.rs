//! The canonical spelling of a document, as KDL's test suite defines it: no comments, four spaces, strings
//! unquoted where possible, numbers in decimal, of equal properties the last.
//!
//! Deliberately absent: the author's own spelling and comments; `format` keeps those.

use super::chars::{Class, class};
use super::mistakes::former_keyword;
use super::number::begins_number;
use super::tree::{Document, Entry, Node, Scalar};
use crate::{SourceId, Span};
use std::collections::BTreeSet;

/// Prints a document read from `text`. Numbers are printed from their spelling there, so that none loses a digit.
pub fn print(document: &Document, text: &str) -> String {
    let mut printer = Printer { text, out: String::with_capacity(text.len()) };
    printer.nodes(document, 0);
    if printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.out
}

struct Printer<'t> {
    text: &'t str,
    out: String,
}

impl Printer<'_> {
    fn nodes(&mut self, document: &Document, depth: usize) {
        for node in &document.nodes {
            self.node(node, depth);
        }
    }

    fn node(&mut self, node: &Node, depth: usize) {
        self.indent(depth);
        self.annotation(node.annotation.as_deref().map(|text| &*text.value));
        push_string(&mut self.out, &node.name.value);
        let mut later = BTreeSet::new();
        let mut effective: Vec<&Entry> = node
            .entries
            .iter()
            .rev()
            .filter(|entry| entry.name.as_ref().is_none_or(|name| later.insert(&*name.value)))
            .collect();
        effective.reverse();
        for entry in effective {
            self.out.push(' ');
            if let Some(name) = &entry.name {
                push_string(&mut self.out, &name.value);
                self.out.push('=');
            }
            self.annotation(entry.annotation.as_deref().map(|text| &*text.value));
            self.scalar(&entry.value);
        }
        if let Some(children) = node.children.as_ref().filter(|children| !children.nodes.is_empty()) {
            self.out.push_str(" {\n");
            self.nodes(children, depth + 1);
            self.indent(depth);
            self.out.push('}');
        }
        self.out.push('\n');
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str("    ");
        }
    }

    fn annotation(&mut self, annotation: Option<&str>) {
        if let Some(annotation) = annotation {
            self.out.push('(');
            push_string(&mut self.out, annotation);
            self.out.push(')');
        }
    }

    fn scalar(&mut self, scalar: &Scalar) {
        match scalar {
            Scalar::Null(_) => self.out.push_str("#null"),
            Scalar::Bool(true, _) => self.out.push_str("#true"),
            Scalar::Bool(false, _) => self.out.push_str("#false"),
            Scalar::Int(_, span) => {
                let spelled = integer(self.spelled(*span));
                self.out.push_str(&spelled);
            }
            Scalar::Float(_, span) => {
                let spelled = float(self.spelled(*span));
                self.out.push_str(&spelled);
            }
            Scalar::Text(text) => push_string(&mut self.out, &text.value),
        }
    }

    fn spelled(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }
}

/// Appends a string, unquoted where KDL allows it.
pub(crate) fn push_string(out: &mut String, value: &str) {
    if is_word(value) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            other if matches!(class(other), Class::Newline | Class::Forbidden) => {
                out.push_str(&format!("\\u{{{:x}}}", other as u32));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Whether the text can stand without quotes and mean itself.
fn is_word(text: &str) -> bool {
    let place = Span::new(SourceId(0), 0, 0);
    !text.is_empty()
        && text.chars().all(|character| class(character) == Class::Word)
        && !begins_number(text)
        && former_keyword(text, place).is_none()
}

fn integer(spelled: &str) -> String {
    let (sign, digits) = match spelled.as_bytes().first() {
        Some(b'-') => ("-", &spelled[1..]),
        Some(b'+') => ("", &spelled[1..]),
        _ => ("", spelled),
    };
    let plain = digits.replace('_', "");
    let radix = match plain.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => {
            let significant = plain.trim_start_matches('0');
            return format!("{sign}{}", if significant.is_empty() { "0" } else { significant });
        }
    };
    match u128::from_str_radix(&plain[2..], radix) {
        Ok(value) => format!("{sign}{value}"),
        // More than 128 bits stay in their own radix: still the same number.
        Err(_) => format!("{sign}{plain}"),
    }
}

fn float(spelled: &str) -> String {
    if spelled.starts_with('#') {
        return spelled.to_owned();
    }
    let plain = spelled.trim_start_matches('+').replace('_', "");
    match plain.split_once(['e', 'E']) {
        Some((number, exponent)) if exponent.starts_with(['+', '-']) => format!("{number}E{exponent}"),
        Some((number, exponent)) => format!("{number}E+{exponent}"),
        None => plain,
    }
}
