//! Regular expressions: POSIX extended ones, as Nix has them, turned into those of the `regex` crate.
//!
//! No pattern takes more than linear time. Deliberately absent: back references, which no such engine has.

use crate::codes;
use crate::eval::{Evaluator, Raised};
use crate::source::Span;
use regex::Regex;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Patterns compiled so far.
#[derive(Default)]
pub(in crate::eval) struct Patterns(HashMap<Arc<str>, Rc<Pattern>>);

/// One pattern.
pub(super) struct Pattern {
    /// Fits a whole text.
    pub(super) whole: Regex,
    /// Fits a part of it.
    pub(super) part: Regex,
}

impl Evaluator {
    pub(super) fn pattern(&mut self, pattern: &Arc<str>, span: Span) -> Result<Rc<Pattern>, Raised> {
        if let Some(known) = self.patterns.0.get(pattern) {
            return Ok(known.clone());
        }
        let bad = |detail: &str| {
            let message = format!("{pattern:?} is no regular expression: {detail}");
            Raised::new(codes::BAD_PATTERN, span, message)
                .help("patterns are POSIX extended regular expressions")
        };
        let body = translate(pattern).map_err(bad)?;
        let compile = |text: String| {
            regex::RegexBuilder::new(&text).size_limit(8 << 20).build().map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => bad("too large"),
                other => {
                    bad(other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: "))
                }
            })
        };
        let compiled =
            Pattern { whole: compile(format!("(?s)^(?:{body})$"))?, part: compile(format!("(?s){body}"))? };
        let compiled = Rc::new(compiled);
        self.patterns.0.insert(pattern.clone(), compiled.clone());
        Ok(compiled)
    }
}

/// The same pattern in the other syntax.
fn translate(pattern: &str) -> Result<String, &'static str> {
    let mut output = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars().peekable();
    // Where the last atom begins in the output, and those of open groups.
    let mut atom = None;
    let mut open = Vec::new();
    let mut last_repeated = false;
    while let Some(character) = characters.next() {
        let repeated = std::mem::replace(&mut last_repeated, matches!(character, '*' | '+' | '?' | '{'));
        match character {
            '\\' => {
                atom = Some(output.len());
                let escaped = characters.next().ok_or("a backslash at its end")?;
                if escaped.is_ascii_digit() && escaped != '0' {
                    return Err("back references are left out");
                }
                push_literal(&mut output, escaped);
            }
            '[' => {
                atom = Some(output.len());
                bracket(&mut output, &mut characters)?;
            }
            '(' => {
                open.push(output.len());
                output.push('(');
                atom = None;
            }
            ')' => {
                atom = Some(open.pop().ok_or("a `)` without its `(`")?);
                output.push(')');
            }
            '*' | '+' | '?' | '{' => {
                let start = atom.ok_or("nothing to repeat")?;
                // A repetition of a repetition is no lazy one here.
                if repeated {
                    output.insert_str(start, "(?:");
                    output.push(')');
                }
                output.push(character);
                if character == '{' {
                    interval(&mut output, &mut characters)?;
                }
            }
            '^' | '$' => {
                output.push(character);
                atom = None;
            }
            '|' => {
                output.push('|');
                atom = None;
            }
            '.' => {
                atom = Some(output.len());
                output.push('.');
            }
            other => {
                atom = Some(output.len());
                push_literal(&mut output, other);
            }
        }
    }
    if open.is_empty() { Ok(output) } else { Err("a `(` without its `)`") }
}

fn push_literal(output: &mut String, character: char) {
    output.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}

/// What is between `{` and `}`, both included in the output.
fn interval(
    output: &mut String,
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<(), &'static str> {
    let mut inner = String::new();
    loop {
        match characters.next() {
            Some('}') => break,
            Some(character) if character.is_ascii_digit() || character == ',' => inner.push(character),
            _ => return Err("a `{` without its number and `}`"),
        }
    }
    if inner.is_empty() || inner.starts_with(',') {
        return Err("a `{` without its number");
    }
    output.push_str(&inner);
    output.push('}');
    Ok(())
}

/// A bracket expression: within it a backslash is itself.
fn bracket(
    output: &mut String,
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<(), &'static str> {
    const OPEN: &str = "a `[` without its `]`";
    output.push('[');
    if characters.peek() == Some(&'^') {
        characters.next();
        output.push('^');
    }
    let mut first = true;
    loop {
        let character = characters.next().ok_or(OPEN)?;
        match character {
            ']' if !first => break,
            '[' if matches!(characters.peek(), Some(':' | '.' | '=')) => {
                let kind = characters.next().ok_or(OPEN)?;
                let mut name = String::new();
                loop {
                    let next = characters.next().ok_or(OPEN)?;
                    if next == kind && characters.peek() == Some(&']') {
                        characters.next();
                        break;
                    }
                    name.push(next);
                }
                if kind == ':' {
                    output.push_str(&format!("[:{name}:]"));
                } else {
                    output.push_str(&regex::escape(&name));
                }
            }
            '-' => {
                // A range, unless it is the first or the last.
                if first || characters.peek() == Some(&']') {
                    output.push_str("\\-")
                } else {
                    output.push('-')
                }
            }
            other if other.is_alphanumeric() => output.push(other),
            other if other.is_ascii() && !other.is_ascii_control() && other != ' ' => {
                output.push('\\');
                output.push(other);
            }
            other => output.push(other),
        }
        first = false;
    }
    output.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn posix() {
        let check = |pattern: &str, expected: Result<&str, &str>| {
            let translated = translate(pattern);
            assert_eq!(translated.as_deref().map_err(|error| *error), expected, "{pattern}");
            if let Ok(translated) = translated {
                regex::Regex::new(&translated).unwrap();
            }
        };
        check("a(b|c)*", Ok("a(b|c)*"));
        check("[]a]", Ok(r"[\]a]"));
        check(r"[\d]", Ok(r"[\\d]"));
        check("[[:space:]]+", Ok("[[:space:]]+"));
        check("a*?", Ok("(?:a*)?"));
        check(r"\.\*?", Ok(r"\.\*?"));
        check("a-z#", Ok(r"a\-z\#"));
        check("(a", Err("a `(` without its `)`"));
        check("*a", Err("nothing to repeat"));
        check(r"(a)\1", Err("back references are left out"));
    }
}
