//! The names that the language brings along: `lib`, `net`, `builtins`, and those that need none of them in front.

use crate::eval::{Evaluator, Limits, Member};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sets of functions.
pub(crate) const NAMES: [&str; 3] = ["builtins", "lib", "net"];

/// What there is, by name.
pub(crate) struct Library {
    globals: BTreeSet<Arc<str>>,
    functions: BTreeMap<&'static str, BTreeMap<Arc<str>, Member>>,
}

impl Library {
    /// All of it.
    pub(crate) fn new() -> Self {
        let mut evaluator = Evaluator::new(Limits::default());
        let globals = evaluator.global_names().into_iter().collect();
        let functions = NAMES.iter().map(|name| (*name, evaluator.members(name))).collect();
        Self { globals, functions }
    }

    /// Whether a name is in scope everywhere.
    pub(crate) fn global(&self, name: &str) -> bool {
        self.globals.contains(name)
    }

    /// The names in scope everywhere.
    pub(crate) fn globals(&self) -> impl Iterator<Item = &Arc<str>> {
        self.globals.iter()
    }

    /// The names in one of the sets.
    pub(crate) fn functions(&self, library: &str) -> impl Iterator<Item = &Arc<str>> {
        self.functions.get(library).into_iter().flat_map(BTreeMap::keys)
    }

    /// The function called `lib.range`, or by a name that is in scope everywhere.
    pub(crate) fn function(&self, path: &str) -> Option<&Member> {
        let (library, name) = path.split_once('.').unwrap_or(("builtins", path));
        self.functions.get(library)?.get(name)
    }
}
