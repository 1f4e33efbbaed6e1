//! Names in scope, and the check that every name of an expression is one of them.
//!
//! Deliberately absent: values. What a name stands for is found again, by name, when it is evaluated.

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::source::Span;
use crate::syntax::expr::{Binding, CURRENT_POSITION, Expr, Key, Kind, NodeId, Parameter, Piece, Template};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// A chain of blocks, innermost first; cheap to extend and to share.
#[derive(Clone, Default)]
pub(crate) struct Names(Option<Rc<Frame>>);

struct Frame {
    names: Vec<Arc<str>>,
    /// Whether the language binds them, not the author: `self`, `name`, `host` within a host.
    implicit: bool,
    up: Names,
}

impl Names {
    /// With further names, which hide outer ones.
    pub(crate) fn with(&self, names: Vec<Arc<str>>) -> Names {
        self.frame(names, false)
    }

    /// With names that the author did not write.
    pub(crate) fn with_implicit(&self, names: Vec<Arc<str>>) -> Names {
        self.frame(names, true)
    }

    fn frame(&self, names: Vec<Arc<str>>, implicit: bool) -> Names {
        if names.is_empty() {
            return self.clone();
        }
        Names(Some(Rc::new(Frame { names, implicit, up: self.clone() })))
    }

    /// Whether the nearest block that binds the name was written to.
    pub(crate) fn explicit(&self, name: &str) -> bool {
        let binds = |frame: &&Frame| frame.names.iter().any(|known| **known == *name);
        self.frames().find(binds).is_some_and(|frame| !frame.implicit)
    }

    /// Whether a block around here binds the name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.frames().any(|frame| frame.names.iter().any(|known| **known == *name))
    }

    fn frames(&self) -> impl Iterator<Item = &Frame> {
        std::iter::successors(self.0.as_deref(), |frame| frame.up.0.as_deref())
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.frames().flat_map(|frame| frame.names.iter().map(|name| &**name))
    }
}

/// The names that are in scope everywhere: root options, and what the language brings along.
#[derive(Default)]
pub(crate) struct Everywhere {
    pub(crate) options: BTreeSet<Arc<str>>,
    pub(crate) globals: BTreeSet<Arc<str>>,
}

/// The unknown names of a text's expressions.
pub(crate) fn unknown(template: &Template, names: &Names, everywhere: &Everywhere) -> Vec<Diagnostic> {
    let mut search = Search { names, everywhere, found: Vec::new() };
    for expr in template.expressions() {
        search.expr(expr);
    }
    search.found
}

struct Search<'a> {
    names: &'a Names,
    everywhere: &'a Everywhere,
    found: Vec<Diagnostic>,
}

/// The names an expression binds itself, on the way to one of its nodes.
#[derive(Clone)]
enum Bound<'a> {
    Nothing,
    Names(Rc<(Vec<&'a str>, Bound<'a>)>),
    /// Under a `with` any name may be known.
    Unknowable,
}

impl<'a> Bound<'a> {
    fn with(&self, names: Vec<&'a str>) -> Bound<'a> {
        match self {
            Bound::Unknowable => Bound::Unknowable,
            outer => Bound::Names(Rc::new((names, outer.clone()))),
        }
    }

    fn has(&self, name: &str) -> bool {
        let mut bound = self;
        loop {
            match bound {
                Bound::Nothing => return false,
                Bound::Unknowable => return true,
                Bound::Names(frame) if frame.0.contains(&name) => return true,
                Bound::Names(frame) => bound = &frame.1,
            }
        }
    }

    fn all(&self) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut bound = self;
        while let Bound::Names(frame) = bound {
            found.extend(&frame.0);
            bound = &frame.1;
        }
        found
    }
}

impl Search<'_> {
    /// With an own stack: expressions may be nested without limit.
    fn expr(&mut self, expr: &Expr) {
        let mut left = vec![(expr.root(), Bound::Nothing)];
        while let Some((id, bound)) = left.pop() {
            let mut visit = |id: NodeId| left.push((id, bound.clone()));
            match &expr.node(id).kind {
                Kind::Int(_) | Kind::Float(_) => {}
                Kind::Name(name) if **name == *CURRENT_POSITION => {}
                Kind::Name(name) => self.name(name, expr.node(id).span, &bound),
                Kind::Text(pieces) => pieces.iter().for_each(|piece| match piece {
                    Piece::Literal(_) => {}
                    Piece::Interpolation(id) => visit(*id),
                }),
                Kind::List(items) => items.iter().copied().for_each(visit),
                Kind::Select { from, path, default } => {
                    visit(*from);
                    dynamic(path).for_each(&mut visit);
                    default.iter().copied().for_each(visit);
                }
                Kind::Has { from, path } => {
                    visit(*from);
                    dynamic(path).for_each(visit);
                }
                Kind::Set { recursive, bindings } => {
                    let inner = if *recursive { bound.with(bound_names(bindings)) } else { bound.clone() };
                    self.bindings(bindings, &bound, &inner, &mut left);
                }
                Kind::Let { bindings, body } => {
                    let inner = bound.with(bound_names(bindings));
                    self.bindings(bindings, &bound, &inner, &mut left);
                    left.push((*body, inner));
                }
                Kind::Lambda { parameter, body } => {
                    let inner = match parameter {
                        Parameter::Name(name, _) => bound.with(vec![name]),
                        Parameter::Pattern { fields, all, .. } => {
                            let names = fields.iter().map(|field| &*field.name);
                            bound.with(names.chain(all.iter().map(|(name, _)| &**name)).collect())
                        }
                    };
                    if let Parameter::Pattern { fields, .. } = parameter {
                        left.extend(fields.iter().filter_map(|field| Some((field.default?, inner.clone()))));
                    }
                    left.push((*body, inner));
                }
                Kind::Apply { function, arguments } => {
                    visit(*function);
                    arguments.iter().copied().for_each(visit);
                }
                Kind::With { set, body } => {
                    visit(*set);
                    left.push((*body, Bound::Unknowable));
                }
                Kind::If { condition, yes, no } => [*condition, *yes, *no].into_iter().for_each(visit),
                Kind::Assert { condition, body } => [*condition, *body].into_iter().for_each(visit),
                Kind::Not(operand) | Kind::Negate(operand) => visit(*operand),
                Kind::Binary { left: a, right: b, .. } => [*a, *b].into_iter().for_each(visit),
            }
        }
    }

    fn bindings<'a>(
        &mut self,
        bindings: &'a [Binding],
        outer: &Bound<'a>,
        inner: &Bound<'a>,
        left: &mut Vec<(NodeId, Bound<'a>)>,
    ) {
        for binding in bindings {
            match binding {
                Binding::Value { key, value } => {
                    left.extend(dynamic(std::slice::from_ref(key)).map(|id| (id, inner.clone())));
                    left.push((*value, inner.clone()));
                }
                Binding::Inherit { name, span } => self.name(name, *span, outer),
                Binding::InheritFrom { from, .. } => left.push((*from, inner.clone())),
            }
        }
    }

    fn name(&mut self, name: &str, span: Span, bound: &Bound<'_>) {
        let everywhere = self.everywhere;
        if bound.has(name)
            || self.names.has(name)
            || everywhere.options.contains(name)
            || everywhere.globals.contains(name)
        {
            return;
        }
        let own = bound.all();
        let options = everywhere.options.iter().chain(&everywhere.globals).map(|name| &**name);
        let known = own.into_iter().chain(self.names.all()).chain(options);
        let mut diagnostic =
            Diagnostic::error(codes::UNKNOWN_NAME, span, format!("nothing is called `{name}` here"));
        if let Some(near) = nearest(name, known) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.found.push(diagnostic);
    }
}

fn dynamic(path: &[Key]) -> impl Iterator<Item = NodeId> {
    path.iter().filter_map(|key| match key {
        Key::Static(..) => None,
        Key::Dynamic(id, _) => Some(*id),
    })
}

fn bound_names(bindings: &[Binding]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for binding in bindings {
        match binding {
            Binding::Value { key: Key::Static(name, _), .. } => names.push(name),
            Binding::Value { key: Key::Dynamic(..), .. } => {}
            Binding::Inherit { name, .. } => names.push(name),
            Binding::InheritFrom { names: inherited, .. } => {
                names.extend(inherited.iter().map(|(name, _)| &**name))
            }
        }
    }
    names
}
