//! The one error of kernel operations: what was tried, on what, and the kernel's answer.

use std::borrow::Cow;
use std::fmt::Display;
use std::io;

/// A kernel operation that failed. Displays as `cannot mount an overlay on /etc`; the cause is the source.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {object}")]
pub struct Error {
    /// The operation, as a verb phrase: `open`, `enter the network namespace of`.
    pub operation: Cow<'static, str>,
    /// What it was done to.
    pub object: String,
    /// The kernel's answer.
    #[source]
    pub source: io::Error,
}

impl Error {
    /// An error of this operation on this object.
    pub fn new(operation: &'static str, object: impl Display, source: impl Into<io::Error>) -> Self {
        Error { operation: Cow::Borrowed(operation), object: object.to_string(), source: source.into() }
    }

    /// The error of the last system call.
    pub(crate) fn last(operation: &'static str, object: impl Display) -> Self {
        Error::new(operation, object, io::Error::last_os_error())
    }

    /// The kernel's error number, where there was one.
    pub fn errno(&self) -> Option<i32> {
        self.source.raw_os_error()
    }
}
