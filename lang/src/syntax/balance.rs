//! Braces that do not match: which one is to blame.

use super::tree::{Document, Node};
use crate::codes;
use crate::{Diagnostic, Span};

/// A file that ends within blocks. `open` are their braces, outermost first; never empty.
pub(crate) fn unclosed(text: &str, document: &Document, open: &[Span], innermost: Span) -> Diagnostic {
    let count = open.len();
    let message = match count {
        1 => "this block is never closed".to_owned(),
        _ => format!("{count} blocks are never closed, this one first"),
    };
    // A block that closes left of where it begins has taken the brace of a block around it.
    if let Some((brace, close)) = first_misaligned(text, document, open) {
        let diagnostic = Diagnostic::error(codes::UNCLOSED_BLOCK, brace, "this block is probably not closed")
            .label(close, "this brace closes it, but is indented like a block further out")
            .help("add the missing `}` before that line");
        return open
            .iter()
            .rev()
            .take(1)
            .fold(diagnostic, |diagnostic, brace| diagnostic.label(*brace, "so that this block never ends"));
    }
    let diagnostic = Diagnostic::error(codes::UNCLOSED_BLOCK, innermost, message);
    let diagnostic = open
        .iter()
        .rev()
        .skip(1)
        .take(3)
        .fold(diagnostic, |diagnostic, brace| diagnostic.label(*brace, "nor is this one"));
    match first_outdented(text, document, open.len(), innermost) {
        Some(node) => diagnostic
            .label(node.name.span, "this node is not indented as if it were within the block")
            .help("add the missing `}` before it"),
        None => diagnostic.help("add the missing `}`"),
    }
}

/// A `}` too many at the top level; `previous` is the block before it.
pub(crate) fn surplus(text: &str, brace: Span, previous: Option<&Node>) -> Diagnostic {
    let diagnostic = Diagnostic::error(codes::SURPLUS_BRACE, brace, "this `}` closes nothing");
    let early = previous.and_then(|node| {
        let close = node.span.end - 1;
        let begun = indentation(text, node.span.start)?;
        let closed = indentation(text, close)?;
        (closed > begun).then(|| Span::new(brace.source, close, close + 1))
    });
    match (early, previous) {
        (Some(close), _) => {
            diagnostic.label(close, "the block before it was closed here, further right than it began")
        }
        (None, Some(node)) => {
            let close = Span::new(brace.source, node.span.end - 1, node.span.end);
            diagnostic.label(close, "the block before it was closed here").help("remove one of the two")
        }
        (None, None) => diagnostic.help("remove it"),
    }
}

/// How far the line is indented whose first character that is not blank is at `offset`.
fn indentation(text: &str, offset: u32) -> Option<usize> {
    let before = &text[..offset as usize];
    let line = before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    before[line..].chars().all(|character| matches!(character, ' ' | '\t')).then(|| before.len() - line)
}

/// Opening and closing brace of the first block that is closed on a line further left than it was opened on. `open`
/// are the braces of the blocks that are not closed.
fn first_misaligned(text: &str, document: &Document, open: &[Span]) -> Option<(Span, Span)> {
    let mut found: Option<(Span, Span)> = None;
    let mut waiting: Vec<&Node> = document.nodes.iter().collect();
    while let Some(node) = waiting.pop() {
        let Some(children) = &node.children else { continue };
        waiting.extend(&children.nodes);
        let close = node.span.end.saturating_sub(1);
        if text.as_bytes().get(close as usize) != Some(&b'}') {
            continue;
        }
        let aligned = match (indentation(text, node.span.start), indentation(text, close)) {
            (Some(begun), Some(closed)) => closed >= begun,
            _ => true,
        };
        if aligned {
            continue;
        }
        let Some(opening) = text[node.head.end as usize..close as usize].find('{') else { continue };
        let opening = node.head.end + opening as u32;
        let brace = Span::new(node.span.source, opening, opening + 1);
        if open.contains(&brace) {
            continue;
        }
        if found.is_none_or(|(_, earlier)| close < earlier.start) {
            found = Some((brace, Span::new(node.span.source, close, close + 1)));
        }
    }
    found
}

/// The first node of the innermost open block that stands no further right than the block's own line.
fn first_outdented<'d>(
    text: &str,
    document: &'d Document,
    depth: usize,
    innermost: Span,
) -> Option<&'d Node> {
    let mut nodes = &document.nodes;
    let mut owner = None;
    for _ in 0..depth {
        let node = nodes.last()?;
        nodes = &node.children.as_ref()?.nodes;
        owner = Some(node);
    }
    let owner = owner.filter(|owner| owner.span.start <= innermost.start)?;
    let begun = indentation(text, owner.span.start)?;
    nodes.iter().find(|node| indentation(text, node.span.start).is_some_and(|indented| indented <= begun))
}
