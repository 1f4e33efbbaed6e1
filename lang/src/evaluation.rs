//! The crate's front door: a lab in, its value and everything that is wrong with it out.

use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::{Evaluator, Limits};
use crate::module::finish::tidy;
use crate::module::machine::Machine;
use crate::resolve::{Given, resolve};
use crate::source::{Sources, Span};
use crate::value::Value;
use crate::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an evaluation is given besides the lab itself.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `--set name=value`, in order; the last of a name wins.
    pub set: Vec<(String, String)>,
    /// `--params FILE`: its name and its text.
    pub params: Option<(String, String)>,
    /// The numbers handed out before, by network and host, so that addresses stay.
    pub leases: BTreeMap<String, BTreeMap<String, u64>>,
    /// What it may use up.
    pub limits: Limits,
}

/// What became of a lab.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Every source that was read, for the places of values and diagnostics.
    pub sources: Sources,
    /// The lab's name.
    pub lab: LabName,
    /// The configuration; `Some` exactly if no diagnostic is an error.
    pub value: Option<Value>,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

/// How a lab is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabName {
    /// As `lab NAME` says, else the stem of the entry's path.
    pub name: Arc<str>,
    /// Where it is given, if it is.
    pub span: Option<Span>,
}

/// Evaluates the lab at the path `entry`. `std:core` is part of every lab.
pub fn evaluate(world: &dyn World, entry: &str, inputs: &Inputs) -> Evaluation {
    let mut sources = Sources::default();
    let mut evaluator = Evaluator::new(inputs.limits);
    let globals = evaluator.global_names().into_iter().collect();
    let given = Given {
        set: &inputs.set,
        params: inputs.params.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
    };
    let resolved = resolve(world, entry, &given, globals, &mut sources);
    let lab = match resolved.lab {
        Some((name, span)) => LabName { name, span: Some(span) },
        None => LabName { name: stem(entry).into(), span: None },
    };
    let mut diagnostics = resolved.diagnostics;
    let mut value = None;
    // After a source that could not be read, most of what is missing would be a consequence.
    if !resolved.unreadable {
        let machine = Machine::new(resolved.program, &mut evaluator);
        let (finished, found) = machine.finish(&mut evaluator);
        diagnostics.extend(found);
        diagnostics.extend(evaluator.take_warnings());
        value = finished;
    }
    let diagnostics = tidy(diagnostics);
    let wrong = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    Evaluation { sources, lab, value: if wrong { None } else { value }, diagnostics }
}

/// A file's name without its folder and extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".kdl").unwrap_or(name);
    if stem.is_empty() { "lab" } else { stem }
}
