//! The configuration while it is evaluated: submodules, options and blocks, each made when it is first needed.
//!
//! ```text
//! Program ─ root instance ─ slots (one per option) ─ force: gather definitions, merge → Outcome
//!                                        └ maps and submodules: further instances with slots of their own
//! ```
//!
//! All of it lies in arenas and is referred to by number, so that nothing keeps itself alive.

use crate::diagnostic::Diagnostic;
use crate::eval::{
    Attribute, Evaluator, Limits, Names, Native, Place, Raised, Scope, Set, Symbol, ThunkId, Val,
};
use crate::resolve::program::*;
use crate::source::Span;
use indexmap::IndexMap;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::types::{SchemaId, Type};

/// Everything there is of a configuration.
pub(crate) struct Machine {
    pub(super) program: Arc<Program>,
    pub(super) instances: Arena<Instance>,
    pub(super) slots: Arena<Slot>,
    pub(super) blocks: Arena<Block>,
    /// Per module, its top level.
    pub(super) tops: RefCell<Vec<BlockId>>,
    /// The root's options, as the names they are in every scope.
    root_names: Rc<RefCell<HashMap<Symbol, ThunkId>>>,
    /// Values of `ref<…>` that were defined, to be looked up when all keys are known.
    pub(super) references: RefCell<Vec<Reference>>,
    /// What is wrong, and yet keeps nothing else from being evaluated.
    pub(super) reported: RefCell<Vec<Diagnostic>>,
    /// How many blocks there may be: templates that call templates can multiply without end in sight.
    pub(super) most_blocks: usize,
    /// Symbols of what each body binds.
    pub(super) symbols: Vec<BodySymbols>,
}

/// Symbols of the names a body binds.
#[derive(Default)]
pub(super) struct BodySymbols {
    pub(super) binds: Vec<(Symbol, Bind)>,
    pub(super) lets: Vec<Symbol>,
}

/// A value of a `ref<…>`.
pub(super) struct Reference {
    pub(super) option: Arc<str>,
    pub(super) key: Arc<str>,
    pub(super) span: Span,
    pub(super) declared: Span,
}

/// Things by number.
pub(super) struct Arena<T>(RefCell<Vec<Rc<T>>>);

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self(RefCell::new(Vec::new()))
    }
}

impl<T> Arena<T> {
    pub(super) fn push(&self, one: T) -> u32 {
        let mut all = self.0.borrow_mut();
        all.push(Rc::new(one));
        all.len() as u32 - 1
    }

    pub(super) fn get(&self, at: u32) -> Rc<T> {
        self.0.borrow()[at as usize].clone()
    }

    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InstanceId(pub(super) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotId(pub(super) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockId(pub(super) u32);

/// The root, or one submodule.
pub(super) struct Instance {
    pub(super) schema: SchemaId,
    /// The submodule it is in; `None` for the root.
    pub(super) parent: Option<InstanceId>,
    /// The option of the parent that it is the value of, or in whose collection it is.
    pub(super) option: u32,
    /// Its key in a map, its index in a list.
    pub(super) key: Option<Arc<str>>,
    /// What users' nodes say about it.
    pub(super) contributions: RefCell<Vec<Contribution>>,
    /// Where it is first defined, or declared.
    pub(super) span: Span,
    /// The first of its options' slots.
    pub(super) slots: OnceCell<SlotId>,
    /// Its options as a set.
    pub(super) value: OnceCell<ThunkId>,
    /// The blocks of its type.
    pub(super) type_blocks: OnceCell<Vec<BlockId>>,
}

/// One definition of a submodule.
#[derive(Clone, Copy)]
pub(super) enum Contribution {
    /// A node's head or its block.
    Block(BlockId),
    /// A set computed by an expression.
    Set { thunk: ThunkId, rank: Rank, span: Span, block: BlockId },
}

/// One option of an instance, or one entry of a map of plain values.
pub(super) struct Slot {
    pub(super) instance: InstanceId,
    pub(super) option: u32,
    pub(super) entry: Option<Entry>,
    pub(super) thunk: OnceCell<ThunkId>,
    pub(super) outcome: OnceCell<Rc<Outcome>>,
}

/// An entry of a map.
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    pub(super) ty: Arc<Type>,
    pub(super) pieces: Vec<Piece>,
}

/// A merged value.
pub(super) struct Outcome {
    pub(super) val: Val,
    /// The definition that won.
    pub(super) span: Span,
    pub(super) parts: Parts,
    /// Every definition that was considered, the winner among them.
    pub(super) definitions: Vec<Piece>,
}

/// What a value is made of, where its parts have definitions of their own.
pub(super) enum Parts {
    /// A plain value.
    Plain,
    /// A map's entries.
    Map(IndexMap<Arc<str>, Part>),
    /// A list's elements.
    List(Vec<(Part, Span)>),
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

/// A body in a scope: one turn of a loop, one call of a template, one submodule's node.
pub(super) struct Block {
    pub(super) body: BodyId,
    pub(super) scope: Scope,
    /// The block it stands in.
    pub(super) within: Option<BlockId>,
    /// What led here besides.
    pub(super) via: Via,
    pub(super) instance: InstanceId,
    /// The block of a template's call and the block it stands in.
    pub(super) extra: Option<(BodyId, BlockId)>,
    /// Per item, the blocks it leads to.
    pub(super) inner: RefCell<Vec<Option<Rc<[BlockId]>>>>,
}

/// A step that is worth showing when something goes wrong further in.
pub(super) enum Via {
    Nothing,
    /// A turn of a loop: the variable and its value.
    Turn {
        span: Span,
        name: Arc<str>,
        value: ThunkId,
    },
    /// A template's call, and the block it stands in.
    Call {
        span: Span,
        name: Arc<str>,
        from: BlockId,
    },
}

impl Machine {
    pub(crate) fn new(program: Arc<Program>, limits: Limits, evaluator: &mut Evaluator) -> Rc<Machine> {
        let symbols = program
            .bodies
            .iter()
            .map(|body| BodySymbols {
                binds: body.binds.iter().map(|(name, bind)| (evaluator.symbol_of(name), *bind)).collect(),
                lets: body.lets.iter().map(|one| evaluator.symbol_of(&one.name)).collect(),
            })
            .collect();
        let machine = Rc::new(Machine {
            program,
            instances: Arena::default(),
            slots: Arena::default(),
            blocks: Arena::default(),
            tops: RefCell::default(),
            root_names: Rc::default(),
            references: RefCell::default(),
            reported: RefCell::default(),
            most_blocks: limits.thunks as usize / 10,
            symbols,
        });
        machine.start(evaluator);
        machine
    }

    /// Makes the root and the modules' top levels.
    fn start(self: &Rc<Self>, evaluator: &mut Evaluator) {
        let nowhere = Span::new(crate::source::SourceId(0), 0, 0);
        let root = self.instance(SchemaId::ROOT, None, 0, None, Vec::new(), nowhere);
        let options = self.program.schema(SchemaId::ROOT).options.len() as u32;
        for option in 0..options {
            let symbol = evaluator.symbol_of(&self.program.option(SchemaId::ROOT, option).name.clone());
            let thunk = self.slot_thunk(evaluator, self.slot_of(root, option));
            self.root_names.borrow_mut().insert(symbol, thunk);
        }
        let names: Rc<dyn Names> = Rc::new(RootNames {
            thunks: self.root_names.clone(),
            names: self
                .program
                .schema(SchemaId::ROOT)
                .options
                .iter()
                .map(|option| option.name.clone())
                .collect(),
        });
        let scope = Scope::root(names);
        for module in 0..self.program.modules.len() {
            let block = self.module(evaluator, &scope, ModuleId(module as u32), root);
            self.tops.borrow_mut().push(block);
        }
        let tops = self.tops.borrow().clone();
        let _ = self.instances.get(root.0).type_blocks.set(tops);
    }

    fn module(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        root: &Scope,
        id: ModuleId,
        instance: InstanceId,
    ) -> BlockId {
        let module = &self.program.modules[id.0 as usize];
        let mut names: Vec<(Symbol, ThunkId)> = Vec::new();
        for import in &module.imports {
            let top = self.blocks.get(self.tops.borrow()[import.module.0 as usize].0);
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
            let thunk =
                evaluator.native_thunk(Rc::new(ParamThunk { machine: self.clone(), module: id, param: at }));
            names.push((evaluator.symbol_of(&param.name.value), thunk));
        }
        // The last binding of a name is the nearest.
        names.reverse();
        let scope = if names.is_empty() { root.clone() } else { root.with(names) };
        self.block(evaluator, module.body, scope, None, Via::Nothing, instance, None)
    }

    pub(super) fn root(&self) -> InstanceId {
        InstanceId(0)
    }

    pub(super) fn instance(
        &self,
        schema: SchemaId,
        parent: Option<InstanceId>,
        option: u32,
        key: Option<Arc<str>>,
        contributions: Vec<Contribution>,
        span: Span,
    ) -> InstanceId {
        InstanceId(self.instances.push(Instance {
            schema,
            parent,
            option,
            key,
            contributions: RefCell::new(contributions),
            span,
            slots: OnceCell::new(),
            value: OnceCell::new(),
            type_blocks: OnceCell::new(),
        }))
    }

    /// The slot of an option; all slots of an instance are made at once.
    pub(super) fn slot_of(&self, instance: InstanceId, option: u32) -> SlotId {
        let of = self.instances.get(instance.0);
        let first = of.slots.get_or_init(|| {
            let first = SlotId(self.slots.len() as u32);
            for option in 0..self.program.schema(of.schema).options.len() as u32 {
                self.slots.push(Slot {
                    instance,
                    option,
                    entry: None,
                    thunk: OnceCell::new(),
                    outcome: OnceCell::new(),
                });
            }
            first
        });
        SlotId(first.0 + option)
    }

    pub(super) fn slot_thunk(self: &Rc<Self>, evaluator: &mut Evaluator, slot: SlotId) -> ThunkId {
        let of = self.slots.get(slot.0);
        *of.thunk.get_or_init(|| evaluator.native_thunk(Rc::new(SlotThunk { machine: self.clone(), slot })))
    }

    /// A submodule as a set of its options, lazily.
    pub(super) fn instance_value(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        instance: InstanceId,
    ) -> ThunkId {
        let of = self.instances.get(instance.0);
        if let Some(thunk) = of.value.get() {
            return *thunk;
        }
        let schema = self.program.schema(of.schema);
        let mut entries: Vec<Attribute> = Vec::with_capacity(schema.options.len() + 1);
        if let Some(key) = &of.key
            && schema.by_name("name").is_none()
        {
            let symbol = evaluator.symbol("name");
            let value = evaluator.value(Val::Text(key.clone()));
            entries.push(Attribute { name: symbol, value, place: Place::NONE });
        }
        for (option, declared) in schema.options.iter().enumerate() {
            let slot = self.slot_of(instance, option as u32);
            let name = evaluator.symbol_of(&declared.name);
            entries.push(Attribute { name, value: self.slot_thunk(evaluator, slot), place: Place::NONE });
        }
        let set = Val::Set(Rc::new(Set::new(entries).owned_by(instance.0)));
        *of.value.get_or_init(|| evaluator.value(set))
    }

    /// Makes a block: what its body binds becomes visible in it.
    #[expect(clippy::too_many_arguments, reason = "a block is exactly these, and is made in one place")]
    pub(super) fn block(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        body: BodyId,
        outer: Scope,
        within: Option<BlockId>,
        via: Via,
        instance: InstanceId,
        extra: Option<(BodyId, BlockId)>,
    ) -> BlockId {
        let mut scope = outer;
        let symbols = &self.symbols[body.0 as usize];
        if !symbols.binds.is_empty() {
            let binds: Vec<(Symbol, ThunkId)> = symbols
                .binds
                .iter()
                .map(|(symbol, bind)| (*symbol, self.bound(evaluator, instance, *bind)))
                .collect();
            scope = scope.with(binds);
        }
        let id = BlockId(self.blocks.len() as u32);
        if !symbols.lets.is_empty() {
            let lets: Vec<(Symbol, ThunkId)> = symbols
                .lets
                .iter()
                .enumerate()
                .map(|(at, symbol)| {
                    let of = LetThunk { machine: self.clone(), block: id, at };
                    (*symbol, evaluator.native_thunk(Rc::new(of)))
                })
                .collect();
            scope = scope.with(lets);
        }
        self.blocks.push(Block {
            body,
            scope,
            within,
            via,
            instance,
            extra,
            inner: RefCell::new(Vec::new()),
        });
        id
    }

    fn bound(self: &Rc<Self>, evaluator: &mut Evaluator, instance: InstanceId, bind: Bind) -> ThunkId {
        match bind {
            Bind::Own => self.instance_value(evaluator, instance),
            Bind::Key => match &self.instances.get(instance.0).key {
                Some(key) => evaluator.value(Val::Text(key.clone())),
                None => evaluator.value(Val::Null),
            },
            Bind::Around(schema) => {
                let mut at = Some(instance);
                while let Some(id) = at {
                    let of = self.instances.get(id.0);
                    if of.schema == schema {
                        return self.instance_value(evaluator, id);
                    }
                    at = of.parent;
                }
                evaluator.value(Val::Null)
            }
        }
    }

    /// The blocks of an instance's type, with what they define for every instance.
    pub(super) fn type_blocks(self: &Rc<Self>, evaluator: &mut Evaluator, id: InstanceId) -> Vec<BlockId> {
        let of = self.instances.get(id.0);
        if let Some(blocks) = of.type_blocks.get() {
            return blocks.clone();
        }
        let mut blocks = Vec::new();
        for (body, module) in &self.program.schema(of.schema).bodies {
            let top = self.tops.borrow()[module.0 as usize];
            let scope = self.blocks.get(top.0).scope.clone();
            blocks.push(self.block(evaluator, *body, scope, Some(top), Via::Nothing, id, None));
        }
        let _ = of.type_blocks.set(blocks.clone());
        blocks
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
        let schema = self.instances.get(slot.instance.0).schema;
        let mut path = self.instance_path(slot.instance);
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&self.program.option(schema, slot.option).name);
        if let Some(entry) = &slot.entry {
            path.push('.');
            path.push_str(&path_part(&entry.key));
        }
        path
    }

    /// The option that a slot belongs to.
    pub(super) fn declaration(&self, slot: &Slot) -> &OptionDecl {
        self.program.option(self.instances.get(slot.instance.0).schema, slot.option)
    }

    pub(super) fn report(&self, raised: Raised) {
        self.reported.borrow_mut().push(raised.into());
    }
}

/// A key as it stands in a path: quoted where it has a dot.
fn path_part(key: &str) -> String {
    let plain = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain { key.to_owned() } else { format!("{key:?}") }
}

/// The root's options as names.
struct RootNames {
    thunks: Rc<RefCell<HashMap<Symbol, ThunkId>>>,
    names: Vec<Arc<str>>,
}

impl Names for RootNames {
    fn find(&self, _: &mut Evaluator, name: Symbol) -> Option<ThunkId> {
        self.thunks.borrow().get(&name).copied()
    }

    fn all(&self) -> Vec<Arc<str>> {
        self.names.clone()
    }
}

/// The value of a slot.
struct SlotThunk {
    machine: Rc<Machine>,
    slot: SlotId,
}

impl Native for SlotThunk {
    fn run(&self, evaluator: &mut Evaluator) -> Result<Val, Raised> {
        self.machine.run_slot(evaluator, self.slot)
    }

    fn span(&self) -> Span {
        self.machine.slot_span(self.slot)
    }

    fn name(&self) -> String {
        self.machine.slot_name(self.slot)
    }
}

/// The value of a `let`.
struct LetThunk {
    machine: Rc<Machine>,
    block: BlockId,
    at: usize,
}

impl LetThunk {
    fn binding(&self) -> &Let {
        let body = self.machine.blocks.get(self.block.0).body;
        &self.machine.program.body(body).lets[self.at]
    }
}

impl Native for LetThunk {
    fn run(&self, evaluator: &mut Evaluator) -> Result<Val, Raised> {
        let thunk = self.machine.data(evaluator, &self.binding().value, self.block);
        evaluator.force(thunk)
    }

    fn span(&self) -> Span {
        self.binding().span
    }

    fn name(&self) -> String {
        format!("`{}`", self.binding().name)
    }
}

/// The value of a `param`.
struct ParamThunk {
    machine: Rc<Machine>,
    module: ModuleId,
    param: usize,
}

impl ParamThunk {
    fn declared(&self) -> &Param {
        &self.machine.program.modules[self.module.0 as usize].params[self.param]
    }
}

impl Native for ParamThunk {
    fn run(&self, evaluator: &mut Evaluator) -> Result<Val, Raised> {
        self.machine.param(evaluator, self.module, self.declared())
    }

    fn span(&self) -> Span {
        self.declared().span
    }

    fn name(&self) -> String {
        format!("param `{}`", self.declared().name.value)
    }
}
