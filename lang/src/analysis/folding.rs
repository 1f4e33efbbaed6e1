//! What can be folded: blocks, texts of several lines, comments.

use crate::source::SourceId;
use crate::syntax;
use crate::syntax::lexer::{Kind, tokens};
use crate::syntax::tree::Document;

/// A piece of the text that can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fold {
    /// Its first byte; the line it is on stays.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// What it is.
    pub kind: FoldKind,
}

/// What is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoldKind {
    /// A block or a text.
    Region,
    /// A comment, or several that follow each other.
    Comment,
    /// The imports.
    Imports,
}

/// All that can be folded, outer before inner.
pub fn folds(text: &str) -> Vec<Fold> {
    let (document, _) = syntax::parse(SourceId(0), text);
    let mut found = Vec::new();
    blocks(&document, text, &mut found);
    imports(&document, &mut found);
    lexical(text, &mut found);
    found.retain(|fold| text[fold.start as usize..fold.end as usize].contains('\n'));
    found.sort_by_key(|fold| (fold.start, std::cmp::Reverse(fold.end)));
    found
}

fn blocks(document: &Document, text: &str, found: &mut Vec<Fold>) {
    for node in &document.nodes {
        if let Some(children) = &node.children {
            // The closing brace stays, too.
            let brace = text[..node.span.end as usize].ends_with('}');
            let end = node.span.end - u32::from(brace);
            let end = text[..end as usize].trim_end().len() as u32;
            if end > node.head.end {
                found.push(Fold { start: node.head.end, end, kind: FoldKind::Region });
            }
            blocks(children, text, found);
        }
    }
}

fn imports(document: &Document, found: &mut Vec<Fold>) {
    let mut nodes = document.nodes.iter().peekable();
    while let Some(first) = nodes.next() {
        let mut last = first;
        while let Some(next) =
            nodes.next_if(|next| *first.name.value == *"import" && *next.name.value == *"import")
        {
            last = next;
        }
        if last.span != first.span {
            found.push(Fold { start: first.head.end, end: last.span.end, kind: FoldKind::Imports });
        }
    }
}

/// Texts of several lines, and comments; comments on lines of their own that follow each other are one.
fn lexical(text: &str, found: &mut Vec<Fold>) {
    let mut comments: Option<Fold> = None;
    let mut line_is_empty = true;
    let mut newlines = 0;
    for token in tokens(text) {
        let fold = Fold { start: token.start, end: token.end, kind: FoldKind::Region };
        match token.kind {
            Kind::Newline => {
                newlines += 1;
                line_is_empty = true;
                continue;
            }
            Kind::Space => continue,
            Kind::LineComment if line_is_empty => {
                comments = match comments.take() {
                    Some(open) if newlines == 1 => Some(Fold { end: token.end, ..open }),
                    before => {
                        found.extend(before);
                        Some(Fold { kind: FoldKind::Comment, ..fold })
                    }
                };
                newlines = 0;
                line_is_empty = false;
                continue;
            }
            Kind::BlockComment => found.push(Fold { kind: FoldKind::Comment, ..fold }),
            Kind::MultiLine | Kind::RawMultiLine => found.push(fold),
            _ => {}
        }
        found.extend(comments.take());
        newlines = 0;
        line_is_empty = false;
    }
    found.extend(comments);
}
