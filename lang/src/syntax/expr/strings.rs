//! Texts within expressions: escapes, and the indentation that `''…''` takes away.

use crate::source::{SourceId, Span};
use crate::syntax::tree::Text;

/// How offsets in the text being parsed become spans of a source.
#[derive(Clone, Copy)]
pub(super) enum Places<'a> {
    /// The text is the source.
    Source(SourceId),
    /// The text was decoded from a KDL string.
    Text(&'a Text),
}

impl Places<'_> {
    pub(super) fn span(self, start: usize, end: usize) -> Span {
        match self {
            Places::Source(source) => Span::new(source, start as u32, end as u32),
            Places::Text(text) => text.span_of(start as u32, end as u32),
        }
    }
}

/// A stretch of text before its indentation is taken away.
pub(super) enum Raw<T> {
    /// Written as it is, so that its blanks are indentation.
    Plain(String),
    /// From an escape: never indentation.
    Escaped(String),
    /// `${…}`
    Interpolation(T),
}

/// The character after a backslash, decoded.
pub(super) fn unescape(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

/// Takes the smallest indentation of any line from all lines, as Nix does: an empty line does not count, and
/// a last line of blanks alone goes.
pub(super) fn strip_indentation<T>(pieces: Vec<Raw<T>>) -> Vec<Raw<T>> {
    let indentation = smallest_indentation(&pieces);
    let mut at_line_start = true;
    let mut dropped = 0;
    let mut strip = |text: String| {
        let mut stripped = String::with_capacity(text.len());
        for character in text.chars() {
            if !at_line_start {
                at_line_start = character == '\n';
            } else if character == ' ' {
                dropped += 1;
                if dropped <= indentation {
                    continue;
                }
            } else {
                dropped = 0;
                at_line_start = character == '\n';
            }
            stripped.push(character);
        }
        stripped
    };
    let mut result = Vec::with_capacity(pieces.len());
    for piece in pieces {
        result.push(match piece {
            Raw::Plain(text) => Raw::Plain(strip(text)),
            Raw::Escaped(text) => Raw::Escaped(strip(text)),
            Raw::Interpolation(part) => {
                // Ends the blanks at the start of a line; the character itself is dropped again below.
                strip("x".into());
                Raw::Interpolation(part)
            }
        });
    }
    if let Some(Raw::Plain(last) | Raw::Escaped(last)) = result.last_mut()
        && let Some(newline) = last.rfind('\n')
        && last[newline + 1..].bytes().all(|byte| byte == b' ')
    {
        last.truncate(newline + 1);
    }
    result
}

fn smallest_indentation<T>(pieces: &[Raw<T>]) -> usize {
    let mut smallest = usize::MAX;
    let mut at_line_start = true;
    let mut current = 0;
    for piece in pieces {
        let Raw::Plain(text) = piece else {
            if at_line_start {
                at_line_start = false;
                smallest = smallest.min(current);
            }
            continue;
        };
        for character in text.chars() {
            match (at_line_start, character) {
                (true, ' ') => current += 1,
                (_, '\n') => {
                    at_line_start = true;
                    current = 0;
                }
                (true, _) => {
                    at_line_start = false;
                    smallest = smallest.min(current);
                }
                (false, _) => {}
            }
        }
    }
    smallest
}
