//! Builtins: Nix's pure ones, under `builtins`, and some of them global as in Nix.

use super::val::{Function, Symbol, ThunkId, Val};
use super::{Evaluator, Raised};
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// A function written in Rust.
pub struct Builtin {
    pub(super) name: &'static str,
    pub(super) arity: usize,
    pub(super) run: Run,
}

type Run = fn(&mut Evaluator, &[ThunkId], Span) -> Result<Val, Raised>;

const fn builtin(name: &'static str, arity: usize, run: Run) -> Builtin {
    Builtin { name, arity, run }
}

/// Those that need no `builtins.` in front.
const GLOBAL: &[&str] =
    &["abort", "baseNameOf", "dirOf", "fromTOML", "isNull", "map", "removeAttrs", "throw", "toString"];

static TABLE: &[Builtin] = &[builtin("toString", 1, |e, a, span| {
    let value = e.force(a[0])?;
    e.to_text(&value, span).map(Val::Text)
})];

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
            text if GLOBAL.contains(&text) => find(text),
            text => text.strip_prefix("__").and_then(find),
        };
        let thunk = value.map(|value| self.value(value));
        self.globals.insert(name, thunk);
        thunk
    }

    pub(crate) fn global_names(&self) -> Vec<Arc<str>> {
        GLOBAL
            .iter()
            .chain(&["true", "false", "null", "builtins", "lib", "net"])
            .map(|name| (*name).into())
            .collect()
    }

    fn builtins(&mut self) -> Val {
        let mut entries = Vec::new();
        for builtin in TABLE {
            let value = self.value(Val::Function(Rc::new(Function::Builtin(builtin, Vec::new()))));
            entries.push((self.symbols.intern(builtin.name), value));
        }
        self.set(entries)
    }
}

fn find(name: &str) -> Option<Val> {
    let builtin = TABLE.iter().find(|builtin| builtin.name == name)?;
    Some(Val::Function(Rc::new(Function::Builtin(builtin, Vec::new()))))
}
