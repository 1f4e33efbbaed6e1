//! `topo plan`: what `apply` would do, and why.

use crate::base::compare;
use crate::cli::{Context, LabArgs, OnlyArgs};
use crate::exit::{Exit, Failure};
use crate::saved::{self, SavedFile};
use crate::session::Prepared;
use crate::ui::told::Told;
use crate::ui::{self, plan::Detail};
use std::path::Path;
use topo_engine::machine::Missing;
use topo_engine::plan::Scope;
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
    /// Show the change from another version instead: a git revision, a REVISION:PATH, or a file; no lab needs to run
    #[arg(long, value_name = "REVISION|FILE", conflicts_with = "out")]
    base: Option<String>,
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
    if let Some(base) = &args.base {
        return against(context, args, lab.as_deref(), base, &scope);
    }
    let prepared = Prepared::new(context, lab.as_deref(), &args.lab.inputs)?.only(scope);
    // Whoever looks from inside the lab is in no directory of ours any more.
    let out = args.out.as_deref().map(saved::place_for).transpose()?;
    prepared.look(context, args.format == PlanFormat::Json, |work| {
        show(context, args, &prepared, work, out.as_deref())
    })
}

/// The change from another version of the lab. Nothing is looked at but the two.
fn against(
    context: &Context,
    args: &Args,
    lab: Option<&str>,
    base: &str,
    scope: &Scope,
) -> Result<Exit, Failure> {
    let found = compare(context, lab, &args.lab.inputs, base, scope)?;
    let told =
        Told { plan: &found.plan, graph: &found.graph, sources: &found.sources, base: Some(&found.base) };
    tell(context, args, &found.name, &told, scope, &[])
}

fn show(
    context: &Context,
    args: &Args,
    prepared: &Prepared,
    work: &Work,
    path: Option<&Path>,
) -> Result<Exit, Failure> {
    let (name, scope) = (prepared.name.as_str(), prepared.session.scope());
    let missing = prepared.session.missing(&work.graph);
    let told = Told::new(&work.plan, &work.graph, &prepared.sources);
    let exit = tell(context, args, name, &told, scope, &missing)?;
    if !missing.is_empty() && args.format == PlanFormat::Text {
        ui::message(&format!("\n{}", ui::failure::render_missing(&missing)));
    }
    if let (Some(out), Some(path)) = (&args.out, path) {
        SavedFile::new(&prepared.name, &prepared.entry, &prepared.lab, scope, work).write(path)?;
        if !context.quiet {
            ui::message(&format!("saved: `topo apply {out}` does exactly this"));
        }
    }
    Ok(exit)
}

fn tell(
    context: &Context,
    args: &Args,
    name: &str,
    told: &Told<'_>,
    scope: &Scope,
    missing: &[Missing],
) -> Result<Exit, Failure> {
    let text = match args.format {
        PlanFormat::Json => ui::json::text(&ui::json::plan(name, told, scope, missing)),
        PlanFormat::Markdown => ui::markdown::plan(name, told),
        PlanFormat::Text => {
            let detail = if context.verbose { Detail::Full } else { Detail::Brief };
            ui::plan::render(told, context.look, detail)
        }
    };
    ui::data(&text)?;
    Ok(if args.detailed_exitcode && !told.plan.is_empty() { Exit::Changes } else { Exit::Done })
}
