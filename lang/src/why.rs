//! Why a value is what it is: every definition of it, and the declaration.

use crate::eval::Evaluator;
use crate::module::machine::Machine;
use crate::session::Glimpse;
use crate::source::Span;
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
    /// What the definitions that count asked for to become the value, in that order.
    pub inputs: Vec<Input>,
}

/// A value that another one was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The path of an option, or a name.
    pub name: String,
    /// What it is.
    pub kind: InputKind,
    /// Its value, as far as fits a line.
    pub value: Glimpse,
    /// The definition that counts.
    pub span: Span,
    /// What gives an option's definition its priority.
    pub priority: Option<u32>,
    /// Whether it must not be shown how it is written.
    pub secret: bool,
    /// What it was made from itself, so deep as was asked.
    pub inputs: Vec<Input>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// An option of the configuration.
    Option,
    /// A name of a `let`.
    Let,
    /// An input of a module.
    Param,
    /// A loop's variable, or the parameter of a template.
    Variable,
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

/// The reason for the value at a path; its inputs, and theirs, `depth` levels deep.
pub(crate) fn reason(
    machine: &Machine,
    evaluator: &mut Evaluator,
    path: &[String],
    depth: usize,
) -> Option<Reason> {
    let slot = machine.slot_at(evaluator, path)?;
    let mut reason = machine.reason(evaluator, slot)?;
    reason.inputs = machine.inputs(evaluator, slot, depth);
    Some(reason)
}
