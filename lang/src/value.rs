//! The outcome: a finished value, every part of it with the place that defined it.

use crate::source::Span;
use std::sync::{Arc, OnceLock};

/// A value and where it was defined.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// The definition that won, or the declaration whose default it is.
    pub span: Span,
}

/// What a value is. There is no function: an option of type `function` is not part of the outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `#null`: an optional option that nobody defined.
    Null,
    /// `#true` or `#false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, and everything that is written as text: addresses, paths, durations.
    Text(Arc<str>),
    /// Text that must not be shown, an option of type `secret`. Printing says `<secret>`.
    Secret(Arc<str>),
    /// In order.
    List(Vec<Value>),
    /// In order of definition, keys unique. Submodules, maps and sets alike.
    Set(Entries),
}

impl Value {
    /// The value at a path of keys, such as `["hosts", "kdc1", "interfaces"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The value under one key of a set.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.data {
            Data::Set(entries) => entries.get(key),
            _ => None,
        }
    }
}

/// The entries of a set, by key and in order. Small, since a lab may have very many.
#[derive(Clone, Debug)]
pub struct Entries(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    keys: Arc<Keys>,
    /// As many as there are keys.
    values: Box<[Value]>,
}

/// The keys of a set, in order and unique. Sets alike share them.
#[derive(Debug)]
pub(crate) struct Keys {
    names: Box<[Arc<str>]>,
    /// The keys' numbers in the order of their names; made when one of many is first looked for.
    sorted: OnceLock<Box<[u32]>>,
}

/// How many keys are looked through one by one.
const FEW: usize = 16;

impl Keys {
    pub(crate) fn new(names: Vec<Arc<str>>) -> Arc<Keys> {
        Arc::new(Keys { names: names.into(), sorted: OnceLock::new() })
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether these are the names, in the same memory.
    pub(crate) fn are<'a>(&self, names: impl ExactSizeIterator<Item = &'a Arc<str>>) -> bool {
        names.len() == self.names.len()
            && names.zip(&self.names).all(|(name, known)| Arc::ptr_eq(name, known))
    }

    fn find(&self, key: &str) -> Option<usize> {
        if self.names.len() <= FEW {
            return self.names.iter().position(|known| **known == *key);
        }
        let name = |at: u32| &*self.names[at as usize];
        let sorted = self.sorted.get_or_init(|| {
            let mut numbers: Vec<u32> = (0..self.names.len() as u32).collect();
            numbers.sort_by_key(|at| name(*at));
            numbers.into()
        });
        let at = sorted.binary_search_by_key(&key, |at| name(*at)).ok()?;
        Some(sorted[at] as usize)
    }
}

impl Entries {
    /// Of as many values as there are keys.
    pub(crate) fn new(keys: Arc<Keys>, values: Vec<Value>) -> Entries {
        Entries(Box::new(Inner { keys, values: values.into() }))
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.keys.find(key).and_then(|at| self.0.values.get(at))
    }

    /// Whether there is a value under a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Arc<str>, &Value)> {
        self.0.keys.names.iter().zip(&self.0.values)
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Arc<str>> {
        self.0.keys.names.iter()
    }

    /// The values, in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.0.values.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.values.is_empty()
    }
}

/// Of entries whose keys are unique.
impl From<Vec<(Arc<str>, Value)>> for Entries {
    fn from(entries: Vec<(Arc<str>, Value)>) -> Self {
        let (names, values) = entries.into_iter().unzip();
        Entries::new(Keys::new(names), values)
    }
}

/// Of entries whose keys are unique.
impl FromIterator<(Arc<str>, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        let (names, values) = entries.into_iter().unzip();
        Entries::new(Keys::new(names), values)
    }
}

/// Whether both have the same values under the same keys, in whatever order.
impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::{Data, Entries, Value};
    use crate::source::{SourceId, Span};
    use std::sync::Arc;

    #[test]
    fn every_key_is_found() {
        for count in [0, 1, 16, 17, 100] {
            let key = |number: i64| -> Arc<str> { format!("k{}", number * 7 % 100).into() };
            let value = |number| Value { data: Data::Int(number), span: Span::new(SourceId(0), 0, 0) };
            let entries: Entries = (0..count).map(|number| (key(number), value(number))).collect();
            assert_eq!(entries.len() as i64, count);
            assert!((0..count).all(|number| entries.get(&key(number)) == Some(&value(number))));
            assert!(entries.get("k").is_none());
            let turned: Entries = (0..count).rev().map(|number| (key(number), value(number))).collect();
            assert_eq!(entries, turned);
        }
    }
}
