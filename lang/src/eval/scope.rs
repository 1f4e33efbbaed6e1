//! Which name means what: a chain of frames, cheap to extend and to share.
//!
//! Frames that an expression makes for itself (`let`, functions, `rec`) have numbered slots, since the compiler
//! knows which name is where. The frames around an expression have names.

use super::val::{Symbol, ThunkId};
use super::{Evaluator, Raised};
use crate::diagnostic::Diagnostic;
use crate::syntax::expr::Expr;
use std::rc::Rc;
use std::sync::Arc;

/// The names around an expression.
#[derive(Clone)]
pub struct Scope(pub(super) Rc<Frame>);

pub(super) enum Frame {
    /// The end of every chain.
    Root(Option<Rc<dyn Names>>),
    /// What a module imports and takes.
    Names { up: Scope, names: Box<[(Symbol, ThunkId)]> },
    /// A loop's variable, or a parameter of a template.
    Named { up: Scope, name: Symbol, value: ThunkId },
    /// The names of a block's `let`s: thunks side by side.
    Lets { up: Scope, names: Rc<[Symbol]>, first: ThunkId },
    /// What the embedder binds in a block.
    Block { up: Scope, names: Rc<[Symbol]>, block: u32 },
    /// The argument of `x: …`.
    One { up: Scope, value: ThunkId },
    /// `let` and `rec`: thunks side by side.
    Range { up: Scope, first: ThunkId },
    /// The arguments of `{ a, b }: …`.
    Many { up: Scope, values: Box<[ThunkId]> },
    /// `with`.
    With { up: Scope, set: ThunkId },
}

/// Names that are found when they are asked for: the root of the configuration.
pub trait Names {
    /// The value of a name, if it is one of these.
    fn find(&self, evaluator: &mut Evaluator, name: Symbol) -> Option<ThunkId>;

    /// All of them, for the help of a message.
    fn all(&self) -> Vec<Arc<str>>;
}

impl Scope {
    /// No names but `lib`, `net`, `builtins` and Nix's global builtins.
    pub fn empty() -> Self {
        Self(Rc::new(Frame::Root(None)))
    }

    /// These names, before `lib` and the builtins.
    pub fn root(names: Rc<dyn Names>) -> Self {
        Self(Rc::new(Frame::Root(Some(names))))
    }

    /// This scope with further names, which hide outer ones. Thunks may be filled in later
    /// ([`Evaluator::reserve`]), so that the names may refer to each other.
    pub fn with(&self, names: Vec<(Symbol, ThunkId)>) -> Self {
        Self(Rc::new(Frame::Names { up: self.clone(), names: names.into() }))
    }

    /// This scope with one further name.
    pub fn with_one(&self, name: Symbol, value: ThunkId) -> Self {
        Self(Rc::new(Frame::Named { up: self.clone(), name, value }))
    }

    /// This scope with names for thunks side by side, from `first` on.
    pub fn with_range(&self, names: Rc<[Symbol]>, first: ThunkId) -> Self {
        Self(Rc::new(Frame::Lets { up: self.clone(), names, first }))
    }

    /// This scope with names that the embedder knows for a block, each found when it is asked for.
    pub fn with_block(&self, names: Rc<[Symbol]>, block: u32) -> Self {
        Self(Rc::new(Frame::Block { up: self.clone(), names, block }))
    }

    pub(super) fn one(&self, value: ThunkId) -> Self {
        Self(Rc::new(Frame::One { up: self.clone(), value }))
    }

    pub(super) fn range(&self, first: ThunkId) -> Self {
        Self(Rc::new(Frame::Range { up: self.clone(), first }))
    }

    pub(super) fn many(&self, values: Vec<ThunkId>) -> Self {
        Self(Rc::new(Frame::Many { up: self.clone(), values: values.into() }))
    }

    pub(super) fn with_set(&self, set: ThunkId) -> Self {
        Self(Rc::new(Frame::With { up: self.clone(), set }))
    }

    fn up(&self) -> Option<&Scope> {
        match &*self.0 {
            Frame::Root(_) => None,
            Frame::Names { up, .. }
            | Frame::Named { up, .. }
            | Frame::Lets { up, .. }
            | Frame::Block { up, .. }
            | Frame::One { up, .. }
            | Frame::Range { up, .. }
            | Frame::Many { up, .. }
            | Frame::With { up, .. } => Some(up),
        }
    }

    /// The value in a slot of the frame `up` steps outwards.
    pub(super) fn slot(&self, up: u32, slot: u32) -> Option<ThunkId> {
        let mut scope = self;
        for _ in 0..up {
            scope = scope.up()?;
        }
        match &*scope.0 {
            Frame::One { value, .. } => Some(*value),
            Frame::Range { first, .. } => Some(ThunkId(first.0 + slot)),
            Frame::Many { values, .. } => values.get(slot as usize).copied(),
            Frame::Root(_)
            | Frame::Names { .. }
            | Frame::Named { .. }
            | Frame::Lets { .. }
            | Frame::Block { .. }
            | Frame::With { .. } => None,
        }
    }
}

impl Evaluator {
    /// A name that the expression does not bind: in the scope around it, then in `with`s, innermost first.
    pub(super) fn free(&mut self, scope: &Scope, up: u32, name: Symbol) -> Result<Option<ThunkId>, Raised> {
        let mut outer = scope;
        for _ in 0..up {
            let Some(next) = outer.up() else { break };
            outer = next;
        }
        if let Some(found) = self.find(outer, name) {
            return Ok(Some(found));
        }
        let mut inner = Some(scope);
        while let Some(frame) = inner {
            if let Frame::With { set, .. } = &*frame.0
                && let super::Val::Set(set) = self.force(*set)?
                && let Some(attribute) = set.get(name)
            {
                return Ok(Some(attribute.value));
            }
            inner = frame.up();
        }
        Ok(None)
    }

    /// A name in a scope of names.
    pub fn find(&mut self, scope: &Scope, name: Symbol) -> Option<ThunkId> {
        let mut scope = scope;
        loop {
            match &*scope.0 {
                Frame::Names { up, names } => {
                    if let Some((_, value)) = names.iter().find(|(known, _)| *known == name) {
                        return Some(*value);
                    }
                    scope = up;
                }
                Frame::Named { up, name: known, value } => {
                    if *known == name {
                        return Some(*value);
                    }
                    scope = up;
                }
                Frame::Lets { up, names, first } => {
                    if let Some(at) = names.iter().position(|known| *known == name) {
                        return Some(ThunkId(first.0 + at as u32));
                    }
                    scope = up;
                }
                Frame::Block { up, names, block } => {
                    if let Some(at) = names.iter().position(|known| *known == name) {
                        let embedder = self.embedder.clone()?;
                        return Some(embedder.bound(self, *block, at));
                    }
                    scope = up;
                }
                Frame::Root(names) => {
                    let found = names.as_ref().and_then(|names| names.find(self, name));
                    return found.or_else(|| self.global(name));
                }
                Frame::One { up, .. }
                | Frame::Range { up, .. }
                | Frame::Many { up, .. }
                | Frame::With { up, .. } => {
                    scope = up;
                }
            }
        }
    }

    /// Every name in a scope, for the help of a message.
    pub fn names_in(&self, scope: &Scope) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        let mut inner = Some(scope);
        while let Some(scope) = inner {
            match &*scope.0 {
                Frame::Names { names, .. } => {
                    found.extend(names.iter().map(|(name, _)| self.name(*name).clone()))
                }
                Frame::Named { name, .. } => found.push(self.name(*name).clone()),
                Frame::Lets { names, .. } | Frame::Block { names, .. } => {
                    found.extend(names.iter().map(|name| self.name(*name).clone()))
                }
                Frame::Root(Some(names)) => found.extend(names.all()),
                Frame::Root(None)
                | Frame::One { .. }
                | Frame::Range { .. }
                | Frame::Many { .. }
                | Frame::With { .. } => {}
            }
            inner = scope.up();
        }
        found.extend(self.global_names());
        found
    }

    /// What is known to be wrong with an expression's names before it is evaluated: those that nothing binds.
    pub fn check_names(&mut self, expr: &Expr, scope: &Scope) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        for free in expr.free_names() {
            let name = self.symbols.intern_shared(&free.name);
            if !free.in_with && self.find(scope, name).is_none() {
                wrong.push(self.undefined(scope, name, free.span).diagnostic());
            }
        }
        wrong
    }
}
