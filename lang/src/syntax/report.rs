//! Collects diagnostics, and stops collecting before a broken file turns into more text than itself.

use crate::codes;
use crate::{Code, Diagnostic, SourceId, Span};

/// So many are kept for one file; the rest is counted.
const MOST: usize = 1000;

pub(crate) struct Report {
    source: SourceId,
    diagnostics: Vec<Diagnostic>,
    more: usize,
}

impl Report {
    pub(crate) fn new(source: SourceId) -> Self {
        Self { source, diagnostics: Vec::new(), more: 0 }
    }

    pub(crate) fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.source, start, end)
    }

    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MOST {
            self.diagnostics.push(diagnostic);
        } else {
            self.more += 1;
        }
    }

    /// Whether there is one with this code.
    pub(crate) fn has(&self, code: Code) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.code == code)
    }

    /// All of them, in the order of their places.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start));
        if self.more > 0 {
            let message = format!("{} more syntax errors are not shown", self.more);
            self.diagnostics.push(Diagnostic::without_place(codes::SYNTAX, message));
        }
        self.diagnostics
    }
}
