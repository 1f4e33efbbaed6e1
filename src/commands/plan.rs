//! `topo plan`: what `apply` would do, and why.

use crate::cli::{Context, LabArgs, OnlyArgs};
use crate::exit::{Exit, Failure};
use crate::session::Prepared;
use crate::ui::{self, plan::Detail};
use topo_engine::session::Work;

/// Show what apply would do, and why
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
    #[command(flatten)]
    only: OnlyArgs,
    /// End with 2 where there is something to do
    #[arg(long)]
    detailed_exitcode: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: PlanFormat,
}

/// The form of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    #[default]
    Text,
    /// For programs, versioned
    Json,
    /// For a pull request's comment
    Markdown,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (lab, scope) = args.only.with_lab(args.lab.lab.as_deref())?;
    let prepared = Prepared::new(context, lab.as_deref(), &args.lab.inputs)?.only(scope);
    prepared.look(context, args.format == PlanFormat::Json, |work| show(context, args, &prepared, work))
}

fn show(context: &Context, args: &Args, prepared: &Prepared, work: &Work) -> Result<Exit, Failure> {
    let (name, sources, plan) = (prepared.name.as_str(), &prepared.sources, &work.plan);
    let missing = prepared.session.missing(&work.graph);
    let text = match args.format {
        PlanFormat::Json => ui::json::text(&ui::json::plan(name, plan, sources, &missing)),
        PlanFormat::Markdown => ui::markdown::plan(name, plan, sources),
        PlanFormat::Text => {
            let detail = if context.verbose { Detail::Full } else { Detail::Brief };
            ui::plan::render(plan, sources, context.look, detail)
        }
    };
    ui::data(&text)?;
    if !missing.is_empty() && args.format == PlanFormat::Text {
        ui::message(&format!("\n{}", ui::failure::render_missing(&missing)));
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Done })
}
