//! Blocks: bodies in a scope, and the names they bind.

use super::machine::{InstanceId, Machine};
use crate::eval::{Evaluator, Outside, Scope, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct BlockId(pub(super) u32);

/// Blocks that were made one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Blocks {
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Blocks {
    pub(super) fn iter(self) -> impl Iterator<Item = BlockId> {
        (self.first..self.first + self.count).map(BlockId)
    }
}

/// A body in a scope: one turn of a loop, one call of a template, one submodule's node.
pub(super) struct Block {
    pub(super) body: BodyId,
    pub(super) instance: InstanceId,
    pub(super) scope: Scope,
    /// The block it stands in.
    pub(super) within: Option<BlockId>,
    /// What led here besides.
    pub(super) via: Via,
    /// The block of a template's call and the block it stands in.
    pub(super) extra: Option<(BodyId, BlockId)>,
}

/// A step that is worth showing when something goes wrong further in: an item of a block.
#[derive(Clone, Copy)]
pub(super) enum Via {
    Nothing,
    /// A turn of a loop in the block around, with what its first variable is.
    Turn {
        item: u32,
        value: ThunkId,
    },
    /// A template's call.
    Call {
        item: u32,
        from: BlockId,
    },
}

/// A block to be made.
pub(super) struct Opening<'a> {
    pub(super) body: BodyId,
    pub(super) instance: InstanceId,
    /// The names around it.
    pub(super) scope: &'a Scope,
    pub(super) within: Option<BlockId>,
    pub(super) via: Via,
    pub(super) extra: Option<(BodyId, BlockId)>,
}

impl<'a> Opening<'a> {
    /// A block that stands in none.
    pub(super) fn of(body: BodyId, scope: &'a Scope, instance: InstanceId) -> Opening<'a> {
        Opening { body, instance, scope, within: None, via: Via::Nothing, extra: None }
    }
}

impl Machine {
    /// Makes a block: what its body binds becomes visible in it.
    pub(super) fn block(&self, evaluator: &mut Evaluator, opening: Opening<'_>) -> BlockId {
        let Opening { body, instance, scope, within, via, extra } = opening;
        let id = BlockId(self.blocks.len());
        let mut scope = scope.clone();
        let symbols = &self.symbols[body.0 as usize];
        if !symbols.binds.is_empty() {
            scope = scope.with_block(symbols.binds.clone(), id.0);
        }
        if !symbols.lets.is_empty() {
            let lets = (0..symbols.lets.len() as u32).map(|at| Outside::Let { block: id.0, at });
            scope = scope.with_range(symbols.lets.clone(), evaluator.outside(lets));
        }
        self.blocks.push(Block { body, instance, scope, within, via, extra });
        id
    }

    /// A further block for the same submodule, in a block of it.
    pub(super) fn inner_block(&self, evaluator: &mut Evaluator, body: BodyId, outer: BlockId) -> BlockId {
        let Block { scope, instance, extra, .. } = self.blocks.get(outer.0);
        let opening = Opening::of(body, scope, *instance);
        self.block(evaluator, Opening { within: Some(outer), extra: *extra, ..opening })
    }

    /// What the language binds in a block.
    pub(super) fn bound(&self, evaluator: &mut Evaluator, instance: InstanceId, bind: Bind) -> ThunkId {
        let found = match bind {
            Bind::Own => Some(self.instance_value(evaluator, instance)),
            Bind::Key => self.key_thunk(self.instances.get(instance.0)),
            Bind::Around(schema) => {
                let mut around = std::iter::successors(Some(instance), |id| self.instances.get(id.0).parent);
                let found = around.find(|id| self.instances.get(id.0).schema == schema);
                found.map(|id| self.instance_value(evaluator, id))
            }
        };
        found.unwrap_or_else(|| evaluator.value(Val::Null))
    }

    /// The blocks of an instance's type, with what they define for every instance.
    pub(super) fn type_blocks(&self, evaluator: &mut Evaluator, id: InstanceId) -> Blocks {
        let instance = self.instances.get(id.0);
        *instance.type_blocks.get_or_init(|| {
            let bodies = &self.program.schema(instance.schema).bodies;
            let first = self.blocks.len();
            for (body, module) in bodies {
                let top = self.top(*module);
                let opening = Opening::of(*body, &self.blocks.get(top.0).scope, id);
                self.block(evaluator, Opening { within: Some(top), ..opening });
            }
            Blocks { first, count: bodies.len() as u32 }
        })
    }

    /// The loop or the call that led to a block: its place and how messages call it.
    pub(super) fn led_by(&self, block: &Block) -> Option<(Span, &str)> {
        let item =
            |id: BlockId, item: u32| &self.program.body(self.blocks.get(id.0).body).items[item as usize];
        match block.via {
            Via::Nothing => None,
            Via::Turn { item: at, .. } => match item(block.within?, at) {
                Item::For(one) => Some((one.names_span, &*one.names[0])),
                _ => None,
            },
            Via::Call { item: at, from } => match item(from, at) {
                Item::Call(call) => {
                    Some((call.span, &*self.program.templates[call.template.0 as usize].name.value))
                }
                _ => None,
            },
        }
    }
}
