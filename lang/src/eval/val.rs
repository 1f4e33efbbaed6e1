//! Values while evaluating: parts are thunks, names are interned.

use super::Evaluator;
use super::code::{LambdaCode, ParameterCode};
use super::scope::Scope;
use crate::eval::builtins::Builtin;
use crate::source::Span;
use rustc_hash::FxHashMap;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// An interned name. Its order is that of interning, not of the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub(crate) u32);

/// The number of a thunk within its [`Evaluator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThunkId(pub(crate) u32);

/// The number of a remembered span within its [`Evaluator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(pub(crate) u32);

impl Place {
    /// Where nothing is known.
    pub const NONE: Place = Place(0);
}

/// A value, evaluated to its outermost layer.
#[derive(Clone)]
pub enum Val {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, without a context.
    Text(Arc<str>),
    /// In order.
    List(Rc<[ThunkId]>),
    /// By name.
    Set(Rc<Set>),
    /// Anything that can be called, but for sets with `__functor`.
    Function(Rc<Function>),
}

/// What can be called.
pub enum Function {
    /// An expression with the names around it.
    Lambda(Rc<LambdaCode>, Scope),
    /// A builtin with the arguments it has so far.
    Builtin(&'static Builtin, Vec<ThunkId>),
}

/// Attributes, sorted by symbol.
#[derive(Clone, Default)]
pub struct Set {
    /// Made of the shape when they are first asked for, where there is one.
    entries: OnceCell<Box<[Attribute]>>,
    shape: Option<(Shape, ThunkId)>,
    owner: Option<u32>,
}

/// Names sorted by symbol, each with how many thunks its value is behind the first. Sets alike share it.
pub type Shape = Rc<[(Symbol, u32)]>;

/// One attribute.
#[derive(Clone, Copy)]
pub struct Attribute {
    /// Its name.
    pub name: Symbol,
    /// Its value.
    pub value: ThunkId,
    /// Where it was defined.
    pub place: Place,
}

impl Set {
    /// A set; of entries with one name the last wins.
    pub fn new(mut entries: Vec<Attribute>) -> Self {
        if !entries.is_sorted_by(|a, b| a.name < b.name) {
            entries.sort_by_key(|entry| entry.name);
            // `dedup` keeps the first of equals: turn round so that it is the last one written.
            entries.reverse();
            entries.dedup_by_key(|entry| entry.name);
            entries.reverse();
        }
        Self::sorted(entries)
    }

    /// A set of this shape, and the number of what it stands for, which means something to the embedder only.
    pub fn shaped(shape: Shape, first: ThunkId, owner: u32) -> Self {
        Self { entries: OnceCell::new(), shape: Some((shape, first)), owner: Some(owner) }
    }

    /// What it stands for.
    pub fn owner(&self) -> Option<u32> {
        self.owner
    }

    /// The attribute of that name.
    pub fn get(&self, name: Symbol) -> Option<Attribute> {
        match &self.shape {
            Some((shape, first)) => {
                let at = shape.binary_search_by_key(&name, |(name, _)| *name).ok()?;
                Some(attribute(*first, shape[at]))
            }
            None => {
                let entries = self.entries();
                let at = entries.binary_search_by_key(&name, |entry| entry.name).ok()?;
                Some(entries[at])
            }
        }
    }

    /// All of them, sorted by symbol.
    pub fn entries(&self) -> &[Attribute] {
        self.entries.get_or_init(|| match &self.shape {
            Some((shape, first)) => shape.iter().map(|entry| attribute(*first, *entry)).collect(),
            None => Box::default(),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.shape {
            Some((shape, _)) => shape.len(),
            None => self.entries().len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sorted(entries: Vec<Attribute>) -> Set {
        Set { entries: OnceCell::from(entries.into_boxed_slice()), shape: None, owner: None }
    }

    /// `self // other`
    pub(crate) fn update(&self, other: &Set) -> Set {
        let (mut left, mut right) = (self.entries().iter().peekable(), other.entries().iter().peekable());
        let mut entries = Vec::with_capacity(self.len() + other.len());
        loop {
            match (left.peek(), right.peek()) {
                (Some(a), Some(b)) if a.name < b.name => entries.extend(left.next()),
                (Some(a), Some(b)) if a.name == b.name => {
                    left.next();
                    entries.extend(right.next());
                }
                (_, Some(_)) => entries.extend(right.next()),
                (Some(_), None) => entries.extend(left.next()),
                (None, None) => return Set::sorted(entries),
            }
        }
    }
}

fn attribute(first: ThunkId, (name, behind): (Symbol, u32)) -> Attribute {
    Attribute { name, value: ThunkId(first.0 + behind), place: Place::NONE }
}

impl Val {
    /// What it is, as messages say it.
    pub fn what(&self) -> &'static str {
        match self {
            Val::Null => "null",
            Val::Bool(_) => "a boolean",
            Val::Int(_) => "an integer",
            Val::Float(_) => "a float",
            Val::Text(_) => "a text",
            Val::List(_) => "a list",
            Val::Set(_) => "a set",
            Val::Function(_) => "a function",
        }
    }
}

/// Interned names.
#[derive(Default)]
pub(crate) struct Symbols {
    names: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, Symbol>,
}

impl Symbols {
    pub(crate) fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.numbers.get(name) {
            return *symbol;
        }
        self.intern_new(name.into())
    }

    /// The same without copying a text that is already shared.
    pub(crate) fn intern_shared(&mut self, name: &Arc<str>) -> Symbol {
        if let Some(symbol) = self.numbers.get(name) {
            return *symbol;
        }
        self.intern_new(name.clone())
    }

    fn intern_new(&mut self, name: Arc<str>) -> Symbol {
        let symbol = Symbol(self.names.len() as u32);
        self.names.push(name.clone());
        self.numbers.insert(name, symbol);
        symbol
    }

    /// The symbol of a name that came up before.
    pub(crate) fn known(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied()
    }

    pub(crate) fn name(&self, symbol: Symbol) -> &Arc<str> {
        &self.names[symbol.0 as usize]
    }
}

impl Evaluator {
    /// The symbol of a name.
    pub fn symbol(&mut self, name: &str) -> Symbol {
        self.symbols.intern(name)
    }

    /// The symbol of a name that is already shared.
    pub fn symbol_of(&mut self, name: &Arc<str>) -> Symbol {
        self.symbols.intern_shared(name)
    }

    /// The name of a symbol.
    pub fn name(&self, symbol: Symbol) -> &Arc<str> {
        self.symbols.name(symbol)
    }

    /// Remembers a span.
    pub fn place(&mut self, span: Span) -> Place {
        self.places.push(span);
        Place(self.places.len() as u32)
    }

    /// The span of a place.
    pub fn span_of(&self, place: Place) -> Option<Span> {
        self.places.get((place.0 as usize).checked_sub(1)?).copied()
    }

    /// A place as an expression is told of it: null where that is not known.
    pub(crate) fn position(&mut self, span: Option<Span>) -> Val {
        let known = span.and_then(|span| {
            let source = self.sources.iter().nth(span.source.0 as usize)?;
            Some((source.name.clone(), source.line_column(span.start)))
        });
        let Some((name, (line, column))) = known else { return Val::Null };
        let mut entries = Vec::with_capacity(3);
        for (key, value) in [
            ("column", Val::Int(i64::from(column))),
            ("file", Val::Text(name)),
            ("line", Val::Int(i64::from(line))),
        ] {
            entries.push((self.symbol(key), self.value(value)));
        }
        self.set(entries)
    }

    /// The attributes of a set in the order of their names.
    pub fn sorted(&self, set: &Set) -> Vec<Attribute> {
        let mut entries = set.entries().to_vec();
        entries.sort_by(|a, b| self.name(a.name).cmp(self.name(b.name)));
        entries
    }

    /// What a value is, and what a function takes.
    pub(crate) fn describe(&self, value: &Val) -> String {
        let Val::Function(function) = value else { return value.what().to_owned() };
        match &**function {
            Function::Lambda(code, _) => format!("a function {}: …", self.parameter(code)),
            Function::Builtin(builtin, known) => {
                let takes = match builtin.arity - known.len() {
                    1 => "one argument".to_owned(),
                    many => format!("{many} arguments"),
                };
                format!("the function `{}` of {takes}", builtin.name)
            }
        }
    }

    fn parameter(&self, code: &LambdaCode) -> String {
        let (fields, open, all) = match &code.parameter {
            ParameterCode::One(name) => return self.name(*name).to_string(),
            ParameterCode::Pattern { fields, open, all } => (fields, *open, all),
        };
        let named = fields.iter().map(|field| match field.default {
            Some(_) => format!("{} ? …", self.name(field.name)),
            None => self.name(field.name).to_string(),
        });
        let fields: Vec<String> = named.chain(open.then(|| "...".to_owned())).collect();
        let all = all.map_or_else(String::new, |all| format!("@{}", self.name(all)));
        format!("{{ {} }}{all}", fields.join(", "))
    }

    /// A set of these.
    pub fn set(&mut self, entries: Vec<(Symbol, ThunkId)>) -> Val {
        let attribute = |(name, value)| Attribute { name, value, place: Place::NONE };
        Val::Set(Rc::new(Set::new(entries.into_iter().map(attribute).collect())))
    }
}
