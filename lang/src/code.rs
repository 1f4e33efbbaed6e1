//! The codes of diagnostics. A code never changes its meaning; the book's chapter *Errors* explains each.

use std::fmt;

/// What a kind of mistake is called, such as `unknown-option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// Of what was reported when it was resolved; never shown.
    pub(crate) const REPORTED: Code = Code("reported");

    /// A code of this name. Only [`codes!`](crate::codes) calls this, so that every code stands in a table.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// As it is written.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// Makes a crate's table of codes: a constant for each, and `ALL` of them.
#[macro_export]
macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: $crate::Code = $crate::Code::new($name);)*

        /// All of them, as they stand here.
        pub const ALL: &[$crate::Code] = &[$($constant),*];
    };
}
