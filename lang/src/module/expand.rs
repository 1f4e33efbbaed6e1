//! From static structure to definitions: turns of loops, branches of conditions, calls of templates.
//!
//! Each is expanded when an option that it defines is first asked for, and only once.

use super::block::{Block, BlockId, Blocks, Opening, Via};
use super::machine::*;
use crate::codes;
use crate::eval::{Evaluator, Raised, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use std::sync::Arc;

impl Machine {
    /// Every definition of an option in a block, in the order written.
    pub(super) fn collect(
        &self,
        evaluator: &mut Evaluator,
        block: BlockId,
        option: u32,
        found: &mut Vec<Piece>,
    ) -> Result<(), Raised> {
        let id = self.blocks.get(block.0).body;
        let body = self.program.body(id);
        for item in body.defining(option) {
            match &body.items[*item as usize] {
                Item::Define(definition) => found.push(Piece {
                    content: PieceContent::Written { body: id, item: *item, depth: 0 },
                    block,
                    rank: definition.rank,
                    span: definition.span,
                }),
                Item::For(_) | Item::If(_) | Item::Call(_) => {
                    for inner in self.expand(evaluator, block, *item)?.iter() {
                        self.collect(evaluator, inner, option, found)?;
                    }
                }
                Item::Assert(_) => {}
            }
        }
        Ok(())
    }

    /// The blocks that a loop, a condition or a call leads to.
    pub(super) fn expand(&self, evaluator: &mut Evaluator, id: BlockId, item: u32) -> Result<Blocks, Raised> {
        if let Some(known) = self.expanded.borrow().get(&(id, item)) {
            return Ok(*known);
        }
        let block = self.blocks.get(id.0);
        if self.blocks.len() > self.most_blocks {
            let message =
                format!("the lab's loops and templates expand to more than {} blocks", self.most_blocks);
            return Err(Raised::new(codes::TOO_LARGE, self.item_span(block.body, item), message));
        }
        let found = match &self.program.body(block.body).items[item as usize] {
            Item::For(one) => self.turns(evaluator, one, id, item)?,
            Item::If(one) => {
                let body =
                    if self.condition(evaluator, &one.condition, id)? { Some(one.yes) } else { one.no };
                match body {
                    Some(body) => Blocks { first: self.inner_block(evaluator, body, id).0, count: 1 },
                    None => Blocks::default(),
                }
            }
            Item::Call(call) => self.call(evaluator, call, id, item),
            Item::Define(_) | Item::Assert(_) => Blocks::default(),
        };
        self.expanded.borrow_mut().insert((id, item), found);
        Ok(found)
    }

    fn item_span(&self, body: BodyId, item: u32) -> Span {
        match &self.program.body(body).items[item as usize] {
            Item::Define(definition) => definition.span,
            Item::For(one) => one.list.span(),
            Item::If(one) => one.condition.span(),
            Item::Call(call) => call.span,
            Item::Assert(assert) => assert.condition.span(),
        }
    }

    /// The block that an item of a map option leads to.
    pub(super) fn entries_block(
        &self,
        evaluator: &mut Evaluator,
        id: BlockId,
        item: u32,
        body: BodyId,
    ) -> BlockId {
        let known = self.expanded.borrow().get(&(id, item)).copied();
        match known {
            Some(known) => BlockId(known.first),
            None => {
                let made = self.inner_block(evaluator, body, id);
                self.expanded.borrow_mut().insert((id, item), Blocks { first: made.0, count: 1 });
                made
            }
        }
    }

    fn turns(&self, evaluator: &mut Evaluator, one: &For, id: BlockId, item: u32) -> Result<Blocks, Raised> {
        let list = self.term(evaluator, &one.list, id)?;
        let symbols: Vec<_> = one.names.iter().map(|name| evaluator.symbol_of(name)).collect();
        let first = self.blocks.len();
        let turn = |evaluator: &mut Evaluator, values: &[ThunkId]| {
            let Block { scope, instance, extra, .. } = self.blocks.get(id.0);
            let named = symbols.iter().zip(values);
            let scope = named.fold(scope.clone(), |scope, (name, value)| scope.with_one(*name, *value));
            let via = Via::Turn { item, value: values[0] };
            let opening = Opening::of(one.body, &scope, *instance);
            self.block(evaluator, Opening { within: Some(id), via, extra: *extra, ..opening });
        };
        match (&list, symbols.len()) {
            (Val::List(items), 1) => items.iter().for_each(|item| turn(evaluator, &[*item])),
            (Val::Set(set), 2) => {
                for entry in evaluator.sorted(set) {
                    let key = Val::Text(evaluator.name(entry.name).clone());
                    let key = evaluator.value(key);
                    turn(evaluator, &[key, entry.value]);
                }
            }
            (found, names) => {
                let expected = if names == 1 { "a list" } else { "a set" };
                let message =
                    format!("expected {expected} to loop over, found {}", self.show(evaluator, found));
                let raised = Raised::new(codes::TYPE_MISMATCH, one.list.span(), message);
                let raised = match (found, names) {
                    (Val::Set(_), _) => {
                        raised.help("over a set the loop has two names: `for key value in=…`")
                    }
                    (Val::List(_), _) => raised.help("over a list the loop has one name: `for value in=…`"),
                    (Val::Null | Val::Bool(_) | Val::Int(_) | Val::Float(_) | Val::Text(_), _) => raised,
                    (Val::Function(_), _) => {
                        raised.help("a function gives a value when it has all its arguments")
                    }
                };
                return Err(self.traced(evaluator, id, raised));
            }
        };
        Ok(Blocks { first, count: self.blocks.len() - first })
    }

    fn call(&self, evaluator: &mut Evaluator, call: &Call, id: BlockId, item: u32) -> Blocks {
        let block = self.blocks.get(id.0);
        let template = &self.program.templates[call.template.0 as usize];
        let declared = self.declaring_block(template.within, id);
        let mut scope = self.blocks.get(declared.0).scope.clone();
        for (param, argument) in template.params.iter().zip(&call.arguments) {
            let value = match (argument, &param.default) {
                (Some(argument), _) => self.term_in(evaluator, argument, &block.scope),
                (None, Some(default)) => self.term_in(evaluator, default, &scope),
                // A call without it was refused when it was resolved.
                (None, None) => evaluator.value(Val::Null),
            };
            scope = scope.with_one(evaluator.symbol_of(&param.name), value);
        }
        let extra = match call.extra {
            Some(Extra::Inside(body)) => Some((body, id)),
            Some(Extra::Beside(_)) | None => None,
        };
        let via = Via::Call { item, from: id };
        let opening = Opening::of(call.body, &scope, block.instance);
        let BlockId(first) = self.block(evaluator, Opening { within: Some(declared), via, extra, ..opening });
        if let Some(Extra::Beside(body)) = call.extra {
            self.inner_block(evaluator, body, id);
        }
        Blocks { first, count: self.blocks.len() - first }
    }

    /// The block a template was declared in: one around its call, or the top level of a module.
    fn declaring_block(&self, body: BodyId, from: BlockId) -> BlockId {
        let mut at = Some(from);
        while let Some(id) = at {
            let block = self.blocks.get(id.0);
            if block.body == body {
                return id;
            }
            at = block.within;
        }
        self.tops().iter().find(|top| self.blocks.get(top.0).body == body).unwrap_or(from)
    }

    /// A condition's truth.
    pub(super) fn condition(
        &self,
        evaluator: &mut Evaluator,
        condition: &Term,
        block: BlockId,
    ) -> Result<bool, Raised> {
        match self.term(evaluator, condition, block)? {
            Val::Bool(value) => Ok(value),
            found => {
                let message = format!("expected `#true` or `#false`, found {}", self.show(evaluator, &found));
                let raised = Raised::new(codes::TYPE_MISMATCH, condition.span(), message);
                Err(self.traced(evaluator, block, raised))
            }
        }
    }

    /// Adds the loop turns and template calls that led to a block.
    pub(super) fn traced(&self, evaluator: &mut Evaluator, block: BlockId, mut raised: Raised) -> Raised {
        let mut at = Some(block);
        while let Some(id) = at {
            let block = self.blocks.get(id.0);
            at = block.within;
            let Some((span, name)) = self.led_by(block) else { continue };
            let text = match block.via {
                Via::Nothing => continue,
                Via::Turn { value, .. } => match evaluator.done(value).cloned() {
                    Some(value @ (Val::Int(_) | Val::Text(_) | Val::Bool(_) | Val::Float(_))) => {
                        format!("in the turn where `{name}` is {}", self.show(evaluator, &value))
                    }
                    _ => match self.key_of(evaluator, value) {
                        Some(key) => format!("in the turn where `{name}` is `{key}`"),
                        None => format!("in a turn of this loop over `{name}`"),
                    },
                },
                Via::Call { from, .. } => {
                    at = Some(from);
                    format!("in this call of `{name}`")
                }
            };
            raised = raised.frame(span, text);
        }
        raised
    }

    /// The `name` of a submodule, where a loop runs over submodules.
    fn key_of(&self, evaluator: &mut Evaluator, value: ThunkId) -> Option<Arc<str>> {
        let symbol = evaluator.symbol("name");
        let Val::Set(set) = evaluator.done(value)? else { return None };
        let name = set.get(symbol)?.value;
        match evaluator.done(name)? {
            Val::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Where a slot is first spoken of, without evaluating anything.
    pub(super) fn slot_span(&self, slot: SlotId) -> Span {
        let slot = self.slots.get(slot.0);
        if let Some(piece) = self.entry(slot).and_then(|entry| entry.pieces.first()) {
            return piece.span;
        }
        let written = self.contributions(slot.instance).filter_map(|contribution| match contribution {
            Contribution::Block(block) => Some(block),
            Contribution::Set { .. } => None,
        });
        let type_blocks = self.instances.get(slot.instance.0).type_blocks.get().copied().unwrap_or_default();
        for block in written.chain(type_blocks.iter()) {
            let body = self.program.body(self.blocks.get(block.0).body);
            let written =
                body.defining(slot.option).iter().find_map(|item| match &body.items[*item as usize] {
                    Item::Define(definition) => Some(definition.span),
                    Item::For(_) | Item::If(_) | Item::Call(_) | Item::Assert(_) => None,
                });
            if let Some(span) = written {
                return span;
            }
        }
        let declared = self.declaration(slot);
        match &declared.default {
            Some(default) => default.span(),
            None => declared.span,
        }
    }

    /// How messages call a slot.
    pub(super) fn slot_name(&self, slot: SlotId) -> String {
        format!("option `{}`", self.slot_path(self.slots.get(slot.0)))
    }
}
