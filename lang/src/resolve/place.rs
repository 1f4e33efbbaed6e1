//! Which option a place in a file is about, such as `hosts.kdc1.interfaces.eth0.mtu`: found only where something is wrong there.
//!
//! A key that is computed stands as it is written. Deliberately absent: what is within a template, since what it defines depends
//! on where it is called.

use super::load::Loaded;
use super::program::Program;
use super::{Shape, children, text_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::evaluation::path_part;
use crate::module::types::{SchemaId, Type};
use crate::source::{Sources, Span};
use crate::syntax::tree::{Document, Entry, Node, Scalar};
use std::collections::BTreeMap;

/// Says of each diagnostic which option it is about, if it is about one.
pub(super) fn name(diagnostics: &mut [Diagnostic], program: &Program, loaded: &[Loaded], sources: &Sources) {
    if diagnostics.is_empty() {
        return;
    }
    let documents: BTreeMap<&str, &Document> =
        loaded.iter().map(|module| (&*module.name, &module.document)).collect();
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.path.is_none()) {
        let Some(span) = diagnostic.primary.as_ref().map(|label| label.span) else { continue };
        let Some(document) = documents.get(&*sources.get(span.source).name) else { continue };
        let unknown = diagnostic.code == codes::UNKNOWN_OPTION;
        let mut way = Way { program, span, unknown, path: Vec::new() };
        if way.document(document) && !way.path.is_empty() {
            diagnostic.path = Some(way.path.join("."));
        }
    }
}

/// The way from the top of a file to a place.
struct Way<'p> {
    program: &'p Program,
    span: Span,
    /// Whether the place is the name of an option that nothing declares.
    unknown: bool,
    path: Vec<String>,
}

impl<'p> Way<'p> {
    /// Walks down to the place; says whether an option is there.
    fn document(&mut self, document: &'p Document) -> bool {
        let mut nodes = &document.nodes[..];
        let mut shape = Shape::Options(SchemaId::ROOT);
        while let Some(node) = self.node(nodes) {
            match &*node.name.value {
                "for" | "if" | "else" | "assert" | "warn" => {}
                "let" | "template" | "option" | "type" | "param" | "import" | "lab" => return false,
                _ => match self.definition(node, &shape) {
                    Some(inner) => shape = inner,
                    None => return true,
                },
            }
            nodes = children(node.children.as_ref());
        }
        true
    }

    /// The one of some nodes that has the place in it.
    fn node(&self, nodes: &'p [Node]) -> Option<&'p Node> {
        let before = nodes.partition_point(|node| node.span.start <= self.span.start);
        nodes[..before].last().filter(|node| self.is_in(node.span))
    }

    fn is_in(&self, span: Span) -> bool {
        span.start <= self.span.start && self.span.end <= span.end
    }

    /// Adds what a node defines; what its block defines, if the place is within that.
    fn definition(&mut self, node: &'p Node, shape: &Shape) -> Option<Shape> {
        let (ty, entries) = match shape {
            Shape::Entries(ty) => {
                self.path.push(path_part(&node.name.value));
                (&**ty, &node.entries[..])
            }
            Shape::Options(schema) => {
                let of = self.program.schema(*schema);
                let Some((option, by_node)) = of.by_node(&node.name.value) else {
                    if self.unknown && self.span == node.name.span {
                        self.path.push(path_part(&node.name.value));
                    }
                    return None;
                };
                let option = self.program.option(*schema, option);
                self.path.push(option.name.to_string());
                match (&option.ty, by_node) {
                    (Type::Map(inner), true) => {
                        let (key, rest) = node.entries.split_first().filter(|(key, _)| key.name.is_none())?;
                        self.path.push(key_part(&key.value)?);
                        (&**inner, rest)
                    }
                    (Type::List(inner), true) => (&**inner, &node.entries[..]),
                    (ty, _) => (ty, &node.entries[..]),
                }
            }
        };
        let ty = structured(ty).clone();
        self.entry(&ty, entries);
        match ty {
            Type::Submodule(schema) => Some(Shape::Options(schema)),
            Type::Map(inner) => Some(Shape::Entries(inner)),
            _ => None,
        }
    }

    /// Adds the property or argument that has the place in it.
    fn entry(&mut self, ty: &Type, entries: &[Entry]) {
        let Some(entry) = entries.iter().find(|entry| self.is_in(entry.span)) else { return };
        match (ty, &entry.name) {
            (Type::Submodule(schema), Some(name)) => {
                let of = self.program.schema(*schema);
                let option = of.by_name(&name.value).or_else(|| Some(of.by_node(&name.value)?.0));
                self.path.push(match option {
                    Some(option) => self.program.option(*schema, option).name.to_string(),
                    None => path_part(&name.value),
                });
            }
            (Type::Submodule(schema), None) => {
                let argument = self.program.schema(*schema).argument();
                self.path.extend(argument.map(|at| self.program.option(*schema, at).name.to_string()));
            }
            (Type::Map(_), Some(name)) => self.path.push(path_part(&name.value)),
            (_, _) => {}
        }
    }
}

/// The part of a type that has options or entries of its own.
fn structured(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => structured(inner),
        Type::Union(types) => {
            types.iter().find(|one| matches!(one, Type::Submodule(_) | Type::Map(_))).unwrap_or(ty)
        }
        other => other,
    }
}

fn key_part(key: &Scalar) -> Option<String> {
    match (key, text_of(key)) {
        (_, Some(text)) => Some(path_part(&text.value)),
        (Scalar::Int(number, _), None) => Some(number.to_string()),
        (_, None) => None,
    }
}
