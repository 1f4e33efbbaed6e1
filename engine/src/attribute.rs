//! What a resource is, as the plan compares, shows and records it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The attributes of one resource, by name. Observed attributes that cannot be read back (a password) are absent.
pub type Attributes = BTreeMap<String, Attribute>;

/// One attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// Yes or no.
    Bool(bool),
    /// A number: bytes, an MTU, a mode.
    Int(i64),
    /// Several words, in order.
    List(Vec<String>),
    /// A digest in place of something long or secret. The plan says that it changed, never what it is.
    Digest {
        /// `sha256:…`, keyed with the lab's own key where it stands for a secret.
        digest: String,
    },
    /// Anything else, as the user would write it.
    Text(String),
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Bool(value) => write!(f, "{value}"),
            Attribute::Int(value) => write!(f, "{value}"),
            Attribute::Text(value) => f.write_str(value),
            Attribute::List(values) => f.write_str(&values.join(" ")),
            Attribute::Digest { digest } => f.write_str(digest.get(..19).unwrap_or(digest)),
        }
    }
}

impl From<bool> for Attribute {
    fn from(value: bool) -> Self {
        Attribute::Bool(value)
    }
}

impl From<i64> for Attribute {
    fn from(value: i64) -> Self {
        Attribute::Int(value)
    }
}

impl From<u32> for Attribute {
    fn from(value: u32) -> Self {
        Attribute::Int(value.into())
    }
}

impl From<&str> for Attribute {
    fn from(value: &str) -> Self {
        Attribute::Text(value.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(value: String) -> Self {
        Attribute::Text(value)
    }
}

impl From<Vec<String>> for Attribute {
    fn from(values: Vec<String>) -> Self {
        Attribute::List(values)
    }
}
