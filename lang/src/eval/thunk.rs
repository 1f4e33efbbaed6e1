//! Thunks: made cheaply, forced at most once, marked while they are forced.

use super::code::OpId;
use super::scope::Scope;
use super::val::{Symbol, ThunkId, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::expr::{Expr, Part, Template};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// How many places of a cycle are shown.
const CYCLE_LABELS: usize = 12;

pub(super) enum Thunk {
    Done(Val),
    Failed(Raised),
    /// Being forced, or reserved and not yet filled in.
    Busy,
    Suspended(OpId, Scope),
    /// An attribute of a set; the operation is there for its span.
    Field(ThunkId, Symbol, OpId),
    /// A function, its argument and the place; calls made by builtins.
    Call(ThunkId, ThunkId, Span),
    Call2(Box<(ThunkId, ThunkId, ThunkId, Span)>),
    Text(Rc<(Arc<[Part]>, Scope, Span)>),
    Native(Rc<dyn Native>),
    Outside(Outside),
    /// Done, and the first to ask for it is noted under a number.
    Watched(Box<(Val, u32)>),
}

/// A value computed by a closure.
pub(super) trait Native {
    /// Computes it. Called at most once.
    fn run(&self, evaluator: &mut Evaluator) -> Result<Val, Raised>;

    /// The place that stands for it in the chain of a cycle.
    fn span(&self) -> Span;

    /// How the chain of a cycle calls it.
    fn name(&self) -> String;
}

/// A value computed by the embedder, by the numbers it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// An option of the configuration.
    Option(u32),
    /// A name bound by a `let`.
    Let {
        /// The block it stands in.
        block: u32,
        /// Which of the block's.
        at: u32,
    },
    /// A module's input.
    Param {
        /// The module.
        module: u32,
        /// Which of the module's.
        at: u32,
    },
}

/// What has expressions evaluated, and computes what is outside of them.
pub trait Embedder {
    /// Computes a value. Called at most once for each.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    fn run(&self, evaluator: &mut Evaluator, what: Outside) -> Result<Val, Raised>;

    /// The place that stands for a value in the chain of a cycle.
    fn span(&self, what: Outside) -> Span;

    /// How the chain of a cycle calls a value, such as "option `hosts.a.fqdn`".
    fn name(&self, what: Outside) -> String;

    /// The path of an option.
    fn path(&self, what: Outside) -> Option<String>;

    /// Where an element of a list is defined and the path of the option it is part of, if the list is an option's.
    fn element(&self, evaluator: &Evaluator, list: &Rc<[ThunkId]>, at: usize) -> Option<(Span, String)>;

    /// What a block binds under one of the names it was given with ([`Scope::with_block`]).
    fn bound(&self, evaluator: &mut Evaluator, block: u32, at: usize) -> ThunkId;
}

/// One thunk being forced, or something that is evaluated without a thunk of its own.
pub(super) struct Forcing {
    thunk: Option<ThunkId>,
    what: What,
}

enum What {
    Op(OpId),
    Span(Span),
    Native(Rc<dyn Native>),
    Outside(Outside),
    Silent,
}

impl Evaluator {
    /// A thunk of an expression in a scope.
    pub fn expr(&mut self, expr: &Arc<Expr>, scope: &Scope) -> ThunkId {
        let op = self.compile(expr);
        self.delay(op, scope)
    }

    /// A thunk of a text of the document.
    pub fn template(&mut self, template: &Template, scope: &Scope) -> ThunkId {
        match template {
            Template::Constant(text, _) => self.value(Val::Text(text.clone())),
            Template::Expression(expr, _) => self.expr(expr, scope),
            Template::Text(parts, span) => {
                self.allocate(Thunk::Text(Rc::new((parts.clone(), scope.clone(), *span))))
            }
        }
    }

    /// A thunk that is done.
    pub fn value(&mut self, value: Val) -> ThunkId {
        self.allocate(Thunk::Done(value))
    }

    /// A thunk that the embedder computes.
    pub fn native(
        &mut self,
        span: Span,
        name: impl Fn() -> String + 'static,
        run: impl FnOnce(&mut Evaluator) -> Result<Val, Raised> + 'static,
    ) -> ThunkId {
        self.allocate(Thunk::Native(Rc::new(Once { span, name, run: RefCell::new(Some(run)) })))
    }

    /// Says who computes what is outside of expressions.
    pub fn set_embedder(&mut self, embedder: Rc<dyn Embedder>) {
        self.embedder = Some(embedder);
    }

    /// Thunks that the embedder computes, side by side; the first of them.
    pub fn outside(&mut self, all: impl IntoIterator<Item = Outside>) -> ThunkId {
        let first = ThunkId(self.thunks.len() as u32);
        self.thunks.extend(all.into_iter().map(Thunk::Outside));
        first
    }

    /// A thunk to be filled in by [`Evaluator::fill`], so that values may refer to each other. Forcing it
    /// before that is a cycle.
    pub fn reserve(&mut self) -> ThunkId {
        self.allocate(Thunk::Busy)
    }

    /// Makes the reserved thunk compute what `other` computes.
    pub fn fill(&mut self, reserved: ThunkId, other: ThunkId) {
        if let Thunk::Done(value) = &self.thunks[other.0 as usize] {
            let value = value.clone();
            self.thunks[reserved.0 as usize] = Thunk::Done(value);
        } else {
            let alias = Once {
                span: self.span_of_thunk(other),
                name: String::new,
                run: RefCell::new(Some(move |evaluator: &mut Evaluator| evaluator.force(other))),
            };
            self.thunks[reserved.0 as usize] = Thunk::Native(Rc::new(alias));
        }
    }

    pub(super) fn allocate(&mut self, thunk: Thunk) -> ThunkId {
        self.thunks.push(thunk);
        ThunkId(self.thunks.len() as u32 - 1)
    }

    /// Thunks side by side, to be set by [`Evaluator::set_thunk`].
    pub(super) fn allocate_range(&mut self, count: usize) -> ThunkId {
        let first = self.thunks.len();
        self.thunks.resize_with(first + count, || Thunk::Busy);
        ThunkId(first as u32)
    }

    pub(super) fn set_thunk(&mut self, thunk: ThunkId, to: Thunk) {
        self.thunks[thunk.0 as usize] = to;
    }

    /// The value, if it is already there.
    pub fn done(&self, thunk: ThunkId) -> Option<&Val> {
        match &self.thunks[thunk.0 as usize] {
            Thunk::Done(value) => Some(value),
            _ => None,
        }
    }

    fn span_of_thunk(&self, thunk: ThunkId) -> Span {
        match &self.thunks[thunk.0 as usize] {
            Thunk::Suspended(op, _) | Thunk::Field(_, _, op) => self.op_span(*op),
            Thunk::Text(text) => text.2,
            Thunk::Native(native) => native.span(),
            Thunk::Outside(what) => self.span_of_outside(*what).unwrap_or_else(|| self.nowhere()),
            _ => self.nowhere(),
        }
    }

    /// The place of what is being forced now: where something has no place of its own.
    pub(super) fn nowhere(&self) -> Span {
        let known = self.forcing.iter().rev().find_map(|forcing| self.span_of_what(&forcing.what));
        known.unwrap_or(Span::new(crate::source::SourceId(0), 0, 0))
    }

    fn span_of_what(&self, what: &What) -> Option<Span> {
        match what {
            What::Op(op) => Some(self.op_span(*op)),
            What::Span(span) => Some(*span),
            What::Native(native) => Some(native.span()),
            What::Outside(what) => self.span_of_outside(*what),
            What::Silent => None,
        }
    }

    fn span_of_outside(&self, what: Outside) -> Option<Span> {
        self.embedder.as_ref().map(|embedder| embedder.span(what))
    }

    /// The value of a thunk, computed now if it was not yet.
    ///
    /// # Errors
    /// Whatever is wrong with it; a thunk that needs itself is the error `cycle`.
    pub fn force(&mut self, thunk: ThunkId) -> Result<Val, Raised> {
        match &self.thunks[thunk.0 as usize] {
            Thunk::Done(value) => Ok(value.clone()),
            Thunk::Failed(raised) => Err(raised.clone()),
            Thunk::Busy => Err(self.cycle(thunk)),
            Thunk::Watched(_) => Ok(self.ask_watched(thunk)),
            _ => self.force_now(thunk),
        }
    }

    fn force_now(&mut self, id: ThunkId) -> Result<Val, Raised> {
        let thunk = std::mem::replace(&mut self.thunks[id.0 as usize], Thunk::Busy);
        let what = match &thunk {
            Thunk::Suspended(op, _) | Thunk::Field(_, _, op) => What::Op(*op),
            Thunk::Text(text) => What::Span(text.2),
            Thunk::Native(native) => What::Native(native.clone()),
            Thunk::Outside(what) => What::Outside(*what),
            Thunk::Call(_, _, span) => What::Span(*span),
            Thunk::Call2(call) => What::Span(call.3),
            Thunk::Done(_) | Thunk::Failed(_) | Thunk::Busy | Thunk::Watched(_) => What::Silent,
        };
        let result = self.within(Some(id), what, |evaluator| match thunk {
            Thunk::Done(value) => Ok(value),
            Thunk::Failed(raised) => Err(raised),
            Thunk::Busy => Err(evaluator.cycle(id)),
            Thunk::Watched(watched) => Ok(watched.0),
            Thunk::Suspended(op, scope) => evaluator.run(op, &scope),
            Thunk::Field(from, name, op) => {
                let set = evaluator.force(from)?;
                evaluator.field(&set, name, op)
            }
            Thunk::Call(function, argument, span) => {
                let function = evaluator.force(function)?;
                evaluator.call(&function, &[argument], span)
            }
            Thunk::Call2(call) => {
                let function = evaluator.force(call.0)?;
                evaluator.call(&function, &[call.1, call.2], call.3)
            }
            Thunk::Text(text) => evaluator.parts(&text.0, &text.1),
            Thunk::Native(native) => native.run(evaluator),
            Thunk::Outside(what) => match evaluator.embedder.clone() {
                Some(embedder) => embedder.run(evaluator, what),
                None => Err(Raised::new(codes::UNKNOWN_NAME, evaluator.nowhere(), "nothing computes this")),
            },
        });
        self.thunks[id.0 as usize] = match &result {
            Ok(value) => Thunk::Done(value.clone()),
            Err(raised) => Thunk::Failed(raised.clone()),
        };
        result
    }

    /// Runs something as a part of the chain that a cycle shows.
    fn within(
        &mut self,
        thunk: Option<ThunkId>,
        what: What,
        run: impl FnOnce(&mut Self) -> Result<Val, Raised>,
    ) -> Result<Val, Raised> {
        self.forcing.push(Forcing { thunk, what });
        let result = self.deeper(run);
        let forcing = self.forcing.pop();
        result.map_err(|mut raised| {
            if let Some(span) = forcing.and_then(|forcing| self.span_of_what(&forcing.what)) {
                raised.relocate(span);
            }
            raised
        })
    }

    /// The value of a text of the document, computed here and now, without a thunk of its own.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn evaluate(&mut self, template: &Template, scope: &Scope) -> Result<Val, Raised> {
        match template {
            Template::Constant(text, _) => Ok(Val::Text(text.clone())),
            Template::Expression(expr, _) => match self.compile(expr) {
                op if self.is_constant(op) => self.run(op, scope),
                op => self.within(None, What::Op(op), |evaluator| evaluator.run(op, scope)),
            },
            Template::Text(parts, span) => {
                self.within(None, What::Span(*span), |evaluator| evaluator.parts(parts, scope))
            }
        }
    }

    /// The value with all its parts forced.
    ///
    /// # Errors
    /// The first part that is wrong.
    pub fn force_deep(&mut self, thunk: ThunkId) -> Result<Val, Raised> {
        let value = self.force(thunk)?;
        let mut seen = std::collections::HashSet::new();
        let mut left = vec![thunk];
        while let Some(thunk) = left.pop() {
            if !seen.insert(thunk) {
                continue;
            }
            match self.force(thunk)? {
                Val::List(items) => left.extend(items.iter().rev()),
                Val::Set(set) => left.extend(set.entries().iter().rev().map(|entry| entry.value)),
                Val::Null | Val::Bool(_) | Val::Int(_) | Val::Float(_) | Val::Text(_) | Val::Function(_) => {}
            }
        }
        Ok(value)
    }

    /// A thunk that needs itself: every named value on the way, each with the place where it needs the next.
    fn cycle(&self, thunk: ThunkId) -> Raised {
        let first = self.forcing.iter().position(|forcing| forcing.thunk == Some(thunk)).unwrap_or(0);
        let mut chain: Vec<(Span, Option<String>)> = Vec::new();
        for forcing in &self.forcing[first..] {
            let Some(span) = self.span_of_what(&forcing.what) else { continue };
            let name = match &forcing.what {
                What::Native(native) => Some(native.name()),
                What::Outside(what) => self.embedder.as_ref().map(|embedder| embedder.name(*what)),
                What::Op(_) | What::Span(_) | What::Silent => None,
            };
            if name.is_some() || chain.last().is_none_or(|(last, _)| *last != span) {
                chain.push((span, name));
            }
        }
        // A cycle has no beginning: it is told from a value that has a name.
        let named = chain.iter().position(|(_, name)| name.is_some());
        chain.rotate_left(named.unwrap_or(0));
        let mut places: Vec<(Span, String)> = Vec::new();
        let names: Vec<&String> = chain.iter().filter_map(|(_, name)| name.as_ref()).collect();
        for (at, steps) in chain.chunk_by(|_, (_, next)| next.is_none()).enumerate() {
            let says = match (names.get(at), names.get(at + 1), names.first()) {
                (Some(name), Some(next), _) => format!("{name} needs {next}"),
                (Some(name), None, Some(first)) if at > 0 => format!("{name} needs {first} again"),
                _ => "needs it again".to_owned(),
            };
            let [(last, _), before @ ..] = steps else { continue };
            let (last, before) = match before.split_last() {
                Some(((last, _), between)) => (*last, between),
                None => (*last, &[][..]),
            };
            let apart =
                |span: Span| span.source != last.source || span.end <= last.start || last.end <= span.start;
            if let Some((by_way_of, _)) = before.first().filter(|(span, _)| apart(*span)) {
                places.push((*by_way_of, "by way of this".to_owned()));
            }
            places.push((last, says));
        }
        let subject = names.first().map_or("value", |name| name.as_str());
        let message = format!("{subject} needs itself");
        let Some(((span, says), rest)) = places.split_first() else {
            return Raised::new(codes::CYCLE, self.nowhere(), message);
        };
        let mut raised = Raised::from(Diagnostic::error(codes::CYCLE, *span, message).primary_text(says));
        for (span, says) in rest.iter().take(CYCLE_LABELS) {
            raised = raised.label(*span, says);
        }
        let option = |forcing: &Forcing| match (&forcing.what, &self.embedder) {
            (What::Outside(what), Some(embedder)) => embedder.path(*what),
            _ => None,
        };
        if let Some(path) = self.forcing[first..].iter().find_map(option) {
            raised = raised.about(|| path);
        }
        if let Some(more @ 1..) = rest.len().checked_sub(CYCLE_LABELS) {
            raised = raised.help(format!("{more} more values are between the last one shown and the first"));
        }
        raised
    }
}

struct Once<N, F> {
    span: Span,
    name: N,
    run: RefCell<Option<F>>,
}

impl<N, F> Native for Once<N, F>
where
    N: Fn() -> String,
    F: FnOnce(&mut Evaluator) -> Result<Val, Raised>,
{
    fn run(&self, evaluator: &mut Evaluator) -> Result<Val, Raised> {
        match self.run.take() {
            Some(run) => run(evaluator),
            None => Err(Raised::new(codes::CYCLE, self.span, format!("{} needs itself", (self.name)()))),
        }
    }

    fn span(&self) -> Span {
        self.span
    }

    fn name(&self) -> String {
        (self.name)()
    }
}
