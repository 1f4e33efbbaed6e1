//! Names in scope as an editor sees them: where each is declared, and what is known of its value without evaluating.

use crate::module::types::{SchemaId, Type};
use crate::source::Span;
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The keys from the root to a value, as in `hosts.kdc1.mtu`; `None` where a key is computed.
pub(crate) type ValuePath = Option<Rc<[Arc<str>]>>;

/// A path one key longer.
pub(crate) fn below(path: &ValuePath, key: Option<&Arc<str>>) -> ValuePath {
    let (Some(path), Some(key)) = (path, key) else { return None };
    Some(path.iter().chain([key]).cloned().collect())
}

/// What a word stands for. Two words mean the same thing exactly if their targets are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A node that belongs to the language.
    Keyword(&'static str),
    /// A declared option.
    Option(SchemaId, u32),
    /// A declared type.
    Type(SchemaId),
    /// An entry of a map: the path of the map, then its key.
    Key(Rc<[Arc<str>]>),
    /// A name that is declared here: of a `let`, a param, a template, a loop, a lambda, an `as=`.
    Local(Span, LocalKind),
    /// A name that the language binds in a submodule.
    Bound(SchemaId, Bound),
    /// A source, by its number.
    Module(u32),
    /// A function or value of the language, such as `lib.range`.
    Builtin(Arc<str>),
}

/// What a name of the author's was declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LocalKind {
    Let,
    Param,
    Template,
    Parameter,
    Loop,
    Import,
    /// By an expression: of a lambda, a `let … in`, a set.
    Expression,
    /// A name of a lambda's pattern, which callers use too.
    Field,
}

/// What a submodule's name is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Bound {
    /// `self`
    Own,
    /// `name`
    Key,
    /// The type's name.
    Around,
}

/// What is known of a value without evaluating it.
#[derive(Clone, Debug, Default)]
pub(crate) enum Known {
    /// Nothing.
    #[default]
    Nothing,
    /// A value of a declared type, and where it is if that can be told.
    Value(Type, ValuePath),
    /// A list of such.
    List(Rc<Known>),
    /// A set of such, whose keys are not known.
    Map(Rc<Known>),
    /// A set whose names are written.
    Set(Rc<[Name]>),
    /// `lib`, `net` or `builtins`.
    Library(Arc<str>),
    /// A function that returns this.
    Function(Rc<Known>),
    /// A template with these parameters.
    Template(Rc<TemplateKnown>),
}

/// A template, as its callers see it.
#[derive(Debug)]
pub(crate) struct TemplateKnown {
    /// Its parameters, with where each is declared and whether it may be left out.
    pub(crate) params: Vec<(Arc<str>, Span, bool)>,
    /// The submodule that the block of a call goes into.
    pub(crate) extra: Option<SchemaId>,
}

/// One name.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) name: Arc<str>,
    pub(crate) target: Target,
    pub(crate) known: Known,
}

/// A frame of more names is searched by an index, and what is known of one is not known to the others.
pub(super) const MANY: usize = 48;

/// A chain of blocks, innermost first; cheap to extend and to share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope(Option<Rc<Frame>>);

#[derive(Debug)]
struct Frame {
    names: Vec<Name>,
    /// Where each name is, in a frame of many.
    index: Option<FxHashMap<Arc<str>, usize>>,
    /// Whether the language binds them, not the author.
    implicit: bool,
    /// Whether any further name may be bound here: under a `with` of something unknown.
    open: bool,
    up: Scope,
}

impl Scope {
    /// With further names, which hide outer ones.
    pub(crate) fn with(&self, names: Vec<Name>) -> Scope {
        self.frame(names, false, false)
    }

    /// With names that the author did not write.
    pub(crate) fn with_implicit(&self, names: Vec<Name>) -> Scope {
        self.frame(names, true, false)
    }

    /// With names that any outer one goes before, as `with` binds them.
    pub(crate) fn with_open(&self) -> Scope {
        self.frame(Vec::new(), false, true)
    }

    fn frame(&self, names: Vec<Name>, implicit: bool, open: bool) -> Scope {
        if names.is_empty() && !open {
            return self.clone();
        }
        let many = names.len() > MANY;
        // The first of a name counts.
        let index =
            many.then(|| names.iter().enumerate().rev().map(|(at, name)| (name.name.clone(), at)).collect());
        Scope(Some(Rc::new(Frame { names, index, implicit, open, up: self.clone() })))
    }

    /// The nearest name of this spelling.
    pub(crate) fn find(&self, name: &str) -> Option<&Name> {
        self.frames().find_map(|frame| frame.find(name))
    }

    /// Whether the nearest block that binds the name was written to.
    pub(crate) fn explicit(&self, name: &str) -> bool {
        self.frames().find(|frame| frame.find(name).is_some()).is_some_and(|frame| !frame.implicit)
    }

    /// Whether a `with` around here may bind names that nobody can list.
    pub(crate) fn is_open(&self) -> bool {
        self.frames().any(|frame| frame.open)
    }

    /// All names, the nearest first; a hidden one is left out.
    pub(crate) fn all(&self) -> Vec<&Name> {
        let mut found: Vec<&Name> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for name in self.frames().flat_map(|frame| &frame.names) {
            if seen.insert(&*name.name) {
                found.push(name);
            }
        }
        found
    }

    fn frames(&self) -> impl Iterator<Item = &Frame> {
        std::iter::successors(self.0.as_deref(), |frame| frame.up.0.as_deref())
    }
}

impl Frame {
    fn find(&self, name: &str) -> Option<&Name> {
        match &self.index {
            Some(index) => index.get(name).map(|at| &self.names[*at]),
            None => self.names.iter().find(|known| *known.name == *name),
        }
    }
}

impl Known {
    /// A value of this type.
    pub(crate) fn of(ty: &Type) -> Known {
        Known::Value(ty.clone(), None)
    }

    /// Where it is, if it is part of the configuration and that can be told.
    pub(crate) fn path(&self) -> ValuePath {
        match self {
            Known::Value(_, path) => path.clone(),
            _ => None,
        }
    }

    /// An element of the list that this is.
    pub(crate) fn element(&self) -> Known {
        match self {
            Known::List(inner) => (**inner).clone(),
            Known::Value(ty, _) => match structure(ty) {
                Type::List(inner) => Known::of(inner),
                _ => Known::Nothing,
            },
            _ => Known::Nothing,
        }
    }

    /// A value of the map that this is.
    pub(crate) fn entry(&self) -> Known {
        match self {
            Known::Map(inner) => (**inner).clone(),
            Known::Value(ty, _) => match structure(ty) {
                Type::Map(inner) => Known::of(inner),
                _ => Known::Nothing,
            },
            _ => Known::Nothing,
        }
    }

    /// What calling it gives.
    pub(crate) fn result(&self) -> Known {
        match self {
            Known::Function(result) => (**result).clone(),
            _ => Known::Nothing,
        }
    }
}

/// A type without its `?`, and of a union the part that has something in it.
pub(crate) fn structure(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => structure(inner),
        Type::Union(types) => {
            let structured =
                |one: &&Type| matches!(structure(one), Type::Submodule(_) | Type::Map(_) | Type::List(_));
            types.iter().find(structured).map_or(ty, structure)
        }
        other => other,
    }
}
