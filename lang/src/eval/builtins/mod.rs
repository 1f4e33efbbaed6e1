//! Builtins: Nix's pure ones, under `builtins`, and some of them global as in Nix.
//!
//! One file for each family, each with its rows; this one finds them and reads arguments.

mod control;
mod data;
mod ere;
mod hashes;
mod lists;
mod numbers;
mod sets;
mod texts;
mod toml;
mod versions;
mod xml;

pub(super) use ere::Patterns;
pub(super) use lists::merge_sort;

use super::code::OpId;
use super::library;
use super::raised::IN_A_LIST;
use super::val::{Function, Set, Symbol, ThunkId, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// What is said of each of them.
pub(crate) const DOCUMENTED: &str = include_str!("builtins.nix");

/// A function written in Rust.
pub struct Builtin {
    /// Its name, without what is before the dot.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arity: usize,
    pub(super) run: Run,
}

pub(super) type Run = fn(&mut Evaluator, Args<'_>) -> Result<Val, Raised>;

/// The arguments of a builtin, all of them there.
#[derive(Clone, Copy)]
pub(super) struct Args<'a> {
    pub(super) values: &'a [ThunkId],
    /// The call.
    pub(super) span: Span,
    pub(super) name: &'static str,
    /// The operation that calls, if an expression does.
    pub(super) at: Option<OpId>,
}

/// A row of a table.
pub(super) const fn row(name: &'static str, arity: usize, run: Run) -> Builtin {
    Builtin { name, arity, run }
}

/// Those that need no `builtins.` in front.
pub(crate) const GLOBAL: &[&str] =
    &["abort", "baseNameOf", "dirOf", "fromTOML", "isNull", "map", "removeAttrs", "throw", "toString"];

/// Nix's builtins that this language leaves out, and why.
const LEFT_OUT: &[(&str, &[&str])] = &[
    (
        "an expression means the same everywhere, at any time; a `param` brings in what differs",
        &["currentSystem", "currentTime", "getEnv", "nixPath", "storeDir"],
    ),
    (
        "nothing is built here: there is no store",
        &[
            "addDrvOutputDependencies",
            "derivation",
            "derivationStrict",
            "outputOf",
            "path",
            "placeholder",
            "storePath",
            "toFile",
        ],
    ),
    (
        "nothing is fetched: an expression does not reach the network",
        &[
            "fetchClosure",
            "fetchGit",
            "fetchMercurial",
            "fetchTarball",
            "fetchTree",
            "fetchurl",
            "flakeRefToString",
            "getFlake",
            "parseFlakeRef",
        ],
    ),
    ("an expression runs no programs", &["exec"]),
    (
        "an expression reads no files; `import` as a node of the lab file brings in another one",
        &[
            "filterSource",
            "findFile",
            "hashFile",
            "import",
            "pathExists",
            "readDir",
            "readFile",
            "readFileType",
            "scopedImport",
        ],
    ),
];

const TABLES: &[&[Builtin]] = &[
    control::TABLE,
    data::TABLE,
    hashes::TABLE,
    lists::TABLE,
    numbers::TABLE,
    sets::TABLE,
    texts::TABLE,
    versions::TABLE,
];

/// A builtin of Nix.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    TABLES.iter().copied().flatten().find(|builtin| builtin.name == name)
}

/// Why Nix has it and this language does not.
pub(crate) fn left_out(name: &str) -> Option<&'static str> {
    LEFT_OUT.iter().find(|(_, names)| names.contains(&name)).map(|(why, _)| *why)
}

/// The mistake of asking for a builtin that is left out.
pub(super) fn refused(name: &str, span: Span) -> Option<Raised> {
    left_out(name).map(|why| left_out_for(why, name, span))
}

/// The mistake of asking for something that is left out for a reason.
fn left_out_for(why: &str, name: &str, span: Span) -> Raised {
    Raised::new(codes::LEFT_OUT, span, format!("`{name}` is left out of this language")).help(why)
}

pub(super) fn function(builtin: &'static Builtin) -> Val {
    Val::Function(Rc::new(Function::Builtin(builtin, Vec::new())))
}

impl Evaluator {
    /// `true`, `builtins`, `lib`, … made when first asked for.
    pub(super) fn global(&mut self, name: Symbol) -> Option<ThunkId> {
        if let Some(known) = self.globals.get(&name) {
            return *known;
        }
        let text = self.name(name).clone();
        let value = match &*text {
            "true" => Some(Val::Bool(true)),
            "false" => Some(Val::Bool(false)),
            "null" => Some(Val::Null),
            "builtins" => Some(self.builtins()),
            "lib" => Some(library::lib(self)),
            "net" => Some(library::net(self)),
            text if GLOBAL.contains(&text) => find(text).map(function),
            text => {
                text.strip_prefix("__").filter(|name| !GLOBAL.contains(name)).and_then(find).map(function)
            }
        };
        let thunk = value.map(|value| self.value(value));
        self.globals.insert(name, thunk);
        thunk
    }

    /// The mistake of asking `builtins`, `lib` or a part of it for something that is left out.
    pub(super) fn refused_in(&self, set: &Set, name: &str, span: Span) -> Option<Raised> {
        let is = |value: &Val| matches!(value, Val::Set(known) if std::ptr::eq(&**known, set));
        let library = |name: &str| {
            let thunk = self.globals.get(&self.symbols.known(name)?).copied().flatten()?;
            self.done(thunk)
        };
        if library("builtins").is_some_and(is) {
            return refused(name, span);
        }
        let Some(Val::Set(lib)) = library("lib") else { return None };
        let mut parts = lib.entries().iter().filter_map(|entry| self.done(entry.value));
        let within = std::ptr::eq(&**lib, set) || parts.any(is);
        library::left_out(name).filter(|_| within).map(|why| left_out_for(why, name, span))
    }

    pub(crate) fn global_names(&self) -> Vec<Arc<str>> {
        let words = ["true", "false", "null", "builtins", "lib", "net"];
        GLOBAL.iter().chain(&words).map(|name| (*name).into()).collect()
    }

    fn builtins(&mut self) -> Val {
        let mut entries = Vec::new();
        for builtin in TABLES.iter().copied().flatten() {
            entries.push((self.symbols.intern(builtin.name), self.value(function(builtin))));
        }
        for (name, value) in [
            ("true", Val::Bool(true)),
            ("false", Val::Bool(false)),
            ("null", Val::Null),
            ("langVersion", Val::Int(6)),
            ("nixVersion", Val::Text("2.8.0".into())),
        ] {
            entries.push((self.symbols.intern(name), self.value(value)));
        }
        let itself = self.reserve();
        entries.push((self.symbols.intern("builtins"), itself));
        let value = self.set(entries);
        self.set_thunk(itself, super::thunk::Thunk::Done(value.clone()));
        value
    }

    /// An argument, evaluated.
    pub(super) fn arg(&mut self, args: Args<'_>, index: usize) -> Result<Val, Raised> {
        self.force(args.values[index])
    }

    pub(super) fn arg_list(&mut self, args: Args<'_>, index: usize) -> Result<Rc<[ThunkId]>, Raised> {
        match self.arg(args, index)? {
            Val::List(list) => Ok(list),
            other => Err(self.bad_argument(args, index, "a list", &other)),
        }
    }

    pub(super) fn arg_set(&mut self, args: Args<'_>, index: usize) -> Result<Rc<Set>, Raised> {
        match self.arg(args, index)? {
            Val::Set(set) => Ok(set),
            other => Err(self.bad_argument(args, index, "a set", &other)),
        }
    }

    pub(super) fn arg_text(&mut self, args: Args<'_>, index: usize) -> Result<Arc<str>, Raised> {
        match self.arg(args, index)? {
            Val::Text(text) => Ok(text),
            Val::Set(set) => match self.set_text(&set, args.span)? {
                Some(Val::Text(text)) => Ok(text),
                _ => Err(self.bad_argument(args, index, "a text", &Val::Set(set))),
            },
            other => Err(self.bad_argument(args, index, "a text", &other)),
        }
    }

    pub(super) fn arg_int(&mut self, args: Args<'_>, index: usize) -> Result<i64, Raised> {
        match self.arg(args, index)? {
            Val::Int(number) => Ok(number),
            other => Err(self.bad_argument(args, index, "an integer", &other)),
        }
    }

    pub(super) fn arg_bool(&mut self, args: Args<'_>, index: usize) -> Result<bool, Raised> {
        match self.arg(args, index)? {
            Val::Bool(value) => Ok(value),
            other => Err(self.bad_argument(args, index, "a boolean", &other)),
        }
    }

    /// A function, or a set that can be called.
    pub(super) fn arg_function(&mut self, args: Args<'_>, index: usize) -> Result<Val, Raised> {
        let value = self.arg(args, index)?;
        let functor = self.symbols.intern("__functor");
        match &value {
            Val::Function(_) => Ok(value),
            Val::Set(set) if set.get(functor).is_some() => Ok(value),
            other => Err(self.bad_argument(args, index, "a function", other)),
        }
    }

    /// An item of a list that must be a text.
    pub(super) fn text_item(&mut self, args: Args<'_>, item: ThunkId) -> Result<Arc<str>, Raised> {
        match self.force(item)? {
            Val::Text(text) => Ok(text),
            Val::Set(set) => {
                let mut text = String::new();
                self.append_strictly(&mut text, &Val::Set(set), args.span)?;
                Ok(text.into())
            }
            other => {
                let message =
                    format!("`{}` needs a list of texts, found {} in it", args.name, self.show(&other));
                let raised = Raised::new(codes::EXPRESSION_TYPE, args.span, message);
                Err(match other {
                    Val::Function(_) => raised.help(IN_A_LIST),
                    _ => raised,
                })
            }
        }
    }

    /// Calls a function that must answer with a boolean.
    pub(super) fn test(
        &mut self,
        args: Args<'_>,
        function: &Val,
        values: &[ThunkId],
    ) -> Result<bool, Raised> {
        match self.call(function, values, args.span)? {
            Val::Bool(value) => Ok(value),
            other => {
                let message = format!(
                    "the function given to `{}` must return a boolean, found {}",
                    args.name,
                    self.show(&other)
                );
                Err(Raised::new(codes::EXPRESSION_TYPE, args.span, message))
            }
        }
    }

    pub(super) fn bad_argument(&self, args: Args<'_>, index: usize, expected: &str, found: &Val) -> Raised {
        let which = match (args.values.len(), index) {
            (1, _) => "the argument",
            (_, 0) => "the first argument",
            (_, 1) => "the second argument",
            _ => "the third argument",
        };
        let message = format!("{which} of `{}` must be {expected}, found {}", args.name, self.show(found));
        let place = self.argument_place(args, index);
        Raised::new(codes::EXPRESSION_TYPE, place.unwrap_or(args.span), message)
    }

    /// Where an argument stands, if the call was written with it.
    fn argument_place(&self, args: Args<'_>, index: usize) -> Option<Span> {
        args.at.and_then(|at| self.argument_span(at, args.values.len() - 1 - index))
    }

    /// A list of values that are there.
    pub(super) fn list_of(&mut self, values: impl IntoIterator<Item = Val>) -> Val {
        let items: Vec<ThunkId> = values.into_iter().map(|value| self.value(value)).collect();
        Val::List(items.into())
    }
}
