//! From static structure to definitions: turns of loops, branches of conditions, calls of templates.
//!
//! Each is expanded when an option that it defines is first asked for, and only once.

use super::machine::*;
use crate::codes;
use crate::eval::{Evaluator, Raised, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

impl Machine {
    /// Every definition of an option in a block, in the order written.
    pub(super) fn collect(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        block: BlockId,
        option: u32,
        found: &mut Vec<Piece>,
    ) -> Result<(), Raised> {
        let body = self.blocks.get(block.0).body;
        for item in self.program.body(body).defining(option) {
            match &self.program.body(body).items[*item as usize] {
                Item::Define(definition) => found.push(Piece {
                    content: PieceContent::Written { body, item: *item, depth: 0 },
                    block,
                    rank: definition.rank,
                    span: definition.span,
                }),
                Item::For(_) | Item::If(_) | Item::Call(_) => {
                    for inner in self.expand(evaluator, block, *item)?.iter() {
                        self.collect(evaluator, *inner, option, found)?;
                    }
                }
                Item::Assert(_) => {}
            }
        }
        Ok(())
    }

    /// The blocks that a loop, a condition or a call leads to.
    pub(super) fn expand(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        id: BlockId,
        item: u32,
    ) -> Result<Rc<[BlockId]>, Raised> {
        let block = self.blocks.get(id.0);
        if let Some(Some(known)) = block.inner.borrow().get(item as usize) {
            return Ok(known.clone());
        }
        if self.blocks.len() > self.most_blocks {
            let message =
                format!("the lab's loops and templates expand to more than {} blocks", self.most_blocks);
            return Err(Raised::new(codes::TOO_LARGE, self.item_span(block.body, item), message));
        }
        let found: Rc<[BlockId]> = match &self.program.body(block.body).items[item as usize] {
            Item::For(one) => self.turns(evaluator, one, id, &block)?,
            Item::If(one) => {
                let body =
                    if self.condition(evaluator, &one.condition, id)? { Some(one.yes) } else { one.no };
                let make = |body| {
                    self.block(
                        evaluator,
                        body,
                        block.scope.clone(),
                        Some(id),
                        Via::Nothing,
                        block.instance,
                        block.extra,
                    )
                };
                body.map(make).into_iter().collect()
            }
            Item::Call(call) => self.call(evaluator, call, id, &block),
            Item::Define(_) | Item::Assert(_) => Rc::new([]),
        };
        let mut inner = block.inner.borrow_mut();
        let items = self.program.body(block.body).items.len();
        if inner.len() < items {
            inner.resize(items, None);
        }
        inner[item as usize] = Some(found.clone());
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
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        id: BlockId,
        item: u32,
        body: BodyId,
    ) -> BlockId {
        let block = self.blocks.get(id.0);
        if let Some(Some(known)) = block.inner.borrow().get(item as usize)
            && let [known] = known[..]
        {
            return known;
        }
        let made = self.block(
            evaluator,
            body,
            block.scope.clone(),
            Some(id),
            Via::Nothing,
            block.instance,
            block.extra,
        );
        let mut inner = block.inner.borrow_mut();
        let items = self.program.body(block.body).items.len();
        if inner.len() < items {
            inner.resize(items, None);
        }
        inner[item as usize] = Some(Rc::new([made]));
        made
    }

    fn turns(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        one: &For,
        id: BlockId,
        block: &Block,
    ) -> Result<Rc<[BlockId]>, Raised> {
        let list = self.term(evaluator, &one.list, id)?;
        let symbols: Vec<_> = one.names.iter().map(|name| evaluator.symbol_of(name)).collect();
        let turns: Vec<Vec<ThunkId>> = match (&list, symbols.len()) {
            (Val::List(items), 1) => items.iter().map(|item| vec![*item]).collect(),
            (Val::Set(set), 2) => {
                let mut turns = Vec::with_capacity(set.len());
                for entry in evaluator.sorted(set) {
                    let key = Val::Text(evaluator.name(entry.name).clone());
                    turns.push(vec![evaluator.value(key), entry.value]);
                }
                turns
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
                    (
                        Val::Null
                        | Val::Bool(_)
                        | Val::Int(_)
                        | Val::Float(_)
                        | Val::Text(_)
                        | Val::Function(_),
                        _,
                    ) => raised,
                };
                return Err(self.traced(evaluator, id, raised));
            }
        };
        let mut blocks = Vec::with_capacity(turns.len());
        for values in turns {
            let via = Via::Turn { span: one.names_span, name: one.names[0].clone(), value: values[0] };
            let scope = block.scope.with(symbols.iter().copied().zip(values).collect());
            blocks.push(self.block(evaluator, one.body, scope, Some(id), via, block.instance, block.extra));
        }
        Ok(blocks.into())
    }

    fn call(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        call: &Call,
        id: BlockId,
        block: &Block,
    ) -> Rc<[BlockId]> {
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
            scope = scope.with(vec![(evaluator.symbol_of(&param.name), value)]);
        }
        let extra = match call.extra {
            Some(Extra::Inside(body)) => Some((body, id)),
            Some(Extra::Beside(_)) | None => None,
        };
        let via = Via::Call { span: call.span, name: template.name.value.clone(), from: id };
        let mut blocks =
            vec![self.block(evaluator, call.body, scope, Some(declared), via, block.instance, extra)];
        if let Some(Extra::Beside(body)) = call.extra {
            let scope = block.scope.clone();
            blocks.push(self.block(
                evaluator,
                body,
                scope,
                Some(id),
                Via::Nothing,
                block.instance,
                block.extra,
            ));
        }
        blocks.into()
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
        let tops = self.tops.borrow();
        let top = tops.iter().find(|top| self.blocks.get(top.0).body == body);
        top.copied().unwrap_or(from)
    }

    /// A condition's truth.
    pub(super) fn condition(
        self: &Rc<Self>,
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
            match &block.via {
                Via::Nothing => {}
                Via::Turn { span, name, value } => {
                    let text = match evaluator.done(*value).cloned() {
                        Some(value @ (Val::Int(_) | Val::Text(_) | Val::Bool(_) | Val::Float(_))) => {
                            format!("in the turn where `{name}` is {}", self.show(evaluator, &value))
                        }
                        _ => match self.key_of(evaluator, *value) {
                            Some(key) => format!("in the turn where `{name}` is `{key}`"),
                            None => format!("in a turn of this loop over `{name}`"),
                        },
                    };
                    raised = raised.frame(*span, text);
                }
                Via::Call { span, name, from } => {
                    raised = raised.frame(*span, format!("in this call of `{name}`"));
                    at = Some(*from);
                }
            }
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
        if let Some(piece) = slot.entry.as_ref().and_then(|entry| entry.pieces.first()) {
            return piece.span;
        }
        let instance = self.instances.get(slot.instance.0);
        let contributions = instance.contributions.borrow();
        let written = contributions.iter().filter_map(|contribution| match contribution {
            Contribution::Block(block) => Some(*block),
            Contribution::Set { .. } => None,
        });
        for block in written.chain(instance.type_blocks.get().into_iter().flatten().copied()) {
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
        let declared = self.declaration(&slot);
        match &declared.default {
            Some(default) => default.span(),
            None => declared.span,
        }
    }

    /// How messages call a slot.
    pub(super) fn slot_name(&self, slot: SlotId) -> String {
        format!("option `{}`", self.slot_path(&self.slots.get(slot.0)))
    }
}
