//! A value as the prompt of `topo repl` shows it: written like an expression, over as many lines as it takes.

use crate::ui::{Look, style};
use topo_lang::Glimpse;

/// The value, on one line where it fits.
pub(crate) fn text(value: &Glimpse, look: Look) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, 0, look.width);
    out
}

/// A text as it is, anything else like an expression.
pub(crate) fn bare(value: &Glimpse, look: Look) -> String {
    match value {
        Glimpse::Text(text, true) => text.to_string(),
        other => text(other, look),
    }
}

/// Writes it behind what stands on the line already.
fn write(out: &mut String, value: &Glimpse, depth: usize, before: usize, width: usize) {
    let line = flat(value);
    if before + visible(&line) <= width || !is_long(value) {
        out.push_str(&line);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let end = |out: &mut String, more: usize, bracket: char| {
        if more > 0 {
            out.push_str(&format!("{indent}{}\n", aside(&format!("… {more} more"))));
        }
        out.push_str(&"  ".repeat(depth));
        out.push(bracket);
    };
    match value {
        Glimpse::List(items, more) => {
            out.push_str("[\n");
            for item in items {
                out.push_str(&indent);
                write(out, item, depth + 1, indent.len(), width);
                out.push('\n');
            }
            end(out, *more, ']');
        }
        Glimpse::Set(entries, more) => {
            out.push_str("{\n");
            for (name, value) in entries {
                let start = format!("{indent}{} = ", key(name));
                out.push_str(&start);
                write(out, value, depth + 1, start.chars().count() + 1, width);
                out.push_str(";\n");
            }
            end(out, *more, '}');
        }
        _ => out.push_str(&line),
    }
}

/// Whether it could go over several lines.
fn is_long(value: &Glimpse) -> bool {
    match value {
        Glimpse::List(items, _) => !items.is_empty(),
        Glimpse::Set(entries, _) => !entries.is_empty(),
        _ => false,
    }
}

fn flat(value: &Glimpse) -> String {
    match value {
        Glimpse::Null => "null".to_owned(),
        Glimpse::Bool(value) => value.to_string(),
        Glimpse::Int(number) => number.to_string(),
        Glimpse::Float(number) => format!("{number:?}"),
        Glimpse::Text(text, true) => quoted(text),
        Glimpse::Text(text, false) => format!("{}{}", quoted(text), aside("…")),
        Glimpse::Secret => aside("<secret>"),
        Glimpse::Function(what) => aside(&format!("<{what}>")),
        Glimpse::Around => aside("<around this>"),
        Glimpse::Wrong(message) => format!("{}<wrong: {message}>{0:#}", style::BAD),
        Glimpse::List(items, more) => {
            let shown = items.iter().map(flat).chain(rest(*more, items.is_empty()));
            spaced("[", shown.collect::<Vec<_>>(), "]")
        }
        Glimpse::Set(entries, more) => {
            let shown = entries.iter().map(|(name, value)| format!("{} = {};", key(name), flat(value)));
            spaced("{", shown.chain(rest(*more, entries.is_empty())).collect(), "}")
        }
    }
}

/// What is said of the parts that are not shown.
fn rest(more: usize, alone: bool) -> Option<String> {
    match more {
        0 => None,
        more if alone => Some(aside(&format!("… {more}"))),
        more => Some(aside(&format!("… {more} more"))),
    }
}

fn spaced(open: &str, parts: Vec<String>, close: &str) -> String {
    if parts.is_empty() { format!("{open} {close}") } else { format!("{open} {} {close}", parts.join(" ")) }
}

fn aside(text: &str) -> String {
    format!("{}{text}{0:#}", style::DIM)
}

/// The columns a text takes, without its colours.
fn visible(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

/// A name as it stands before `=`.
fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\''));
    if plain { name.to_owned() } else { quoted(name) }
}

/// A text as an expression writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' if rest.peek() == Some(&'{') => out.push_str("\\$"),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::{quoted, text};
    use crate::ui::Look;
    use topo_lang::{Glimpse, Inputs, Session, World};

    struct Nothing;

    impl World for Nothing {
        fn read(&self, _: &str) -> std::io::Result<String> {
            Ok(String::new())
        }
    }

    #[test]
    fn values_fit_the_line_or_take_several() {
        let mut session = Session::start(&Nothing, None, Inputs::default());
        let mut check = |width: usize, line: &str, expected: &str| {
            let look = Look { unicode: true, graphics: true, width };
            let seen = session.line(line, topo_lang::Bounds::SHALLOW).value.unwrap_or(Glimpse::Null);
            let found = anstream::adapter::strip_str(&text(&seen, look)).to_string();
            assert_eq!(found, expected, "{line}");
        };
        check(60, "{ a = 1; b = [ 1.0 null ]; }", "{ a = 1; b = [ 1.0 null ]; }");
        check(60, "{ a.b.c.d = 1; e = { }; }", "{ a = { b = { … 1 }; }; e = { }; }");
        check(
            20,
            "{ a = 1; bcd = [ \"efgh\" true ]; }",
            "{\n  a = 1;\n  bcd = [\n    \"efgh\"\n    true\n  ];\n}",
        );
        check(60, "{ a = throw \"no\"; }", "{ a = <wrong: no>; }");
        check(60, "rec { x = { inherit x; }; }", "{ x = { x = <around this>; }; }");
        check(60, "{ a, b ? 1, ... }@all: a", "<a function { a, b ? …, ... }@all: …>");
        check(60, "{ a = lib.range 1 9; b = lib.range 1 8; }", "{ a = [ … 9 ]; b = [ 1 2 3 4 5 6 7 8 ]; }");
    }

    #[test]
    fn texts_are_quoted() {
        assert_eq!(quoted("a\"\n${b} $c \u{1b}"), "\"a\\\"\\n\\${b} $c ?\"");
    }
}
