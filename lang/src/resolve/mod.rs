//! From sources to a program: imports, declarations, and for every node the option it defines.
//!
//! ```text
//! World ─ load → documents ─ declare → schemas ─ block → bodies, items, terms        (Program)
//! ```
//!
//! Nothing is evaluated here; what depends on a value (a condition, a loop's list, a key) is kept as an expression.

mod block;
mod content;
mod declare;
mod load;
mod names;
mod options;
mod outside;
mod place;
pub(crate) mod program;
pub(crate) mod secrets;
mod surface;
mod template;

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};
use crate::module::types::{Named, SchemaId};
use crate::source::{Sources, Span};
use crate::syntax::expr::Template;
use crate::syntax::tree::{Document, Node, Scalar, Text};
use crate::world::World;
use names::{Everywhere, Names};
use program::{Body, BodyId, ModuleId, Program, Rank, Schema, Term};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use template::Declared;

pub(crate) use block::is_name;
pub(crate) use load::{Loaded, resolve as resolve_path};
pub(crate) use surface::{Surface, surface};

/// A lab's sources, resolved as far as they could be.
pub(crate) struct Resolved {
    pub(crate) program: Program,
    /// The lab's name and where it is given, if it is.
    pub(crate) lab: Option<(Arc<str>, Span)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether a source could not be read or parsed, or a type has no end: what follows is not worth evaluating.
    pub(crate) unreadable: bool,
}

/// What is given to the entry's params from outside.
pub(crate) struct Given<'a> {
    /// `--set name=text`
    pub(crate) set: &'a [(String, String)],
    /// `--params FILE`: its name and its text.
    pub(crate) params: Option<(&'a str, &'a str)>,
}

/// Reads `entry` and all it imports.
pub(crate) fn resolve(
    world: &dyn World,
    entry: &str,
    given: &Given<'_>,
    globals: BTreeSet<Arc<str>>,
    sources: &mut Sources,
) -> Resolved {
    let mut diagnostics = Vec::new();
    let loaded = load::load(world, entry, sources, &mut diagnostics);
    let unreadable = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let mistakes = diagnostics.len();
    let standard = sources.iter().map(|source| source.name.starts_with("std:")).collect();
    let mut resolver = Resolver {
        loaded: &loaded,
        sources,
        program: Program { standard, ..Program::default() },
        diagnostics,
        everywhere: Everywhere { options: BTreeSet::new(), globals },
        exports: Vec::new(),
        declared: Vec::new(),
        expanded: BTreeMap::new(),
        expanding: Vec::new(),
        lab: None,
        endless: false,
    };
    let nodes = resolver.declare();
    for module in 0..loaded.len() {
        resolver.module(ModuleId(module as u32), &nodes);
    }
    resolver.given(given);
    let Resolver { program, mut diagnostics, lab, endless, .. } = resolver;
    consequences(&mut diagnostics, mistakes, sources);
    place::name(&mut diagnostics, &program, &loaded, sources);
    Resolved { program, lab, diagnostics, unreadable: unreadable || endless }
}

/// Takes away what only follows from what the parser complained about (the first `before` are the parser's): what was said
/// about the same line, and what has become unknown or misplaced because it is read as if it were within a block that does not end.
fn consequences(diagnostics: &mut Vec<Diagnostic>, before: usize, sources: &Sources) {
    let line = |diagnostic: &Diagnostic| {
        let span = diagnostic.primary.as_ref()?.span;
        Some((span.source, sources.get(span.source).line_column(span.start).0))
    };
    let refused = diagnostics[..before].iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let broken: BTreeSet<_> = refused.filter_map(line).collect();
    let place = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.span);
    let endless: Vec<Span> = diagnostics[..before]
        .iter()
        .filter(|one| [codes::UNCLOSED_BLOCK, codes::UNTERMINATED_STRING].contains(&one.code))
        .filter_map(place)
        .collect();
    let within = |diagnostic: &Diagnostic| {
        [codes::UNKNOWN_OPTION, codes::MISPLACED].contains(&diagnostic.code)
            && place(diagnostic).is_some_and(|span| {
                endless.iter().any(|from| from.source == span.source && from.start < span.start)
            })
    };
    let mut at = 0;
    diagnostics.retain(|diagnostic| {
        at += 1;
        at <= before || !(line(diagnostic).is_some_and(|line| broken.contains(&line)) || within(diagnostic))
    });
}

/// What resolving knows so far.
struct Resolver<'a> {
    loaded: &'a [Loaded],
    sources: &'a mut Sources,
    program: Program,
    diagnostics: Vec<Diagnostic>,
    everywhere: Everywhere,
    /// Per module, what it gives to its importers.
    exports: Vec<Exports>,
    /// Per template, what it was declared with.
    declared: Vec<Declared<'a>>,
    /// Templates already resolved for a type and a rank.
    expanded: BTreeMap<(u32, u32, u32, u32), BodyId>,
    /// The templates being expanded, outermost first.
    expanding: Vec<(program::TemplateId, Span)>,
    lab: Option<(Arc<str>, Span)>,
    /// Whether a type contains itself, so that its values have no end.
    endless: bool,
}

/// What a module's importers see.
#[derive(Default)]
struct Exports {
    lets: Vec<Arc<str>>,
    templates: Vec<(Arc<str>, program::TemplateId)>,
}

/// Where a node stands.
#[derive(Clone)]
struct Context {
    module: ModuleId,
    names: Names,
    templates: Templates,
    shape: Shape,
    /// What definitions in here have unless they say otherwise.
    rank: Rank,
    /// The block it is in.
    within: BodyId,
    /// Whether this is the top level of a file.
    top: bool,
}

/// What a block's nodes define.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// Options of the root or of a type.
    Options(SchemaId),
    /// Entries of a map whose values have this type.
    Entries(Arc<crate::module::types::Type>),
}

/// Templates in scope, innermost first.
#[derive(Clone, Default)]
struct Templates(Option<Rc<TemplateFrame>>);

struct TemplateFrame {
    templates: Vec<(Arc<str>, program::TemplateId)>,
    up: Templates,
}

impl Templates {
    fn with(&self, templates: Vec<(Arc<str>, program::TemplateId)>) -> Templates {
        if templates.is_empty() {
            return self.clone();
        }
        Templates(Some(Rc::new(TemplateFrame { templates, up: self.clone() })))
    }

    fn frames(&self) -> impl Iterator<Item = &TemplateFrame> {
        std::iter::successors(self.0.as_deref(), |frame| frame.up.0.as_deref())
    }

    fn find(&self, name: &str) -> Option<program::TemplateId> {
        let mut all = self.frames().flat_map(|frame| &frame.templates);
        all.find(|(known, _)| **known == *name).map(|(_, template)| *template)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.frames().flat_map(|frame| frame.templates.iter().map(|(name, _)| &**name))
    }
}

impl Resolver<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Room for a body that is resolved later.
    fn reserve(&mut self) -> BodyId {
        self.program.bodies.push(Body::default());
        BodyId(self.program.bodies.len() as u32 - 1)
    }

    /// A scalar of the document as a value, its names checked.
    fn term(&mut self, scalar: &Scalar, names: &Names) -> Term {
        match scalar {
            Scalar::Null(span) => Term::Null(*span),
            Scalar::Bool(value, span) => Term::Bool(*value, *span),
            Scalar::Int(value, span) => Term::Int(*value, *span),
            Scalar::Float(value, span) => Term::Float(*value, *span),
            Scalar::Text(text) => self.text_term(text, names),
        }
    }

    fn text_term(&mut self, text: &Text, names: &Names) -> Term {
        if !text.value.contains('$') {
            return Term::Text(text.value.clone(), text.span);
        }
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(mistakes) => {
                self.diagnostics.extend(mistakes);
                return Term::Broken(text.span);
            }
        };
        if let Template::Constant(value, span) = template {
            return Term::Text(value, span);
        }
        let unknown = names::unknown(&template, names, &self.everywhere);
        if unknown.is_empty() {
            return Term::Dynamic(Arc::new(template));
        }
        self.diagnostics.extend(unknown);
        Term::Broken(text.span)
    }

    /// Warns where a name of the author's hides a root option.
    fn hides(&mut self, name: &str, span: Span, module: ModuleId) {
        if self.loaded[module.0 as usize].standard || !self.everywhere.options.contains(name) {
            return;
        }
        let option = self.program.schema(SchemaId::ROOT).by_name(name);
        let declared = option.map(|option| self.program.option(SchemaId::ROOT, option).span);
        let mut warning = Diagnostic::warning(
            codes::HIDES_OPTION,
            span,
            format!("`{name}` hides the root option of this name"),
        );
        if let Some(declared) = declared {
            warning = warning.label(declared, "the option");
        }
        self.report(warning.help("give it another name"));
    }
}

impl Named for Vec<Schema> {
    fn find(&self, name: &str) -> Option<SchemaId> {
        let found = self.iter().skip(1).position(|schema| *schema.name == *name);
        found.map(|at| SchemaId(at as u32 + 1))
    }

    fn name(&self, schema: SchemaId) -> &str {
        &self[schema.0 as usize].name
    }

    fn names(&self) -> Vec<&str> {
        self.iter().skip(1).map(|schema| &*schema.name).collect()
    }
}

/// The text of a scalar that is one.
fn text_of(scalar: &Scalar) -> Option<&Text> {
    match scalar {
        Scalar::Text(text) => Some(text),
        _ => None,
    }
}

/// The children of a node; none where it has no block.
fn children(document: Option<&Document>) -> &[Node] {
    document.map_or(&[], |document| &document.nodes)
}
