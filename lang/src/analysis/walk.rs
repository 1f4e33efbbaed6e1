//! One walk over a document: what every word means, by the declarations alone, whatever else is wrong.
//!
//! It follows the same rules as `resolve`, but stops at nothing, reports words instead of mistakes, and enters only
//! what its [`Sink`] asks for. The language's own nodes are in `language.rs`, expressions in `expression.rs`.

use super::Analysis;
use super::scope::{Bound, Known, Name, Scope, Target, ValuePath, structure};
use super::seen::{Owner, Place, Role, Seen, Shape, Sink, Slot};
use crate::module::types::{SchemaId, Type};
use crate::syntax::expr::Template;
use crate::syntax::tree::{Document, Entry, Node, Scalar, Text};
use std::rc::Rc;
use std::sync::Arc;

/// A walk under way.
pub(super) struct Walker<'a> {
    pub(super) analysis: &'a Analysis,
    /// Which of the loaded sources the document is.
    pub(super) module: usize,
    pub(super) sink: &'a mut dyn Sink,
    /// Whether what cannot be told may be guessed by its name: for completion, where a wrong guess does no harm.
    pub(super) guesses: bool,
}

/// Where the nodes of a block stand.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) scope: Scope,
    pub(super) templates: Scope,
    pub(super) shape: Shape,
    /// Of the submodule or the map that the nodes define parts of.
    pub(super) path: ValuePath,
    /// The submodules around, innermost first, each with its path.
    pub(super) around: Rc<[(SchemaId, ValuePath)]>,
    pub(super) top: bool,
    pub(super) type_block: bool,
}

/// A node without its name and, in a collection, without its key.
pub(super) struct Parts<'d> {
    pub(super) node: &'d Node,
    pub(super) arguments: Vec<&'d Entry>,
    pub(super) properties: Vec<&'d Entry>,
    pub(super) block: Option<&'d Document>,
}

impl<'d> Parts<'d> {
    /// A node without its first `skip` entries.
    pub(super) fn of(node: &'d Node, skip: usize) -> Self {
        let (properties, arguments) =
            node.entries.iter().skip(skip).partition(|entry: &&Entry| entry.name.is_some());
        Parts { node, arguments, properties, block: node.children.as_ref() }
    }
}

impl Walker<'_> {
    /// The nodes of a block; `begins` is the submodule that begins with it.
    pub(super) fn block(
        &mut self,
        nodes: &[Node],
        outer: &Here,
        begins: Option<SchemaId>,
        parent: Option<&Node>,
    ) {
        let mut here = outer.clone();
        if let Some(schema) = begins {
            here.around =
                [(schema, here.path.clone())].into_iter().chain(outer.around.iter().cloned()).collect();
            here.scope = here.scope.with_implicit(self.binds(schema, &here));
        }
        here.scope = self.lets(nodes, &here.scope);
        here.templates = self.templates(nodes, &here);
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || {
            for node in nodes {
                if self.sink.enters(node.span) {
                    self.node(node, &here, nodes, parent);
                }
            }
        });
    }

    /// The names that the language binds in a submodule of this type.
    fn binds(&self, schema: SchemaId, here: &Here) -> Vec<Name> {
        let of = &self.analysis.schemas[schema.0 as usize];
        let bound = |name: &str, schema: SchemaId, what, known| Name {
            name: name.into(),
            target: Target::Bound(schema, what),
            known,
        };
        let mut binds =
            vec![bound("self", schema, Bound::Own, Known::Value(Type::Submodule(schema), here.path.clone()))];
        if of.keyed {
            let text = Type::Text(crate::module::format::Format::Text);
            binds.push(bound("name", schema, Bound::Key, Known::of(&text)));
        }
        for around in &of.around {
            let name = &self.analysis.schemas[around.0 as usize].name;
            if !name.is_empty() && !here.scope.explicit(name) {
                let path = here.around.iter().find(|(known, _)| known == around);
                let path = path.and_then(|(_, path)| path.clone());
                let known = Known::Value(Type::Submodule(*around), path);
                binds.push(bound(name, *around, Bound::Around, known));
            }
        }
        binds
    }

    fn node(&mut self, node: &Node, here: &Here, siblings: &[Node], parent: Option<&Node>) {
        if let Some(annotation) = &node.annotation {
            self.say(annotation, Role::Annotation, None, &here.scope);
        }
        let place = Place {
            nodes: &here.shape,
            top: here.top,
            type_block: here.type_block,
            templates: &here.templates,
            siblings,
            parent,
        };
        let role = Role::Node(&place);
        if matches!(here.shape, Shape::Options(_) | Shape::Entries(..)) && self.keyword(node, here, role) {
            return;
        }
        match &here.shape {
            Shape::Options(schema) => self.definition(node, *schema, here, role),
            Shape::Entries(ty, key) => {
                let slot = Slot::at(here.path.clone()).entry(constant(&node.name).as_ref());
                self.key(&node.name, key.as_ref(), &slot, &here.scope);
                self.content(ty, &Parts::of(node, 0), here, &slot);
            }
            Shape::Elements(ty) => {
                self.say(&node.name, role, None, &here.scope);
                self.content(ty, &Parts::of(node, 0), here, &Slot::default());
            }
            Shape::Words(_) => {
                self.say(&node.name, role, None, &here.scope);
                self.data(&Parts::of(node, 0), here);
            }
            Shape::Data => {
                self.say(&node.name, Role::New(&Known::Nothing), None, &here.scope);
                self.data(&Parts::of(node, 0), here);
            }
        }
    }

    /// A node that is none of the language's own.
    fn definition(&mut self, node: &Node, schema: SchemaId, here: &Here, role: Role<'_>) {
        if let Some(template) = here.templates.find(&node.name.value).cloned() {
            self.say(&node.name, role, Some(template.target.clone()), &here.scope);
            return self.call(node, &template, here);
        }
        let Some((at, by_node)) = self.analysis.schemas[schema.0 as usize].by_node(&node.name.value) else {
            self.say(&node.name, role, None, &here.scope);
            return self.data(&Parts::of(node, 0), here);
        };
        let option = &self.analysis.schemas[schema.0 as usize].options[at as usize];
        let slot = Slot::at(here.path.clone()).option(&option.name, (schema, at));
        self.sink.seen(Seen {
            target: Some(Target::Option(schema, at)),
            slot: slot.clone(),
            extent: Some(node.head),
            ..Seen::new(node.name.span, role, &here.scope)
        });
        match (by_node, structure(&option.ty)) {
            (true, Type::Map(inner)) => {
                let mut entry = slot.entry(None);
                let first = node.entries.first().filter(|entry| entry.name.is_none());
                if let Some(text) = first.and_then(super::language::text_of) {
                    entry = slot.entry(constant(text).as_ref());
                    self.key(text, option.key.as_ref(), &entry, &here.scope);
                }
                self.content(inner, &Parts::of(node, 1), here, &entry);
            }
            (true, Type::List(inner)) => self.content(inner, &Parts::of(node, 0), here, &slot.entry(None)),
            (_, _) => self.keyed_content(&option.ty, option.key.as_ref(), &Parts::of(node, 0), here, &slot),
        }
    }

    /// What a node holds, in the form that a type gives it.
    pub(super) fn content(&mut self, ty: &Type, parts: &Parts<'_>, here: &Here, slot: &Slot) {
        self.keyed_content(ty, None, parts, here, slot);
    }

    fn keyed_content(&mut self, ty: &Type, key: Option<&Type>, parts: &Parts<'_>, here: &Here, slot: &Slot) {
        let plain = parts.properties.is_empty() && parts.block.is_none() && !parts.arguments.is_empty();
        match structure(ty) {
            // One value of a union is any of its types; several, or a block, are what has parts.
            _ if matches!(ty, Type::Union(_)) && plain && parts.arguments.len() == 1 => {
                self.arguments(parts, Some(ty), Owner::Free, here, slot);
            }
            Type::Submodule(schema) => self.submodule(*schema, parts, here, slot),
            Type::Map(inner) => {
                self.arguments(parts, Some(ty), Owner::Map(key), here, slot);
                for property in &parts.properties {
                    let Some(name) = &property.name else { continue };
                    let slot = slot.entry(constant(name).as_ref());
                    self.key(name, key, &slot, &here.scope);
                    self.value(&property.value, Role::Value(inner), Some(inner), &here.scope, &slot);
                }
                if let Some(block) = parts.block {
                    let shape = Shape::Entries((**inner).clone(), key.cloned());
                    let here = Here {
                        shape,
                        path: slot.path.clone(),
                        top: false,
                        type_block: false,
                        ..here.clone()
                    };
                    self.block(&block.nodes, &here, None, Some(parts.node));
                }
            }
            Type::List(inner) => {
                self.arguments(parts, Some(inner), Owner::Free, here, slot);
                if let Some(block) = parts.block {
                    let shape = Shape::Elements((**inner).clone());
                    let here = Here { shape, path: None, top: false, type_block: false, ..here.clone() };
                    self.block(&block.nodes, &here, None, Some(parts.node));
                }
            }
            Type::Any => self.data(parts, here),
            _ => {
                self.arguments(parts, Some(ty), Owner::Free, here, slot);
                self.data(&Parts { arguments: Vec::new(), ..Parts::of(parts.node, 0) }.without(parts), here);
            }
        }
    }

    fn submodule(&mut self, schema: SchemaId, parts: &Parts<'_>, here: &Here, slot: &Slot) {
        let of = &self.analysis.schemas[schema.0 as usize];
        let owner = Owner::Options(schema);
        match of.argument() {
            Some(at) => {
                let option = &of.options[at as usize];
                let slot = slot.option(&option.name, (schema, at));
                let ty = match structure(&option.ty) {
                    Type::List(inner) => inner,
                    other => other,
                };
                self.arguments(parts, Some(ty), owner, here, &slot);
            }
            None => self.arguments(parts, None, owner, here, slot),
        }
        for property in &parts.properties {
            let Some(name) = &property.name else { continue };
            if !self.sink.enters(property.span) {
                continue;
            }
            let at = of.by_name(&name.value).or_else(|| of.by_node(&name.value).map(|(at, _)| at));
            let option = at.map(|at| &of.options[at as usize]);
            let slot = match (at, option) {
                (Some(at), Some(option)) => slot.option(&option.name, (schema, at)),
                _ => Slot::default(),
            };
            self.sink.seen(Seen {
                target: at.map(|at| Target::Option(schema, at)),
                slot: slot.clone(),
                extent: Some(property.span),
                ..Seen::new(name.span, Role::Property(owner, parts.node), &here.scope)
            });
            if let Some(annotation) = &property.annotation {
                self.say(annotation, Role::Annotation, None, &here.scope);
            }
            let ty = option.map_or(&Type::Any, |option| match structure(&option.ty) {
                Type::List(inner) => inner,
                _ => &option.ty,
            });
            self.value(&property.value, Role::Value(ty), Some(ty), &here.scope, &slot);
        }
        if let Some(block) = parts.block {
            let here = Here {
                shape: Shape::Options(schema),
                path: slot.path.clone(),
                top: false,
                type_block: false,
                ..here.clone()
            };
            self.block(&block.nodes, &here, Some(schema), Some(parts.node));
        }
    }

    fn arguments(
        &mut self,
        parts: &Parts<'_>,
        ty: Option<&Type>,
        owner: Owner<'_>,
        here: &Here,
        slot: &Slot,
    ) {
        for argument in &parts.arguments {
            if let Some(annotation) = &argument.annotation {
                self.say(annotation, Role::Annotation, None, &here.scope);
            }
            let role = Role::Argument(ty, owner, parts.node);
            self.value(&argument.value, role, ty, &here.scope, slot);
        }
    }

    /// A node whose names mean nothing to anyone but its author.
    pub(super) fn data(&mut self, parts: &Parts<'_>, here: &Here) {
        self.arguments(parts, Some(&Type::Any), Owner::Free, here, &Slot::default());
        for property in &parts.properties {
            if let Some(name) = &property.name {
                self.say(name, Role::New(&Known::Nothing), None, &here.scope);
            }
            self.value(&property.value, Role::Value(&Type::Any), None, &here.scope, &Slot::default());
        }
        if let Some(block) = parts.block {
            let here = Here { shape: Shape::Data, path: None, top: false, type_block: false, ..here.clone() };
            self.block(&block.nodes, &here, None, Some(parts.node));
        }
    }

    /// A value, with what its text refers to.
    pub(super) fn value(
        &mut self,
        scalar: &Scalar,
        role: Role<'_>,
        ty: Option<&Type>,
        scope: &Scope,
        slot: &Slot,
    ) -> Known {
        if !self.sink.enters(scalar.span()) {
            return Known::Nothing;
        }
        let span = scalar.span();
        let mut seen = Seen { slot: slot.clone(), extent: Some(span), ..Seen::new(span, role, scope) };
        let Scalar::Text(text) = scalar else {
            self.sink.seen(seen);
            return Known::Nothing;
        };
        if let (Some(option), Some(key)) = (ty.and_then(referred), constant(text)) {
            seen.target = Some(Target::Key([option.clone(), key].into()));
        }
        self.sink.seen(seen);
        self.text(text, scope)
    }

    /// The expressions of a text; what it is known to be, where it is wholly one.
    pub(super) fn text(&mut self, text: &Text, scope: &Scope) -> Known {
        if !text.value.contains('$') {
            return Known::Nothing;
        }
        match Template::parse(text) {
            Err(_) => {
                self.say(text, Role::Broken, None, scope);
                Known::Nothing
            }
            Ok(Template::Expression(expr, _)) => self.expression(&expr, scope),
            Ok(template) => {
                for expr in template.expressions() {
                    self.expression(expr, scope);
                }
                Known::Nothing
            }
        }
    }

    /// The key of an entry of a map, where the entry is defined.
    fn key(&mut self, text: &Text, ty: Option<&Type>, slot: &Slot, scope: &Scope) {
        self.sink.seen(Seen {
            target: slot.path.clone().map(Target::Key),
            declares: true,
            slot: slot.clone(),
            ..Seen::new(text.span, Role::Key(ty), scope)
        });
        self.text(text, scope);
    }

    pub(super) fn say(&mut self, text: &Text, role: Role<'_>, target: Option<Target>, scope: &Scope) {
        self.sink.seen(Seen { target, ..Seen::new(text.span, role, scope) });
    }

    /// A name where it is declared.
    pub(super) fn declare(&mut self, text: &Text, target: Target, known: &Known, scope: &Scope) {
        let seen = Seen::new(text.span, Role::New(known), scope);
        self.sink.seen(Seen { target: Some(target), declares: true, ..seen });
    }
}

impl<'d> Parts<'d> {
    /// The properties and the block of other parts, for a node that should have neither.
    fn without(self, other: &Parts<'d>) -> Parts<'d> {
        Parts { properties: other.properties.clone(), block: other.block, ..self }
    }
}

/// What a text says, where nothing in it is computed.
pub(super) fn constant(text: &Text) -> Option<Arc<str>> {
    if !text.value.contains('$') {
        return Some(text.value.clone());
    }
    match Template::parse(text) {
        Ok(Template::Constant(value, _)) => Some(value),
        _ => None,
    }
}

/// The root option whose keys a value of this type names.
pub(super) fn referred(ty: &Type) -> Option<&Arc<str>> {
    match ty {
        Type::Ref(option) => Some(option),
        Type::Optional(inner) | Type::List(inner) => referred(inner),
        Type::Union(types) => types.iter().find_map(referred),
        _ => None,
    }
}
