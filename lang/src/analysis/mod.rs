//! What an editor asks about a text: pure functions from a place to an answer.
//!
//! ```text
//! World ─ Analysis (documents, declarations) ─ walk → words with their meaning ─→ hover, completion, references, …
//! ```
//!
//! Nothing is evaluated here, so that an answer takes milliseconds in a lab of any size and there is one for every text,
//! however broken. Values come from [`crate::Asked`]. Deliberately absent: the protocol of any editor, and printing.

mod completion;
mod definition;
mod expression;
mod folding;
mod hover;
mod language;
mod library;
mod outline;
mod references;
mod rename;
mod scope;
mod seen;
mod tokens;
mod walk;

pub use completion::{Completion, CompletionKind, Completions, Hints};
pub use folding::{Fold, FoldKind, folds};
pub use hover::Hover;
pub use outline::{Outline, OutlineKind, outline};
pub use rename::Edit;
pub use tokens::{Painted, TokenKind};

use crate::module::types::SchemaId;
use crate::resolve::program::Schema;
use crate::resolve::{Loaded, Surface, resolve_path, surface};
use crate::source::{SourceId, Sources, Span};
use crate::syntax;
use crate::syntax::tree::{Document, Node};
use crate::world::World;
use language::{import_path, property, text_of};
use library::Library;
use references::Word;
use scope::{Known, LocalKind, Name, Scope};
use seen::{Seen, Shape, Sink};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use walk::{Here, Walker};

/// The words of the language that nodes may be called by.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    hover::KEYWORDS.iter().map(|(keyword, ..)| *keyword)
}

/// The paths that a text imports, as it writes them.
pub fn imports(text: &str) -> Vec<String> {
    if !text.contains("import") {
        return Vec::new();
    }
    let (document, _) = syntax::parse(SourceId(0), text);
    let nodes = document.nodes.iter().filter(|node| *node.name.value == *"import");
    nodes.filter_map(import_path).map(|path| path.to_string()).collect()
}

/// Whether a text is a lab by its own word, and not a module of one.
pub fn names_lab(text: &str) -> bool {
    let (document, _) = syntax::parse(SourceId(0), text);
    document.nodes.iter().any(|node| *node.name.value == *"lab")
}

/// A lab's sources with what they declare, as far as they can be read.
pub struct Analysis {
    sources: Sources,
    loaded: Vec<Loaded>,
    schemas: Vec<Schema>,
    defaults: BTreeMap<(SchemaId, u32), Span>,
    standard: Vec<Arc<str>>,
    library: Library,
    exports: Vec<OnceCell<Exports>>,
    /// Per source, every word, once it was asked for.
    words: Vec<OnceCell<Box<[Word]>>>,
}

/// What a source gives to its importers.
#[derive(Default)]
struct Exports {
    lets: Vec<Name>,
    templates: Vec<Name>,
    params: Vec<Name>,
}

impl Analysis {
    /// Reads `entry` and all it imports.
    pub fn new(world: &dyn World, entry: &str) -> Analysis {
        let mut sources = Sources::default();
        let Surface { loaded, schemas, defaults } = surface(world, entry, &mut sources);
        let exports = loaded.iter().map(|_| OnceCell::new()).collect();
        let words = sources.iter().map(|_| OnceCell::new()).collect();
        let standard = world.standard().into_iter().map(Arc::from).collect();
        Analysis { sources, loaded, schemas, defaults, standard, library: Library::new(), exports, words }
    }

    /// The sources that were read.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The source that was read by this path.
    pub fn source(&self, path: &str) -> Option<SourceId> {
        let at = self.sources.iter().position(|source| *source.name == *path)?;
        Some(SourceId(at as u32))
    }

    /// The path that an import of `importer` leads to.
    pub fn import_target(importer: &str, path: &str) -> String {
        resolve_path(importer, path)
    }

    /// Everything a document says, to one that asks for it.
    fn walk(&self, module: usize, document: &Document, sink: &mut dyn Sink) {
        let here = self.top(module, document);
        Walker { analysis: self, module, sink, guesses: false }.block(&document.nodes, &here, None, None);
    }

    /// The same for a source as it was read.
    fn walk_source(&self, source: SourceId, sink: &mut dyn Sink) {
        if let Some(module) = self.module_of(source) {
            self.walk(module, &self.loaded[module].document, sink);
        }
    }

    fn module_of(&self, source: SourceId) -> Option<usize> {
        let name = &self.sources.get(source).name;
        self.loaded.iter().position(|loaded| loaded.name == *name)
    }

    fn source_of(&self, module: usize) -> SourceId {
        let name = &self.loaded[module].name;
        let at = self.sources.iter().position(|source| source.name == *name);
        SourceId(at.unwrap_or_default() as u32)
    }

    /// Whether a source is part of the standard library.
    fn is_standard(&self, source: SourceId) -> bool {
        self.module_of(source).is_some_and(|module| self.loaded[module].standard)
    }

    /// Which of the loaded sources an import leads to.
    fn imported(&self, importer: usize, path: &str) -> Option<usize> {
        let name = resolve_path(&self.loaded[importer].name, path);
        self.loaded.iter().position(|loaded| *loaded.name == *name)
    }

    /// The top level of a document.
    fn top(&self, module: usize, document: &Document) -> Here {
        let mut names = Vec::new();
        let mut templates = Vec::new();
        for node in document.nodes.iter().filter(|node| *node.name.value == *"import") {
            let target = import_path(node).and_then(|path| self.imported(module, &path));
            // What imports itself gives nothing to itself.
            let Some(exports) = target.filter(|target| *target < module).map(|at| self.exports(at)) else {
                continue;
            };
            templates.extend(exports.templates.iter().cloned());
            match property(node, "as").and_then(text_of) {
                Some(under) => names.push(Name {
                    known: Known::Set(exports.lets.clone().into()),
                    ..language::local(under, LocalKind::Import)
                }),
                None => names.extend(exports.lets.iter().cloned()),
            }
        }
        names.extend(self.params(&document.nodes));
        Here {
            scope: Scope::default().with(names),
            templates: Scope::default().with(templates),
            shape: Shape::Options(SchemaId::ROOT),
            path: Some(Rc::from([])),
            around: Rc::from([]),
            top: true,
            type_block: false,
        }
    }

    fn params(&self, nodes: &[Node]) -> Vec<Name> {
        let params = nodes.iter().filter(|node| *node.name.value == *"param");
        let named = params.filter_map(|node| {
            let name = language::first_text(node)?;
            let ty = property(node, "type").and_then(text_of);
            let ty = ty.and_then(|text| crate::module::types::Type::parse(&text.value, &self.schemas).ok());
            let known = ty.map_or(Known::Nothing, |ty| Known::of(&ty));
            Some(Name { known, ..language::local(name, LocalKind::Param) })
        });
        named.collect()
    }

    fn exports(&self, module: usize) -> &Exports {
        self.exports[module].get_or_init(|| {
            let document = &self.loaded[module].document;
            let here = self.top(module, document);
            let mut sink = Deaf;
            let mut walker = Walker { analysis: self, module, sink: &mut sink, guesses: false };
            let lets = walker.lets(&document.nodes, &here.scope);
            let own = |name: &&Name| matches!(name.target, scope::Target::Local(_, LocalKind::Let));
            let of_this = |name: &&Name| match name.target {
                scope::Target::Local(span, _) => span.source == self.source_of(module),
                _ => false,
            };
            let lets = lets.all().into_iter().filter(own).filter(of_this).cloned().collect();
            let here = Here { scope: here.scope.clone(), ..here };
            let templates = walker.templates(&document.nodes, &here);
            let templates = templates.all().into_iter().filter(of_this).cloned().collect();
            Exports { lets, templates, params: self.params(&document.nodes) }
        })
    }
}

/// Hears nothing.
struct Deaf;

impl Sink for Deaf {
    fn enters(&self, _: Span) -> bool {
        false
    }

    fn seen(&mut self, _: Seen<'_>) {}
}
