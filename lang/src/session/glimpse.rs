//! A value as far as it is shown: so many levels and so many parts of it, and no more of it is evaluated.

use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, ThunkId, Val};
use std::sync::Arc;

/// How much of a value is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Lists and sets within one another.
    pub depth: usize,
    /// Parts in all.
    pub parts: usize,
    /// Parts of a list or set within another; of a larger one only their number is seen.
    pub inner: usize,
    /// Characters of a text.
    pub text: usize,
}

impl Bounds {
    /// What fits a screen.
    pub const SHALLOW: Bounds = Bounds { depth: 2, parts: 100, inner: 8, text: 1000 };
    /// All that a person may want to see.
    pub const DEEP: Bounds = Bounds { depth: 512, parts: 100_000, inner: usize::MAX, text: usize::MAX };
}

/// What is seen of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Glimpse {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text, and whether that is all of it.
    Text(Arc<str>, bool),
    /// A text that must not be shown.
    Secret,
    /// A list: the items that are looked at, and how many there are besides.
    List(Vec<Glimpse>, usize),
    /// A set: the attributes that are looked at by name, and how many there are besides.
    Set(Vec<(Arc<str>, Glimpse)>, usize),
    /// A function, described.
    Function(String),
    /// A list or set around this one.
    Around,
    /// A part that is wrong; said in full beside.
    Wrong(String),
}

/// Looks at the value of a thunk; `None` where it is wrong itself.
pub(crate) fn look(
    evaluator: &mut Evaluator,
    thunk: ThunkId,
    bounds: Bounds,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Glimpse> {
    match evaluator.force(thunk) {
        Ok(value) => {
            let mut looking = Looking { evaluator, bounds, left: bounds.parts, open: vec![thunk], wrong };
            Some(looking.value(&value))
        }
        Err(raised) => {
            wrong.push(raised.into());
            None
        }
    }
}

struct Looking<'a> {
    evaluator: &'a mut Evaluator,
    bounds: Bounds,
    /// How many more parts may be looked at.
    left: usize,
    /// What is being looked at now, outermost first.
    open: Vec<ThunkId>,
    wrong: &'a mut Vec<Diagnostic>,
}

impl Looking<'_> {
    fn value(&mut self, value: &Val) -> Glimpse {
        match value {
            Val::Null => Glimpse::Null,
            Val::Bool(value) => Glimpse::Bool(*value),
            Val::Int(number) => Glimpse::Int(*number),
            Val::Float(number) => Glimpse::Float(*number),
            Val::Text(text) if self.evaluator.is_secret(text) => Glimpse::Secret,
            Val::Text(text) => match text.char_indices().nth(self.bounds.text) {
                None => Glimpse::Text(text.clone(), true),
                Some((end, _)) => Glimpse::Text(text[..end].into(), false),
            },
            Val::List(items) => {
                let mut seen = Vec::new();
                for item in items.iter().take(self.room(items.len())) {
                    seen.push(self.part(*item));
                }
                let more = items.len() - seen.len();
                Glimpse::List(seen, more)
            }
            Val::Set(set) => {
                let mut seen = Vec::new();
                for entry in self.evaluator.sorted(set).into_iter().take(self.room(set.len())) {
                    let name = self.evaluator.name(entry.name).clone();
                    seen.push((name, self.part(entry.value)));
                }
                let more = set.len() - seen.len();
                Glimpse::Set(seen, more)
            }
            Val::Function(_) => Glimpse::Function(self.evaluator.describe(value)),
        }
    }

    /// How many parts of a collection of so many are seen.
    fn room(&self, parts: usize) -> usize {
        let within = self.open.len() > 1;
        let folded = self.open.len() > self.bounds.depth || within && parts > self.bounds.inner;
        if folded { 0 } else { self.left }
    }

    fn part(&mut self, thunk: ThunkId) -> Glimpse {
        self.left = self.left.saturating_sub(1);
        if self.open.contains(&thunk) {
            return Glimpse::Around;
        }
        match self.evaluator.force(thunk) {
            Ok(value) => {
                self.open.push(thunk);
                let seen = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.value(&value));
                self.open.pop();
                seen
            }
            Err(raised) => {
                let diagnostic = raised.diagnostic();
                let message = diagnostic.message.clone();
                self.wrong.push(diagnostic);
                Glimpse::Wrong(message)
            }
        }
    }
}
