//! A lab file, evaluated with the inputs of the command line.

use crate::cli::{Context, InputArgs};
use crate::exit::Failure;
use crate::ui;
use crate::world::Files;
use std::collections::BTreeMap;
use topo_engine::codes;
use topo_engine::name::LabName;
use topo_lang::{Diagnostic, Evaluation, Inputs, Interrupt, Reason, Severity, Sources, Value, World};

/// A lab without a mistake.
pub(crate) struct Evaluated {
    /// What it is called: `--name`, or what the file says.
    pub(crate) name: String,
    /// The texts that places point into.
    pub(crate) sources: Sources,
    /// What it came to.
    pub(crate) value: Value,
}

/// The numbers of addresses that were handed out before, by network and host.
pub(crate) type Leases = BTreeMap<String, BTreeMap<String, u64>>;

/// Evaluates a lab file, whatever comes of it.
///
/// # Errors
/// The file of `--params` cannot be read.
pub(crate) fn evaluate(file: &str, inputs: &InputArgs, leases: Leases) -> Result<Evaluation, Failure> {
    evaluate_in(&Files, file, inputs, leases)
}

/// The same of a lab file in another world, such as an earlier version.
///
/// # Errors
/// The file of `--params` cannot be read.
pub(crate) fn evaluate_in(
    world: &dyn World,
    file: &str,
    inputs: &InputArgs,
    leases: Leases,
) -> Result<Evaluation, Failure> {
    Ok(topo_lang::evaluate(world, file, &given_in(world, inputs, leases, inputs.limits.interrupt())?))
}

/// The same for a command that only looks at what comes of it, and ends.
///
/// # Errors
/// The file of `--params` cannot be read.
pub(crate) fn evaluate_at_last(
    file: &str,
    inputs: &InputArgs,
    leases: Leases,
) -> Result<Evaluation, Failure> {
    Ok(topo_lang::evaluate_at_last(&Files, file, &given(inputs, leases, inputs.limits.interrupt())?))
}

/// Evaluates an expression with the names at the top of a lab; without a lab, with none but the language's own.
///
/// # Errors
/// The file of `--params` cannot be read.
pub(crate) fn evaluate_expression(
    file: Option<&str>,
    expression: &str,
    inputs: &InputArgs,
    leases: Leases,
) -> Result<Evaluation, Failure> {
    Ok(topo_lang::evaluate_expression(
        &Files,
        file,
        expression,
        &given(inputs, leases, inputs.limits.interrupt())?,
    ))
}

/// Evaluates a lab file, and says why the value at a path is what it is, if it has such a path.
///
/// # Errors
/// The file of `--params` cannot be read.
pub(crate) fn why(
    file: &str,
    path: &str,
    depth: usize,
    inputs: &InputArgs,
    leases: Leases,
) -> Result<(Evaluation, Option<Reason>), Failure> {
    Ok(match topo_lang::why(&Files, file, path, depth, &given(inputs, leases, inputs.limits.interrupt())?) {
        Ok((evaluation, reason)) => (evaluation, Some(reason)),
        Err(evaluation) => (*evaluation, None),
    })
}

/// What the language is given.
///
/// # Errors
/// The file of `--params` cannot be read.
pub(crate) fn given(inputs: &InputArgs, leases: Leases, interrupt: Interrupt) -> Result<Inputs, Failure> {
    given_in(&Files, inputs, leases, interrupt)
}

/// Parameters that this world does not have are those of today.
fn given_in(
    world: &dyn World,
    inputs: &InputArgs,
    leases: Leases,
    interrupt: Interrupt,
) -> Result<Inputs, Failure> {
    let params = match &inputs.params {
        None => None,
        Some(path) => {
            let name = path.to_string_lossy().into_owned();
            let text = world.read(&name).or_else(|_| Files.read(&name)).map_err(|error| {
                Failure::input(format!("cannot read the parameters in `{name}`: {error}"), String::new())
            })?;
            Some((name, text))
        }
    };
    Ok(Inputs { set: inputs.set.clone(), params, leases, limits: inputs.limits.limits(), interrupt })
}

/// The name as the engine takes it.
///
/// # Errors
/// It is no name for a lab.
pub(crate) fn lab_name(lab: &topo_lang::LabName) -> Result<LabName, Vec<Diagnostic>> {
    LabName::try_from(&*lab.name).map_err(|error| {
        let message = error.to_string();
        vec![match lab.span {
            Some(span) => Diagnostic::error(codes::BAD_LAB_NAME, span, message),
            None => Diagnostic::without_place(codes::BAD_LAB_NAME, message)
                .help("`--name NAME`, or a first line `lab NAME` in the file, gives it another one"),
        }]
    })
}

impl Evaluated {
    /// The lab without a mistake; its warnings are said.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn from(
        context: &Context,
        evaluation: Evaluation,
        renamed: Option<&str>,
    ) -> Result<Self, Failure> {
        let Evaluation { sources, lab, value, diagnostics, .. } = evaluation;
        match value {
            Some(value) if diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning) => {
                if !diagnostics.is_empty() && !context.quiet {
                    ui::message(&ui::failure::render_diagnostics(&sources, &diagnostics, context.look));
                }
                let name = renamed.map_or_else(|| lab.name.to_string(), str::to_owned);
                Ok(Self { name, sources, value })
            }
            _ => Err(Failure::Lab { sources, diagnostics }),
        }
    }
}
