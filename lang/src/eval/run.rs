//! Running code: one function for each operation.

use super::builtins::refused;
use super::code::{Bindings, EntryValue, Op, OpId, Step};
use super::scope::Scope;
use super::thunk::Thunk;
use super::val::{Attribute, Function, Set, Symbol, ThunkId, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::nearest::nearest;
use crate::source::Span;
use crate::syntax::expr::Operator;
use std::rc::Rc;

/// How many arguments are few.
const FEW: usize = 4;

impl Evaluator {
    /// A thunk for an operation; a constant or a variable needs none of its own.
    pub(super) fn delay(&mut self, op: OpId, scope: &Scope) -> ThunkId {
        match self.op(op) {
            Op::Const(thunk) => *thunk,
            Op::Local { up, slot } => match scope.slot(*up, *slot) {
                Some(thunk) => thunk,
                None => self.allocate(Thunk::Suspended(op, scope.clone())),
            },
            _ => self.allocate(Thunk::Suspended(op, scope.clone())),
        }
    }

    /// The value of an operation.
    pub(super) fn run(&mut self, op: OpId, scope: &Scope) -> Result<Val, Raised> {
        let mut op = op;
        loop {
            match self.op(op) {
                Op::If { condition, yes, no } => {
                    let (condition, yes, no) = (*condition, *yes, *no);
                    op = if self.condition(condition, scope, "the condition of `if`")? { yes } else { no };
                }
                Op::Assert { condition, body } => {
                    let (condition, body) = (*condition, *body);
                    if !self.condition(condition, scope, "an assertion")? {
                        let span = self.op_span(condition);
                        return Err(Raised::new(codes::ASSERTION, span, "assertion failed").catchable());
                    }
                    op = body;
                }
                _ => return self.run_one(op, scope),
            }
        }
    }

    fn run_one(&mut self, op: OpId, scope: &Scope) -> Result<Val, Raised> {
        match self.op(op) {
            Op::Const(thunk) => {
                let thunk = *thunk;
                self.force(thunk)
            }
            Op::Local { up, slot } => {
                let thunk = scope.slot(*up, *slot);
                match thunk {
                    Some(thunk) => self.force(thunk),
                    None => Err(Raised::new(codes::UNKNOWN_NAME, self.op_span(op), "name without a slot")),
                }
            }
            Op::Free { up, name } => {
                let (up, name) = (*up, *name);
                match self.free(scope, up, name)? {
                    Some(thunk) => self.force(thunk),
                    None => Err(self.undefined(scope, name, self.op_span(op))),
                }
            }
            Op::Text(pieces) => {
                let pieces = pieces.clone();
                self.pieces(&pieces, scope)
            }
            Op::List(items) => {
                let items = items.clone();
                Ok(Val::List(items.iter().map(|item| self.delay(*item, scope)).collect()))
            }
            Op::Set { bindings, recursive } => {
                let (bindings, recursive) = (bindings.clone(), *recursive);
                if recursive {
                    self.recursive_set(&bindings, scope)
                } else {
                    self.plain_set(&bindings, scope)
                }
            }
            Op::Field { from, name, .. } => {
                let (from, name) = (*from, *name);
                let set = self.run_deeper(from, scope)?;
                self.field(&set, name, op)
            }
            Op::Select { from, path, default } => {
                let (from, path, default) = (*from, path.clone(), *default);
                self.select(op, from, &path, default, scope)
            }
            Op::Has { from, path } => {
                let (from, path) = (*from, path.clone());
                self.has(from, &path, scope)
            }
            Op::Lambda(code) => Ok(Val::Function(Rc::new(Function::Lambda(code.clone(), scope.clone())))),
            Op::Apply { function, argument } => {
                let (function, argument) = (*function, *argument);
                let function = self.run_deeper(function, scope)?;
                let argument = self.delay(argument, scope);
                self.calling = Some(op);
                self.call(&function, &[argument], self.op_span(op))
            }
            Op::ApplyMany { function, arguments } => {
                let (function, arguments) = (*function, arguments.clone());
                let function = self.run_deeper(function, scope)?;
                // Nearly always they are few and need no memory of their own.
                let mut few = [ThunkId(0); FEW];
                let mut many = Vec::new();
                let delayed = match few.get_mut(..arguments.len()) {
                    Some(few) => few,
                    None => {
                        many.resize(arguments.len(), ThunkId(0));
                        &mut many[..]
                    }
                };
                for (delayed, op) in delayed.iter_mut().zip(arguments.iter()) {
                    *delayed = self.delay(*op, scope);
                }
                self.calling = Some(op);
                self.call(&function, delayed, self.op_span(op))
            }
            Op::Let { bindings, body } => {
                let (bindings, body) = (bindings.clone(), *body);
                let (_, inner) = self.frame(&bindings, scope);
                self.run_deeper(body, &inner)
            }
            Op::With { set, body } => {
                let (set, body) = (*set, *body);
                let thunk = self.delay(set, scope);
                self.run_deeper(body, &scope.with_set(thunk))
            }
            Op::If { .. } | Op::Assert { .. } => self.run(op, scope),
            Op::Not(operand) => {
                let operand = *operand;
                Ok(Val::Bool(!self.condition(operand, scope, "the operand of `!`")?))
            }
            Op::Negate(operand) => {
                let operand = *operand;
                let value = self.run_deeper(operand, scope)?;
                let places = (self.op_span(op), self.op_span(operand));
                self.arithmetic(Operator::Subtract, &Val::Int(0), &value, self.op_span(op), places)
            }
            Op::Binary { operator, left, right } => {
                let (operator, left, right) = (*operator, *left, *right);
                self.binary(op, operator, left, right, scope)
            }
        }
    }

    /// An operand: within the limit of depth, since chains of operators may be long.
    fn run_deeper(&mut self, op: OpId, scope: &Scope) -> Result<Val, Raised> {
        match self.op(op) {
            Op::Const(_)
            | Op::Local { .. }
            | Op::Free { .. }
            | Op::Lambda(_)
            | Op::Set { .. }
            | Op::List(_) => self.run(op, scope),
            _ => self.deeper(|evaluator| evaluator.run(op, scope)),
        }
    }

    fn condition(&mut self, op: OpId, scope: &Scope, what: &str) -> Result<bool, Raised> {
        match self.run_deeper(op, scope)? {
            Val::Bool(value) => Ok(value),
            other => Err(self.expected("a boolean", &other, self.op_span(op), what)),
        }
    }

    fn binary(
        &mut self,
        op: OpId,
        operator: Operator,
        left: OpId,
        right: OpId,
        scope: &Scope,
    ) -> Result<Val, Raised> {
        match operator {
            Operator::And => {
                let left = self.condition(left, scope, "an operand of `&&`")?;
                Ok(Val::Bool(left && self.condition(right, scope, "an operand of `&&`")?))
            }
            Operator::Or => {
                let left = self.condition(left, scope, "an operand of `||`")?;
                Ok(Val::Bool(left || self.condition(right, scope, "an operand of `||`")?))
            }
            Operator::Implies => {
                let left = self.condition(left, scope, "an operand of `->`")?;
                Ok(Val::Bool(!left || self.condition(right, scope, "an operand of `->`")?))
            }
            Operator::Equal | Operator::NotEqual => {
                let a = self.run_deeper(left, scope)?;
                let b = self.run_deeper(right, scope)?;
                let equal = self.equal(&a, &b)?;
                Ok(Val::Bool(equal == (operator == Operator::Equal)))
            }
            Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
                let a = self.run_deeper(left, scope)?;
                let b = self.run_deeper(right, scope)?;
                let span = self.op_span(op);
                let result = match operator {
                    Operator::Less => self.less(&a, &b, span)?,
                    Operator::Greater => self.less(&b, &a, span)?,
                    Operator::LessEqual => !self.less(&b, &a, span)?,
                    _ => !self.less(&a, &b, span)?,
                };
                Ok(Val::Bool(result))
            }
            Operator::Update => {
                let a = self.run_deeper(left, scope)?;
                let a = self.as_set(a, self.op_span(left), "the left of `//`")?;
                let b = self.run_deeper(right, scope)?;
                let b = self.as_set(b, self.op_span(right), "the right of `//`")?;
                Ok(Val::Set(if a.is_empty() {
                    b
                } else if b.is_empty() {
                    a
                } else {
                    Rc::new(a.update(&b))
                }))
            }
            Operator::Concat => {
                let a = self.run_deeper(left, scope)?;
                let a = self.as_list(a, self.op_span(left), "the left of `++`")?;
                let b = self.run_deeper(right, scope)?;
                let b = self.as_list(b, self.op_span(right), "the right of `++`")?;
                Ok(Val::List(if a.is_empty() {
                    b
                } else if b.is_empty() {
                    a
                } else {
                    self.check_length(a.len() + b.len(), self.op_span(op))?;
                    self.spend((a.len() + b.len()) * 4, self.op_span(op))?;
                    a.iter().chain(b.iter()).copied().collect()
                }))
            }
            Operator::Add => {
                let a = self.run_deeper(left, scope)?;
                let b = self.run_deeper(right, scope)?;
                self.add(&a, &b, self.op_span(op), self.op_span(left), self.op_span(right))
            }
            Operator::Subtract | Operator::Multiply | Operator::Divide => {
                let a = self.run_deeper(left, scope)?;
                let b = self.run_deeper(right, scope)?;
                let places = (self.op_span(left), self.op_span(right));
                self.arithmetic(operator, &a, &b, self.op_span(op), places)
            }
            // Compiled to calls.
            Operator::PipeInto | Operator::PipeFrom => {
                let (function, argument) =
                    if operator == Operator::PipeInto { (right, left) } else { (left, right) };
                let function = self.run_deeper(function, scope)?;
                let argument = self.delay(argument, scope);
                self.call(&function, &[argument], self.op_span(op))
            }
        }
    }

    fn plain_set(&mut self, bindings: &Bindings, scope: &Scope) -> Result<Val, Raised> {
        let sources: Vec<ThunkId> = bindings.sources.iter().map(|op| self.delay(*op, scope)).collect();
        let mut entries = Vec::with_capacity(bindings.entries.len() + bindings.dynamic.len());
        for entry in &bindings.entries {
            let value = match entry.value {
                EntryValue::Op(op) => self.delay(op, scope),
                EntryValue::Inherited { source, at } => {
                    self.allocate(Thunk::Field(sources[source as usize], entry.name, at))
                }
            };
            entries.push(Attribute { name: entry.name, value, place: entry.place });
        }
        self.dynamic(bindings, scope, &mut entries)?;
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }

    fn recursive_set(&mut self, bindings: &Bindings, scope: &Scope) -> Result<Val, Raised> {
        let (first, inner) = self.frame(bindings, scope);
        let attribute = |(slot, entry): (usize, &super::code::Entry)| Attribute {
            name: entry.name,
            value: ThunkId(first.0 + slot as u32),
            place: entry.place,
        };
        let mut entries: Vec<Attribute> = bindings.entries.iter().enumerate().map(attribute).collect();
        let overrides = self.symbols.intern("__overrides");
        if let Some(overriding) = entries.iter().find(|entry| entry.name == overrides).copied() {
            let set = self.force(overriding.value)?;
            for entry in self
                .as_set(set, self.span_of(overriding.place).unwrap_or(self.nowhere()), "`__overrides`")?
                .entries()
            {
                match entries.iter().find(|known| known.name == entry.name) {
                    Some(slot) => self.fill(slot.value, entry.value),
                    None => entries.push(*entry),
                }
            }
        }
        self.dynamic(bindings, &inner, &mut entries)?;
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }

    /// The frame of mutually visible bindings, and its first thunk.
    fn frame(&mut self, bindings: &Bindings, scope: &Scope) -> (ThunkId, Scope) {
        let first = self.allocate_range(bindings.entries.len());
        let inner = scope.range(first);
        let sources: Vec<ThunkId> = bindings.sources.iter().map(|op| self.delay(*op, &inner)).collect();
        for (slot, entry) in bindings.entries.iter().enumerate() {
            let thunk = match entry.value {
                EntryValue::Op(op) => Thunk::Suspended(op, inner.clone()),
                EntryValue::Inherited { source, at } => {
                    Thunk::Field(sources[source as usize], entry.name, at)
                }
            };
            self.set_thunk(ThunkId(first.0 + slot as u32), thunk);
        }
        (first, inner)
    }

    fn dynamic(
        &mut self,
        bindings: &Bindings,
        scope: &Scope,
        entries: &mut Vec<Attribute>,
    ) -> Result<(), Raised> {
        for (key, value, place) in &bindings.dynamic {
            let span = self.op_span(*key);
            let name = match self.run_deeper(*key, scope)? {
                Val::Null => continue,
                Val::Text(name) => self.symbols.intern_shared(&name),
                other => return Err(self.expected("a text", &other, span, "an attribute's name")),
            };
            if let Some(first) = entries.iter().find(|entry| entry.name == name) {
                let message = format!("attribute `{}` is defined twice", self.name(name));
                let raised = Raised::new(codes::DUPLICATE, span, message);
                return Err(match self.span_of(first.place) {
                    Some(first) => raised.label(first, "first here"),
                    None => raised,
                });
            }
            let value = self.delay(*value, scope);
            entries.push(Attribute { name, value, place: *place });
        }
        Ok(())
    }

    /// `set.name`
    pub(super) fn field(&mut self, set: &Val, name: Symbol, op: OpId) -> Result<Val, Raised> {
        match set {
            Val::Set(entries) => match entries.get(name) {
                Some(attribute) => {
                    let value = attribute.value;
                    self.force(value)
                }
                None => {
                    let key = match self.op(op) {
                        Op::Field { key, .. } => self.span_of(*key),
                        _ => None,
                    };
                    Err(self.missing(entries, name, key.unwrap_or(self.op_span(op))))
                }
            },
            other => {
                let message = format!(
                    "expected a set to select `{}` from, found {}",
                    self.name(name),
                    self.show(other)
                );
                Err(Raised::new(codes::EXPRESSION_TYPE, self.op_span(op), message))
            }
        }
    }

    pub(super) fn missing(&self, set: &Set, name: Symbol, span: Span) -> Raised {
        let name = self.name(name);
        let mut raised = Raised::new(codes::MISSING_ATTRIBUTE, span, format!("no attribute `{name}`"));
        let names: Vec<&str> = set.entries().iter().map(|entry| &**self.name(entry.name)).collect();
        if let Some(raised) = self.refused_in(set, name, span) {
            return raised;
        }
        match nearest(name, names.iter().copied()) {
            Some(near) => raised = raised.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => raised = raised.help("the set is empty"),
            None if names.len() <= 8 => {
                let mut names = names;
                names.sort();
                raised = raised.help(format!("the set has `{}`", names.join("`, `")));
            }
            None => {}
        }
        raised
    }

    fn step(&mut self, step: &Step, scope: &Scope) -> Result<(Symbol, Span), Raised> {
        match step {
            Step::Static(name, span) => Ok((*name, *span)),
            Step::Dynamic(op, span) => match self.run_deeper(*op, scope)? {
                Val::Text(name) => Ok((self.symbols.intern_shared(&name), *span)),
                other => Err(self.expected("a text", &other, *span, "an attribute's name")),
            },
        }
    }

    fn select(
        &mut self,
        op: OpId,
        from: OpId,
        path: &[Step],
        default: Option<OpId>,
        scope: &Scope,
    ) -> Result<Val, Raised> {
        let mut value = self.run_deeper(from, scope)?;
        for step in path {
            let (name, span) = self.step(step, scope)?;
            let found = match &value {
                Val::Set(set) => set.get(name).map(|attribute| attribute.value),
                _ => None,
            };
            value = match (found, default, &value) {
                (Some(thunk), ..) => self.force(thunk)?,
                (None, Some(default), _) => return self.run_deeper(default, scope),
                (None, None, Val::Set(set)) => return Err(self.missing(set, name, span)),
                (None, None, _) => return self.field(&value, name, op),
            };
        }
        Ok(value)
    }

    fn has(&mut self, from: OpId, path: &[Step], scope: &Scope) -> Result<Val, Raised> {
        let mut value = self.run_deeper(from, scope)?;
        for (index, step) in path.iter().enumerate() {
            let (name, _) = self.step(step, scope)?;
            let found = match &value {
                Val::Set(set) => set.get(name).map(|attribute| attribute.value),
                _ => None,
            };
            let Some(thunk) = found else { return Ok(Val::Bool(false)) };
            if index + 1 < path.len() {
                value = self.force(thunk)?;
            }
        }
        Ok(Val::Bool(true))
    }

    pub(super) fn undefined(&mut self, scope: &Scope, name: Symbol, span: Span) -> Raised {
        let name = self.name(name).clone();
        if let Some(raised) = refused(&name, span) {
            return raised;
        }
        let names = self.names_in(scope);
        let raised = Raised::new(codes::UNKNOWN_NAME, span, format!("nothing is called `{name}` here"));
        match nearest(&name, names.iter().map(|name| &**name)) {
            Some(near) => raised.help(format!("did you mean `{near}`?")),
            None => raised,
        }
    }

    /// That something is of the wrong type.
    pub(super) fn expected(&self, expected: &str, found: &Val, span: Span, what: &str) -> Raised {
        let message = format!("{what} must be {expected}, found {}", self.show(found));
        Raised::new(codes::EXPRESSION_TYPE, span, message)
    }

    pub(super) fn as_set(&self, value: Val, span: Span, what: &str) -> Result<Rc<Set>, Raised> {
        match value {
            Val::Set(set) => Ok(set),
            other => Err(self.expected("a set", &other, span, what)),
        }
    }

    pub(super) fn as_list(&self, value: Val, span: Span, what: &str) -> Result<Rc<[ThunkId]>, Raised> {
        match value {
            Val::List(list) => Ok(list),
            other => Err(self.expected("a list", &other, span, what)),
        }
    }

    /// What is written somewhere, if it is short and on one line.
    pub(super) fn written(&self, span: Span) -> Option<String> {
        let known = (span.source.0 as usize) < self.sources.iter().count();
        let text = known.then(|| self.sources.shown(span))?;
        let plain = !text.is_empty() && !text.contains(['\n', '\\', '`']) && !text.contains("<secret>");
        (plain && text.chars().count() <= 32).then_some(text)
    }

    /// A value in a message: short, and nothing is forced for it.
    pub(super) fn show(&self, value: &Val) -> String {
        match value {
            Val::Bool(value) => format!("the boolean `{value}`"),
            Val::Int(value) => format!("the integer `{value}`"),
            Val::Float(value) => format!("the float `{value}`"),
            Val::Text(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
            Val::Text(text) => format!("the text {:?}…", text.chars().take(40).collect::<String>()),
            Val::List(list) if list.is_empty() => "an empty list".into(),
            Val::Set(set) if set.is_empty() => "an empty set".into(),
            other => other.what().into(),
        }
    }
}
