//! `topo doc`: what options, types and functions there are, what each is for, and its type, default and example.

use crate::cli::Context;
use crate::evaluated::{Evaluated, Leases, evaluate};
use crate::exit::{Exit, Failure};
use crate::world::{Files, LIBRARY};
use crate::{lab, path, ui};
use std::io;
use topo_lang::nearest::nearest;
use topo_lang::{FunctionDoc, Inputs, OptionDoc, Sources, TypeDoc, World, function, functions};

/// Explain options, types and functions
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: topo doc host, topo doc host.mtu, topo doc hosts.kdc1.interfaces.eth0.mtu, topo doc lib.range, topo doc net"
)]
pub(crate) struct Args {
    /// Option, type, path of an option, function, or set of functions [default: a list of all]
    #[arg(value_name = "NAME")]
    name: Option<String>,
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
    /// One function; several of one name.
    pub(crate) functions: Vec<&'static FunctionDoc>,
    /// Sets of functions, such as `lib.lists`.
    pub(crate) sections: Vec<String>,
}

impl<'d> Found<'d> {
    fn of(options: Vec<(&'d TypeDoc, &'d OptionDoc)>, types: Vec<&'d TypeDoc>) -> Self {
        Found { options, types, functions: Vec::new(), sections: Vec::new() }
    }

    fn functions(functions: Vec<&'static FunctionDoc>) -> Self {
        Found { functions, ..Found::of(Vec::new(), Vec::new()) }
    }
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
    let found = match &args.name {
        Some(name) => find(&types, name)?,
        None => Found::of(Vec::new(), types.iter().collect()),
    };
    ui::data(&match args.format {
        DocFormat::Json => ui::json::text(&ui::json::documentation(&found, &sources)),
        DocFormat::Markdown => ui::doc::markdown(&found),
        DocFormat::Text if args.name.is_none() => {
            ui::doc::text(&found, &sources, context.look) + &ui::doc::overview(context.look)
        }
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

/// What a word or path means: functions by their full name, else a type, an option of the root, an option of a type,
/// any option of this name, or any function of this name.
///
/// # Errors
/// Nothing is called that.
pub(crate) fn find<'d>(types: &'d [TypeDoc], asked: &str) -> Result<Found<'d>, Failure> {
    let within = |section: &String| section == asked || section.split('.').next() == Some(asked);
    let sections: Vec<String> = topo_lang::sections().filter(within).collect();
    if !sections.is_empty() {
        return Ok(Found { sections, ..Found::functions(Vec::new()) });
    }
    if let Some(function) = function(asked).filter(|_| asked.contains('.')) {
        return Ok(Found::functions(vec![function]));
    }
    if ["builtins.", "lib.", "net."].iter().any(|set| asked.starts_with(set)) {
        return Err(unknown_function(asked));
    }
    let named: Vec<_> = functions().iter().filter(|function| function.name == asked).collect();
    match find_option(types, asked) {
        Err(_) if !named.is_empty() => Ok(Found::functions(named)),
        // `map` is an option and a function that needs nothing in front.
        found => found.map(|found| Found { functions: function(asked).into_iter().collect(), ..found }),
    }
}

fn find_option<'d>(types: &'d [TypeDoc], asked: &str) -> Result<Found<'d>, Failure> {
    let keys = path::keys(asked);
    let (first, rest) = keys.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let root = types.iter().find(|one| one.name.is_empty());
    let mut at = match (types.iter().find(|one| !first.is_empty() && &*one.name == first), root) {
        (Some(named), _) => Found::of(Vec::new(), vec![named]),
        (None, Some(root)) => match option(root, first) {
            Some(option) => of_option(types, root, option),
            None if rest.is_empty() => {
                let all = types.iter().filter_map(|one| Some((one, option(one, first)?))).collect();
                Found::of(all, Vec::new())
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
            None if collection && inner.is_some() => Found::of(Vec::new(), at.types),
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
    Found::of(vec![(owner, option)], inner.into_iter().collect())
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
    let names = names.filter(|name| !name.is_empty()).chain(functions().iter().map(|function| function.name));
    let help = match nearest(asked, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`topo doc` lists them all".to_owned(),
    };
    Failure::input(format!("no option, type or function `{asked}`"), help)
}

fn unknown_function(asked: &str) -> Failure {
    if let Some(why) = topo_lang::left_out(asked) {
        return Failure::input(format!("`{asked}` is left out of this language"), why);
    }
    let set = asked.split('.').next().unwrap_or_default();
    let paths = functions().iter().flat_map(|function| &function.paths).map(String::as_str);
    let help = match nearest(
        asked,
        paths.chain(topo_lang::sections().collect::<Vec<_>>().iter().map(String::as_str)),
    ) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`topo doc {set}` lists those it has"),
    };
    Failure::input(format!("no function `{asked}`"), help)
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
