//! The finished value: everything forced, checked and copied out, with all that is wrong in one go.

use super::block::BlockId;
use super::format::Format;
use super::machine::*;
use super::types::Type;
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::{Evaluator, IN_A_LIST, Raised, Scope, Symbol, ThunkId, Val, is_end};
use crate::evaluation::path_part;
use crate::nearest::{nearest, with_article};
use crate::resolve::program::*;
use crate::source::Span;
use crate::syntax::expr::Expr;
use crate::value::{Data as Finished, Entries, Keys, Value};
use crate::{Code, codes};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How deep a plain value may be nested.
const MAX_DEPTH: usize = 512;

/// Options of a submodule. One with a high number is taken to be among them.
struct Options([u64; 2]);

impl Options {
    const ALL: Options = Options([u64::MAX; 2]);

    fn add(&mut self, option: usize) {
        if let Some(word) = self.0.get_mut(option / 64) {
            *word |= 1 << (option % 64);
        }
    }

    fn has(&self, option: usize) -> bool {
        self.0.get(option / 64).is_none_or(|word| word & 1 << (option % 64) != 0)
    }
}

/// A walk over everything.
struct Walk<'a> {
    machine: &'a Machine,
    evaluator: &'a mut Evaluator,
    diagnostics: Vec<Diagnostic>,
}

/// Takes away what was said elsewhere, and what only repeats that evaluation has come to an end.
fn essential(diagnostics: &mut Vec<Diagnostic>) {
    let mut ended = false;
    diagnostics.retain(|diagnostic| match is_end(diagnostic.code) {
        true => !std::mem::replace(&mut ended, true),
        false => diagnostic.code != Code::REPORTED,
    });
}

impl Machine {
    /// The root's value, if nothing is wrong, and everything that is.
    pub(crate) fn finish(&self, evaluator: &mut Evaluator) -> (Option<Value>, Vec<Diagnostic>) {
        let mut walk = Walk { machine: self, evaluator, diagnostics: Vec::new() };
        let root = self.root();
        let value = walk.instance(root, Span::new(crate::source::SourceId(0), 0, 0));
        walk.params();
        let mut diagnostics = walk.diagnostics;
        let dangling = self.dangling(evaluator);
        // An attribute that is missing because of a dangling reference has been said.
        diagnostics.retain(|diagnostic| {
            diagnostic.code != codes::MISSING_ATTRIBUTE
                || dangling.iter().all(|(key, _)| diagnostic.message != format!("no attribute `{key}`"))
        });
        diagnostics.extend(dangling.into_iter().map(|(_, diagnostic)| diagnostic));
        diagnostics.extend(self.reported.take());
        essential(&mut diagnostics);
        let wrong = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        (if wrong { None } else { value }, diagnostics)
    }

    /// The options of an instance that something may define.
    fn defined(&self, id: InstanceId) -> Options {
        if id == self.root() {
            return Options::ALL;
        }
        let mut found = Options([0; 2]);
        let mut add = |body: BodyId| {
            self.program.body(body).sites.iter().for_each(|(option, _)| found.add(*option as usize));
        };
        let schema = self.program.schema(self.instances.get(id.0).schema);
        schema.bodies.iter().for_each(|(body, _)| add(*body));
        for contribution in self.contributions(id) {
            match contribution {
                Contribution::Block(block) => add(self.blocks.get(block.0).body),
                Contribution::Set { .. } => return Options::ALL,
            }
        }
        found
    }

    /// Whether an option has the same value in every instance that does not define it.
    fn is_alike(&self, option: &OptionDecl) -> bool {
        match &option.default {
            Some(default) => option.ty.is_checked_alone() && matches!(self.constant(default), Some(Ok(_))),
            None => matches!(option.ty, Type::Optional(_) | Type::List(_) | Type::Map(_)),
        }
    }

    /// A thunk of an expression with the names of the entry's top level.
    pub(crate) fn expression(&self, evaluator: &mut Evaluator, expr: &Arc<Expr>) -> ThunkId {
        evaluator.expr(expr, &self.entry_scope())
    }

    /// The names of the entry's top level.
    pub(crate) fn entry_scope(&self) -> Scope {
        let entry = self.tops().iter().last().unwrap_or(BlockId(0));
        self.blocks.get(entry.0).scope.clone()
    }

    /// What was found to be wrong beside what raised; it is taken away.
    pub(crate) fn take_reported(&self) -> Vec<Diagnostic> {
        let mut reported = self.reported.take();
        reported.retain(|diagnostic| diagnostic.code != Code::REPORTED);
        reported
    }

    /// A thunk's value with all its parts, and what is wrong with it.
    pub(crate) fn value_of_thunk(
        &self,
        evaluator: &mut Evaluator,
        thunk: ThunkId,
        span: Span,
    ) -> (Option<Value>, Vec<Diagnostic>) {
        let mut walk = Walk { machine: self, evaluator, diagnostics: Vec::new() };
        let value = walk.thunk(thunk, &Type::Any, span, &mut Vec::new());
        let mut diagnostics = walk.diagnostics;
        diagnostics.extend(self.reported.take());
        essential(&mut diagnostics);
        (value, diagnostics)
    }
}

impl Walk<'_> {
    fn wrong(&mut self, raised: Raised) {
        self.diagnostics.push(raised.into());
    }

    fn params(&mut self) {
        // A param nobody uses is checked as well.
        for (at, module) in self.machine.program.modules.iter().enumerate() {
            for param in &module.params {
                if let Err(raised) = self.machine.param(self.evaluator, ModuleId(at as u32), param) {
                    self.wrong(raised);
                }
            }
        }
    }

    fn instance(&mut self, id: InstanceId, span: Span) -> Option<Value> {
        let before = self.diagnostics.len();
        let value = self.instance_parts(id, span);
        if id != self.machine.root() {
            let machine = self.machine;
            self.about(before, || machine.instance_path(id));
        }
        value
    }

    fn instance_parts(&mut self, id: InstanceId, span: Span) -> Option<Value> {
        let machine = self.machine;
        let schema = machine.instances.get(id.0).schema;
        self.computed(id);
        let options = &machine.program.schema(schema).options;
        let SchemaShape { keys, undefined, .. } = &machine.shapes[schema.0 as usize];
        let mut values: Vec<Value> = Vec::with_capacity(keys.len());
        let mut whole = true;
        let defined = machine.defined(id);
        for (at, option) in options.iter().enumerate() {
            let undefined = Some(&undefined[at]).filter(|_| !defined.has(at));
            if let Some(known) = undefined.and_then(OnceCell::get) {
                values.push(known.clone());
                continue;
            }
            let slot = machine.slot_of(id, at as u32);
            match self.slot(slot) {
                Some(_) if option.ty == Type::Function => {}
                Some(value) => {
                    if let Some(undefined) = undefined.filter(|_| machine.is_alike(option)) {
                        let _ = undefined.set(value.clone());
                    }
                    values.push(value);
                }
                None => whole = false,
            }
        }
        let bodies = &machine.program.schema(schema).bodies;
        if id == machine.root()
            || bodies.iter().any(|(body, _)| !machine.program.body(*body).asserts.is_empty())
        {
            for block in machine.type_blocks(self.evaluator, id).iter() {
                self.asserts(block, id);
            }
        }
        for contribution in machine.contributions(id) {
            if let Contribution::Block(block) = contribution {
                self.asserts(block, id);
            }
        }
        let span = match machine.instances.get(id.0).parent {
            Some(_) => self.forwarded(&values, span),
            None => span,
        };
        whole.then(|| Value { data: Finished::Set(Entries::new(keys.clone(), values)), span })
    }

    /// A submodule of the library's that is given something of the user's is at the user's place.
    fn forwarded(&self, options: &[Value], span: Span) -> Span {
        let program = &self.machine.program;
        if program.of_user(span).is_some() {
            return span;
        }
        let given = options.iter().find_map(|value| match &value.data {
            Finished::Set(_) => None,
            Finished::List(items) => items
                .iter()
                .filter(|item| !matches!(item.data, Finished::Set(_) | Finished::List(_)))
                .find_map(|item| program.of_user(item.span)),
            _ => program.of_user(value.span),
        });
        given.unwrap_or(span)
    }

    /// Sets given for a submodule must be sets, of options it has.
    fn computed(&mut self, id: InstanceId) {
        let machine = self.machine;
        let instance = machine.instances.get(id.0);
        let schema = machine.program.schema(instance.schema);
        for contribution in machine.contributions(id) {
            let Contribution::Set { thunk, span, block, .. } = contribution else { continue };
            let value = match self.evaluator.force(thunk) {
                Ok(value) => value,
                Err(raised) => {
                    let raised = machine.traced(self.evaluator, block, raised);
                    self.wrong(raised);
                    continue;
                }
            };
            let Val::Set(set) = value else {
                let found = machine.show(self.evaluator, &value);
                let raised = Raised::new(
                    codes::TYPE_MISMATCH,
                    span,
                    format!("expected {}, found {found}", with_article(&schema.name)),
                )
                .help(format!(
                    "its options stand in a block, or in a set: `\"${{{{ … }}}}\"` for `{}`",
                    schema.name
                ));
                let raised = machine.traced(self.evaluator, block, raised);
                self.wrong(raised);
                continue;
            };
            for entry in self.evaluator.sorted(&set) {
                let name = self.evaluator.name(entry.name).clone();
                if *name == *"name" || schema.by_name(&name).is_some() {
                    continue;
                }
                let span = self.evaluator.span_of(entry.place).unwrap_or(span);
                let message = format!("{} has no option `{name}`", with_article(&schema.name));
                let mut diagnostic = Diagnostic::error(codes::UNKNOWN_OPTION, span, message)
                    .about(|| format!("{}.{}", machine.instance_path(id), path_part(&name)));
                if let Some(near) = nearest(&name, schema.options.iter().map(|option| &*option.name)) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn slot(&mut self, id: SlotId) -> Option<Value> {
        let before = self.diagnostics.len();
        let value = self.slot_parts(id);
        let machine = self.machine;
        self.about(before, || machine.slot_path(machine.slots.get(id.0)));
        value
    }

    /// Says of what was found since which option it is about.
    fn about(&mut self, before: usize, path: impl Fn() -> String) {
        for diagnostic in &mut self.diagnostics[before..] {
            diagnostic.path.get_or_insert_with(&path);
        }
    }

    fn slot_parts(&mut self, id: SlotId) -> Option<Value> {
        let machine = self.machine;
        let slot = machine.slots.get(id.0);
        let value = match self.evaluator.force(slot.thunk) {
            Ok(value) => value,
            Err(raised) => {
                self.wrong(raised);
                return None;
            }
        };
        let outcome = slot.outcome.get()?;
        let ty = machine.type_of(slot);
        let span = outcome.span;
        match outcome.parts {
            Parts::Instance(instance) => self.instance(instance, span),
            Parts::Map(entries) => {
                let entries = machine.maps.get(entries);
                let inner = element_type(ty);
                let mut finished: Vec<Value> = Vec::with_capacity(entries.len());
                let mut whole = true;
                for (_, part) in entries {
                    let span = machine.part_span(*part).unwrap_or(span);
                    match self.part(*part, inner, span) {
                        Some(value) => finished.push(value),
                        None => whole = false,
                    }
                }
                whole.then(|| Value {
                    data: Finished::Set(Entries::new(self.keys(slot, entries), finished)),
                    span,
                })
            }
            Parts::List(elements) => {
                let elements = machine.lists.get(elements);
                let inner = element_type(ty);
                let mut finished = Vec::with_capacity(elements.len());
                let mut whole = true;
                for (part, span) in elements {
                    match self.part(*part, inner, *span) {
                        Some(value) => finished.push(value),
                        None => whole = false,
                    }
                }
                whole.then_some(Value { data: Finished::List(finished), span })
            }
            Parts::Plain if *ty == Type::Function => Some(Value { data: Finished::Null, span }),
            Parts::Plain => self.plain(value, ty, span, &mut Vec::new()),
        }
    }

    /// The keys of a map.
    fn keys(&self, slot: &Slot, entries: &[(Symbol, Part)]) -> Arc<Keys> {
        let shapes = &self.machine.shapes[self.machine.schema_of(slot).0 as usize];
        let mut recent = shapes.recent[slot.option as usize].borrow_mut();
        let names = || entries.iter().map(|(key, _)| self.evaluator.name(*key));
        if !recent.are(names()) {
            *recent = Keys::new(names().cloned().collect());
        }
        recent.clone()
    }

    fn part(&mut self, part: Part, ty: &Type, span: Span) -> Option<Value> {
        match part {
            Part::Slot(slot) => self.slot(slot),
            Part::Instance(instance) => self.instance(instance, span),
            Part::Value(thunk) => self.thunk(thunk, ty, span, &mut Vec::new()),
        }
    }

    fn thunk(&mut self, thunk: ThunkId, ty: &Type, span: Span, open: &mut Vec<ThunkId>) -> Option<Value> {
        if open.contains(&thunk) {
            self.wrong(Raised::new(codes::CYCLE, span, "this value contains itself"));
            return None;
        }
        if open.len() > MAX_DEPTH {
            self.wrong(Raised::new(
                codes::TOO_DEEP,
                span,
                format!("this value is nested deeper than {MAX_DEPTH} levels"),
            ));
            return None;
        }
        // What is shared while evaluating is not in the outcome.
        let room = self.evaluator.spend(size_of::<Value>(), span);
        let value = match room.and_then(|()| self.evaluator.force(thunk)) {
            Ok(value) => value,
            Err(raised) => {
                self.wrong(raised.seen_from(span));
                return None;
            }
        };
        open.push(thunk);
        let finished = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.plain(value, ty, span, open));
        open.pop();
        finished
    }

    fn plain(&mut self, value: Val, ty: &Type, span: Span, open: &mut Vec<ThunkId>) -> Option<Value> {
        let data = match value {
            Val::Null => Finished::Null,
            Val::Bool(value) => Finished::Bool(value),
            Val::Int(value) => Finished::Int(value),
            Val::Float(value) => Finished::Float(value),
            Val::Text(text) if is_secret(ty) => Finished::Secret(text),
            // Passed on as it is, such as by an expression that is a path.
            Val::Text(text) if *ty == Type::Any && self.evaluator.is_secret(&text) => Finished::Secret(text),
            Val::Text(text) => Finished::Text(text),
            Val::List(items) => {
                let inner = element_type(ty);
                let mut finished = Vec::with_capacity(items.len());
                for item in items.iter() {
                    finished.push(self.thunk(*item, inner, span, open)?);
                }
                Finished::List(finished)
            }
            Val::Set(set) => {
                let inner = element_type(ty);
                let mut finished = Vec::with_capacity(set.len());
                for entry in self.evaluator.sorted(&set) {
                    let name = self.evaluator.name(entry.name).clone();
                    let span = self.evaluator.span_of(entry.place).unwrap_or(span);
                    finished.push((name, self.thunk(entry.value, inner, span, open)?));
                }
                Finished::Set(finished.into())
            }
            Val::Function(_) => {
                let message = "a function cannot be part of the configuration";
                self.wrong(
                    Raised::new(codes::TYPE_MISMATCH, span, message)
                        .help("is it missing an argument?")
                        .help(IN_A_LIST),
                );
                return None;
            }
        };
        Some(Value { data, span })
    }

    fn asserts(&mut self, id: BlockId, instance: InstanceId) {
        let machine = self.machine;
        let block = machine.blocks.get(id.0);
        let body = machine.program.body(block.body);
        for item in &body.asserts {
            match &body.items[*item as usize] {
                Item::Assert(assert) => self.assert(assert, id, instance),
                Item::For(_) | Item::If(_) | Item::Call(_) => match machine.expand(self.evaluator, id, *item)
                {
                    Ok(inner) => inner.iter().for_each(|inner| self.asserts(inner, instance)),
                    Err(raised) => self.wrong(raised),
                },
                Item::Define(_) => {}
            }
        }
    }

    fn assert(&mut self, assert: &Assert, block: BlockId, instance: InstanceId) {
        let machine = self.machine;
        match machine.condition(self.evaluator, &assert.condition, block) {
            Ok(true) => return,
            Ok(false) => {}
            Err(raised) => return self.wrong(raised),
        }
        let message = match &assert.message {
            None => "an assertion does not hold".to_owned(),
            Some(term) => match machine.term(self.evaluator, term, block) {
                Ok(Val::Text(text)) => text.to_string(),
                Ok(other) => machine.show(self.evaluator, &other),
                Err(raised) => return self.wrong(raised),
            },
        };
        let condition = assert.condition.span();
        let of = machine.instances.get(instance.0);
        let own = of.parent.map(|_| of.span);
        // What the library asks of a user's node is said at that node.
        let (span, other) = match own.filter(|own| machine.program.of_user(*own).is_some()) {
            Some(own) if machine.program.of_user(condition).is_none() => {
                (own, Some((condition, "what must hold".to_owned())))
            }
            _ => (condition, own.map(|own| (own, format!("of `{}`", machine.instance_path(instance))))),
        };
        let mut raised = match assert.warning {
            true => Diagnostic::warning(codes::WARNING, span, message),
            false => Diagnostic::error(codes::ASSERTION, span, message),
        };
        if let Some((span, text)) = other {
            raised = raised.label(span, text);
        }
        let raised = machine.traced(self.evaluator, block, raised.into());
        self.wrong(raised);
    }
}

/// The type of a collection's elements.
fn element_type(ty: &Type) -> &Type {
    match ty {
        Type::List(inner) | Type::Map(inner) => inner,
        Type::Optional(inner) => element_type(inner),
        Type::Union(types) => {
            let found = types.iter().find(|one| matches!(one, Type::List(_) | Type::Map(_)));
            found.map_or(&Type::Any, element_type)
        }
        _ => &Type::Any,
    }
}

/// Whether a text of this type must not be shown.
pub(crate) fn is_secret(ty: &Type) -> bool {
    match ty {
        Type::Text(Format::Secret) => true,
        Type::Optional(inner) => is_secret(inner),
        Type::Union(types) => types.iter().any(is_secret),
        _ => false,
    }
}

/// Each diagnostic once, in the order of their places.
pub(crate) fn tidy(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Diagnostic> = diagnostics
        .into_iter()
        .filter(|one| {
            seen.insert((one.code, one.message.clone(), one.primary.as_ref().map(|label| label.span)))
        })
        .collect();
    kept.sort_by_key(|one| one.primary.as_ref().map(|label| (label.span.source, label.span.start)));
    kept
}
