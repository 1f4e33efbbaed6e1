//! What resolving makes of the sources: every node with the option it defines, before anything is evaluated.
//!
//! ```text
//! Program ─ schemas (the root and every `type`) ─ options
//!         └ bodies (blocks) ─ items (definitions, loops, conditions, calls) ─ terms
//! ```

use crate::module::types::{SchemaId, Type};
use crate::source::Span;
use crate::syntax::expr::Template;
use crate::syntax::tree::Text;
use std::sync::Arc;

/// The lab's sources, resolved.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// By number; the first is the root.
    pub(crate) schemas: Vec<Schema>,
    /// By number.
    pub(crate) bodies: Vec<Body>,
    /// Imported modules before their importers; the entry is the last.
    pub(crate) modules: Vec<Module>,
    /// By number.
    pub(crate) templates: Vec<TemplateDecl>,
    /// Where secrets are written, whether they were taken or refused.
    pub(crate) secrets: Vec<Span>,
    /// Per source, whether it is part of the standard library.
    pub(crate) standard: Vec<bool>,
}

/// The number of a body within its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BodyId(pub(crate) u32);

/// The number of a module within its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ModuleId(pub(crate) u32);

/// The number of a template within its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TemplateId(pub(crate) u32);

/// One source.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its name, as in messages.
    pub(crate) name: Arc<str>,
    /// Its definitions at the top level.
    pub(crate) body: BodyId,
    /// Its inputs.
    pub(crate) params: Vec<Param>,
    /// What it imports, in order.
    pub(crate) imports: Vec<Import>,
}

/// `import "…" key=value as=name`
#[derive(Debug)]
pub(crate) struct Import {
    /// What is imported.
    pub(crate) module: ModuleId,
    /// The name its `let`s are under; without one they are names themselves.
    pub(crate) under: Option<Arc<str>>,
    /// What it sets, by name.
    pub(crate) arguments: Vec<(Text, Term)>,
}

/// `param NAME type=T default=V`
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: Text,
    pub(crate) ty: Type,
    pub(crate) default: Option<Term>,
    pub(crate) span: Span,
    /// Given from outside (`--set`): already of the type, or wrong and already reported.
    pub(crate) given: Option<Term>,
}

/// The options of the root or of a type.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The type's name; empty for the root.
    pub(crate) name: Arc<str>,
    /// In order of declaration.
    pub(crate) options: Vec<OptionDecl>,
    /// The blocks that declare it, with the definitions among the options, and the module of each.
    pub(crate) bodies: Vec<(BodyId, ModuleId)>,
    /// The types whose submodules this one may be in, itself first: what is in scope under its type's name.
    pub(crate) around: Vec<SchemaId>,
    /// Whether its submodules have keys, so that `name` means something.
    pub(crate) keyed: bool,
}

/// `option NAME …`
#[derive(Debug)]
pub(crate) struct OptionDecl {
    pub(crate) name: Arc<str>,
    /// Where the name stands.
    pub(crate) span: Span,
    pub(crate) ty: Type,
    /// Where the type stands; the name, where none is written.
    pub(crate) ty_span: Span,
    pub(crate) default: Option<Term>,
    /// `node=`
    pub(crate) node: Option<Arc<str>>,
    /// `arg=#true`
    pub(crate) argument: bool,
    /// `key=`: what the keys of a map are.
    pub(crate) key: Option<Type>,
    pub(crate) internal: bool,
    /// Whether something about it was refused, so that nothing more is said about its value.
    pub(crate) broken: bool,
    pub(crate) doc: Option<Arc<str>>,
    pub(crate) examples: Vec<Arc<str>>,
    /// Which of the schema's bodies it is declared in: the names its default sees.
    pub(crate) body: BodyId,
    /// The file it is declared in.
    pub(crate) module: ModuleId,
}

/// `template NAME param… key=default { … }`
#[derive(Debug)]
pub(crate) struct TemplateDecl {
    pub(crate) name: Text,
    /// In order; those with a default are last or have a name.
    pub(crate) params: Vec<TemplateParam>,
    /// The block it is declared in.
    pub(crate) within: BodyId,
}

/// What a template takes.
#[derive(Clone, Debug)]
pub(crate) struct TemplateParam {
    pub(crate) name: Arc<str>,
    pub(crate) span: Span,
    pub(crate) default: Option<Term>,
}

/// A block: what it binds and what it defines.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// What the block binds of the submodule it belongs to, where it begins one.
    pub(crate) binds: Vec<(Arc<str>, Bind)>,
    pub(crate) lets: Vec<Let>,
    pub(crate) items: Vec<Item>,
    /// Per option that anything in here defines, the items that do; sorted by option. Entries of a map are option 0.
    pub(crate) sites: Vec<(u32, Vec<u32>)>,
    /// The items with an `assert` or `warn` in them, at any depth that belongs to the same submodule.
    pub(crate) asserts: Vec<u32>,
    /// Whether something in here was refused, so that what seems to be missing may only be misspelt.
    pub(crate) broken: bool,
}

/// A name that the language binds within a submodule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bind {
    /// `self`
    Own,
    /// `name`
    Key,
    /// The type's name: the nearest submodule of that type, from this one outwards.
    Around(SchemaId),
}

/// One name of a `let`.
#[derive(Debug)]
pub(crate) struct Let {
    pub(crate) name: Arc<str>,
    pub(crate) span: Span,
    pub(crate) value: Data,
}

/// One node of a body.
#[derive(Debug)]
pub(crate) enum Item {
    /// An option gets a definition.
    Define(Definition),
    /// `for x in=…`
    For(For),
    /// `if … else …`
    If(If),
    /// A template's name.
    Call(Call),
    /// `assert` or `warn`
    Assert(Assert),
}

/// `for key value in="${…}" { … }`
#[derive(Debug)]
pub(crate) struct For {
    /// One name for the elements of a list, two for the keys and values of a set.
    pub(crate) names: Vec<Arc<str>>,
    /// The first name, where a message says which turn it was.
    pub(crate) names_span: Span,
    pub(crate) list: Term,
    pub(crate) body: BodyId,
}

/// `if "${…}" { … } else { … }`
#[derive(Debug)]
pub(crate) struct If {
    pub(crate) condition: Term,
    pub(crate) yes: BodyId,
    pub(crate) no: Option<BodyId>,
}

/// `NAME argument… key=value { extra definitions }`
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) template: TemplateId,
    /// Per parameter of the template; `None` is its default.
    pub(crate) arguments: Vec<Option<Term>>,
    /// The template's block, resolved for what it is called in.
    pub(crate) body: BodyId,
    /// The call's own block.
    pub(crate) extra: Option<Extra>,
    /// The call's head.
    pub(crate) span: Span,
}

/// The block of a template's call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extra {
    /// It adds to the one submodule that the template defines.
    Inside(BodyId),
    /// It stands beside what the template defines.
    Beside(BodyId),
}

/// `assert "${…}" "message"`
#[derive(Debug)]
pub(crate) struct Assert {
    pub(crate) condition: Term,
    pub(crate) message: Option<Term>,
    pub(crate) warning: bool,
}

/// One definition of an option.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Whose option it is.
    pub(crate) schema: SchemaId,
    /// Which; 0 for an entry of a map.
    pub(crate) option: u32,
    pub(crate) rank: Rank,
    pub(crate) content: Content,
    /// The node's head, or the property.
    pub(crate) span: Span,
}

/// How definitions of one option stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rank {
    /// The lowest wins.
    pub(crate) priority: u32,
    /// The lowest comes first in a list.
    pub(crate) order: u32,
}

impl Rank {
    /// Without annotation.
    pub(crate) const PLAIN: Rank = Rank { priority: 100, order: 1000 };
    /// An option's `default=`.
    pub(crate) const DECLARED: Rank = Rank { priority: 1500, order: 1000 };
}

/// What a definition says, in the form its option's type takes.
#[derive(Debug)]
pub(crate) enum Content {
    /// One value; or several, of a list.
    Values(Vec<Term>),
    /// A submodule: what stands in the node's head, what stands in its block.
    Block {
        head: Option<BodyId>,
        body: Option<BodyId>,
        /// Whether the extra block of a template's call goes in here.
        open: bool,
    },
    /// One entry of a map.
    Entry { key: Term, content: Box<Content> },
    /// A block of entries.
    Entries(BodyId),
    /// One element of a list.
    Element(Box<Content>),
    /// A block of plain data.
    Data(Data),
}

/// Plain data with children: `let { a { b 1 } }`.
#[derive(Debug)]
pub(crate) enum Data {
    /// One argument.
    Term(Term),
    /// Several arguments, or children called `-`.
    List(Vec<Data>),
    /// Children and properties.
    Set(Vec<(Arc<str>, Data)>),
}

/// One value as written.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    Null(Span),
    Bool(bool, Span),
    Int(i64, Span),
    Float(f64, Span),
    Text(Arc<str>, Span),
    /// From the command line only: in a document a list is an expression, or several arguments.
    List(Arc<[Term]>, Span),
    /// With an expression in it.
    Dynamic(Arc<Template>),
    /// Refused, and reported.
    Broken(Span),
}

impl Term {
    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        match self {
            Term::Null(span)
            | Term::Bool(_, span)
            | Term::Int(_, span)
            | Term::Float(_, span)
            | Term::Text(_, span)
            | Term::List(_, span)
            | Term::Broken(span) => *span,
            Term::Dynamic(template) => template.span(),
        }
    }
}

impl Program {
    pub(crate) fn schema(&self, id: SchemaId) -> &Schema {
        &self.schemas[id.0 as usize]
    }

    pub(crate) fn body(&self, id: BodyId) -> &Body {
        &self.bodies[id.0 as usize]
    }

    /// A span, unless it is in the standard library.
    pub(crate) fn of_user(&self, span: Span) -> Option<Span> {
        let standard = self.standard.get(span.source.0 as usize).copied().unwrap_or(false);
        (!standard).then_some(span)
    }

    pub(crate) fn option(&self, schema: SchemaId, option: u32) -> &OptionDecl {
        &self.schema(schema).options[option as usize]
    }
}

impl Schema {
    /// The option that a node of this name defines, and whether it is by `node=`.
    pub(crate) fn by_node(&self, name: &str) -> Option<(u32, bool)> {
        let node = self.options.iter().position(|option| option.node.as_deref() == Some(name));
        match node {
            Some(at) => Some((at as u32, true)),
            None => self.by_name(name).map(|at| (at, false)),
        }
    }

    /// The option of this name.
    pub(crate) fn by_name(&self, name: &str) -> Option<u32> {
        self.options.iter().position(|option| *option.name == *name).map(|at| at as u32)
    }

    /// The option that a node's further arguments are the value of.
    pub(crate) fn argument(&self) -> Option<u32> {
        self.options.iter().position(|option| option.argument).map(|at| at as u32)
    }
}

impl Body {
    /// Whether anything in here defines an option.
    pub(crate) fn defines(&self, option: u32) -> bool {
        !self.defining(option).is_empty()
    }

    /// The items that define an option.
    pub(crate) fn defining(&self, option: u32) -> &[u32] {
        match self.sites.binary_search_by_key(&option, |(known, _)| *known) {
            Ok(at) => &self.sites[at].1,
            Err(_) => &[],
        }
    }
}
