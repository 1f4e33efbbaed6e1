//! `lib`: the everyday part of nixpkgs' library of that name, and `net`: arithmetic of addresses.
//!
//! What is used most is written in Rust, the rest in the language itself, each definition read when it is
//! first asked for. [`table`] says how the `.nix` files beside this one are read; they have all functions.

mod left_out;
mod lists;
mod sets;
mod strings;
pub(crate) mod table;

pub(crate) use left_out::left_out;

use super::builtins::{self, Builtin};
use super::val::{Attribute, Place, Set, ThunkId, Val};
use super::{Evaluator, Raised, Scope, net};
use crate::codes;
use crate::source::{SourceId, Span};
use crate::syntax::expr::Expr;
use std::rc::Rc;
use std::sync::Arc;
use table::{Body, entries};

/// The source of definitions that are built in; never shown.
const INTERNAL: SourceId = SourceId(u32::MAX);

/// Whether a place is within a definition that is built in.
pub(super) fn is_internal(span: Span) -> bool {
    span.source == INTERNAL
}

/// A part of `lib`, such as `lib.lists`.
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: &'static str,
    /// The table of its functions.
    pub(crate) text: &'static str,
    /// Those that are written in Rust.
    native: &'static [Builtin],
    /// Whether its functions are at the top of `lib` too.
    top: bool,
}

/// The parts of `lib`.
pub(crate) const PARTS: &[Part] = &[
    part("trivial", include_str!("trivial.nix"), &[]),
    part("fixedPoints", include_str!("fixed-points.nix"), &[]),
    part("lists", include_str!("lists.nix"), lists::TABLE),
    part("attrsets", include_str!("attrsets.nix"), sets::TABLE),
    part("strings", include_str!("strings.nix"), strings::TABLE),
    part("asserts", include_str!("asserts.nix"), &[]),
    part("debug", include_str!("debug.nix"), &[]),
    Part { top: false, ..part("versions", include_str!("versions.nix"), &[]) },
    Part { top: false, ..part("generators", include_str!("generators.nix"), &[]) },
    Part { top: false, ..part("cli", include_str!("cli.nix"), &[]) },
];

const fn part(name: &'static str, text: &'static str, native: &'static [Builtin]) -> Part {
    Part { name, text, native, top: true }
}

/// What two parts have under one name: at the top it is the other part's, as in nixpkgs.
const NOT_AT_THE_TOP: &[(&str, &str)] =
    &[("lists", "hasPrefix"), ("lists", "removePrefix"), ("strings", "replicate")];

impl Part {
    /// Whether a function of it is at the top of `lib` too.
    pub(crate) fn is_at_the_top(&self, name: &str) -> bool {
        self.top && !NOT_AT_THE_TOP.contains(&(self.name, name))
    }
}

/// `lib`: its parts, and at its top the functions of most of them.
pub(super) fn lib(e: &mut Evaluator) -> Val {
    let mut top = Vec::new();
    for part in PARTS {
        let mut functions = Vec::new();
        for entry in entries(part.text) {
            let value = match entry.body {
                Body::Native => part
                    .native
                    .iter()
                    .find(|builtin| builtin.name == entry.name)
                    .map(|builtin| e.value(builtins::function(builtin))),
                Body::Inherited => {
                    builtins::find(entry.name).map(|builtin| e.value(builtins::function(builtin)))
                }
                Body::Expression(text) => Some(defined(e, entry.name, text)),
            };
            let name = e.symbol(entry.name);
            let attribute = value.map(|value| Attribute { name, value, place: Place::NONE });
            functions.extend(attribute);
            top.extend(attribute.filter(|_| part.is_at_the_top(entry.name)));
        }
        let functions = e.value(Val::Set(Rc::new(Set::new(functions))));
        top.push(Attribute { name: e.symbol(part.name), value: functions, place: Place::NONE });
    }
    Val::Set(Rc::new(Set::new(top)))
}

/// `net`
pub(super) fn net(e: &mut Evaluator) -> Val {
    let mut functions = Vec::new();
    for builtin in net::TABLES.iter().copied().flatten() {
        let (name, value) = (e.symbol(builtin.name), e.value(builtins::function(builtin)));
        functions.push(Attribute { name, value, place: Place::NONE });
    }
    Val::Set(Rc::new(Set::new(functions)))
}

/// A definition in the language, read when it is asked for.
fn defined(e: &mut Evaluator, name: &'static str, text: &'static str) -> ThunkId {
    let span = Span::new(INTERNAL, 0, text.len() as u32);
    e.native(
        span,
        move || format!("`lib.{name}`"),
        move |e| match Expr::parse(INTERNAL, text) {
            Ok(expr) => {
                let op = e.compile_named(&Arc::new(expr), name);
                let thunk = e.delay(op, &Scope::empty());
                e.force(thunk)
            }
            Err(_) => Err(Raised::new(codes::EXPRESSION_SYNTAX, span, format!("`lib.{name}` is broken"))),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{Body, PARTS, entries, left_out};
    use crate::eval::{Evaluator, Limits, Scope, json_of};
    use crate::source::SourceId;
    use crate::syntax::expr::Expr;
    use std::sync::Arc;

    /// Every definition can be read, and uses only names that exist.
    #[test]
    fn definitions_are_sound() {
        for part in PARTS {
            for entry in entries(part.text) {
                let path = format!("lib.{}.{}", part.name, entry.name);
                assert_eq!(json_of(&format!("lib.{} ? {}", part.name, entry.name)).as_deref(), Ok("true"));
                let Body::Expression(text) = entry.body else { continue };
                let expr = Expr::parse(SourceId(0), text).unwrap_or_else(|error| panic!("{path}: {error:?}"));
                let expr = Arc::new(expr);
                let mut evaluator = Evaluator::new(Limits::default());
                assert_eq!(evaluator.check_names(&expr, &Scope::empty()), [], "{path}");
                for used in expr.selections_of("lib") {
                    assert_eq!(
                        json_of(&format!("lib ? {used}")).as_deref(),
                        Ok("true"),
                        "`{path}` uses `lib.{used}`"
                    );
                }
            }
        }
    }

    /// Whoever knows nixpkgs' `lib` finds each of its names, or is told why it is not there.
    #[test]
    fn all_of_nixpkgs_is_there_or_left_out() {
        let names = include_str!("../../../../tests/lang/nixpkgs-lib.txt");
        for line in names.lines().filter(|line| !line.starts_with('#')) {
            let (of, names) = line.split_once(": ").unwrap();
            for name in names.split(' ') {
                let there = json_of(&format!("{of} ? {name}")).unwrap() == "true";
                let why = left_out(name);
                assert!(there != why.is_some(), "{of}.{name}: there is {there}, left out for {why:?}");
            }
        }
    }
}
