//! Regular expressions: POSIX extended ones, as Nix has them.
//!
//! ```text
//! pattern ─ compile → Program ─ search → Found
//! ```
//!
//! Nix hands them to the C++ library of GCC, so its answers are the measure: of alternatives the one that leads to
//! the longest text, of repetitions the first that leads to any. They work on bytes. No pattern takes more time
//! than its size times that of the text. Deliberately absent: back references, which are no part of them.

mod compile;
mod search;

pub(super) use search::{Found, Search};

use crate::codes;
use crate::eval::{Evaluator, Raised};
use crate::source::Span;
use compile::Program;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Patterns compiled so far.
#[derive(Default)]
pub(in crate::eval) struct Patterns(HashMap<Arc<str>, Rc<Program>>);

impl Evaluator {
    /// A pattern made ready.
    pub(super) fn pattern(&mut self, pattern: &Arc<str>, span: Span) -> Result<Rc<Program>, Raised> {
        if let Some(known) = self.patterns.0.get(pattern) {
            return Ok(known.clone());
        }
        let program = compile::compile(pattern).map_err(|wrong| {
            let message = format!("{pattern:?} is no regular expression: {}", wrong.message);
            let help = wrong.help.unwrap_or("patterns are POSIX extended regular expressions");
            Raised::new(codes::BAD_PATTERN, span, message).help(help)
        })?;
        let program = Rc::new(program);
        self.patterns.0.insert(pattern.clone(), program.clone());
        Ok(program)
    }
}
