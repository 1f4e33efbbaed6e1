//! What a resource is, as the plan compares, shows and records it.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The attributes of one resource, by name. Observed attributes that cannot be read back (a password) are absent.
pub type Attributes = BTreeMap<String, Attribute>;

/// One attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// By what it looks like. Derived, each would be kept aside and tried as one after the other, and a state has thousands.
impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;

        impl<'de> Visitor<'de> for Look {
            type Value = Attribute;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean, a number, a text, a list of texts or a digest")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Attribute, E> {
                Ok(Attribute::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Attribute, E> {
                Ok(Attribute::Int(value))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Attribute, E> {
                i64::try_from(value).map(Attribute::Int).map_err(E::custom)
            }

            fn visit_str<E>(self, value: &str) -> Result<Attribute, E> {
                Ok(Attribute::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Attribute, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Attribute::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Attribute, A::Error> {
                #[derive(Deserialize)]
                struct Digest {
                    digest: String,
                }
                let Digest { digest } = Digest::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Attribute::Digest { digest })
            }
        }

        deserializer.deserialize_any(Look)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let all = [
            Attribute::Bool(true),
            Attribute::Int(-1500),
            Attribute::Int(i64::MAX),
            Attribute::List(vec!["10.0.0.1/24".into(), "a b".into()]),
            Attribute::List(Vec::new()),
            Attribute::Digest { digest: "sha256:00".into() },
            Attribute::Text("1500".into()),
        ];
        for attribute in all {
            let text = serde_json::to_string(&attribute).unwrap();
            assert_eq!(serde_json::from_str::<Attribute>(&text).unwrap(), attribute, "{text}");
        }
        for wrong in ["null", "1.5", "[1]", "{}", "18446744073709551615"] {
            assert!(serde_json::from_str::<Attribute>(wrong).is_err(), "{wrong}");
        }
    }
}
