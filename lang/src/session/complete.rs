//! What could come next in a line: names in scope, and attributes after a dot.
//!
//! The value before the dot is evaluated, with few steps: a key that is pressed has no time to wait.

use super::Session;
use crate::eval::{Val, is_limit};
use crate::source::Source;

/// How many steps the value before a dot may take.
const STEPS: u64 = 5_000_000;

const KEYWORDS: &[&str] = &["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];

/// What could stand from some byte of the line to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The first byte that is replaced.
    pub start: usize,
    /// What replaces it, in order.
    pub words: Vec<String>,
}

impl Session<'_> {
    /// What could stand at the end of this text, the line up to the cursor.
    pub fn complete(&mut self, line: &str) -> Completion {
        let (base, start) = place(line);
        let typed = line[start..].trim_start_matches('"');
        let mut words: Vec<String> = match base {
            None if line[start..].starts_with('"') => Vec::new(),
            None => {
                let names = self.running.evaluator.names_in(&self.scope);
                names.iter().filter(|name| name.starts_with(typed)).map(ToString::to_string).collect()
            }
            Some(base) => {
                let names = self.attributes(&line[base..start - 1]);
                names.iter().filter(|name| name.starts_with(typed)).map(|name| written(name)).collect()
            }
        };
        words.sort();
        words.dedup();
        Completion { start, words }
    }

    /// The names of the attributes that the value of an expression has, if it is a set.
    fn attributes(&mut self, text: &str) -> Vec<String> {
        self.begin();
        self.lines -= 1;
        let Ok(expr) = self.parse(Source::new("completion", text), text) else { return Vec::new() };
        let thunk = self.running.evaluator.expr(&expr, &self.scope);
        let steps = std::mem::replace(&mut self.running.evaluator.limits_mut().steps, STEPS);
        let found = self.running.evaluator.force(thunk);
        self.running.evaluator.limits_mut().steps = steps;
        self.running.evaluator.take_warnings();
        if let Some(machine) = &self.running.machine {
            machine.take_reported();
        }
        match found {
            Ok(Val::Set(set)) => {
                let names = set.entries().iter().map(|entry| self.running.evaluator.name(entry.name));
                names.map(ToString::to_string).collect()
            }
            Ok(_) => Vec::new(),
            Err(raised) => {
                self.stale |= is_limit(raised.code());
                Vec::new()
            }
        }
    }
}

/// Where the path begins whose last part is being typed, if there is a dot, and where that part begins.
fn place(line: &str) -> (Option<usize>, usize) {
    let mut start = line.len() - tail(line).len();
    let before = &line[..start];
    // Within a key in quotes that has no end yet.
    if let Some(quote) = before.rfind('"')
        && before[..quote].ends_with('.')
        && before.matches('"').count() % 2 == 1
    {
        start = quote;
    } else if before.ends_with('"') {
        start -= 1;
    }
    if !line[..start].ends_with('.') {
        return (None, start);
    }
    let mut base = start;
    loop {
        let before = &line[..base];
        if let Some(rest) = before.strip_suffix('"')
            && let Some(open) = rest.rfind('"')
        {
            base = open;
        } else if before.ends_with('.') {
            base -= 1;
        } else {
            let part = tail(before);
            if part.is_empty() {
                return (Some(base), start);
            }
            base -= part.len();
        }
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '\'' | '-')
}

/// The name that a text ends with.
fn tail(text: &str) -> &str {
    let start = text.trim_end_matches(is_name_character).len();
    text[start..].trim_start_matches(|c: char| matches!(c, '-' | '\'') || c.is_ascii_digit())
}

/// The name that a text begins with.
pub(super) fn word(text: &str) -> &str {
    let end = text.find(|c| !is_name_character(c)).unwrap_or(text.len());
    let word = &text[..end];
    if word.starts_with(|c: char| matches!(c, '-' | '\'') || c.is_ascii_digit()) { "" } else { word }
}

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// An attribute as it is written after a dot.
fn written(name: &str) -> String {
    if !name.is_empty() && word(name) == name && !is_keyword(name) {
        return name.to_owned();
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::{place, written};
    use crate::evaluation::{Inputs, Nothing};
    use crate::session::{Bounds, Session};

    #[test]
    fn places() {
        for (line, base, start) in [
            ("", None, 0),
            ("ho", None, 0),
            ("1 + ho", None, 4),
            ("hosts.", Some(0), 6),
            ("hosts.kd", Some(0), 6),
            ("f hosts.kdc1.ad", Some(2), 13),
            ("\"${hosts.k", Some(3), 9),
            ("hosts.a.files.\"/etc/hosts\".te", Some(0), 27),
            ("hosts.a.files.\"/etc/ho", Some(0), 14),
            ("hosts.a.files.\"", Some(0), 14),
            ("\"some wo", None, 6),
            ("(x).y", Some(3), 4),
        ] {
            assert_eq!(place(line), (base, start), "{line}");
        }
    }

    #[test]
    fn names_and_attributes() {
        let mut session = Session::start(&Nothing, None, Inputs::default());
        session.line("mine = { one = 1; \"two words\" = 2; one-b.c = 3; }", Bounds::SHALLOW);
        let mut check = |line: &str, expected: &[&str]| {
            assert_eq!(session.complete(line).words, expected, "{line}");
        };
        check("mi", &["mine"]);
        check("mine.o", &["one", "one-b"]);
        check("mine.", &["\"two words\"", "one", "one-b"]);
        check("mine.\"tw", &["\"two words\""]);
        check("[ mine.one-b.", &["c"]);
        check("lib.fold", &["fold", "foldAttrs", "foldl", "foldl'", "foldlAttrs", "foldr"]);
        check("mine.one.", &[]);
        check("mine.gone.", &[]);
        check("(let f = x: f x; in f 1).", &[]);
        check("\"mi", &[]);
    }

    #[test]
    fn keys_as_written() {
        assert_eq!(written("a-b'"), "a-b'");
        assert_eq!(written("let"), "\"let\"");
        assert_eq!(written("a\"${b}"), "\"a\\\"\\${b}\"");
    }
}
