//! The lazy evaluator: thunks in one arena, forced at most once.
//!
//! ```text
//! Expr, Template + Scope ─ compile → thunk ─ force → Val
//! ```
//!
//! Meaning is Nix's, to the letter; the one difference is that integers, floats and booleans interpolate into
//! text. Deliberately absent: contexts of strings, paths, derivations, the clock, the environment.

mod builtins;
mod call;
mod code;
mod compare;
mod json;
mod library;
mod limits;
mod net;
mod raised;
mod run;
mod scope;
mod text;
mod thunk;
mod val;
mod watch;

pub(crate) use builtins::{DOCUMENTED as BUILTINS, GLOBAL, left_out as builtin_left_out};
pub(crate) use library::{PARTS, left_out, table};
pub use limits::{Ended, Interrupt, Limits};
pub(crate) use limits::{is_end, is_limit};
pub(crate) use net::DOCUMENTED as NET;
pub(crate) use raised::IN_A_LIST;
pub use raised::Raised;
pub use scope::{Names, Scope};
pub use thunk::{Embedder, Outside};
pub use val::{Attribute, Function, Place, Set, Shape, Symbol, ThunkId, Val};

use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::expr::Expr;
use code::{Op, OpId};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use thunk::{Forcing, Thunk};

/// Numbers that interfaces have already: network → `host/interface` → number. They win over handing out anew,
/// so that the hosts of a running lab never move.
pub type Leases = BTreeMap<String, BTreeMap<String, u64>>;

/// Evaluates expressions. Owns every thunk; nothing is freed before it is dropped.
#[derive(Default)]
pub struct Evaluator {
    limits: Limits,
    interrupt: Interrupt,
    thunks: Vec<Thunk>,
    /// What is being forced now, outermost first.
    forcing: Vec<Forcing>,
    depth: u32,
    /// Steps so far, and when to look next whether they may go on.
    steps: u64,
    pause_at: u64,
    code: Vec<Op>,
    /// Where the names are bound that operations are.
    bound_at: FxHashMap<OpId, Span>,
    op_spans: Vec<Span>,
    compiled: FxHashMap<usize, (Arc<Expr>, OpId)>,
    symbols: val::Symbols,
    places: Vec<Span>,
    globals: FxHashMap<Symbol, Option<ThunkId>>,
    warnings: Vec<Diagnostic>,
    embedder: Option<Rc<dyn Embedder>>,
    /// The operation that is about to call, for the places of its arguments.
    calling: Option<OpId>,
    /// Room for the next text.
    buffer: String,
    /// Bytes of lists, sets and texts made so far.
    spent: usize,
    patterns: builtins::Patterns,
    hosts: net::HostIndex,
    /// The watched values that were asked for.
    asked_for: Vec<u32>,
    /// Texts that must not be shown, by their address; kept, so that no other text ever has it.
    secrets: FxHashMap<usize, Arc<str>>,
    leases: Leases,
    /// For the places that an expression may ask for.
    sources: Sources,
}

impl Evaluator {
    /// An evaluator with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Whom to ask whether it is to end.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.interrupt = interrupt;
    }

    /// Says which texts the spans are in, for `__curPos` and `builtins.unsafeGetAttrPos`.
    pub fn set_sources(&mut self, sources: &Sources) {
        self.sources = sources.clone();
    }

    /// Says which numbers interfaces have already; before anything is evaluated.
    pub fn set_leases(&mut self, leases: Leases) {
        self.leases = leases;
    }

    /// Remembers that a text must not be shown. What is made from it is another text.
    pub(crate) fn keep_secret(&mut self, text: &Arc<str>) {
        self.secrets.insert(text.as_ptr() as usize, text.clone());
    }

    /// Whether a text must not be shown.
    pub(crate) fn is_secret(&self, text: &Arc<str>) -> bool {
        self.secrets.contains_key(&(text.as_ptr() as usize))
    }

    /// What `builtins.trace` and `builtins.warn` said so far; they are taken away.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }
}

/// What an expression comes to, as JSON, or the message of what is wrong with it.
#[cfg(test)]
pub(crate) fn json_of(text: &str) -> Result<String, String> {
    let expr = Expr::parse(crate::source::SourceId(0), text).map_err(|wrong| wrong[0].message.clone())?;
    let expr = Arc::new(expr);
    let mut evaluator = Evaluator::new(Limits::default());
    if let Some(wrong) = evaluator.check_names(&expr, &Scope::empty()).first() {
        return Err(wrong.message.clone());
    }
    let thunk = evaluator.expr(&expr, &Scope::empty());
    evaluator.json(thunk, expr.span()).map_err(|raised| raised.diagnostic().message)
}

#[cfg(test)]
mod tests {
    use super::{Evaluator, Limits, Scope};
    use crate::source::SourceId;
    use crate::syntax::expr::Expr;
    use std::sync::Arc;

    fn check(text: &str, expected: &str) {
        let expr = Arc::new(Expr::parse(SourceId(0), text).unwrap());
        let mut evaluator = Evaluator::new(Limits::default());
        let thunk = evaluator.expr(&expr, &Scope::empty());
        let found = match evaluator.json(thunk, expr.span()) {
            Ok(json) => json,
            Err(raised) => format!("{}: {}", raised.code(), raised.diagnostic().message),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn core() {
        check("1 + 2 * 3", "7");
        check("let f = { a, b ? a + 1, ... }@all: [ a b (all ? c) ]; in f { a = 1; c = 2; }", "[1,2,true]");
        check("rec { a = 1; b = a + 1; c.d = b; c.e = 3; }", r#"{"a":1,"b":2,"c":{"d":2,"e":3}}"#);
        check("with { a = 1; }; let b = 2; in \"${a}-${b}-${true}\"", "\"1-2-true\"");
        check("let a = b; b = a; in a", "cycle: value needs itself");
        check("{ a = 1; }.b or 7", "7");
        check("{ abc = 1; }.abd", "missing-attribute: no attribute `abd`");
        check("assert 1 == 2; 3", "assertion: assertion failed");
    }
}
