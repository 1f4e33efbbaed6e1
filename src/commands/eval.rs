//! `topo eval`: the final value of a lab, or a part of it.

use crate::cli::{Context, InputArgs};
use crate::evaluated::{Evaluated, Leases, evaluate_at_last, evaluate_expression};
use crate::exit::{Exit, Failure};
use crate::session::leases;
use crate::{lab, path, ui};
use topo_lang::{Data, Value, nearest, print};

/// Print the final value of a lab, or a part of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: topo eval lab.kdl hosts.kdc1.interfaces")]
pub(crate) struct Args {
    /// Lab file [default: the one lab file in this directory]
    #[arg(value_name = "LAB")]
    first: Option<String>,
    /// Path of a part, such as `hosts.kdc1.address`
    #[arg(value_name = "PATH")]
    second: Option<String>,
    /// Evaluate this expression instead; a lab, where one is named, gives it its names
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "second")]
    expr: Option<String>,
    #[command(flatten)]
    inputs: InputArgs,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: EvalFormat,
}

/// The form of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum EvalFormat {
    /// A KDL document
    #[default]
    Kdl,
    /// The bare JSON value
    Json,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if let Some(expression) = &args.expr {
        let evaluated = expression_in(context, args, expression)?;
        return show(&evaluated.value, args.format);
    }
    let (file, path) = path::after_lab(args.first.as_deref(), args.second.as_deref());
    let file = lab::file(context, file)?;
    let name = args.inputs.name.clone().unwrap_or_else(|| lab::name_of(&file));
    let evaluation = evaluate_at_last(&file, &args.inputs, leases(context, &name)?)?;
    // An option marked `internal` is shown to those who ask for it by its name.
    let printed = evaluation.printed();
    let evaluated = Evaluated::from(context, evaluation, None)?;
    let printed = printed.as_ref().unwrap_or(&evaluated.value);
    let value = match path {
        None => printed,
        Some(path) => at(printed, path).or_else(|none| at(&evaluated.value, path).map_err(|_| none))?,
    };
    show(value, args.format)
}

fn expression_in(context: &Context, args: &Args, expression: &str) -> Result<Evaluated, Failure> {
    let file = args.first.as_deref().map(|given| lab::file(context, Some(given))).transpose()?;
    let leases = match &file {
        Some(file) => {
            let name = args.inputs.name.clone().unwrap_or_else(|| lab::name_of(file));
            leases(context, &name)?
        }
        None => Leases::new(),
    };
    let evaluation = evaluate_expression(file.as_deref(), expression, &args.inputs, leases)?;
    Evaluated::from(context, evaluation, None)
}

fn show(value: &Value, format: EvalFormat) -> Result<Exit, Failure> {
    match format {
        EvalFormat::Kdl => ui::data(&print::kdl(value))?,
        EvalFormat::Json => ui::written(|out| print::json_to(out, value))?,
    }
    Ok(Exit::Done)
}

/// The value at a path such as `hosts.kdc1.files."/etc/krb5.conf"`; items of a list count from 0.
fn at<'v>(value: &'v Value, path: &str) -> Result<&'v Value, Failure> {
    let mut value = value;
    let mut walked = String::new();
    for key in path::keys(path) {
        let next = match &value.data {
            Data::List(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => value.get(&key),
        };
        value = next.ok_or_else(|| nothing_there(value, &walked, &key))?;
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(&key);
    }
    Ok(value)
}

fn nothing_there(value: &Value, walked: &str, key: &str) -> Failure {
    let place = if walked.is_empty() { "the lab".to_owned() } else { format!("`{walked}`") };
    let message = format!("{place} has no `{key}`");
    let help = match &value.data {
        Data::Set(entries) => {
            let names: Vec<String> = entries.keys().map(ToString::to_string).collect();
            match nearest::nearest(key, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", lab::few(&names)),
            }
        }
        Data::List(items) => format!("it is a list of {}, counted from 0", ui::plural(items.len(), "item")),
        _ => "it has no parts".to_owned(),
    };
    Failure::input(message, help)
}
