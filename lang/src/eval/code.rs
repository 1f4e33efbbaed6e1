//! Expressions made ready to run: names interned, lexical names resolved to slots, constants made once.
//!
//! All code of an evaluator lies in one arena, so that a thunk is a number and a scope.

use super::Evaluator;
use super::val::{Place, Symbol, ThunkId, Val};
use crate::source::Span;
use crate::syntax::expr::{Binding, CURRENT_POSITION, Expr, Key, Kind, NodeId, Operator, Parameter, Piece};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The number of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OpId(pub(super) u32);

pub(super) enum Op {
    Const(ThunkId),
    Local {
        up: u32,
        slot: u32,
    },
    /// Not bound in the expression: in the scope `up` frames outwards, or in a `with`.
    Free {
        up: u32,
        name: Symbol,
    },
    Text(Rc<[TextPiece]>),
    List(Rc<[OpId]>),
    Set {
        bindings: Rc<Bindings>,
        recursive: bool,
    },
    /// `from.name`
    Field {
        from: OpId,
        name: Symbol,
        key: Place,
    },
    Select {
        from: OpId,
        path: Rc<[Step]>,
        default: Option<OpId>,
    },
    Has {
        from: OpId,
        path: Rc<[Step]>,
    },
    Lambda(Rc<LambdaCode>),
    Apply {
        function: OpId,
        argument: OpId,
    },
    ApplyMany {
        function: OpId,
        arguments: Rc<[OpId]>,
    },
    Let {
        bindings: Rc<Bindings>,
        body: OpId,
    },
    With {
        set: OpId,
        body: OpId,
    },
    If {
        condition: OpId,
        yes: OpId,
        no: OpId,
    },
    Assert {
        condition: OpId,
        body: OpId,
    },
    Not(OpId),
    Negate(OpId),
    Binary {
        operator: Operator,
        left: OpId,
        right: OpId,
    },
}

pub(super) enum TextPiece {
    Literal(Arc<str>),
    Op(OpId),
}

pub(super) enum Step {
    Static(Symbol, Span),
    Dynamic(OpId, Span),
}

pub(super) struct Bindings {
    /// Sorted by name; in a frame, the index is the slot.
    pub(super) entries: Box<[Entry]>,
    /// What `inherit (from)` selects from.
    pub(super) sources: Box<[OpId]>,
    /// Key, value, place.
    pub(super) dynamic: Box<[(OpId, OpId, Place)]>,
}

pub(super) struct Entry {
    pub(super) name: Symbol,
    pub(super) place: Place,
    pub(super) value: EntryValue,
}

#[derive(Clone, Copy)]
pub(super) enum EntryValue {
    Op(OpId),
    /// An attribute of a source; the operation is there for its span.
    Inherited {
        source: u32,
        at: OpId,
    },
}

/// The code of a lambda.
pub struct LambdaCode {
    pub(super) name: Option<Arc<str>>,
    pub(super) parameter: ParameterCode,
    pub(super) body: OpId,
    pub(super) span: Span,
}

pub(super) enum ParameterCode {
    One(Symbol),
    Pattern { fields: Box<[FieldCode]>, open: bool, all: Option<Symbol> },
}

pub(super) struct FieldCode {
    pub(super) name: Symbol,
    pub(super) place: Place,
    pub(super) default: Option<OpId>,
}

impl LambdaCode {
    /// The names of its pattern, where each stands and whether it has a default.
    pub(super) fn fields(&self) -> Vec<(Symbol, Place, bool)> {
        match &self.parameter {
            ParameterCode::One(_) => Vec::new(),
            ParameterCode::Pattern { fields, .. } => {
                fields.iter().map(|field| (field.name, field.place, field.default.is_some())).collect()
            }
        }
    }
}

impl Evaluator {
    /// The code of an expression, compiled once.
    pub(super) fn compile(&mut self, expr: &Arc<Expr>) -> OpId {
        let key = Arc::as_ptr(expr) as usize;
        if let Some((_, op)) = self.compiled.get(&key) {
            return *op;
        }
        let op = Compiler { evaluator: self, expr, layers: Vec::new() }.compile(expr.root());
        // Kept, so that no other expression ever has this address.
        self.compiled.insert(key, (expr.clone(), op));
        op
    }

    /// The same for an expression that has a name.
    pub(super) fn compile_named(&mut self, expr: &Expr, name: &str) -> OpId {
        Compiler { evaluator: self, expr, layers: Vec::new() }.compile_here(expr.root(), Some(&name.into()))
    }

    pub(super) fn op(&self, op: OpId) -> &Op {
        &self.code[op.0 as usize]
    }

    pub(super) fn is_constant(&self, op: OpId) -> bool {
        matches!(self.op(op), Op::Const(_))
    }

    /// Where the name is bound that an operation is.
    pub(super) fn bound_at(&self, op: OpId) -> Option<Span> {
        self.bound_at.get(&op).copied()
    }

    /// Where an operation was written.
    pub(super) fn op_span(&self, op: OpId) -> Span {
        self.op_spans[op.0 as usize]
    }
}

struct Compiler<'a> {
    evaluator: &'a mut Evaluator,
    expr: &'a Expr,
    layers: Vec<Layer>,
}

/// One frame as the compiler knows it.
enum Layer {
    /// Each with its slot, and where it is bound.
    Names(HashMap<Symbol, (u32, Span)>),
    With,
}

impl Compiler<'_> {
    fn push(&mut self, op: Op, span: Span) -> OpId {
        self.evaluator.code.push(op);
        self.evaluator.op_spans.push(span);
        OpId(self.evaluator.code.len() as u32 - 1)
    }

    fn constant(&mut self, value: Val, span: Span) -> OpId {
        let thunk = self.evaluator.value(value);
        self.push(Op::Const(thunk), span)
    }

    fn compile(&mut self, node: NodeId) -> OpId {
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.compile_here(node, None))
    }

    fn all(&mut self, nodes: &[NodeId]) -> Vec<OpId> {
        nodes.iter().map(|node| self.compile(*node)).collect()
    }

    fn compile_here(&mut self, node: NodeId, name: Option<&Arc<str>>) -> OpId {
        let expr = self.expr;
        let node = expr.node(node);
        let span = node.span;
        let op = match &node.kind {
            Kind::Int(number) => return self.constant(Val::Int(*number), span),
            Kind::Float(number) => return self.constant(Val::Float(*number), span),
            Kind::Text(pieces) => match &pieces[..] {
                [] => return self.constant(Val::Text("".into()), span),
                [Piece::Literal(text)] => return self.constant(Val::Text(text.clone()), span),
                _ => Op::Text(pieces.iter().map(|piece| self.piece(piece)).collect()),
            },
            Kind::Name(name) if **name == *CURRENT_POSITION => {
                let position = self.evaluator.position(Some(span));
                return self.constant(position, span);
            }
            Kind::Name(name) => return self.name(name, span, 0),
            Kind::List(items) => Op::List(self.all(items).into()),
            Kind::Set { recursive, bindings } => {
                let bindings = self.bindings(bindings, *recursive);
                if *recursive {
                    self.layers.pop();
                }
                Op::Set { bindings: Rc::new(bindings), recursive: *recursive }
            }
            Kind::Select { from, path, default } => {
                let from = self.compile(*from);
                match (&path[..], default) {
                    ([Key::Static(name, span)], None) => {
                        let key = self.evaluator.place(*span);
                        Op::Field { from, name: self.evaluator.symbols.intern_shared(name), key }
                    }
                    _ => {
                        let path = self.path(path);
                        Op::Select { from, path, default: default.map(|node| self.compile(node)) }
                    }
                }
            }
            Kind::Has { from, path } => Op::Has { from: self.compile(*from), path: self.path(path) },
            Kind::Lambda { parameter, body } => self.lambda(parameter, *body, span, name),
            Kind::Apply { function, arguments } => {
                let function = self.compile(*function);
                match &arguments[..] {
                    [argument] => Op::Apply { function, argument: self.compile(*argument) },
                    arguments => Op::ApplyMany { function, arguments: self.all(arguments).into() },
                }
            }
            Kind::Let { bindings, body } => {
                let bindings = Rc::new(self.bindings(bindings, true));
                let body = self.compile(*body);
                self.layers.pop();
                Op::Let { bindings, body }
            }
            Kind::With { set, body } => {
                let set = self.compile(*set);
                self.layers.push(Layer::With);
                let body = self.compile(*body);
                self.layers.pop();
                Op::With { set, body }
            }
            Kind::If { condition, yes, no } => {
                Op::If { condition: self.compile(*condition), yes: self.compile(*yes), no: self.compile(*no) }
            }
            Kind::Assert { condition, body } => {
                Op::Assert { condition: self.compile(*condition), body: self.compile(*body) }
            }
            Kind::Not(operand) => Op::Not(self.compile(*operand)),
            Kind::Negate(operand) => Op::Negate(self.compile(*operand)),
            Kind::Binary { operator: Operator::PipeInto, left, right } => {
                let argument = self.compile(*left);
                Op::Apply { function: self.compile(*right), argument }
            }
            Kind::Binary { operator: Operator::PipeFrom, left, right } => {
                let function = self.compile(*left);
                Op::Apply { function, argument: self.compile(*right) }
            }
            Kind::Binary { operator, left, right } => {
                Op::Binary { operator: *operator, left: self.compile(*left), right: self.compile(*right) }
            }
        };
        self.push(op, span)
    }

    /// A name, looked up `skip` frames outwards.
    fn name(&mut self, name: &Arc<str>, span: Span, skip: usize) -> OpId {
        let symbol = self.evaluator.symbols.intern_shared(name);
        for (up, layer) in self.layers.iter().rev().enumerate().skip(skip) {
            if let Layer::Names(names) = layer
                && let Some((slot, bound)) = names.get(&symbol).copied()
            {
                let op = self.push(Op::Local { up: up as u32, slot }, span);
                self.evaluator.bound_at.insert(op, bound);
                return op;
            }
        }
        let up = self.layers.len() as u32;
        self.push(Op::Free { up, name: symbol }, span)
    }

    fn piece(&mut self, piece: &Piece) -> TextPiece {
        match piece {
            Piece::Literal(text) => TextPiece::Literal(text.clone()),
            Piece::Interpolation(node) => TextPiece::Op(self.compile(*node)),
        }
    }

    fn path(&mut self, path: &[Key]) -> Rc<[Step]> {
        path.iter()
            .map(|key| match key {
                Key::Static(name, span) => Step::Static(self.evaluator.symbols.intern_shared(name), *span),
                Key::Dynamic(node, span) => Step::Dynamic(self.compile(*node), *span),
            })
            .collect()
    }

    fn lambda(&mut self, parameter: &Parameter, body: NodeId, span: Span, name: Option<&Arc<str>>) -> Op {
        let mut names = HashMap::new();
        let parameter = match parameter {
            Parameter::Name(name, span) => {
                let symbol = self.evaluator.symbols.intern_shared(name);
                names.insert(symbol, (0, *span));
                self.layers.push(Layer::Names(names));
                ParameterCode::One(symbol)
            }
            Parameter::Pattern { fields, open, all } => {
                let fields_and_all = fields.iter().map(|field| (&field.name, field.span));
                let fields_and_all = fields_and_all.chain(all.iter().map(|(name, span)| (name, *span)));
                for (slot, (name, span)) in fields_and_all.enumerate() {
                    names.insert(self.evaluator.symbols.intern_shared(name), (slot as u32, span));
                }
                self.layers.push(Layer::Names(names));
                let fields = fields
                    .iter()
                    .map(|field| FieldCode {
                        name: self.evaluator.symbols.intern_shared(&field.name),
                        place: self.evaluator.place(field.span),
                        default: field.default.map(|node| self.compile(node)),
                    })
                    .collect();
                let all = all.as_ref().map(|(name, _)| self.evaluator.symbols.intern_shared(name));
                ParameterCode::Pattern { fields, open: *open, all }
            }
        };
        let body = self.compile(body);
        self.layers.pop();
        Op::Lambda(Rc::new(LambdaCode { name: name.cloned(), parameter, body, span }))
    }

    /// Bindings; when recursive, within a frame of their own, which the caller pops.
    fn bindings(&mut self, bindings: &[Binding], recursive: bool) -> Bindings {
        if recursive {
            let names = static_names(bindings);
            let names = names.map(|(name, span)| (self.evaluator.symbols.intern_shared(name), span));
            let mut symbols: Vec<(Symbol, Span)> = names.collect();
            symbols.sort_by_key(|(name, _)| *name);
            let slots = symbols.into_iter().enumerate();
            let slots = slots.map(|(slot, (name, span))| (name, (slot as u32, span)));
            self.layers.push(Layer::Names(slots.collect()));
        }
        let mut entries = Vec::new();
        let mut sources = Vec::new();
        let mut dynamic = Vec::new();
        for binding in bindings {
            match binding {
                Binding::Value { key, value } => {
                    let named = match key {
                        Key::Static(name, _) => Some(name),
                        Key::Dynamic(..) => None,
                    };
                    let value =
                        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.compile_here(*value, named));
                    match key {
                        Key::Static(name, span) => {
                            entries.push(self.entry(name, *span, EntryValue::Op(value)))
                        }
                        Key::Dynamic(key, span) => {
                            let key = self.compile(*key);
                            dynamic.push((key, value, self.evaluator.place(*span)));
                        }
                    }
                }
                Binding::Inherit { name, span } => {
                    let value = self.name(name, *span, usize::from(recursive));
                    entries.push(self.entry(name, *span, EntryValue::Op(value)));
                }
                Binding::InheritFrom { from, names } => {
                    let source = sources.len() as u32;
                    let from = self.compile(*from);
                    sources.push(from);
                    for (name, span) in names {
                        let symbol = self.evaluator.symbols.intern_shared(name);
                        let key = self.evaluator.place(*span);
                        let at = self.push(Op::Field { from, name: symbol, key }, *span);
                        entries.push(self.entry(name, *span, EntryValue::Inherited { source, at }));
                    }
                }
            }
        }
        entries.sort_by_key(|entry| entry.name);
        Bindings { entries: entries.into(), sources: sources.into(), dynamic: dynamic.into() }
    }

    fn entry(&mut self, name: &Arc<str>, span: Span, value: EntryValue) -> Entry {
        Entry { name: self.evaluator.symbols.intern_shared(name), place: self.evaluator.place(span), value }
    }
}

fn static_names(bindings: &[Binding]) -> impl Iterator<Item = (&Arc<str>, Span)> {
    bindings.iter().flat_map(|binding| {
        let (one, many) = match binding {
            Binding::Value { key: Key::Static(name, span), .. } | Binding::Inherit { name, span } => {
                (Some((name, *span)), None)
            }
            Binding::Value { key: Key::Dynamic(..), .. } => (None, None),
            Binding::InheritFrom { names, .. } => (None, Some(names)),
        };
        one.into_iter().chain(many.into_iter().flatten().map(|(name, span)| (name, *span)))
    })
}
