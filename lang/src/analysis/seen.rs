//! What a walk over a document reports: every word that means something, where it stands and what may stand there.

use super::scope::{Known, Scope, Target, TemplateKnown, ValuePath, below};
use crate::module::types::{SchemaId, Type};
use crate::source::Span;
use crate::syntax::tree::Node;
use std::rc::Rc;
use std::sync::Arc;

/// Takes what a walk finds.
pub(crate) trait Sink {
    /// Whether anything within this piece of the document is of interest.
    fn enters(&self, span: Span) -> bool;

    /// One word.
    fn seen(&mut self, seen: Seen<'_>);
}

/// One word, or one place where a word may be written.
pub(crate) struct Seen<'a> {
    /// The word.
    pub(crate) span: Span,
    pub(crate) role: Role<'a>,
    /// What it stands for, if that can be told.
    pub(crate) target: Option<Target>,
    /// Whether this is where it is declared, or where an entry of a map is defined.
    pub(crate) declares: bool,
    /// The value it defines or refers to.
    pub(crate) slot: Slot,
    /// Where that value is defined, if it is defined here.
    pub(crate) extent: Option<Span>,
    /// The names in scope.
    pub(crate) scope: &'a Scope,
}

impl<'a> Seen<'a> {
    /// A word that stands for nothing known.
    pub(crate) fn new(span: Span, role: Role<'a>, scope: &'a Scope) -> Self {
        Seen { span, role, target: None, declares: false, slot: Slot::default(), extent: None, scope }
    }
}

/// A place for a value in the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    /// Where it is, if no key on the way is computed.
    pub(crate) path: ValuePath,
    /// The option it is a value of.
    pub(crate) option: Option<(SchemaId, u32)>,
}

impl Slot {
    /// A place that is known by its path.
    pub(crate) fn at(path: ValuePath) -> Slot {
        Slot { path, option: None }
    }

    /// An option of the submodule at this place.
    pub(crate) fn option(&self, name: &Arc<str>, option: (SchemaId, u32)) -> Slot {
        Slot { path: below(&self.path, Some(name)), option: Some(option) }
    }

    /// An entry of the map at this place, whose key may be computed.
    pub(crate) fn entry(&self, key: Option<&Arc<str>>) -> Slot {
        Slot { path: below(&self.path, key), option: self.option }
    }
}

/// What may be written where a word stands.
#[derive(Clone, Copy)]
pub(crate) enum Role<'a> {
    /// A node's name.
    Node(&'a Place<'a>),
    /// `(force)`
    Annotation,
    /// The key of a property.
    Property(Owner<'a>, &'a Node),
    /// An argument, which may become the key of a property when `=` follows.
    Argument(Option<&'a Type>, Owner<'a>, &'a Node),
    /// The key of an entry of a map: what the keys are.
    Key(Option<&'a Type>),
    /// A value of a type.
    Value(&'a Type),
    /// Words that the language knows here.
    Words(&'static [&'static str]),
    /// A type, as in `type="list<text>"`, or a word of one; `true` for the option after `ref<`.
    Type(bool),
    /// The path of an import.
    Import,
    /// A name in an expression.
    Name,
    /// A name that a set takes over under the same name.
    Inherited,
    /// An attribute selected from something.
    Attribute(&'a Known),
    /// A name the author gives.
    New(&'a Known),
    /// A text that holds an expression which cannot be read.
    Broken,
}

/// Where a node stands.
pub(crate) struct Place<'a> {
    pub(crate) nodes: &'a Shape,
    /// Whether at the top level of a file.
    pub(crate) top: bool,
    /// Whether in the block of a `type`.
    pub(crate) type_block: bool,
    /// Templates in scope.
    pub(crate) templates: &'a Scope,
    /// The nodes of the same block.
    pub(crate) siblings: &'a [Node],
    /// The node whose block it is.
    pub(crate) parent: Option<&'a Node>,
}

/// What the nodes of a block are.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Options of the root or of a type.
    Options(SchemaId),
    /// Entries of a map: the type of its values, and of its keys.
    Entries(Type, Option<Type>),
    /// Elements of a list, each called `-`.
    Elements(Type),
    /// Words of the language: the block of an `option` or a `param`.
    Words(&'static [&'static str]),
    /// Plain data.
    Data,
}

/// Whose property a key is.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// An option of a type.
    Options(SchemaId),
    /// A word that the language knows there.
    Words(&'static [&'static str]),
    /// A parameter of a template.
    Template(&'a Rc<TemplateKnown>),
    /// A param of an imported module, by its number among those loaded.
    Module(usize),
    /// A key of a map.
    Map(Option<&'a Type>),
    /// Anything, or nothing.
    Free,
}
