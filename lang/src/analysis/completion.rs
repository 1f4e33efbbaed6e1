//! What may be written at a place.
//!
//! A marker is put where the cursor is, and the text is read with it: then the place is a word like any other, and the
//! walk says what may stand there. What is open around an unfinished expression is closed first.

mod candidates;
mod marked;

use super::Analysis;
use super::scope::{Known, Scope, TemplateKnown, ValuePath};
use super::seen::{Owner, Role, Seen, Shape, Sink};
use super::walk::Walker;
use crate::module::types::{SchemaId, Type};
use crate::source::{SourceId, Span};
use crate::syntax;
use crate::syntax::tree::Node;
use crate::value::Value;
use marked::{MARK, Marked};
use std::rc::Rc;
use std::sync::Arc;

/// What may be written at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The first byte of what is replaced.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// In the order they are shown.
    pub items: Vec<Completion>,
    /// Whether there are more than are listed here.
    pub more: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// How it is shown.
    pub label: String,
    /// What is written, if it is not the label.
    pub insert: Option<String>,
    /// What it is.
    pub kind: CompletionKind,
    /// Its type, in a few words.
    pub detail: String,
    /// What it is for.
    pub doc: Option<Arc<str>>,
    /// The lower, the nearer: what is likely comes first.
    pub distance: u8,
}

/// What a completion stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A node or a word of the language.
    Keyword,
    /// An option, as a node or a property.
    Option,
    /// A template.
    Template,
    /// A type.
    Type,
    /// An entry of a map.
    Entry,
    /// One of an `enum`'s words, `#true`, `#false`.
    Word,
    /// A name in scope.
    Name,
    /// A function of the language.
    Function,
    /// A module.
    Module,
}

/// What an editor knows beyond the texts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// What the lab came to when it was last without mistakes: it has the keys that are computed.
    pub value: Option<&'a Value>,
    /// Files that may be imported, as an import would write them.
    pub files: &'a [String],
}

/// No more than so many are listed.
const MOST: usize = 400;

/// What the marker stands for.
#[derive(Clone)]
enum Wanted {
    Node {
        shape: Shape,
        top: bool,
        type_block: bool,
        templates: Scope,
        given: Given,
    },
    Annotation,
    Property(Owned, Given),
    Argument(Option<Type>, Owned, Given),
    Key(Option<Type>, ValuePath),
    Value(Type),
    Words(&'static [&'static str]),
    /// Whether the option after `ref<`.
    Type(bool),
    Import,
    Name,
    Attribute(Known),
    Nothing,
}

/// Whose properties.
#[derive(Clone)]
enum Owned {
    Options(SchemaId),
    Words(&'static [&'static str]),
    Template(Rc<TemplateKnown>),
    Module(usize),
    Map(Option<Type>),
    Free,
}

/// What the node or the block has already.
type Given = Vec<Arc<str>>;

/// The innermost place that holds the marker.
struct Finder {
    /// Where the marker is.
    start: u32,
    end: u32,
    found: Option<Found>,
}

struct Found {
    span: Span,
    wanted: Wanted,
    scope: Scope,
    /// Whether it is part of an expression that cannot be read.
    broken: bool,
}

impl Sink for Finder {
    fn enters(&self, span: Span) -> bool {
        span.start <= self.start && self.end <= span.end
    }

    fn seen(&mut self, seen: Seen<'_>) {
        if !self.enters(seen.span) {
            return;
        }
        let length = |span: Span| span.end - span.start;
        if self.found.as_ref().is_some_and(|found| length(found.span) < length(seen.span)) {
            return;
        }
        let wanted = wanted(&seen);
        let broken = matches!(seen.role, Role::Broken);
        self.found = Some(Found { span: seen.span, wanted, scope: seen.scope.clone(), broken });
    }
}

fn wanted(seen: &Seen<'_>) -> Wanted {
    match seen.role {
        Role::Node(place) => {
            let siblings = place.siblings.iter().filter(|node| !node.name.value.contains(MARK));
            let head = place.parent.into_iter().flat_map(|node| &node.entries);
            let head = head.filter_map(|entry| entry.name.as_ref()).map(|name| name.value.clone());
            Wanted::Node {
                shape: place.nodes.clone(),
                top: place.top,
                type_block: place.type_block,
                templates: place.templates.clone(),
                given: siblings.map(|node| node.name.value.clone()).chain(head).collect(),
            }
        }
        Role::Annotation => Wanted::Annotation,
        Role::Property(owner, node) => Wanted::Property(owned(owner), given(node)),
        Role::Argument(ty, owner, node) => Wanted::Argument(ty.cloned(), owned(owner), given(node)),
        Role::Key(ty) => {
            let map = seen.slot.path.as_ref().and_then(|path| path.split_last()).map(|(_, map)| map.into());
            Wanted::Key(ty.cloned(), map)
        }
        Role::Value(ty) => Wanted::Value(ty.clone()),
        Role::Words(words) => Wanted::Words(words),
        Role::Type(reference) => Wanted::Type(reference),
        Role::Import => Wanted::Import,
        Role::Name | Role::Inherited => Wanted::Name,
        Role::Attribute(known) => Wanted::Attribute(known.clone()),
        Role::New(_) | Role::Broken => Wanted::Nothing,
    }
}

fn owned(owner: Owner<'_>) -> Owned {
    match owner {
        Owner::Options(schema) => Owned::Options(schema),
        Owner::Words(words) => Owned::Words(words),
        Owner::Template(template) => Owned::Template(Rc::clone(template)),
        Owner::Module(module) => Owned::Module(module),
        Owner::Map(key) => Owned::Map(key.cloned()),
        Owner::Free => Owned::Free,
    }
}

fn given(node: &Node) -> Given {
    let properties = node.entries.iter().filter_map(|entry| entry.name.as_ref());
    properties.map(|name| name.value.clone()).filter(|name| !name.contains(MARK)).collect()
}

impl Analysis {
    /// What may be written at an offset of a source.
    pub fn complete(&self, source: SourceId, offset: u32, hints: Hints<'_>) -> Completions {
        let text = self.sources.get(source).text.clone();
        let Some(module) = self.module_of(source) else { return Completions::default() };
        let Some(marked) = Marked::new(&text, offset) else { return Completions::default() };
        let Some(mut found) = self.find(source, module, &marked) else { return Completions::default() };
        if found.broken {
            // Closing what is open may make it an expression; else what is selected last may be one.
            let closed = marked.closed().and_then(|closed| self.find(source, module, &closed));
            match closed.filter(|found| !found.broken) {
                Some(closed) => found = closed,
                None => found = self.find_path(module, &marked, found),
            }
        }
        let range = marked.range(found.span);
        let mut items = self.candidates(&found, module, &range, hints);
        let prefix = &text[range.start as usize..offset as usize];
        let more = items.len() > MOST;
        if more {
            let begins = |item: &Completion| item.label.trim_start_matches('"').starts_with(prefix);
            items.sort_by_key(|item| !begins(item));
            items.truncate(MOST);
        }
        items.sort_by_key(|item| item.distance);
        Completions { start: range.start, end: range.end, items, more }
    }

    fn find(&self, source: SourceId, module: usize, marked: &Marked) -> Option<Found> {
        let (document, _) = syntax::parse(source, &marked.text);
        let start = marked.offset;
        let mut finder = Finder { start, end: start + MARK.len() as u32, found: None };
        let here = self.top(module, &document);
        let mut walker = Walker { analysis: self, module, sink: &mut finder, guesses: true };
        walker.block(&document.nodes, &here, None, None);
        finder.found
    }

    /// The path that ends with the marker, on its own, with the names that are in scope in the document.
    fn find_path(&self, module: usize, marked: &Marked, found: Found) -> Found {
        let Some((start, path)) = marked.path() else { return found };
        let Some(expr) = marked.path_expression(found.span.source, start, &path) else { return found };
        let at = marked.offset;
        let mut finder = Finder { start: at, end: at + MARK.len() as u32, found: None };
        let mut walker = Walker { analysis: self, module, sink: &mut finder, guesses: true };
        walker.expression(&expr, &found.scope);
        finder.found.unwrap_or(found)
    }
}
