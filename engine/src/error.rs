//! What went wrong in the machine, as opposed to in the lab file: the operation, its object, and the cause as `source`.

use std::fmt;

/// A failed operation.
#[derive(Debug, thiserror::Error)]
#[error("{operation}{}", self.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
pub struct Error {
    /// What was tried, with its object: "create veth `kdc1/eth0`".
    pub operation: String,
    /// What was found, where there is no deeper cause: "exit status 1".
    pub detail: Option<String>,
    /// Ways out, each without the `help:` in front.
    pub help: Vec<String>,
    /// The last lines a failing daemon or command printed.
    pub log: Vec<String>,
    /// The deeper cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// `operation` failed for the reason `source`.
    pub fn caused(
        operation: impl fmt::Display,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            operation: operation.to_string(),
            detail: None,
            help: Vec::new(),
            log: Vec::new(),
            source: Some(source.into()),
        }
    }

    /// `operation` failed; `detail` says what was found.
    pub fn found(operation: impl fmt::Display, detail: impl fmt::Display) -> Self {
        Self {
            operation: operation.to_string(),
            detail: Some(detail.to_string()),
            help: Vec::new(),
            log: Vec::new(),
            source: None,
        }
    }

    /// Adds a way out.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds what the failing process printed last.
    pub fn log(mut self, lines: Vec<String>) -> Self {
        self.log = lines;
        self
    }

    /// The same failure once more, for the next thing that it befell; causes become text.
    pub(crate) fn retold(&self) -> Self {
        let mut causes: Vec<String> = self.detail.iter().cloned().collect();
        let mut cause = self.source.as_deref().map(|cause| cause as &dyn std::error::Error);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self {
            operation: self.operation.clone(),
            detail: (!causes.is_empty()).then(|| causes.join(": ")),
            help: self.help.clone(),
            log: self.log.clone(),
            source: None,
        }
    }
}
