//! What is wrong, as data. Rendering is the command line's.

use crate::code::Code;
use crate::source::Span;

/// One complaint or warning.
///
/// Wording: lower case, no final period, names in backticks, what was expected before what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable and explained, such as `unknown-option`.
    pub code: Code,
    /// One line.
    pub message: String,
    /// The exact piece that is wrong; `None` only where no source is involved.
    pub primary: Option<Label>,
    /// Other places that matter, in order: both definitions of a clash, every step of a cycle, the loop turn.
    pub labels: Vec<Label>,
    /// The ways out, each without the `help:` in front.
    pub help: Vec<String>,
    /// The path of the option it is about, such as `hosts.kdc1.mtu`, where it is about one.
    pub path: Option<String>,
}

/// Whether evaluation may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is applied.
    Error,
    /// Said, and no more.
    Warning,
}

/// A place with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; may be empty for the primary label.
    pub text: String,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            primary: Some(Label { span, text: String::new() }),
            labels: Vec::new(),
            help: Vec::new(),
            path: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// An error that belongs to no source, such as a file that cannot be read.
    pub fn without_place(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        let (labels, help) = (Vec::new(), Vec::new());
        Self { severity: Severity::Error, code, message, primary: None, labels, help, path: None }
    }

    /// The words beside the primary underline.
    pub fn primary_text(mut self, text: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// Adds another place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a way out.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Says which option it is about, unless that was said already.
    pub fn about(mut self, path: impl FnOnce() -> String) -> Self {
        self.path.get_or_insert_with(path);
        self
    }
}
