//! The names that the language brings along: `lib`, `net`, `builtins`, and those that need none of them in front.

use crate::eval::{Evaluator, Limits};
use crate::functions::{FunctionDoc, functions, sections};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sets of functions that are in scope.
pub(crate) const NAMES: [&str; 3] = ["builtins", "lib", "net"];

/// What there is, by name.
pub(crate) struct Library {
    globals: BTreeSet<Arc<str>>,
    /// `lib`, `lib.lists`, …, each with its functions.
    sets: BTreeMap<Arc<str>, BTreeMap<Arc<str>, &'static FunctionDoc>>,
}

impl Library {
    /// All of it.
    pub(crate) fn new() -> Self {
        let globals = Evaluator::new(Limits::default()).global_names().into_iter().collect();
        let mut sets: BTreeMap<Arc<str>, BTreeMap<Arc<str>, &'static FunctionDoc>> =
            NAMES.iter().map(|name| (Arc::from(*name), BTreeMap::new())).collect();
        sets.extend(sections().map(|section| (section.into(), BTreeMap::new())));
        for function in functions() {
            for path in &function.paths {
                let (set, name) = path.rsplit_once('.').unwrap_or(("", path));
                if let Some(set) = sets.get_mut(set) {
                    set.insert(name.into(), function);
                }
            }
        }
        Self { globals, sets }
    }

    /// Whether a name is in scope everywhere.
    pub(crate) fn global(&self, name: &str) -> bool {
        self.globals.contains(name)
    }

    /// The names in scope everywhere.
    pub(crate) fn globals(&self) -> impl Iterator<Item = &Arc<str>> {
        self.globals.iter()
    }

    /// The names in one of the sets, those of sets within it too.
    pub(crate) fn names(&self, set: &str) -> impl Iterator<Item = Arc<str>> {
        let within = self.sets.keys().filter_map(move |name| name.strip_prefix(set)?.strip_prefix('.'));
        let within: Vec<Arc<str>> = within.map(Arc::from).collect();
        self.sets.get(set).into_iter().flat_map(BTreeMap::keys).cloned().chain(within)
    }

    /// The set of this name within another.
    pub(crate) fn set(&self, set: &str, name: &str) -> Option<Arc<str>> {
        self.sets.get_key_value(&*format!("{set}.{name}")).map(|(path, _)| path.clone())
    }
}
