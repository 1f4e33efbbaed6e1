//! The outcome: a finished value, every part of it with the place that defined it.

use crate::source::Span;
use indexmap::IndexMap;
use std::sync::Arc;

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
    Set(IndexMap<Arc<str>, Value>),
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
