//! `"${f "x"}"`: an expression with quotes in a quoted string. To KDL the string ends at the expression's first quote,
//! and what follows is a heap of unrelated mistakes. They are told as the one they are.

use super::chars::{Class, class};
use super::expr::end_of_interpolation;
use super::mistakes::quoted_expression;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A quoted string that was meant to go on.
pub(super) struct CutShort {
    /// Where its last `${` begins.
    dollar: usize,
    /// The quote that ended it.
    quote: usize,
    /// Where the text that was meant ends.
    pub(super) end: usize,
    /// The same with its closing quote.
    pub(super) after: usize,
}

/// Whether a quoted string's last `${` lacks its `}` at first sight. Cheap, since every string is asked.
pub(super) fn is_suspicious(string: &str) -> bool {
    string.rfind("${").is_some_and(|dollar| {
        let open = string[dollar..].bytes().filter(|byte| *byte == b'{').count();
        open > string[dollar..].bytes().filter(|byte| *byte == b'}').count()
    })
}

/// Looks whether the string at `start..end` of the text ends within an expression that goes on behind it. An expression that
/// needs no quotes to end is none of ours, so this never finds fault with a correct document.
pub(super) fn find(text: &str, start: usize, end: usize, line_end: usize) -> Option<CutShort> {
    let dollar = start + text[start..end].rfind("${")?;
    let quote = end - 1;
    let line = &text[..line_end];
    let inner_end = end_of_interpolation(line, dollar + 2).filter(|inner_end| *inner_end > end)?;
    let (end, after) = closing(line, inner_end);
    Some(CutShort { dollar, quote, end, after })
}

/// Where a text goes on after `at` until, and with, the quote that closes it; its other expressions may have quotes too.
fn closing(line: &str, mut at: usize) -> (usize, usize) {
    loop {
        let Some(quote) = line[at..].find('"').map(|quote| at + quote) else { return (at, at) };
        let dollar = line[at..quote].find("${").map(|dollar| at + dollar + 2);
        match dollar.and_then(|inner| end_of_interpolation(line, inner)) {
            Some(inner_end) => at = inner_end,
            None => return (quote, quote + 1),
        }
    }
}

/// The end of the line that `at` is in.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(|character| class(character) == Class::Newline).map_or(text.len(), |end| at + end)
}

impl CutShort {
    /// The one mistake; `meant` is the whole text without its quotes.
    pub(super) fn diagnostic(&self, text: &str, meant: Span) -> Diagnostic {
        let span = |from: usize, to: usize| Span::new(meant.source, from as u32, to as u32);
        let inner = &text[meant.start as usize..meant.end as usize];
        let message = "this quote ends the string within its expression";
        Diagnostic::error(codes::QUOTE_IN_EXPRESSION, span(self.quote, self.quote + 1), message)
            .label(span(self.dollar, self.dollar + 2), "the expression begins here")
            .help(format!("in a raw string quotes stand for themselves: `{}`", quoted_expression(inner)))
    }
}
