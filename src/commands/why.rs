//! `topo why`: where a value comes from: every definition of it, and which of them counts.

use crate::cli::{Context, Format, InputArgs};
use crate::evaluated::{Evaluated, why};
use crate::exit::{Exit, Failure};
use crate::session::leases;
use crate::{lab, path, ui};

/// Show where a value comes from
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "topo why [OPTIONS] [LAB] <PATH>",
    after_help = "Example: topo why lab.kdl hosts.kdc1.address"
)]
pub(crate) struct Args {
    /// Lab file [default: the one lab file in this directory]
    #[arg(value_name = "LAB")]
    first: String,
    /// Path of an option, such as `hosts.kdc1.address`
    #[arg(value_name = "PATH")]
    second: Option<String>,
    /// Also show what its inputs were made from, so many levels deep
    #[arg(long, value_name = "LEVELS", default_value_t = 1)]
    depth: usize,
    /// Show all levels
    #[arg(long, conflicts_with = "depth")]
    all: bool,
    #[command(flatten)]
    inputs: InputArgs,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Values are made from others at most so deep.
const ALL: usize = 1000;

impl Args {
    fn depth(&self) -> usize {
        if self.all { ALL } else { self.depth }
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (file, path) = path::after_lab(Some(&args.first), args.second.as_deref());
    let no_path = || Failure::input("no path is given", "such as `topo why hosts.kdc1.address`");
    let path = path.filter(|path| !path.is_empty()).ok_or_else(no_path)?;
    let file = lab::file(context, file)?;
    let name = args.inputs.name.clone().unwrap_or_else(|| lab::name_of(&file));

    let (evaluation, reason) = why(&file, path, args.depth(), &args.inputs, leases(context, &name)?)?;
    let value = evaluation.at(path).cloned();
    let evaluated = Evaluated::from(context, evaluation, None)?;
    let value = value.unwrap_or(evaluated.value);
    let reason = reason.ok_or_else(no_path)?;
    ui::data(&match args.format {
        Format::Json => ui::json::text(&ui::json::why(path, &value, &reason, &evaluated.sources)),
        Format::Text => {
            ui::why::text(path, &ui::why::in_short(&value), &reason, &evaluated.sources, context.look)
        }
    })?;
    Ok(Exit::Done)
}
