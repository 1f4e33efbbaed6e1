//! Where something is declared or defined.

use super::Analysis;
use super::scope::{Bound, Target};
use crate::source::{SourceId, Span};

impl Analysis {
    /// The places where what is at an offset comes from: an option's declaration, the nodes that define an entry of a
    /// map, the name of a `let`, the start of a file.
    pub fn definitions(&self, source: SourceId, offset: u32) -> Vec<Span> {
        let Some(target) = self.word_at(source, offset).and_then(|word| word.target) else {
            return Vec::new();
        };
        match target {
            Target::Option(schema, at) => vec![self.schemas[schema.0 as usize].options[at as usize].span],
            Target::Local(span, _) => vec![span],
            Target::Module(module) => vec![Span::new(SourceId(module), 0, 0)],
            Target::Key(_) | Target::Type(_) => self.declarations(&target),
            Target::Bound(schema, Bound::Own | Bound::Around) => self.declarations(&Target::Type(schema)),
            Target::Bound(_, Bound::Key) | Target::Keyword(_) | Target::Builtin(_) => Vec::new(),
        }
    }

    /// Every place that declares this. Those of the lab's own sources come first.
    pub(super) fn declarations(&self, target: &Target) -> Vec<Span> {
        let words = self.words_meaning(std::slice::from_ref(target));
        let mut found: Vec<Span> = words.filter(|word| word.declares).map(|word| word.span).collect();
        found.sort_by_key(|span| self.is_standard(span.source));
        found
    }
}
