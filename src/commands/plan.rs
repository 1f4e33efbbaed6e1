//! `topo plan`: what `apply` would do, and why.

use crate::cli::{Context, LabArgs, OnlyArgs};
use crate::exit::{Exit, Failure};
use crate::saved::{self, SavedFile};
use crate::session::Prepared;
use crate::ui::{self, plan::Detail};
use std::path::Path;
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
    /// Keep the plan in this file, for `topo apply FILE` to do exactly that
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<String>,
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
    // Whoever looks from inside the lab is in no directory of ours any more.
    let out = args.out.as_deref().map(saved::place_for).transpose()?;
    prepared.look(context, args.format == PlanFormat::Json, |work| {
        show(context, args, &prepared, work, out.as_deref())
    })
}

fn show(
    context: &Context,
    args: &Args,
    prepared: &Prepared,
    work: &Work,
    path: Option<&Path>,
) -> Result<Exit, Failure> {
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
    if let (Some(out), Some(path)) = (&args.out, path) {
        let scope = prepared.session.scope();
        SavedFile::new(&prepared.name, &prepared.entry, &prepared.lab, scope, work).write(path)?;
        if !context.quiet {
            ui::message(&format!("saved: `topo apply {out}` does exactly this"));
        }
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Done })
}
