//! Why a value is what it is: every definition of it, and the declaration.

use crate::eval::Evaluator;
use crate::module::machine::Machine;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// What led to the value at a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The option's full path, with the key where it is an entry of a map.
    pub path: String,
    /// Its type, as written.
    pub ty: String,
    /// Where the option is declared.
    pub declared: Span,
    /// What it is for.
    pub doc: Option<Arc<str>>,
    /// Every definition, those that count first.
    pub definitions: Vec<Considered>,
}

/// One definition of an option.
#[derive(Clone, Debug, PartialEq)]
pub struct Considered {
    /// Where it stands.
    pub span: Span,
    /// 50 is `(force)`, 100 plain, 1000 `(default)`, 1500 the declaration's `default=`; the lowest counts.
    pub priority: u32,
    /// Whether it counts.
    pub counts: bool,
    /// The loop turns and template calls that led to it, innermost first.
    pub by_way_of: Vec<(Span, String)>,
}

pub(crate) fn reason(machine: &Rc<Machine>, evaluator: &mut Evaluator, path: &[String]) -> Option<Reason> {
    let slot = machine.slot_at(evaluator, path)?;
    machine.reason(evaluator, slot)
}
