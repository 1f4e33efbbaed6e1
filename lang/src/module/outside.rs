//! What the evaluator asks for by number: options, `let`s and params.

use super::block::BlockId;
use super::machine::{Machine, Parts, SlotId};
use crate::eval::{Embedder, Evaluator, Outside, Raised, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use std::rc::Rc;

impl Machine {
    fn binding(&self, block: u32, at: u32) -> &Let {
        let body = self.blocks.get(block).body;
        &self.program.body(body).lets[at as usize]
    }

    fn input(&self, module: u32, at: u32) -> &Param {
        &self.program.modules[module as usize].params[at as usize]
    }
}

impl Embedder for Machine {
    fn run(&self, evaluator: &mut Evaluator, what: Outside) -> Result<Val, Raised> {
        match what {
            Outside::Option(slot) => self.run_slot(evaluator, SlotId(slot)),
            Outside::Let { block, at } => match &self.binding(block, at).value {
                Data::Term(term) => self.evaluate(evaluator, term, BlockId(block)),
                data => {
                    let thunk = self.data(evaluator, data, BlockId(block));
                    evaluator.force(thunk)
                }
            },
            Outside::Param { module, at } => self.param(evaluator, ModuleId(module), self.input(module, at)),
        }
    }

    fn span(&self, what: Outside) -> Span {
        match what {
            Outside::Option(slot) => self.slot_span(SlotId(slot)),
            Outside::Let { block, at } => self.binding(block, at).span,
            Outside::Param { module, at } => self.input(module, at).span,
        }
    }

    fn name(&self, what: Outside) -> String {
        match what {
            Outside::Option(slot) => self.slot_name(SlotId(slot)),
            Outside::Let { block, at } => format!("`{}`", self.binding(block, at).name),
            Outside::Param { module, at } => format!("param `{}`", self.input(module, at).name.value),
        }
    }

    fn path(&self, what: Outside) -> Option<String> {
        match what {
            Outside::Option(slot) => Some(self.slot_path(self.slots.get(slot))),
            Outside::Let { .. } | Outside::Param { .. } => None,
        }
    }

    fn element(&self, evaluator: &Evaluator, list: &Rc<[ThunkId]>, at: usize) -> Option<(Span, String)> {
        let found = (0..self.slots.len()).map(|slot| self.slots.get(slot)).find(
            |slot| matches!(evaluator.done(slot.thunk), Some(Val::List(items)) if Rc::ptr_eq(items, list)),
        )?;
        let Parts::List(elements) = found.outcome.get()?.parts else { return None };
        Some((self.lists.get(elements).get(at)?.1, self.slot_path(found)))
    }

    fn bound(&self, evaluator: &mut Evaluator, block: u32, at: usize) -> ThunkId {
        let block = self.blocks.get(block);
        let (_, bind) = &self.program.body(block.body).binds[at];
        Machine::bound(self, evaluator, block.instance, *bind)
    }
}
