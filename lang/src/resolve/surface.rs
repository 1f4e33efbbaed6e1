//! What an editor needs of the sources: their documents and declarations, without any definition and any complaint.

use super::names::Everywhere;
use super::program::{Program, Schema};
use super::{Loaded, Resolver, load};
use crate::module::types::SchemaId;
use crate::source::{Sources, Span};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// An entry and all it imports, as far as it can be read.
pub(crate) struct Surface {
    /// Imported ones before their importers; the entry is the last, if it can be read.
    pub(crate) loaded: Vec<Loaded>,
    /// The root's options and those of each type.
    pub(crate) schemas: Vec<Schema>,
    /// Where the defaults of options stand.
    pub(crate) defaults: BTreeMap<(SchemaId, u32), Span>,
}

/// Reads `entry` and all it imports, and collects what they declare.
pub(crate) fn surface(world: &dyn World, entry: &str, sources: &mut Sources) -> Surface {
    let loaded = load::load(world, entry, sources, &mut Vec::new());
    let mut resolver = Resolver {
        loaded: &loaded,
        sources,
        program: Program::default(),
        diagnostics: Vec::new(),
        everywhere: Everywhere { options: BTreeSet::new(), globals: BTreeSet::new() },
        exports: Vec::new(),
        declared: Vec::new(),
        expanded: BTreeMap::new(),
        expanding: Vec::new(),
        lab: None,
        endless: false,
    };
    let found = resolver.declare();
    let defaults = found.defaults.iter().map(|one| ((one.schema, one.option), one.value.span())).collect();
    let schemas = resolver.program.schemas;
    Surface { loaded, schemas, defaults }
}
