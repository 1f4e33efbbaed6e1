//! The configuration while it is evaluated: submodules, options and blocks, each made when it is first needed.
//!
//! ```text
//! Program ─ root instance ─ slots (one per option) ─ force: gather definitions, merge → Outcome
//!                                        └ maps and submodules: further instances with slots of their own
//! ```
//!
//! All of it lies in arenas and is referred to by number, so that nothing keeps itself alive. What an expression can
//! ask for is a thunk of the evaluator; `outside.rs` says what each computes.

use super::arena::Arena;
use super::block::{Block, BlockId, Blocks, Opening};
use super::types::{SchemaId, Type};
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, Limits, Names, Outside, Raised, Scope, Set, Shape, Symbol, ThunkId, Val};
use crate::evaluation::path_part;
use crate::resolve::program::*;
use crate::source::Span;
use crate::value::{Keys, Value};
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// Everything there is of a configuration.
pub(crate) struct Machine {
    pub(super) program: Arc<Program>,
    pub(super) instances: Arena<Instance>,
    pub(super) contributions: Arena<Contribution>,
    pub(super) slots: Arena<Slot>,
    /// What maps and lists are made of.
    pub(super) entries: Arena<Entry>,
    pub(super) maps: Arena<Box<[(Symbol, Part)]>>,
    pub(super) lists: Arena<Box<[(Part, Span)]>>,
    pub(super) blocks: Arena<Block>,
    /// Per block and item of it, the blocks that a loop, a condition or a call led to.
    pub(super) expanded: RefCell<FxHashMap<(BlockId, u32), Blocks>>,
    /// Values of `ref<…>` that were defined, to be looked up when all keys are known.
    pub(super) references: RefCell<Vec<Reference>>,
    /// What is wrong, and yet keeps nothing else from being evaluated.
    pub(super) reported: RefCell<Vec<Diagnostic>>,
    /// A vector that was used before, so that each option does not need one of its own.
    pub(super) spare: Cell<Vec<Piece>>,
    /// How many blocks there may be: templates that call templates can multiply without end in sight.
    pub(super) most_blocks: u32,
    /// Per body, the symbols of what it binds.
    pub(super) symbols: Vec<BodySymbols>,
    /// Per schema, what is the same for all its instances.
    pub(super) shapes: Vec<SchemaShape>,
}

/// Symbols of the names a body binds.
pub(super) struct BodySymbols {
    pub(super) binds: Rc<[Symbol]>,
    pub(super) lets: Rc<[Symbol]>,
}

/// What is the same for all instances of a schema.
pub(super) struct SchemaShape {
    /// Per option, the symbol of its name.
    pub(super) names: Vec<Symbol>,
    /// The same of those that have a value in the outcome: all but functions.
    pub(super) keys: Arc<Keys>,
    /// Per option, the value of a default that is the same everywhere, once it was checked.
    pub(super) defaults: Vec<OnceCell<Val>>,
    /// Per option, its outcome where nothing defines it and that is the same everywhere, once there was one.
    pub(super) undefined: Vec<OnceCell<Value>>,
    /// Per option, the keys of the map that was looked at last: those of the next one are often the same.
    pub(super) recent: Vec<RefCell<Arc<Keys>>>,
    /// The set of its options.
    plain: Shape,
    /// The same with the key as `name`.
    keyed: Shape,
}

/// A value of a `ref<…>`.
pub(super) struct Reference {
    pub(super) option: Arc<str>,
    pub(super) key: Arc<str>,
    pub(super) place: Place,
}

/// Where a value is checked.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where it is defined.
    pub(super) span: Span,
    /// Where its type is declared.
    pub(super) declared: Span,
    /// What it is a value of; nothing where it is a param's.
    pub(super) of: Option<SlotId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InstanceId(pub(super) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotId(pub(super) u32);

/// The root, or one submodule.
pub(super) struct Instance {
    pub(super) schema: SchemaId,
    /// The submodule it is in; `None` for the root.
    pub(super) parent: Option<InstanceId>,
    /// The option of the parent that it is the value of, or in whose collection it is.
    pub(super) option: u32,
    /// Its key in a map.
    pub(super) key: Option<Arc<str>>,
    /// What users' nodes say about it: the first, and how many.
    pub(super) contributions: OnceCell<(u32, u32)>,
    /// Where it is first defined, or declared.
    pub(super) span: Span,
    /// The first of its options' slots.
    pub(super) slots: SlotId,
    /// The first of its options' thunks; the key's comes after them.
    pub(super) thunks: ThunkId,
    /// Its options as a set.
    pub(super) value: OnceCell<ThunkId>,
    /// The blocks of its type.
    pub(super) type_blocks: OnceCell<Blocks>,
}

/// One definition of a submodule.
#[derive(Clone, Copy)]
pub(super) enum Contribution {
    /// A node's head or its block.
    Block(BlockId),
    /// A set computed by an expression.
    Set { thunk: ThunkId, rank: Rank, span: Span, block: BlockId },
}

/// One option of an instance, or one entry of a map of plain values. Small, since every instance has one for each option
/// there is.
pub(super) struct Slot {
    pub(super) instance: InstanceId,
    pub(super) option: u32,
    pub(super) thunk: ThunkId,
    pub(super) entry: Option<EntryId>,
    pub(super) outcome: OnceCell<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryId(u32);

/// An entry of a map.
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    pub(super) ty: Arc<Type>,
    pub(super) pieces: Box<[Piece]>,
}

/// What is known of a merged value besides the value itself.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    /// The definition that won.
    pub(super) span: Span,
    pub(super) parts: Parts,
}

/// What a value is made of, where its parts have definitions of their own.
#[derive(Clone, Copy)]
pub(super) enum Parts {
    /// A plain value.
    Plain,
    /// A map's entries, in the order they were first defined; by their number in [`Machine::maps`].
    Map(u32),
    /// A list's elements, by their number in [`Machine::lists`].
    List(u32),
    /// A submodule.
    Instance(InstanceId),
}

/// One entry or element.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Slot(SlotId),
    Instance(InstanceId),
    Value(ThunkId),
}

/// One definition of an option: where its content stands and the block it was reached in.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) content: PieceContent,
    pub(super) block: BlockId,
    pub(super) rank: Rank,
    pub(super) span: Span,
}

/// What a definition says.
#[derive(Clone, Copy)]
pub(super) enum PieceContent {
    /// As written: the item of a body, and how many collections its content is unwrapped from.
    Written { body: BodyId, item: u32, depth: u32 },
    /// Computed.
    Computed(ThunkId),
    /// The default of an option.
    Default { schema: SchemaId, option: u32 },
}

impl Machine {
    pub(crate) fn new(program: Arc<Program>, limits: Limits, evaluator: &mut Evaluator) -> Rc<Machine> {
        let symbols = program.bodies.iter().map(|body| BodySymbols {
            binds: body.binds.iter().map(|(name, _)| evaluator.symbol_of(name)).collect(),
            lets: body.lets.iter().map(|one| evaluator.symbol_of(&one.name)).collect(),
        });
        let symbols = symbols.collect();
        let shapes = program.schemas.iter().map(|schema| SchemaShape::new(schema, evaluator)).collect();
        let machine = Rc::new(Machine {
            program,
            instances: Arena::default(),
            contributions: Arena::default(),
            slots: Arena::default(),
            entries: Arena::default(),
            maps: Arena::default(),
            lists: Arena::default(),
            blocks: Arena::default(),
            expanded: RefCell::default(),
            references: RefCell::default(),
            reported: RefCell::default(),
            spare: Cell::default(),
            most_blocks: u32::try_from(limits.memory / 1000).unwrap_or(u32::MAX),
            symbols,
            shapes,
        });
        evaluator.set_embedder(machine.clone());
        machine.start(evaluator);
        machine
    }

    /// Makes the root and the modules' top levels.
    fn start(&self, evaluator: &mut Evaluator) {
        let nowhere = Span::new(crate::source::SourceId(0), 0, 0);
        let root = self.instance(evaluator, SchemaId::ROOT, None, 0, None, nowhere);
        let first = self.instances.get(root.0).thunks;
        let names = &self.shapes[SchemaId::ROOT.0 as usize].names;
        let thunks = names.iter().zip(first.0..).map(|(name, at)| (*name, ThunkId(at))).collect();
        let options = &self.program.schema(SchemaId::ROOT).options;
        let names = options.iter().map(|option| option.name.clone()).collect();
        let scope = Scope::root(Rc::new(RootNames { thunks, names }));
        for module in 0..self.program.modules.len() {
            self.module(evaluator, &scope, ModuleId(module as u32), root);
        }
        let _ = self.instances.get(root.0).type_blocks.set(self.tops());
    }

    fn module(&self, evaluator: &mut Evaluator, root: &Scope, id: ModuleId, instance: InstanceId) {
        let module = &self.program.modules[id.0 as usize];
        let mut names: Vec<(Symbol, ThunkId)> = Vec::new();
        for import in &module.imports {
            let top = self.blocks.get(self.top(import.module).0);
            let symbols = &self.symbols[top.body.0 as usize].lets;
            let found: Vec<(Symbol, ThunkId)> = symbols
                .iter()
                .filter_map(|symbol| Some((*symbol, evaluator.find(&top.scope, *symbol)?)))
                .collect();
            match &import.under {
                None => names.extend(found),
                Some(under) => {
                    let set = evaluator.set(found);
                    let symbol = evaluator.symbol_of(under);
                    names.push((symbol, evaluator.value(set)));
                }
            }
        }
        for (at, param) in module.params.iter().enumerate() {
            let thunk = evaluator.outside([Outside::Param { module: id.0, at: at as u32 }]);
            names.push((evaluator.symbol_of(&param.name.value), thunk));
        }
        // The last binding of a name is the nearest.
        names.reverse();
        let scope = if names.is_empty() { root.clone() } else { root.with(names) };
        self.block(evaluator, Opening::of(module.body, &scope, instance));
    }

    /// The modules' top levels: the first blocks there are, one per module.
    pub(super) fn tops(&self) -> Blocks {
        Blocks { first: 0, count: self.blocks.len().min(self.program.modules.len() as u32) }
    }

    /// The top level of a module.
    pub(super) fn top(&self, module: ModuleId) -> BlockId {
        BlockId(module.0)
    }

    pub(super) fn root(&self) -> InstanceId {
        InstanceId(0)
    }

    /// Makes an instance with its slots; what it is made of is said afterwards, since blocks know their instance.
    pub(super) fn instance(
        &self,
        evaluator: &mut Evaluator,
        schema: SchemaId,
        parent: Option<InstanceId>,
        option: u32,
        key: Option<Arc<str>>,
        span: Span,
    ) -> InstanceId {
        let id = InstanceId(self.instances.len());
        let options = self.program.schema(schema).options.len() as u32;
        let slots = SlotId(self.slots.len());
        let thunks = evaluator.outside((slots.0..slots.0 + options).map(Outside::Option));
        for (option, thunk) in (0..options).zip((thunks.0..).map(ThunkId)) {
            let outcome = OnceCell::new();
            self.slots.push(Slot { instance: id, option, thunk, entry: None, outcome });
        }
        if let Some(key) = &key {
            evaluator.value(Val::Text(key.clone()));
        }
        self.instances.push(Instance {
            schema,
            parent,
            option,
            key,
            contributions: OnceCell::new(),
            span,
            slots,
            thunks,
            value: OnceCell::new(),
            type_blocks: OnceCell::new(),
        });
        id
    }

    /// What users' nodes say about an instance.
    pub(super) fn contributions(&self, id: InstanceId) -> impl Iterator<Item = Contribution> {
        let (first, count) = self.instances.get(id.0).contributions.get().copied().unwrap_or_default();
        (first..first + count).map(|at| *self.contributions.get(at))
    }

    /// The slot of an option.
    pub(super) fn slot_of(&self, instance: InstanceId, option: u32) -> SlotId {
        SlotId(self.instances.get(instance.0).slots.0 + option)
    }

    /// The slot of an entry of a map.
    pub(super) fn entry_slot(&self, evaluator: &mut Evaluator, of: &Slot, entry: Entry) -> SlotId {
        let thunk = evaluator.outside([Outside::Option(self.slots.len())]);
        let entry = Some(EntryId(self.entries.push(entry)));
        let Slot { instance, option, .. } = *of;
        SlotId(self.slots.push(Slot { instance, option, thunk, entry, outcome: OnceCell::new() }))
    }

    /// The entry of a map that a slot is, if it is one.
    pub(super) fn entry(&self, slot: &Slot) -> Option<&Entry> {
        slot.entry.map(|entry| self.entries.get(entry.0))
    }

    /// The type of the submodule that a slot belongs to.
    pub(super) fn schema_of(&self, slot: &Slot) -> SchemaId {
        self.instances.get(slot.instance.0).schema
    }

    /// The type of a slot's value.
    pub(super) fn type_of(&self, slot: &Slot) -> &Type {
        match self.entry(slot) {
            Some(entry) => &entry.ty,
            None => &self.declaration(slot).ty,
        }
    }

    /// The thunk of a key; an instance without one has none.
    pub(super) fn key_thunk(&self, instance: &Instance) -> Option<ThunkId> {
        let options = self.program.schema(instance.schema).options.len() as u32;
        instance.key.as_ref().map(|_| ThunkId(instance.thunks.0 + options))
    }

    /// A submodule as a set of its options, lazily.
    pub(super) fn instance_value(&self, evaluator: &mut Evaluator, id: InstanceId) -> ThunkId {
        let instance = self.instances.get(id.0);
        *instance.value.get_or_init(|| {
            let shapes = &self.shapes[instance.schema.0 as usize];
            let shape = if instance.key.is_some() { &shapes.keyed } else { &shapes.plain };
            evaluator.value(Val::Set(Rc::new(Set::shaped(shape.clone(), instance.thunks, id.0))))
        })
    }

    /// The dotted path of an instance; empty for the root.
    pub(super) fn instance_path(&self, id: InstanceId) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut at = id;
        loop {
            let of = self.instances.get(at.0);
            let Some(parent) = of.parent else { break };
            parts.extend(of.key.as_deref().map(path_part));
            let schema = self.instances.get(parent.0).schema;
            parts.push(self.program.option(schema, of.option).name.to_string());
            at = parent;
        }
        parts.reverse();
        parts.join(".")
    }

    /// The dotted path of a slot, such as `hosts.kdc1.mtu`.
    pub(super) fn slot_path(&self, slot: &Slot) -> String {
        let mut path = self.instance_path(slot.instance);
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&self.declaration(slot).name);
        if let Some(entry) = self.entry(slot) {
            path.push('.');
            path.push_str(&path_part(&entry.key));
        }
        path
    }

    /// The option that a slot belongs to.
    pub(super) fn declaration(&self, slot: &Slot) -> &OptionDecl {
        self.program.option(self.schema_of(slot), slot.option)
    }

    pub(super) fn report(&self, raised: Raised) {
        self.reported.borrow_mut().push(raised.into());
    }
}

impl SchemaShape {
    fn new(schema: &Schema, evaluator: &mut Evaluator) -> SchemaShape {
        let names: Vec<Symbol> =
            schema.options.iter().map(|option| evaluator.symbol_of(&option.name)).collect();
        let mut plain: Vec<(Symbol, u32)> = names.iter().copied().zip(0..).collect();
        plain.sort();
        let mut keyed = plain.clone();
        let name = evaluator.symbol("name");
        if let Err(at) = keyed.binary_search_by_key(&name, |(symbol, _)| *symbol) {
            keyed.insert(at, (name, names.len() as u32));
        }
        let defaults = names.iter().map(|_| OnceCell::new()).collect();
        let undefined = names.iter().map(|_| OnceCell::new()).collect();
        let in_outcome = schema.options.iter().filter(|option| option.ty != Type::Function);
        let keys = Keys::new(in_outcome.map(|option| option.name.clone()).collect());
        let none = Keys::new(Vec::new());
        let recent = names.iter().map(|_| RefCell::new(none.clone())).collect();
        SchemaShape { names, keys, defaults, undefined, recent, plain: plain.into(), keyed: keyed.into() }
    }
}

/// The root's options as names.
struct RootNames {
    thunks: FxHashMap<Symbol, ThunkId>,
    names: Vec<Arc<str>>,
}

impl Names for RootNames {
    fn find(&self, _: &mut Evaluator, name: Symbol) -> Option<ThunkId> {
        self.thunks.get(&name).copied()
    }

    fn all(&self) -> Vec<Arc<str>> {
        self.names.clone()
    }
}
