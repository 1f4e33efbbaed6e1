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
    pub annotation: Option<Text>,
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
    pub annotation: Option<Text>,
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

/// Pieces `(offset in the decoded text, offset in the source)`, sorted. Between two pieces both sides advance
/// together; a new piece begins after each escape, dedent or joined line. One piece for a plain string.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OffsetMap(pub Vec<(u32, u32)>);

impl Text {
    /// The source span of the decoded bytes `start..end`, exact through escapes and dedents.
    pub fn span_of(&self, start: u32, end: u32) -> Span {
        let from = self.map.source_offset(start).unwrap_or(self.span.start);
        // The end is found from the last byte, so that what follows (an escape, a dedent) is not included.
        let to = if end > start {
            self.map.source_offset(end - 1).map_or(self.span.end, |last| last + 1)
        } else {
            from
        };
        Span::new(self.span.source, from, to.max(from))
    }
}

impl OffsetMap {
    /// Where the decoded byte at `offset` begins in the source.
    pub fn source_offset(&self, offset: u32) -> Option<u32> {
        let at = self.0.partition_point(|(decoded, _)| *decoded <= offset).checked_sub(1)?;
        let (decoded, source) = self.0[at];
        Some(source + (offset - decoded))
    }
}

impl Scalar {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Scalar::Null(span) | Scalar::Bool(_, span) | Scalar::Int(_, span) | Scalar::Float(_, span) => *span,
            Scalar::Text(text) => text.span,
        }
    }
}
