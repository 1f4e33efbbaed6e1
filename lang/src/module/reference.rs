//! Where a value was defined that another definition only passes on: `principal $one.name password=$one.password`.
//!
//! The innermost definition outside the standard library counts. Only names and paths are followed, through what is
//! evaluated already: nothing is forced here. Deliberately absent: operators, calls, elements of lists.

use super::block::BlockId;
use super::machine::*;
use crate::eval::{Evaluator, Symbol, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use crate::syntax::expr::{Expr, Key, Kind, NodeId, Template};
use std::sync::Arc;

/// What a path leads to, and the innermost place of the user's on the way.
struct Reached {
    value: Val,
    span: Option<Span>,
}

impl Machine {
    /// Where the value of a term that was evaluated is defined: its own place, unless the library only passes it on.
    pub(super) fn defined_at(&self, evaluator: &mut Evaluator, term: &Term, block: BlockId) -> Span {
        let own = term.span();
        match self.program.of_user(own) {
            Some(own) => own,
            None => self.referred(evaluator, term, block).unwrap_or(own),
        }
    }

    /// The place of the user's that a term refers to.
    pub(super) fn referred(&self, evaluator: &mut Evaluator, term: &Term, block: BlockId) -> Option<Span> {
        let Term::Dynamic(template) = term else { return None };
        let Template::Expression(expr, _) = &**template else { return None };
        self.reach(evaluator, expr, expr.root(), block)?.span
    }

    /// The first of the user's definitions, or the first of all.
    pub(super) fn first_span(&self, pieces: &[Piece]) -> Option<Span> {
        let own = pieces.iter().find_map(|piece| self.program.of_user(piece.span));
        own.or_else(|| pieces.first().map(|piece| piece.span))
    }

    fn reach(&self, evaluator: &mut Evaluator, expr: &Expr, node: NodeId, block: BlockId) -> Option<Reached> {
        match &expr.node(node).kind {
            Kind::Name(name) => {
                let symbol = evaluator.symbol_of(name);
                let thunk = evaluator.find(&self.blocks.get(block.0).scope, symbol)?;
                let value = evaluator.done(thunk)?.clone();
                let span =
                    self.owner_span(&value).or_else(|| self.name_span(evaluator, name, symbol, thunk, block));
                Some(Reached { value, span })
            }
            Kind::Select { from, path, default: None } => {
                let mut reached = self.reach(evaluator, expr, *from, block)?;
                for key in path {
                    let name = match key {
                        Key::Static(name, _) => name.clone(),
                        Key::Dynamic(node, _) => match self.reach(evaluator, expr, *node, block)?.value {
                            Val::Text(name) => name,
                            _ => return None,
                        },
                    };
                    reached = self.step(evaluator, &reached, &name)?;
                }
                Some(reached)
            }
            _ => None,
        }
    }

    fn step(&self, evaluator: &mut Evaluator, from: &Reached, name: &Arc<str>) -> Option<Reached> {
        let Val::Set(set) = &from.value else { return None };
        let attribute = set.get(evaluator.symbol_of(name))?;
        let value = evaluator.done(attribute.value)?.clone();
        let here = match set.owner() {
            Some(owner) => self.option_span(InstanceId(owner), name),
            None => evaluator.span_of(attribute.place).and_then(|span| self.program.of_user(span)),
        };
        let span = self.owner_span(&value).or(here).or(from.span);
        Some(Reached { value, span })
    }

    /// The user's place of a submodule.
    fn owner_span(&self, value: &Val) -> Option<Span> {
        let Val::Set(set) = value else { return None };
        self.program.of_user(self.instances.get(set.owner()?).span)
    }

    /// The user's place of an option's value.
    fn option_span(&self, instance: InstanceId, name: &str) -> Option<Span> {
        let option = self.program.schema(self.instances.get(instance.0).schema).by_name(name)?;
        let slot = self.slots.get(self.slot_of(instance, option).0);
        self.program.of_user(slot.outcome.get()?.span)
    }

    /// The user's place of what a name stands for: a `let`, a submodule's key or an option of the root.
    fn name_span(
        &self,
        evaluator: &mut Evaluator,
        name: &Arc<str>,
        symbol: Symbol,
        thunk: ThunkId,
        block: BlockId,
    ) -> Option<Span> {
        let mut at = Some(block);
        while let Some(id) = at {
            let block = self.blocks.get(id.0);
            let symbols = &self.symbols[block.body.0 as usize];
            if let Some(which) = symbols.lets.iter().position(|known| *known == symbol) {
                let Data::Term(term) = &self.program.body(block.body).lets[which].value else { return None };
                // A loop's variable or a template's parameter may hide it.
                let same = evaluator.find(&block.scope, symbol) == Some(thunk);
                return if same { self.referred(evaluator, term, id) } else { None };
            }
            if let Some(which) = symbols.binds.iter().position(|known| *known == symbol) {
                let (_, bind) = &self.program.body(block.body).binds[which];
                let key = *bind == Bind::Key && evaluator.find(&block.scope, symbol) == Some(thunk);
                let span = self.instances.get(block.instance.0).span;
                return if key { self.program.of_user(span) } else { None };
            }
            at = block.within;
        }
        let hidden = evaluator.find(&self.blocks.get(0).scope, symbol) != Some(thunk);
        if hidden { None } else { self.option_span(InstanceId(0), name) }
    }
}
