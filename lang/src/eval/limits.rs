//! What evaluation may use up: depth, steps and memory. Beyond it a diagnostic is raised.
//!
//! Deliberately absent: the clock. Who has one ends an evaluation through an [`Interrupt`].

use super::thunk::Thunk;
use super::{Evaluator, Raised};
use crate::code::Code;
use crate::codes;
use crate::source::Span;
use std::fmt;
use std::rc::Rc;

/// The stack is looked at once in so many levels.
const LEVELS: u32 = 4;

/// How many steps are made between two looks at the limits.
const STRIDE: u64 = 4096;

/// What evaluation may use up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls and values within one another.
    pub depth: u32,
    /// Calls, operators and values looked into, in all.
    pub steps: u64,
    /// Bytes of all values made, roughly; none is ever freed.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 20_000, steps: 500_000_000, memory: 2 << 30 }
    }
}

/// Asked now and then while something is evaluated, whether it is to end.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Rc<Asking>>);

type Asking = dyn Fn() -> Option<Ended>;

/// Why an evaluation is to end before its own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody asked for it.
    Interrupted,
    /// Its time is up.
    OutOfTime,
}

impl Interrupt {
    /// Asks a function of the embedder's.
    pub fn new(asking: impl Fn() -> Option<Ended> + 'static) -> Self {
        Self(Some(Rc::new(asking)))
    }

    fn ask(&self) -> Option<Ended> {
        self.0.as_ref()?()
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.ask()).finish()
    }
}

/// Whether a mistake says nothing about the expression, but that a limit ended its evaluation.
pub(crate) fn is_limit(code: Code) -> bool {
    const LIMITS: [Code; 5] =
        [codes::TOO_DEEP, codes::TOO_LARGE, codes::TOO_LONG, codes::OUT_OF_TIME, codes::INTERRUPTED];
    LIMITS.contains(&code)
}

/// Whether nothing at all can be evaluated any more after such a mistake, other than after one value that is too deep.
pub(crate) fn is_end(code: Code) -> bool {
    is_limit(code) && code != codes::TOO_DEEP
}

impl Evaluator {
    /// One level deeper, within the limits and with stack to spare.
    pub(super) fn deeper<T>(&mut self, go: impl FnOnce(&mut Self) -> Result<T, Raised>) -> Result<T, Raised> {
        if self.depth >= self.limits.depth {
            return Err(self.too_deep());
        }
        self.count_step()?;
        self.depth += 1;
        // A few levels fit into what is left at any time.
        let result = match self.depth % LEVELS {
            1 => stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || go(self)),
            _ => go(self),
        };
        self.depth -= 1;
        result
    }

    /// Counts a step.
    pub(super) fn count_step(&mut self) -> Result<(), Raised> {
        self.steps += 1;
        if self.steps < self.pause_at { Ok(()) } else { self.pause() }
    }

    /// Whether evaluation may go on; asked every few thousand steps.
    #[cold]
    fn pause(&mut self) -> Result<(), Raised> {
        match self.interrupt.ask() {
            None => {}
            Some(Ended::Interrupted) => {
                return Err(Raised::new(codes::INTERRUPTED, self.nowhere(), "interrupted"));
            }
            Some(Ended::OutOfTime) => {
                let raised =
                    Raised::new(codes::OUT_OF_TIME, self.nowhere(), "evaluation takes longer than allowed");
                return Err(raised.help("`--limit-time` gives it more time"));
            }
        }
        if self.steps > self.limits.steps {
            let message = format!("evaluation needs more than {} steps", self.limits.steps);
            let raised = Raised::new(codes::TOO_LONG, self.nowhere(), message);
            return Err(raised.help("`--limit-steps` allows more"));
        }
        self.spend_text(0)?;
        self.pause_at = (self.steps + STRIDE).min(self.limits.steps + 1);
        Ok(())
    }

    fn too_deep(&self) -> Raised {
        let message = format!("evaluation deeper than {} levels", self.limits.depth);
        Raised::new(codes::TOO_DEEP, self.nowhere(), message)
            .help("does a function call itself without an end? if not, `--limit-depth` allows more")
    }

    /// What it may use up.
    pub(crate) fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// Begins to count anew.
    pub(crate) fn restart_count(&mut self) {
        self.steps = 0;
        self.pause_at = 0;
    }

    /// Bytes of all values so far, roughly.
    pub(crate) fn memory(&self) -> usize {
        self.spent.saturating_add(self.thunks.len() * size_of::<Thunk>())
    }

    /// Accounts for bytes that stay until the end.
    pub(crate) fn spend(&mut self, bytes: usize, span: Span) -> Result<(), Raised> {
        self.spent = self.spent.saturating_add(bytes);
        self.check_bytes(0, span)
    }

    /// The same for a text that was made where evaluation is now.
    pub(super) fn spend_text(&mut self, bytes: usize) -> Result<(), Raised> {
        self.spent = self.spent.saturating_add(bytes);
        if self.memory() <= self.limits.memory { Ok(()) } else { Err(self.too_large(self.nowhere())) }
    }

    /// Complains if a list of that length would be too large.
    pub(super) fn check_length(&self, length: usize, span: Span) -> Result<(), Raised> {
        self.check_bytes(length.saturating_mul(32), span)
    }

    /// Complains if a text of that length would be too large.
    pub(super) fn check_text(&self, length: usize, span: Span) -> Result<(), Raised> {
        self.check_bytes(length, span)
    }

    fn check_bytes(&self, bytes: usize, span: Span) -> Result<(), Raised> {
        if self.memory().saturating_add(bytes) <= self.limits.memory {
            return Ok(());
        }
        Err(self.too_large(span))
    }

    fn too_large(&self, span: Span) -> Raised {
        let message = format!("evaluation needs more than {} MiB of memory", self.limits.memory >> 20);
        Raised::new(codes::TOO_LARGE, span, message).help("`--limit-memory` allows more")
    }
}
