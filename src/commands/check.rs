//! `topo check`: reads, evaluates and checks a lab, and does nothing else.

use crate::cli::{Context, Format, LabArgs};
use crate::evaluated::{Evaluated, Leases, evaluate_at_last, lab_name};
use crate::exit::{Exit, Failure};
use crate::{lab, ui};
use topo_engine::decode::decode;
use topo_engine::digest::DigestKey;
use topo_engine::lower::lower;
use topo_lang::{Evaluation, Severity};

/// Check a lab: read it, evaluate it, do nothing else
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let file = lab::file(context, args.lab.lab.as_deref())?;
    let mut evaluation = evaluate_at_last(&file, &args.lab.inputs, Leases::new())?;
    if let Some(name) = &args.lab.inputs.name {
        evaluation.lab = topo_lang::LabName { name: name.as_str().into(), span: None };
    }
    complete(&mut evaluation);
    match args.format {
        Format::Json => {
            let wrong = evaluation.diagnostics.iter().any(|one| one.severity == Severity::Error);
            ui::data(&ui::json::text(&ui::json::diagnostics(&evaluation.sources, &evaluation.diagnostics)))?;
            Ok(if wrong { Exit::Wrong } else { Exit::Done })
        }
        Format::Text => {
            let checked = Evaluated::from(context, evaluation, None)?;
            if !context.quiet {
                ui::message(&format!("lab `{}`: no mistakes", checked.name));
            }
            Ok(Exit::Done)
        }
    }
}

/// What only the engine can find wrong joins the other diagnostics.
pub(crate) fn complete(evaluation: &mut Evaluation) {
    let Some(value) = &evaluation.value else { return };
    // Nothing is compared, so any key will do.
    let key = DigestKey::new([0; 32]);
    let found =
        lab_name(&evaluation.lab).and_then(|name| decode(value, &name)).and_then(|lab| lower(&lab, &key));
    if let Err(diagnostics) = found {
        evaluation.diagnostics.extend(diagnostics);
        evaluation.value = None;
    }
}
