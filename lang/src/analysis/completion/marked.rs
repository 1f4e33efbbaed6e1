//! A text with a marker where the cursor is.

use crate::source::{SourceId, Span};
use crate::syntax::expr::{Expr, Template};
use crate::syntax::lexer::{Kind, Token, tokens};
use crate::syntax::tree::Text;
use std::sync::Arc;

/// A name in both languages that nobody uses.
pub(super) const MARK: &str = "topoCursorHere";

/// A text with the marker in it.
pub(super) struct Marked {
    pub(super) text: String,
    /// Where the marker begins.
    pub(super) offset: u32,
    /// The token of the unmarked text that the cursor is in.
    token: Option<Token>,
}

/// What a completion replaces in the unmarked text.
pub(super) struct Range {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The quote that it stands in, with the hashes before it.
    pub(super) quote: Option<String>,
}

impl Marked {
    /// The text with the marker at an offset; `None` within a comment.
    pub(super) fn new(text: &str, offset: u32) -> Option<Marked> {
        if !text.is_char_boundary(offset as usize) {
            return None;
        }
        let mut token = None;
        for one in tokens(text) {
            if one.start >= offset {
                break;
            }
            let open_end = one.kind == Kind::LineComment || !one.closed;
            if offset < one.end || (open_end && offset == one.end) {
                if matches!(one.kind, Kind::LineComment | Kind::BlockComment) {
                    return None;
                }
                token = Some(one).filter(|one| one.kind.is_string() && one.kind != Kind::Word);
                break;
            }
        }
        let (before, after) = text.split_at(offset as usize);
        Some(Marked { text: [before, MARK, after].concat(), offset, token })
    }

    /// The text with what is open in the expression before the marker closed, and the rest of its line left out.
    pub(super) fn closed(&self) -> Option<Marked> {
        let token = self.token?;
        let before = &self.text[..self.offset as usize];
        let closers = closers(&before[token.start as usize..])?;
        let unmarked_after = &self.text[self.offset as usize + MARK.len()..];
        let rest = match token.kind {
            Kind::MultiLine | Kind::RawMultiLine => unmarked_after.find('\n').unwrap_or(unmarked_after.len()),
            _ => token.end.saturating_sub(self.offset) as usize,
        };
        let end = match token.kind {
            Kind::MultiLine | Kind::RawMultiLine => String::new(),
            _ => {
                let hashes = before[token.start as usize..].bytes().take_while(|byte| *byte == b'#').count();
                format!("\"{}", "#".repeat(hashes))
            }
        };
        let text = [before, MARK, &closers, &end, &unmarked_after[rest..]].concat();
        Some(Marked { text, offset: self.offset, token: self.token })
    }

    /// The names and dots before the marker, and where they begin.
    pub(super) fn path(&self) -> Option<(u32, String)> {
        let before = &self.text[..self.offset as usize];
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\'' | '.');
        let path = &before[before.trim_end_matches(is_part).len()..];
        let path = path.trim_start_matches(|c: char| !(c.is_ascii_alphabetic() || c == '_'));
        let start = self.offset - path.len() as u32;
        Some((start, format!("{path}{MARK}")))
    }

    /// That path as an expression whose places are those in the marked text.
    pub(super) fn path_expression(&self, source: SourceId, start: u32, path: &str) -> Option<Arc<Expr>> {
        let span = Span::new(source, start - 2, start + path.len() as u32 + 1);
        match Template::parse(&Text::plain(format!("${{{path}}}"), span)) {
            Ok(Template::Expression(expr, _)) => Some(expr),
            _ => None,
        }
    }

    /// What is replaced: the word that the marker is in, as far as it stands in the unmarked text.
    pub(super) fn range(&self, span: Span) -> Range {
        let mark = MARK.len() as u32;
        let text = &self.text[span.start as usize..span.end as usize];
        let hashes = text.bytes().take_while(|byte| *byte == b'#').count() as u32;
        let end = span.end.saturating_sub(mark).max(self.offset);
        if !text[hashes as usize..].starts_with('"') {
            return Range { start: span.start.min(self.offset), end, quote: None };
        }
        let quote = text[..hashes as usize + 1].to_owned();
        let closing = format!("\"{}", "#".repeat(hashes as usize));
        let closed = text.len() > quote.len() && text.ends_with(&closing);
        // What follows on a line without a closing quote is not part of the word.
        let end = if closed { end - closing.len() as u32 } else { self.offset };
        Range { start: span.start + quote.len() as u32, end: end.max(self.offset), quote: Some(quote) }
    }
}

/// What closes everything that is open at the end of a text with expressions in it; `None` where none is open.
fn closers(text: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let in_text = open.last().is_none_or(|last| matches!(*last, "\"" | "''"));
        if rest.starts_with(b"${") && !(at > 0 && bytes[at - 1] == b'$') {
            open.push("}");
            at += 2;
            continue;
        }
        match (in_text, rest[0]) {
            (true, b'"') if open.last() == Some(&"\"") => {
                open.pop();
            }
            (true, b'\'') if rest.starts_with(b"''") && open.last() == Some(&"''") => {
                open.pop();
                at += 1;
            }
            (true, b'\\') if open.last() == Some(&"\"") => at += 1,
            (true, _) => {}
            (false, b'"') => open.push("\""),
            (false, b'\'') if rest.starts_with(b"''") => {
                open.push("''");
                at += 1;
            }
            (false, b'{') => open.push("}"),
            (false, b'(') => open.push(")"),
            (false, b'[') => open.push("]"),
            (false, byte @ (b'}' | b')' | b']')) => {
                if open.last().is_some_and(|last| last.as_bytes()[0] == byte) {
                    open.pop();
                }
            }
            (false, _) => {}
        }
        at += 1;
    }
    (!open.is_empty()).then(|| open.iter().rev().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::closers;

    #[test]
    fn what_is_open() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(closers(text).as_deref(), expected, "{text}");
        check("\"plain", None);
        check("\"${lib.", Some("}"));
        check("\"${lib.all (h: h.", Some(")}"));
        check("\"a ${b} c ${lib.f [ { x = ", Some("}]}"));
        check("#\"${lib.f \"a ${b.", Some("}\"}"));
        check("\"$${lib.", None);
    }
}
