//! The KDL document as the rest of the language sees it: decoded values with exact places.

use crate::source::Span;
use std::sync::Arc;

/// A document, or the children block of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Its nodes, in order; those behind `/-` are not here.
    pub nodes: Vec<Node>,
}

/// `(annotation)name argument key=value { children }`
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// `(force)`, `(default)`, …
    pub annotation: Option<Box<Text>>,
    /// The node's name.
    pub name: Text,
    /// Arguments and properties in the order written.
    pub entries: Vec<Entry>,
    /// The block in braces. `None` and an empty block differ: `if "${c}" {}` has a body.
    pub children: Option<Document>,
    /// From the annotation or name to the end of the last entry, without the children.
    pub head: Span,
    /// From the annotation or name to the closing brace.
    pub span: Span,
}

/// An argument (`name` is `None`) or a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The property's key.
    pub name: Option<Text>,
    /// `(type)` before the value.
    pub annotation: Option<Box<Text>>,
    /// The value.
    pub value: Scalar,
    /// All of it, key included.
    pub span: Span,
}

/// What KDL can write as a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `#null`
    Null(Span),
    /// `#true`, `#false`
    Bool(bool, Span),
    /// A whole number that fits. Bigger ones are a diagnostic.
    Int(i64, Span),
    /// Any other number, `#inf`, `#-inf`, `#nan`.
    Float(f64, Span),
    /// A string of any spelling.
    Text(Text),
}

/// A decoded string that knows where each of its bytes came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Decoded: escapes resolved, multi-line strings dedented.
    pub value: Arc<str>,
    /// The token, quotes included.
    pub span: Span,
    /// How offsets in `value` map to the source.
    pub map: OffsetMap,
}

/// How a decoded text lies in its source. The default is for text that stands there byte for byte between
/// delimiters of equal length (none, `"`, `#"`), which is nearly all of it and takes no memory.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OffsetMap(Option<Box<Pieces>>);

/// Sorted, without gaps on the decoded side; a new piece begins at each escape, dedent or joined line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pieces(Vec<Piece>);

/// From `decoded` to the next piece; these bytes come from the `length` bytes at `source`. Where the two
/// lengths differ the piece is an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) decoded: u32,
    pub(crate) source: u32,
    pub(crate) length: u32,
}

impl OffsetMap {
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        Self(Some(Box::new(Pieces(pieces))))
    }
}

impl Text {
    /// A text that stands in the source as it is, between delimiters of equal length or none.
    pub fn plain(value: impl Into<Arc<str>>, span: Span) -> Self {
        Self { value: value.into(), span, map: OffsetMap::default() }
    }

    /// The source span of the decoded bytes `start..end`, exact through escapes and dedents.
    pub fn span_of(&self, start: u32, end: u32) -> Span {
        let from = self.source_offset(start);
        // The end is found from the last byte, so that what follows (a dedent, say) is not included.
        let to = if end > start { self.source_end(end - 1) } else { from };
        Span::new(self.span.source, from, to.max(from))
    }

    /// Where the decoded byte at `offset` begins in the source; for the offset past the last byte, where it ends.
    pub fn source_offset(&self, offset: u32) -> u32 {
        let Piece { decoded, source, length } = self.piece(offset);
        source + (offset - decoded).min(length)
    }

    /// Where the decoded byte at `offset` ends in the source: after the whole escape, if it is one's last byte.
    fn source_end(&self, offset: u32) -> u32 {
        let Piece { decoded, source, length } = self.piece(offset);
        let end = match self.piece(offset + 1) {
            next if next.decoded > decoded => next.decoded,
            _ => self.value.len() as u32,
        };
        if offset + 1 >= end { source + length } else { source + (offset + 1 - decoded).min(length) }
    }

    /// The piece that holds the decoded byte at `offset`.
    fn piece(&self, offset: u32) -> Piece {
        let found = self.map.0.as_ref().and_then(|pieces| {
            let at = pieces.0.partition_point(|piece| piece.decoded <= offset).checked_sub(1)?;
            pieces.0.get(at).copied()
        });
        let length = self.value.len() as u32;
        let delimiter = (self.span.end - self.span.start).saturating_sub(length) / 2;
        found.unwrap_or(Piece { decoded: 0, source: self.span.start + delimiter, length })
    }
}

impl Scalar {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Scalar::Null(span) | Scalar::Bool(_, span) | Scalar::Int(_, span) | Scalar::Float(_, span) => {
                *span
            }
            Scalar::Text(text) => text.span,
        }
    }
}
