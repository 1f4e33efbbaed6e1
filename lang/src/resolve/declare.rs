//! Declarations: every module's `type`s and `option`s, collected before any definition is looked at.

use super::program::{BodyId, ModuleId, Schema};
use super::{Resolver, children, text_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::types::{SchemaId, Type};
use crate::syntax::tree::{Node, Scalar};
use std::sync::Arc;

/// The nodes that declarations were made from and that hold more: definitions in a `type`, defaults of options.
#[derive(Default)]
pub(super) struct Declarations<'a> {
    pub(super) types: Vec<TypeBlock<'a>>,
    pub(super) defaults: Vec<Unresolved<'a>>,
    /// Per module, its top level.
    pub(super) tops: Vec<BodyId>,
}

/// One `type` node.
pub(super) struct TypeBlock<'a> {
    pub(super) module: ModuleId,
    pub(super) schema: SchemaId,
    pub(super) body: BodyId,
    pub(super) nodes: &'a [Node],
}

/// An option's default, not yet resolved.
pub(super) struct Unresolved<'a> {
    pub(super) schema: SchemaId,
    pub(super) option: u32,
    pub(super) body: BodyId,
    pub(super) value: &'a Scalar,
}

impl<'a> Resolver<'a> {
    pub(super) fn declare(&mut self) -> Declarations<'a> {
        let loaded = self.loaded;
        let mut found = Declarations::default();
        self.program.schemas.push(schema(""));
        for (module, source) in loaded.iter().enumerate() {
            let top = self.reserve();
            found.tops.push(top);
            self.program.schemas[0].bodies.push((top, ModuleId(module as u32)));
            for node in source.document.nodes.iter().filter(|node| *node.name.value == *"type") {
                let Some(id) = self.type_name(node) else { continue };
                let body = self.reserve();
                self.program.schemas[id.0 as usize].bodies.push((body, ModuleId(module as u32)));
                let nodes = children(node.children.as_ref());
                found.types.push(TypeBlock { module: ModuleId(module as u32), schema: id, body, nodes });
            }
        }
        // Core first, so that a clash is the later module's.
        for (module, source) in loaded.iter().enumerate() {
            let module = ModuleId(module as u32);
            let top = found.tops[module.0 as usize];
            self.options(SchemaId::ROOT, &source.document.nodes, top, module, &mut found.defaults);
        }
        for at in 0..found.types.len() {
            let TypeBlock { module, schema, body, nodes } = found.types[at];
            self.options(schema, nodes, body, module, &mut found.defaults);
        }
        self.surroundings();
        self.everywhere.options =
            self.program.schemas[0].options.iter().map(|option| option.name.clone()).collect();
        self.references();
        self.endless();
        found
    }

    fn type_name(&mut self, node: &Node) -> Option<SchemaId> {
        let Some(text) =
            node.entries.first().filter(|entry| entry.name.is_none()).and_then(|entry| text_of(&entry.value))
        else {
            let wrong = Diagnostic::error(codes::ARGUMENTS, node.head, "`type` needs a name")
                .help("write `type printer { option paper type=text }`");
            self.report(wrong);
            return None;
        };
        for entry in &node.entries[1..] {
            let wrong = Diagnostic::error(
                codes::ARGUMENTS,
                entry.span,
                "`type` takes a name and a block, nothing else",
            );
            self.report(wrong);
        }
        let known = self.program.schemas.iter().skip(1).position(|schema| *schema.name == *text.value);
        if let Some(at) = known {
            return Some(SchemaId(at as u32 + 1));
        }
        self.program.schemas.push(schema(&text.value));
        Some(SchemaId(self.program.schemas.len() as u32 - 1))
    }

    fn options(
        &mut self,
        schema: SchemaId,
        nodes: &'a [Node],
        body: BodyId,
        module: ModuleId,
        defaults: &mut Vec<Unresolved<'a>>,
    ) {
        for node in nodes.iter().filter(|node| *node.name.value == *"option") {
            let Some((option, default)) = self.option(node, body, module) else { continue };
            if self.clashes(schema, &option) {
                continue;
            }
            let options = &mut self.program.schemas[schema.0 as usize].options;
            let at = options.len() as u32;
            options.push(option);
            if let Some(value) = default {
                defaults.push(Unresolved { schema, option: at, body, value });
            }
        }
    }

    fn clashes(&mut self, schema: SchemaId, option: &super::program::OptionDecl) -> bool {
        let of = self.program.schema(schema);
        let same = of.options.iter().find(|known| known.name == option.name);
        let node = of.options.iter().find(|known| known.node.is_some() && known.node == option.node);
        let (message, known) = match (same, node) {
            (Some(known), _) => (format!("option `{}` is declared twice", option.name), known),
            (None, Some(known)) => {
                let node = option.node.as_deref().unwrap_or_default();
                (format!("`{}` and `{}` both want the node `{node}`", known.name, option.name), known)
            }
            (None, None) => return false,
        };
        let wrong = Diagnostic::error(codes::DUPLICATE, option.span, message)
            .label(known.span, "declared here first");
        self.report(wrong);
        true
    }

    /// Which submodules may be within which.
    fn surroundings(&mut self) {
        let schemas = &mut self.program.schemas;
        for (at, schema) in schemas.iter_mut().enumerate().skip(1) {
            schema.around = vec![SchemaId(at as u32)];
        }
        let mut edges: Vec<(usize, SchemaId)> = Vec::new();
        let mut keyed: Vec<SchemaId> = Vec::new();
        for (parent, schema) in schemas.iter().enumerate() {
            for option in &schema.options {
                contained(&option.ty, false, &mut |child, key| {
                    edges.push((parent, child));
                    if key {
                        keyed.push(child);
                    }
                });
            }
        }
        for child in keyed {
            schemas[child.0 as usize].keyed = true;
        }
        // Each round carries the outer types one level further in; types may contain themselves.
        loop {
            let mut changed = false;
            for (parent, child) in &edges {
                let outer = schemas[*parent].around.clone();
                let around = &mut schemas[child.0 as usize].around;
                for one in outer {
                    if !around.contains(&one) {
                        around.push(one);
                        changed = true;
                    }
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// A type that has itself as a part, without `?`, `list` or `map` between, would never end.
    fn endless(&mut self) {
        let schemas = &self.program.schemas;
        let parts = |schema: usize| {
            schemas[schema].options.iter().filter_map(|option| match option.ty {
                Type::Submodule(part) => Some((part.0 as usize, option)),
                _ => None,
            })
        };
        let mut wrong = Vec::new();
        for start in 1..schemas.len() {
            let mut seen = vec![false; schemas.len()];
            let mut left: Vec<usize> = vec![start];
            while let Some(at) = left.pop() {
                for (part, option) in parts(at) {
                    if part == start && !wrong.iter().any(|(span, _)| *span == option.ty_span) {
                        wrong.push((option.ty_span, schemas[start].name.clone()));
                    }
                    if !std::mem::replace(&mut seen[part], true) {
                        left.push(part);
                    }
                }
            }
        }
        self.endless = !wrong.is_empty();
        for (span, name) in wrong {
            let wrong = Diagnostic::error(
                codes::BAD_TYPE,
                span,
                format!("every `{name}` would contain another one, without end"),
            )
            .help("let it be absent: put `?` after the type");
            self.report(wrong);
        }
    }

    /// Every `ref<…>` must name a root option that has keys.
    fn references(&mut self) {
        let root = &self.program.schemas[0];
        let mut wrong = Vec::new();
        let mut broken = Vec::new();
        for option in self.program.schemas.iter().flat_map(|schema| &schema.options) {
            let before = wrong.len();
            named(&option.ty, &mut |target| {
                let found = root.by_name(target).map(|at| &root.options[at as usize].ty);
                let diagnostic = match found {
                    Some(Type::Map(_)) => return,
                    Some(_) => Diagnostic::error(
                        codes::BAD_TYPE,
                        option.ty_span,
                        format!("`{target}` is not a map and has no keys"),
                    ),
                    None => {
                        let diagnostic = Diagnostic::error(
                            codes::BAD_TYPE,
                            option.ty_span,
                            format!("there is no root option `{target}`"),
                        );
                        let maps = root.options.iter().filter(|option| matches!(option.ty, Type::Map(_)));
                        match crate::nearest::nearest(target, maps.map(|option| &*option.name)) {
                            Some(near) => diagnostic.help(format!("did you mean `ref<{near}>`?")),
                            None => diagnostic,
                        }
                    }
                };
                wrong.push(diagnostic);
            });
            if wrong.len() > before {
                broken.push(option.span);
            }
        }
        for option in self.program.schemas.iter_mut().flat_map(|schema| &mut schema.options) {
            option.broken |= broken.contains(&option.span);
        }
        self.diagnostics.extend(wrong);
    }
}

fn schema(name: &str) -> Schema {
    let name: Arc<str> = name.into();
    Schema { name, options: Vec::new(), bodies: Vec::new(), around: Vec::new(), keyed: false }
}

/// Every submodule type within a type, and whether it has a key there.
fn contained(ty: &Type, keyed: bool, found: &mut impl FnMut(SchemaId, bool)) {
    match ty {
        Type::Submodule(schema) => found(*schema, keyed),
        Type::Map(inner) => contained(inner, true, found),
        Type::List(inner) => contained(inner, false, found),
        Type::Optional(inner) => contained(inner, keyed, found),
        Type::Union(types) => types.iter().for_each(|one| contained(one, keyed, found)),
        _ => {}
    }
}

/// Every root option a type refers to.
fn named(ty: &Type, found: &mut impl FnMut(&str)) {
    match ty {
        Type::Ref(option) => found(option),
        Type::Map(inner) | Type::List(inner) | Type::Optional(inner) => named(inner, found),
        Type::Union(types) => types.iter().for_each(|one| named(one, found)),
        _ => {}
    }
}
