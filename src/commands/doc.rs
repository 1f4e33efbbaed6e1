//! `topo doc`: what options and types there are, what each is for, and its type, default and example.

use crate::cli::Context;
use crate::evaluated::{Evaluated, Leases, evaluate};
use crate::exit::{Exit, Failure};
use crate::world::{Files, LIBRARY};
use crate::{lab, path, ui};
use std::io;
use topo_lang::{Inputs, OptionDoc, Sources, TypeDoc, World, nearest::nearest};

/// Explain options and types
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: topo doc host, topo doc host.mtu, topo doc hosts.kdc1.interfaces.eth0.mtu")]
pub(crate) struct Args {
    /// Option, type, or path of an option [default: a list of all]
    #[arg(value_name = "OPTION")]
    option: Option<String>,
    /// Lab file whose options are meant, its modules' included [default: the standard library]
    #[arg(long, value_name = "LAB")]
    lab: Option<String>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocFormat,
}

/// The form of documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DocFormat {
    /// For people
    #[default]
    Text,
    /// For programs, versioned
    Json,
    /// For a book
    Markdown,
}

/// What was asked for.
pub(crate) struct Found<'d> {
    /// Options, each with the type that has it.
    pub(crate) options: Vec<(&'d TypeDoc, &'d OptionDoc)>,
    /// Types.
    pub(crate) types: Vec<&'d TypeDoc>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (sources, types) = match &args.lab {
        Some(lab) => {
            let file = lab::file(context, Some(lab))?;
            let evaluation = evaluate(&file, &Default::default(), Leases::new())?;
            let types = evaluation.documentation();
            (Evaluated::from(context, evaluation, None)?.sources, types)
        }
        None => library(),
    };
    let found = match &args.option {
        Some(option) => find(&types, option)?,
        None => Found { options: Vec::new(), types: types.iter().collect() },
    };
    ui::data(&match args.format {
        DocFormat::Json => ui::json::text(&ui::json::documentation(&found, &sources)),
        DocFormat::Markdown => ui::doc::markdown(&found),
        DocFormat::Text => ui::doc::text(&found, &sources, context.look),
    })?;
    Ok(Exit::Done)
}

/// What the whole standard library declares.
fn library() -> (Sources, Vec<TypeDoc>) {
    let evaluation = topo_lang::evaluate(&Everything, "", &Inputs::default());
    let types = evaluation.documentation();
    (evaluation.sources, types)
}

/// A world whose lab imports every module of the standard library.
struct Everything;

impl World for Everything {
    fn read(&self, path: &str) -> io::Result<String> {
        match path {
            "" => Ok(LIBRARY.iter().map(|(name, _)| format!("import \"std:{name}\"\n")).collect()),
            module => Files.read(module),
        }
    }

    fn standard(&self) -> Vec<&str> {
        Files.standard()
    }
}

/// What a word or path means: a type, an option of the root, an option of a type, or any option of this name.
///
/// # Errors
/// Nothing is called that.
pub(crate) fn find<'d>(types: &'d [TypeDoc], asked: &str) -> Result<Found<'d>, Failure> {
    let keys = path::keys(asked);
    let (first, rest) = keys.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let root = types.iter().find(|one| one.name.is_empty());
    let mut at = match (types.iter().find(|one| !first.is_empty() && &*one.name == first), root) {
        (Some(named), _) => Found { options: Vec::new(), types: vec![named] },
        (None, Some(root)) => match option(root, first) {
            Some(option) => of_option(types, root, option),
            None if rest.is_empty() => {
                let all = types.iter().filter_map(|one| Some((one, option(one, first)?))).collect();
                Found { options: all, types: Vec::new() }
            }
            None => return Err(unknown(types, first)),
        },
        (None, None) => return Err(unknown(types, first)),
    };
    for (key, before) in rest.iter().zip(&keys) {
        let inner = at.types.first().copied();
        let collection = at.options.first().is_some_and(|(_, option)| is_collection(option));
        at = match inner.and_then(|inner| Some((inner, option(inner, key)?))) {
            Some((inner, option)) => of_option(types, inner, option),
            // The key of an entry; what is in it may have options itself.
            None if collection && inner.is_some() => Found { options: Vec::new(), types: at.types },
            None if collection => at,
            None => return Err(unknown_in(inner, before, key)),
        };
    }
    if at.options.is_empty() && at.types.is_empty() {
        return Err(unknown(types, first));
    }
    Ok(at)
}

/// An option with the type of what is in it.
fn of_option<'d>(types: &'d [TypeDoc], owner: &'d TypeDoc, option: &'d OptionDoc) -> Found<'d> {
    let mut inner = option.ty.trim_end_matches('?');
    while let Some(element) = inner
        .strip_prefix("map<")
        .or_else(|| inner.strip_prefix("list<"))
        .and_then(|rest| rest.strip_suffix('>'))
    {
        inner = element.trim_end_matches('?');
    }
    let inner = types.iter().find(|one| !one.name.is_empty() && &*one.name == inner);
    Found { options: vec![(owner, option)], types: inner.into_iter().collect() }
}

fn option<'d>(ty: &'d TypeDoc, name: &str) -> Option<&'d OptionDoc> {
    let named = ty.options.iter().find(|option| &*option.name == name);
    named.or_else(|| ty.options.iter().find(|option| option.node.as_deref() == Some(name)))
}

fn is_collection(option: &OptionDoc) -> bool {
    option.ty.starts_with("map<") || option.ty.starts_with("list<")
}

fn unknown(types: &[TypeDoc], asked: &str) -> Failure {
    let names = types.iter().flat_map(|ty| std::iter::once(&*ty.name).chain(names(ty)));
    let help = match nearest(asked, names.filter(|name| !name.is_empty())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`topo doc` lists them all".to_owned(),
    };
    Failure::input(format!("no option and no type `{asked}`"), help)
}

/// What is said where a path leads to a type that does not have the next key.
fn unknown_in(ty: Option<&TypeDoc>, before: &str, key: &str) -> Failure {
    let Some(ty) = ty else {
        return Failure::input(format!("`{before}` has no options, found `{key}` after it"), "");
    };
    let help = match nearest(key, names(ty)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`topo doc {}` lists those it has", ty.name),
    };
    Failure::input(format!("`{}` has no option `{key}`", ty.name), help)
}

/// What the options of a type are called, their nodes included.
fn names(ty: &TypeDoc) -> impl Iterator<Item = &str> {
    ty.options.iter().flat_map(|option| std::iter::once(&*option.name).chain(option.node.as_deref()))
}
