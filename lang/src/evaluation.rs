//! The crate's front door: a lab in, its value and everything that is wrong with it out.

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};
use crate::documentation::{TypeDoc, documentation};
use crate::eval::{Evaluator, Interrupt, Limits, ThunkId};
use crate::module::finish::tidy;
use crate::module::machine::Machine;
use crate::nearest::nearest;
use crate::resolve::program::Program;
use crate::resolve::{Given, Resolved, resolve, secrets};
use crate::source::{Source, Sources, Span};
use crate::syntax::expr::Expr;
use crate::value::{Data, Value};
use crate::why::{Reason, reason};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
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
    /// Ends it before that.
    pub interrupt: Interrupt,
}

/// What became of a lab.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Every source that was read, for the places of values and diagnostics.
    pub sources: Sources,
    /// The lab's name.
    pub lab: LabName,
    /// The configuration, options marked `internal` included; `Some` exactly if no diagnostic is an error.
    pub value: Option<Value>,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    program: Arc<Program>,
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
    let mut running = Running::start(world, entry, inputs);
    let value = running.finish();
    running.end(value)
}

/// The same for a process that ends soon after: what was needed on the way is left to the kernel, which takes all of it
/// at once.
pub fn evaluate_at_last(world: &dyn World, entry: &str, inputs: &Inputs) -> Evaluation {
    let mut running = Running::start(world, entry, inputs);
    let value = running.finish();
    let evaluation = running.so_far(value);
    std::mem::forget(running);
    evaluation
}

/// Evaluates an expression with the names that the top level of the lab at `entry` has; without one, of an empty lab
/// without any module. What is wrong with parts of the lab that the expression does not need is not reported.
pub fn evaluate_expression(
    world: &dyn World,
    entry: Option<&str>,
    expression: &str,
    inputs: &Inputs,
) -> Evaluation {
    let mut running = match entry {
        Some(entry) => Running::start(world, entry, inputs),
        None => Running::start(&Nothing, "", inputs),
    };
    let source = running.sources.add(Source::new("--expr", expression));
    running.evaluator.set_sources(&running.sources);
    let value = match Expr::parse(source, expression) {
        Ok(expr) => running.expression(&Arc::new(expr)),
        Err(mistakes) => {
            running.diagnostics.extend(mistakes);
            None
        }
    };
    running.end(value)
}

/// Why the value at a path, such as `hosts.kdc1.mtu`, is what it is, and what it was made from, `depth` levels deep. The
/// evaluation has the value and the sources.
///
/// # Errors
/// Where the lab does not have such a path, or is wrong; the evaluation says how.
pub fn why(
    world: &dyn World,
    entry: &str,
    path: &str,
    depth: usize,
    inputs: &Inputs,
) -> Result<(Evaluation, Reason), Box<Evaluation>> {
    let mut running = Running::start(world, entry, inputs);
    let value = running.finish();
    let found = match (&value, &running.machine) {
        (Some(value), Some(machine)) => match select(value, path) {
            Ok(_) => reason(machine, &mut running.evaluator, &keys(path), depth),
            Err(diagnostic) => {
                running.diagnostics.push(*diagnostic);
                None
            }
        },
        _ => None,
    };
    let evaluation = running.end(value);
    match found {
        Some(reason) => Ok((evaluation, reason)),
        None => Err(Box::new(evaluation)),
    }
}

impl Evaluation {
    /// The value at a dotted path, such as `hosts.kdc1.interfaces` or `files."/etc/hosts".text`, if there is one.
    pub fn at(&self, path: &str) -> Option<&Value> {
        self.value.as_ref().and_then(|value| select(value, path).ok())
    }

    /// The value as users see it: without options marked `internal`.
    pub fn printed(&self) -> Option<Value> {
        self.value.as_ref().map(|value| crate::documentation::public(&self.program, value))
    }

    /// What modules declare: the root's options first, then each type's.
    pub fn documentation(&self) -> Vec<TypeDoc> {
        documentation(&self.program, &self.sources)
    }
}

/// An evaluation under way.
pub(crate) struct Running {
    pub(crate) sources: Sources,
    pub(crate) lab: LabName,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) evaluator: Evaluator,
    pub(crate) program: Arc<Program>,
    /// `None` after a source that could not be read: most of what is missing then would be a consequence.
    pub(crate) machine: Option<Rc<Machine>>,
}

impl Running {
    pub(crate) fn start(world: &dyn World, entry: &str, inputs: &Inputs) -> Running {
        let mut sources = Sources::default();
        let mut evaluator = Evaluator::new(inputs.limits);
        evaluator.set_leases(inputs.leases.clone());
        evaluator.set_interrupt(inputs.interrupt.clone());

        let given = Given {
            set: &inputs.set,
            params: inputs.params.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
        };
        let globals: BTreeSet<Arc<str>> = evaluator.global_names().into_iter().collect();
        let Resolved { program, lab, diagnostics, unreadable } =
            resolve(world, entry, &given, globals, &mut sources);
        evaluator.set_sources(&sources);
        let lab = match lab {
            Some((name, span)) => LabName { name, span: Some(span) },
            None => LabName { name: stem(entry).into(), span: None },
        };
        sources.hide(secrets::places(&program));
        let program = Arc::new(program);
        let machine = (!unreadable).then(|| Machine::new(program.clone(), inputs.limits, &mut evaluator));
        Running { sources, lab, diagnostics, evaluator, program, machine }
    }

    pub(crate) fn finish(&mut self) -> Option<Value> {
        let (value, found) = self.machine.as_ref()?.finish(&mut self.evaluator);
        self.diagnostics.extend(found);
        self.diagnostics.extend(self.evaluator.take_warnings());
        value
    }

    pub(crate) fn expression(&mut self, expr: &Arc<Expr>) -> Option<Value> {
        let machine = self.machine.as_ref()?;
        let thunk: ThunkId = machine.expression(&mut self.evaluator, expr);
        let (value, found) = machine.value_of_thunk(&mut self.evaluator, thunk, expr.span());
        self.diagnostics.extend(found);
        self.diagnostics.extend(self.evaluator.take_warnings());
        value
    }

    fn end(mut self, value: Option<Value>) -> Evaluation {
        self.so_far(value)
    }

    /// What became of it; more may be asked. What is wrong is said once.
    pub(crate) fn so_far(&mut self, value: Option<Value>) -> Evaluation {
        let diagnostics = tidy(std::mem::take(&mut self.diagnostics));
        let wrong = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let value = if wrong { None } else { value };
        let (sources, lab, program) = (self.sources.clone(), self.lab.clone(), self.program.clone());
        Evaluation { sources, lab, value, diagnostics, program }
    }
}

/// A world in which every source is empty.
pub(crate) struct Nothing;

impl World for Nothing {
    fn read(&self, _: &str) -> std::io::Result<String> {
        Ok(String::new())
    }
}

/// A key as it stands in a path: quoted where it has a dot.
pub fn path_part(key: &str) -> String {
    let plain = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain { key.to_owned() } else { format!("{key:?}") }
}

/// The keys of a dotted path; those in quotes may have dots.
pub(crate) fn keys(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (key, after) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((key, after)) => (key, after.strip_prefix('.').unwrap_or(after)),
            None => rest.split_once('.').unwrap_or((rest, "")),
        };
        found.push(key.to_owned());
        rest = after;
    }
    found
}

pub(crate) fn select<'a>(value: &'a Value, path: &str) -> Result<&'a Value, Box<Diagnostic>> {
    let mut at = value;
    let mut walked: Vec<String> = Vec::new();
    for key in keys(path) {
        let next = match &at.data {
            Data::List(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => at.get(&key),
        };
        let Some(next) = next else {
            let parent =
                if walked.is_empty() { "the lab".to_owned() } else { format!("`{}`", walked.join(".")) };
            let mut wrong =
                Diagnostic::without_place(codes::UNKNOWN_PATH, format!("{parent} has no `{key}`"));
            if let Data::Set(entries) = &at.data {
                match nearest(&key, entries.keys().map(|key| &**key)) {
                    Some(near) => wrong = wrong.help(format!("did you mean `{near}`?")),
                    None if entries.is_empty() => {}
                    None => {
                        let known: Vec<&str> = entries.keys().take(12).map(|key| &**key).collect();
                        wrong = wrong.help(format!("it has {}", known.join(", ")));
                    }
                }
            }
            return Err(Box::new(wrong));
        };
        walked.push(key);
        at = next;
    }
    Ok(at)
}

/// A file's name without its folder and extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".kdl").unwrap_or(name);
    if stem.is_empty() { "lab" } else { stem }
}

#[cfg(test)]
mod tests {
    use super::{keys, stem};

    #[test]
    fn paths() {
        assert_eq!(keys("hosts.kdc1.mtu"), ["hosts", "kdc1", "mtu"]);
        assert_eq!(keys("files.\"/etc/resolv.conf\".text"), ["files", "/etc/resolv.conf", "text"]);
        assert_eq!(keys(""), Vec::<String>::new());
        assert_eq!(stem("labs/quick.start.kdl"), "quick.start");
        assert_eq!(stem(""), "lab");
    }
}
