//! Which names an expression uses but does not bind.

use super::{Binding, CURRENT_POSITION, Expr, Key, Kind, NodeId, Parameter, Piece};
use crate::source::Span;
use std::collections::HashMap;
use std::sync::Arc;

/// A name from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeName {
    /// The name.
    pub name: Arc<str>,
    /// Where it is used.
    pub span: Span,
    /// Whether a `with` around it may bind it.
    pub in_with: bool,
}

impl Expr {
    /// The names it needs from the scope around it, in order of writing.
    pub fn free_names(&self) -> Vec<FreeName> {
        let mut walk = Walk { expr: self, bound: HashMap::new(), withs: 0, found: Vec::new() };
        walk.node(self.root());
        let mut found = walk.found;
        found.sort_by_key(|name| name.span);
        found
    }

    /// The attributes that are selected directly from a free name, as in `lib.range`.
    pub fn selections_of(&self, name: &str) -> Vec<Arc<str>> {
        let select = |kind: &Kind| match kind {
            Kind::Select { from, path, .. } => match (&self.node(*from).kind, path.first()) {
                (Kind::Name(from), Some(Key::Static(attribute, _))) if **from == *name => {
                    Some(attribute.clone())
                }
                _ => None,
            },
            _ => None,
        };
        self.nodes().filter_map(|(_, node)| select(&node.kind)).collect()
    }
}

struct Walk<'a> {
    expr: &'a Expr,
    /// How many times each name is bound around here.
    bound: HashMap<Arc<str>, u32>,
    withs: u32,
    found: Vec<FreeName>,
}

impl Walk<'_> {
    fn node(&mut self, id: NodeId) {
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.node_here(id));
    }

    fn node_here(&mut self, id: NodeId) {
        let expr = self.expr;
        let node = expr.node(id);
        match &node.kind {
            Kind::Int(_) | Kind::Float(_) => {}
            Kind::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Interpolation(node) = piece {
                        self.node(*node);
                    }
                }
            }
            Kind::Name(name) if **name == *CURRENT_POSITION => {}
            Kind::Name(name) => self.name(name, node.span),
            Kind::List(items) => items.iter().for_each(|item| self.node(*item)),
            Kind::Set { recursive: true, bindings } => {
                self.within(&names_of(bindings), |walk| walk.bindings(bindings));
                self.inherited(bindings);
            }
            Kind::Set { recursive: false, bindings } => {
                self.bindings(bindings);
                self.inherited(bindings);
            }
            Kind::Let { bindings, body } => {
                self.within(&names_of(bindings), |walk| {
                    walk.bindings(bindings);
                    walk.node(*body);
                });
                self.inherited(bindings);
            }
            Kind::Select { from, path, default } => {
                self.node(*from);
                self.path(path);
                if let Some(default) = default {
                    self.node(*default);
                }
            }
            Kind::Has { from, path } => {
                self.node(*from);
                self.path(path);
            }
            Kind::Lambda { parameter, body } => {
                let (names, defaults): (Vec<Arc<str>>, Vec<NodeId>) = match parameter {
                    Parameter::Name(name, _) => (vec![name.clone()], Vec::new()),
                    Parameter::Pattern { fields, all, .. } => {
                        let names =
                            fields.iter().map(|field| &field.name).chain(all.iter().map(|(name, _)| name));
                        (names.cloned().collect(), fields.iter().filter_map(|field| field.default).collect())
                    }
                };
                self.within(&names, |walk| {
                    defaults.iter().for_each(|default| walk.node(*default));
                    walk.node(*body);
                });
            }
            Kind::Apply { function, arguments } => {
                self.node(*function);
                arguments.iter().for_each(|argument| self.node(*argument));
            }
            Kind::With { set, body } => {
                self.node(*set);
                self.withs += 1;
                self.node(*body);
                self.withs -= 1;
            }
            Kind::If { condition, yes, no } => {
                [condition, yes, no].into_iter().for_each(|node| self.node(*node))
            }
            Kind::Assert { condition, body } => {
                [condition, body].into_iter().for_each(|node| self.node(*node))
            }
            Kind::Not(operand) | Kind::Negate(operand) => self.node(*operand),
            Kind::Binary { left, right, .. } => {
                self.node(*left);
                self.node(*right);
            }
        }
    }

    fn name(&mut self, name: &Arc<str>, span: Span) {
        if self.bound.get(name).is_none_or(|count| *count == 0) {
            self.found.push(FreeName { name: name.clone(), span, in_with: self.withs > 0 });
        }
    }

    fn within(&mut self, names: &[Arc<str>], walk: impl FnOnce(&mut Self)) {
        for name in names {
            *self.bound.entry(name.clone()).or_default() += 1;
        }
        walk(self);
        for name in names {
            if let Some(count) = self.bound.get_mut(name) {
                *count -= 1;
            }
        }
    }

    fn path(&mut self, path: &[Key]) {
        for key in path {
            if let Key::Dynamic(node, _) = key {
                self.node(*node);
            }
        }
    }

    /// Everything of bindings but the names that are inherited from around them.
    fn bindings(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            match binding {
                Binding::Value { key, value } => {
                    self.path(std::slice::from_ref(key));
                    self.node(*value);
                }
                Binding::Inherit { .. } => {}
                Binding::InheritFrom { from, .. } => self.node(*from),
            }
        }
    }

    fn inherited(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            if let Binding::Inherit { name, span } = binding {
                self.name(name, *span);
            }
        }
    }
}

fn names_of(bindings: &[Binding]) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for binding in bindings {
        match binding {
            Binding::Value { key: Key::Static(name, _), .. } | Binding::Inherit { name, .. } => {
                names.push(name.clone())
            }
            Binding::Value { key: Key::Dynamic(..), .. } => {}
            Binding::InheritFrom { names: inherited, .. } => {
                names.extend(inherited.iter().map(|(name, _)| name.clone()))
            }
        }
    }
    names
}
