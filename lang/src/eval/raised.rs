//! A mistake on its way up: a diagnostic that gathers the places that led to it.

use super::library::is_internal;
use crate::code::Code;
use crate::codes;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::Span;

/// How many places of the way that led to a mistake are shown.
const FRAMES: usize = 8;

/// What evaluation raises. Small, since every result carries it.
#[derive(Clone, Debug)]
pub struct Raised(Box<Failure>);

#[derive(Clone, Debug)]
struct Failure {
    diagnostic: Diagnostic,
    catchable: bool,
    frames: Vec<Label>,
    omitted: usize,
}

/// What helps who finds a function in a list, where something else was meant.
pub(crate) const IN_A_LIST: &str = "in a list, a call needs parentheses: `[ (f x) ]`";

impl Raised {
    /// A mistake that `tryEval` does not catch.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic::error(code, span, message).into()
    }

    /// The same, caught by `tryEval`: `throw` and `assert`.
    pub fn catchable(mut self) -> Self {
        self.0.catchable = true;
        self
    }

    /// Whether `tryEval` catches it.
    pub fn is_catchable(&self) -> bool {
        self.0.catchable
    }

    /// Its stable code.
    pub fn code(&self) -> Code {
        self.0.diagnostic.code
    }

    /// Adds a place that matters in itself, such as the other definition of a clash.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.0.diagnostic = self.0.diagnostic.label(span, text);
        self
    }

    /// Adds a way out.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.0.diagnostic = self.0.diagnostic.help(text);
        self
    }

    /// Says which option it is about, unless one further in was said to be.
    pub fn about(mut self, path: impl FnOnce() -> String) -> Self {
        self.0.diagnostic.path.get_or_insert_with(path);
        self
    }

    /// Whether it was said which option it is about.
    pub(crate) fn has_path(&self) -> bool {
        self.0.diagnostic.path.is_some()
    }

    /// Where it is shown.
    pub(crate) fn place(&self) -> Option<Span> {
        self.0.diagnostic.primary.as_ref().map(|label| label.span)
    }

    /// Adds the next place outwards of the way that led here: a call, an option, a turn of a loop.
    pub fn frame(mut self, span: Span, text: impl Into<String>) -> Self {
        if is_internal(span) || self.relocate(span) || ended_from_outside(self.code()) {
            return self;
        }
        let failure = &mut self.0;
        let known =
            failure.diagnostic.primary.iter().chain(&failure.diagnostic.labels).chain(&failure.frames);
        if known.clone().any(|label| label.span == span) {
            return self;
        }
        if failure.frames.len() < FRAMES {
            failure.frames.push(Label { span, text: text.into() });
        } else {
            failure.omitted += 1;
        }
        self
    }

    /// A mistake within a definition that is built in is shown where that was called. Says whether it was one.
    pub(super) fn relocate(&mut self, span: Span) -> bool {
        let diagnostic = &mut self.0.diagnostic;
        match &mut diagnostic.primary {
            Some(primary) if is_internal(primary.span) && !is_internal(span) => primary.span = span,
            _ => return false,
        }
        diagnostic.labels.retain(|label| !is_internal(label.span));
        true
    }

    /// A mistake within a definition that is built in, shown where its value was asked for.
    pub(crate) fn seen_from(mut self, span: Span) -> Self {
        self.relocate(span);
        self
    }

    /// What to show.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = self.0.diagnostic.clone();
        diagnostic.labels.retain(|label| !is_internal(label.span));
        diagnostic.labels.extend(self.0.frames.iter().cloned());
        if let (1.., Some(last)) = (self.0.omitted, diagnostic.labels.last_mut()) {
            last.text.push_str(&format!(" (and {} more outside)", self.0.omitted));
        }
        diagnostic
    }
}

/// Whether the clock or a person ended evaluation: which calls it was in just then is chance.
fn ended_from_outside(code: Code) -> bool {
    [codes::OUT_OF_TIME, codes::INTERRUPTED].contains(&code)
}

impl From<Diagnostic> for Raised {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(Box::new(Failure { diagnostic, catchable: false, frames: Vec::new(), omitted: 0 }))
    }
}

impl From<Raised> for Diagnostic {
    fn from(raised: Raised) -> Self {
        raised.diagnostic()
    }
}
