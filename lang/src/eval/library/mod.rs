//! `lib`: the everyday part of nixpkgs' library of that name, and `net`: arithmetic of addresses.
//!
//! What is used most is written in Rust, the rest in the language itself, each definition read when it is
//! first asked for.

mod lists;
mod prelude;
mod sets;
mod strings;

use super::builtins::{self, Builtin};
use super::val::{Attribute, Place, Set, ThunkId, Val};
use super::{Evaluator, Raised, Scope, net};
use crate::codes;
use crate::source::{SourceId, Span};
use crate::syntax::expr::Expr;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The source of definitions that are built in; never shown.
const INTERNAL: SourceId = SourceId(u32::MAX);

/// Whether a place is within a definition that is built in.
pub(super) fn is_internal(span: Span) -> bool {
    span.source == INTERNAL
}

/// Builtins of Nix that `lib` has under the same name.
const ALIASES: &[&str] = &[
    "add",
    "addErrorContext",
    "all",
    "any",
    "attrNames",
    "attrValues",
    "bitAnd",
    "bitOr",
    "bitXor",
    "catAttrs",
    "ceil",
    "compareVersions",
    "concatLists",
    "concatMap",
    "concatStringsSep",
    "deepSeq",
    "div",
    "elem",
    "elemAt",
    "filter",
    "floor",
    "foldl'",
    "fromJSON",
    "functionArgs",
    "genList",
    "genericClosure",
    "getAttr",
    "groupBy",
    "hasAttr",
    "hashString",
    "head",
    "intersectAttrs",
    "isAttrs",
    "isBool",
    "isFloat",
    "isFunction",
    "isInt",
    "isList",
    "isPath",
    "isString",
    "length",
    "lessThan",
    "listToAttrs",
    "map",
    "mapAttrs",
    "match",
    "mul",
    "parseDrvName",
    "partition",
    "removeAttrs",
    "replaceStrings",
    "seq",
    "sort",
    "split",
    "splitVersion",
    "stringLength",
    "sub",
    "substring",
    "tail",
    "toJSON",
    "toString",
    "trace",
    "tryEval",
    "typeOf",
    "zipAttrsWith",
];

/// `lib`, flat, and its parts `lib.lists`, `lib.attrsets`, `lib.strings`, `lib.trivial`.
pub(super) fn lib(e: &mut Evaluator) -> Val {
    let aliases: Vec<&'static Builtin> = ALIASES.iter().filter_map(|name| builtins::find(name)).collect();
    let mut flat = Vec::new();
    for builtin in aliases {
        flat.push(native(e, builtin));
    }
    let mut parts = Vec::new();
    let tables = [
        ("lists", lists::TABLE, prelude::LISTS),
        ("attrsets", sets::TABLE, prelude::ATTRSETS),
        ("strings", strings::TABLE, prelude::STRINGS),
        ("trivial", &[], prelude::TRIVIAL),
    ];
    for (name, table, definitions) in tables {
        // A part has the aliases too, whichever of them is whose.
        let mut entries = flat.clone();
        entries.truncate(ALIASES.len());
        entries.extend(table.iter().map(|builtin| native(e, builtin)).collect::<Vec<_>>());
        for (name, text) in definitions {
            entries.push(Attribute {
                name: e.symbol(name),
                value: defined(e, name, text),
                place: Place::NONE,
            });
        }
        parts.push((name, Val::Set(Rc::new(Set::new(entries.clone())))));
        // Later parts win: `lib.hasPrefix` is the one for texts, as in nixpkgs.
        flat.extend(entries.drain(ALIASES.len()..));
    }
    for (name, value) in parts {
        let attribute = Attribute { name: e.symbol(name), value: e.value(value), place: Place::NONE };
        flat.push(attribute);
    }
    Val::Set(Rc::new(Set::new(flat)))
}

/// `net`
pub(super) fn net(e: &mut Evaluator) -> Val {
    let entries = net::TABLES.iter().copied().flatten().map(|builtin| native(e, builtin)).collect();
    Val::Set(Rc::new(Set::new(entries)))
}

fn native(e: &mut Evaluator, builtin: &'static Builtin) -> Attribute {
    Attribute {
        name: e.symbol(builtin.name),
        value: e.value(builtins::function(builtin)),
        place: Place::NONE,
    }
}

/// A definition in the language, read when it is asked for.
fn defined(e: &mut Evaluator, name: &'static str, text: &'static str) -> ThunkId {
    let span = Span::new(INTERNAL, 0, text.len() as u32);
    e.native(
        span,
        move || format!("`lib.{name}`"),
        move |e| match Expr::parse(INTERNAL, text) {
            Ok(expr) => {
                let thunk = e.named_expr(&Arc::new(expr), name);
                e.force(thunk)
            }
            Err(_) => Err(Raised::new(codes::EXPRESSION_SYNTAX, span, format!("`lib.{name}` is broken"))),
        },
    )
}

/// A name of `lib`, `net` or `builtins`, as an editor shows it.
pub(crate) struct Member {
    /// How many arguments it takes, where it is written in Rust.
    pub(crate) arity: Option<usize>,
    /// Its definition, where it is written in the language.
    pub(crate) text: Option<&'static str>,
}

impl Evaluator {
    /// What is in `lib`, `net` or `builtins`.
    pub(crate) fn members(&mut self, library: &str) -> BTreeMap<Arc<str>, Member> {
        let symbol = self.symbol(library);
        let Some(Val::Set(set)) = self.global(symbol).and_then(|thunk| self.done(thunk)).cloned() else {
            return BTreeMap::new();
        };
        let tables = [prelude::LISTS, prelude::ATTRSETS, prelude::STRINGS, prelude::TRIVIAL];
        let mut found = BTreeMap::new();
        for attribute in set.entries() {
            let name = self.name(attribute.name).clone();
            let arity = match self.done(attribute.value) {
                Some(Val::Function(function)) => function.arity(),
                _ => None,
            };
            let written = tables.iter().copied().flatten().rfind(|(known, _)| **known == *name);
            let text = written.filter(|_| arity.is_none() && library == "lib").map(|(_, text)| *text);
            found.insert(name, Member { arity, text });
        }
        found
    }

    fn named_expr(&mut self, expr: &Arc<Expr>, name: &str) -> ThunkId {
        let op = self.compile_named(expr, name);
        self.delay(op, &Scope::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::prelude;
    use crate::eval::{Evaluator, Limits, Scope};
    use crate::source::SourceId;
    use crate::syntax::expr::Expr;
    use std::sync::Arc;

    /// Every definition can be read, and uses only names that exist.
    #[test]
    fn definitions_are_sound() {
        for table in [prelude::LISTS, prelude::ATTRSETS, prelude::STRINGS, prelude::TRIVIAL] {
            for (name, text) in table {
                let expr = Arc::new(
                    Expr::parse(SourceId(0), text).unwrap_or_else(|error| panic!("{name}: {error:?}")),
                );
                let mut evaluator = Evaluator::new(Limits::default());
                assert_eq!(evaluator.check_names(&expr, &Scope::empty()), [], "{name}");
                let uses = expr.selections_of("lib");
                for used in uses {
                    let probe = Arc::new(Expr::parse(SourceId(0), &format!("lib ? {used}")).unwrap());
                    let thunk = evaluator.expr(&probe, &Scope::empty());
                    assert_eq!(
                        evaluator.json(thunk, probe.span()).unwrap(),
                        "true",
                        "`{name}` uses `lib.{used}`"
                    );
                }
            }
        }
    }
}
