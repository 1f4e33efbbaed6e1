//! What a value was made from: the options, `let`s, params and variables that its definitions ask for.
//!
//! The definitions that count are evaluated once more, with a mark at every value that is done already: what loses its
//! mark was asked for. So functions and conditions are followed wherever they lead, and nothing is said of what was not
//! needed. Deliberately absent: what a set that an expression computed was made from, where only a part of it is asked
//! about; its parts are done and say nothing.

use super::block::{Block, BlockId, Via};
use super::finish::is_secret;
use super::machine::*;
use super::merge::{Merging, strongest};
use crate::eval::{Embedder, Evaluator, Outside, ThunkId};
use crate::resolve::program::*;
use crate::session::{Bounds, glimpse};
use crate::source::Span;
use crate::why::{Input, InputKind};
use std::collections::{BTreeMap, BTreeSet};

/// How much of an input is seen.
const SEEN: Bounds = Bounds { depth: 1, parts: 4, inner: 4, text: 60 };

/// How many inputs are said in all.
const MOST: usize = 1000;

/// What may be an input.
#[derive(Clone, Copy)]
enum Watched {
    Outside(Outside),
    /// The variable of the loop, or the parameter of the template, that led to a block: which of its names.
    Variable(BlockId, usize),
}

/// Everything that may be an input, by number, and how many more may be said.
struct Watching {
    thunks: Vec<(ThunkId, u32)>,
    watched: Vec<Watched>,
    left: usize,
}

impl Machine {
    /// What an option's value was made from, and what that was made from, `depth` levels deep.
    pub(crate) fn inputs(&self, evaluator: &mut Evaluator, id: SlotId, depth: usize) -> Vec<Input> {
        let mut watching = self.watching(evaluator);
        let inputs = self.inputs_of(evaluator, Watched::Outside(Outside::Option(id.0)), depth, &mut watching);
        // Evaluating once more finds the same mistakes.
        self.reported.take();
        self.references.take();
        inputs
    }

    fn watching(&self, evaluator: &mut Evaluator) -> Watching {
        let mut found: BTreeMap<ThunkId, Watched> = BTreeMap::new();
        for slot in 0..self.slots.len() {
            found.insert(self.slots.get(slot).thunk, Watched::Outside(Outside::Option(slot)));
        }
        for at in 0..self.blocks.len() {
            let block = self.blocks.get(at);
            for (name, symbol) in self.symbols[block.body.0 as usize].lets.iter().enumerate() {
                if let Some(thunk) = evaluator.find(&block.scope, *symbol) {
                    let outside = Outside::Let { block: at, at: name as u32 };
                    found.entry(thunk).or_insert(Watched::Outside(outside));
                }
            }
            for (which, name) in self.variables(block).into_iter().enumerate() {
                let symbol = evaluator.symbol_of(&name);
                if let Some(thunk) = evaluator.find(&block.scope, symbol) {
                    found.entry(thunk).or_insert(Watched::Variable(BlockId(at), which));
                }
            }
        }
        for (module, top) in self.program.modules.iter().zip(self.tops().iter()) {
            let scope = &self.blocks.get(top.0).scope;
            for (at, param) in module.params.iter().enumerate() {
                let symbol = evaluator.symbol_of(&param.name.value);
                if let Some(thunk) = evaluator.find(scope, symbol) {
                    let outside = Outside::Param { module: top.0, at: at as u32 };
                    found.entry(thunk).or_insert(Watched::Outside(outside));
                }
            }
        }
        let thunks = found.keys().copied().zip(0..).collect();
        Watching { thunks, watched: found.into_values().collect(), left: MOST }
    }

    /// The names that the loop or the call which led to a block binds.
    fn variables(&self, block: &Block) -> Vec<std::sync::Arc<str>> {
        match (block.via, block.within) {
            (Via::Turn { item, .. }, Some(within)) => match self.item(within, item) {
                Item::For(one) => one.names.clone(),
                _ => Vec::new(),
            },
            (Via::Call { item, from }, _) => match self.item(from, item) {
                Item::Call(call) => {
                    let params = &self.program.templates[call.template.0 as usize].params;
                    params.iter().map(|param| param.name.clone()).collect()
                }
                _ => Vec::new(),
            },
            (_, _) => Vec::new(),
        }
    }

    fn item(&self, block: BlockId, item: u32) -> &Item {
        &self.program.body(self.blocks.get(block.0).body).items[item as usize]
    }

    fn inputs_of(
        &self,
        evaluator: &mut Evaluator,
        of: Watched,
        depth: usize,
        watching: &mut Watching,
    ) -> Vec<Input> {
        let Watched::Outside(outside) = of else { return Vec::new() };
        if depth == 0 {
            return Vec::new();
        }
        let thunks = std::mem::take(&mut watching.thunks);
        let ((), asked_for) = evaluator.watching(&thunks, |evaluator| self.again(evaluator, outside));
        watching.thunks = thunks;

        let asked_for = asked_for.into_iter().map(|number| watching.watched[number as usize]);
        let asked_for: Vec<(Watched, String)> = asked_for
            .filter(|one| !matches!(one, Watched::Outside(other) if *other == outside))
            .map(|one| (one, self.input_name(one)))
            .collect();
        let mut said = BTreeSet::new();
        let mut inputs = Vec::new();
        for (one, name) in &asked_for {
            // A collection is on the way to what is in it.
            let on_the_way = asked_for.iter().any(|(_, other)| {
                other.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            });
            if on_the_way || watching.left == 0 || !said.insert(name.clone()) {
                continue;
            }
            watching.left -= 1;
            inputs.extend(self.as_input(evaluator, *one, name.clone(), depth, watching));
        }
        inputs
    }

    /// Evaluates once more what a value is made from; what comes of it is known.
    fn again(&self, evaluator: &mut Evaluator, outside: Outside) {
        let Outside::Option(number) = outside else {
            let _ = self.run(evaluator, outside);
            return;
        };
        let id = SlotId(number);
        let slot = self.slots.get(number);
        let declaration = self.declaration(slot);
        let Ok(pieces) = self.definitions(evaluator, slot) else { return };
        let pieces = strongest(&pieces);
        for piece in pieces.iter() {
            self.conditions(evaluator, piece.block);
        }
        let ty = self.type_of(slot);
        if !matches!(slot.outcome.get(), Some(Outcome { parts: Parts::Instance(_), .. })) {
            let _ = self.merge(evaluator, ty, &pieces, &Merging { id, slot, declared: declaration.ty_span });
        }
    }

    /// The conditions that a block depends on, from the inside out.
    fn conditions(&self, evaluator: &mut Evaluator, block: BlockId) {
        let mut at = Some(block);
        while let Some(id) = at {
            let block = self.blocks.get(id.0);
            at = block.within;
            let Some(within) = block.within else { continue };
            for item in &self.program.body(self.blocks.get(within.0).body).items {
                if let Item::If(one) = item
                    && (one.yes == block.body || one.no == Some(block.body))
                {
                    let _ = self.condition(evaluator, &one.condition, within);
                }
            }
        }
    }

    fn input_name(&self, of: Watched) -> String {
        match of {
            Watched::Outside(Outside::Option(slot)) => self.slot_path(self.slots.get(slot)),
            Watched::Outside(Outside::Let { block, at }) => {
                let body = self.blocks.get(block).body;
                self.program.body(body).lets[at as usize].name.to_string()
            }
            Watched::Outside(Outside::Param { module, at }) => {
                self.program.modules[module as usize].params[at as usize].name.value.to_string()
            }
            Watched::Variable(block, which) => {
                let names = self.variables(self.blocks.get(block.0));
                names.get(which).map(ToString::to_string).unwrap_or_default()
            }
        }
    }

    fn as_input(
        &self,
        evaluator: &mut Evaluator,
        of: Watched,
        name: String,
        depth: usize,
        watching: &mut Watching,
    ) -> Option<Input> {
        let (kind, thunk, span, priority, secret) = match of {
            Watched::Outside(outside @ Outside::Option(id)) => {
                let slot = self.slots.get(id);
                let ty = self.type_of(slot);
                let pieces = self.definitions(evaluator, slot).unwrap_or_default();
                let priority = pieces.iter().map(|piece| piece.rank.priority).min();
                let deciding = pieces.iter().find(|piece| Some(piece.rank.priority) == priority);
                let span = deciding.map_or_else(|| self.span(outside), |piece| piece.span);
                (InputKind::Option, self.slots.get(id).thunk, span, priority, is_secret(ty))
            }
            Watched::Outside(outside @ Outside::Let { block, at }) => {
                let block = self.blocks.get(block);
                let symbol = self.symbols[block.body.0 as usize].lets[at as usize];
                (InputKind::Let, evaluator.find(&block.scope, symbol)?, self.span(outside), None, false)
            }
            Watched::Outside(Outside::Param { module, at }) => {
                let param = &self.program.modules[module as usize].params[at as usize];
                let symbol = evaluator.symbol_of(&param.name.value);
                let thunk = evaluator.find(&self.blocks.get(self.top(ModuleId(module)).0).scope, symbol)?;
                let span = param.given.as_ref().map_or(param.span, Term::span);
                (InputKind::Param, thunk, span, None, is_secret(&param.ty))
            }
            Watched::Variable(id, _) => {
                let block = self.blocks.get(id.0);
                let symbol = evaluator.symbol(&name);
                let thunk = evaluator.find(&block.scope, symbol)?;
                let nowhere = || Span::new(crate::source::SourceId(0), 0, 0);
                let span = self.led_by(block).map_or_else(nowhere, |(span, _)| span);
                (InputKind::Variable, thunk, span, None, false)
            }
        };
        let value = glimpse::look(evaluator, thunk, SEEN, &mut Vec::new())?;
        let secret = secret || value == glimpse::Glimpse::Secret;
        let inputs = self.inputs_of(evaluator, of, depth - 1, watching);
        Some(Input { name, kind, value, span, priority, secret, inputs })
    }
}
