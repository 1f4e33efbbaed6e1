//! From a finished value to the typed lab. Every complaint has the span of the value that caused it.
//!
//! Deliberately absent: the meaning of what is decoded; `check.rs` looks at that.

use crate::check;
use crate::codes;
use crate::lab::{File, Host, Inputs, Lab, Network, Rate, Scalar, Secret, Size};
use crate::name::LabName;
use indexmap::IndexMap;
use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::collections::BTreeSet;
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;
use std::time::Duration;
use topo_lang::{Data, Diagnostic, SourceId, Span, Value};

/// Decodes and checks a lab; all complaints at once.
pub fn decode(value: &Value, name: &LabName) -> Result<Lab, Vec<Diagnostic>> {
    let mut complaints = check::interface_kinds(value);
    let lab = Lab {
        name: name.clone(),
        networks: entries::<_, Network>(value, "networks", &mut complaints),
        hosts: entries::<_, Host>(value, "hosts", &mut complaints),
        files: entries::<_, File>(value, "files", &mut complaints),
    };
    let mut said = BTreeSet::new();
    complaints.retain(|complaint| said.insert(complaint.path.clone()));
    if complaints.is_empty() {
        complaints = check::check(&lab);
    }
    if complaints.is_empty() { Ok(lab) } else { Err(complaints) }
}

/// A decoded value and where it was defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What it is.
    pub value: T,
    /// The definition that won.
    pub span: Span,
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// The entries of one collection, each decoded by itself, so that one bad host does not hide another.
fn entries<K, T>(
    root: &Value,
    option: &'static str,
    complaints: &mut Vec<Diagnostic>,
) -> IndexMap<K, Spanned<T>>
where
    K: DeserializeOwned + Hash + Eq,
    T: DeserializeOwned,
{
    let mut decoded = IndexMap::new();
    let Some(Value { data: Data::Set(values), .. }) = root.get(option) else {
        return decoded;
    };
    for (key, value) in values.iter() {
        let pair = K::deserialize(StrDeserializer::<Error>::new(key))
            .map_err(|error| error.or_at(value.span))
            .and_then(|key| Ok((key, T::deserialize(Decoder(value))?)));
        match pair {
            Ok((key, inner)) => {
                decoded.insert(key, Spanned { value: inner, span: value.span });
            }
            Err(error) => {
                let span = error.span.unwrap_or(value.span);
                let mut path = vec![option.to_owned(), key.to_string()];
                path.extend(error.path.into_iter().rev());
                let path: Vec<&dyn fmt::Display> = path.iter().map(|key| key as &dyn fmt::Display).collect();
                complaints.push(check::complaint(codes::BAD_VALUE, &path, span, error.message));
            }
        }
    }
    decoded
}

/// A duration such as `500ms`, `60s`, `1m30s`, `2h` or `1d`.
pub(crate) fn duration<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| {
        de::Error::custom(format!("expected a duration such as `500ms`, `5s` or `1m30s`, found `{text}`"))
    })
}

/// The same, where there may be none.
pub(crate) fn optional_duration<'de, D>(deserializer: D) -> Result<Option<Duration>, D::Error>
where
    D: de::Deserializer<'de>,
{
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    duration(text.into_deserializer()).map(Some)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (number, after) = rest.split_at(digits);
        let unit_length = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, next) = after.split_at(unit_length);
        let factor = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number.parse::<f64>().ok()? * factor).ok()?)?;
        if next.is_empty() {
            return Some(total);
        }
        rest = next;
    }
}

/// A number of bytes, with one of the prefixes that the language knows. All of them count in 1,024s, as the kernel does.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_end_matches('B').trim_end_matches('i') {
        "" => 0,
        "k" | "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A number of bits per second, with a unit; in thousands, as lines have them.
fn parse_rate(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "bit" => 1,
        "kbit" => 1_000,
        "mbit" => 1_000_000,
        "gbit" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// What is wrong, and where as soon as somebody knows.
#[derive(Debug)]
struct Error {
    message: String,
    span: Option<Span>,
    /// The keys that lead to it, innermost first.
    path: Vec<String>,
}

impl Error {
    fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    fn within(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None, path: Vec::new() }
    }
}

/// The names by which [`Spanned`] and [`Secret`] make themselves known to the [`Decoder`].
const SPANNED: &str = "$topo::Spanned";
const SPANNED_FIELDS: &[&str] = &["source", "start", "end", "value"];
const SECRET: &str = "$topo::Secret";
const INPUTS: &str = "$topo::Inputs";

/// One value, as serde reads it.
#[derive(Clone, Copy)]
struct Decoder<'v>(&'v Value);

impl<'v> IntoDeserializer<'v, Error> for Decoder<'v> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Decoder<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.data {
            Data::Null => visitor.visit_unit(),
            Data::Bool(value) => visitor.visit_bool(*value),
            Data::Int(value) => visitor.visit_i64(*value),
            Data::Float(value) => visitor.visit_f64(*value),
            Data::Text(text) => visitor.visit_borrowed_str(text),
            Data::Secret(_) => Err(de::Error::custom("expected something that may be shown, found a secret")),
            Data::List(values) => visitor.visit_seq(SeqDeserializer::new(values.iter().map(Decoder))),
            Data::Set(values) => {
                let entries: Vec<(&str, &Value)> =
                    values.iter().map(|(key, value)| (&**key, value)).collect();
                visitor.visit_map(Entries { left: entries.iter(), next: None })
            }
        }
        .map_err(|error| error.or_at(self.0.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.data {
            Data::Null => visitor.visit_none(),
            Data::Bool(_)
            | Data::Int(_)
            | Data::Float(_)
            | Data::Text(_)
            | Data::Secret(_)
            | Data::List(_)
            | Data::Set(_) => visitor.visit_some(self),
        }
        .map_err(|error| error.or_at(self.0.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.data {
            Data::Text(text) => StrDeserializer::new(text).deserialize_enum(name, variants, visitor),
            Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Float(_)
            | Data::Secret(_)
            | Data::List(_)
            | Data::Set(_) => Err(de::Error::custom(format!("expected one of `{}`", variants.join("`, `")))),
        }
        .map_err(|error: Error| error.or_at(self.0.span))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (&self.0.data, name) {
            (Data::Secret(text), SECRET) => visitor.visit_borrowed_str(text),
            (_, SECRET) => self.deserialize_str(visitor),
            (_, INPUTS) => visitor.visit_string(canonical(self.0).to_string()),
            _ => visitor.visit_newtype_struct(self),
        }
        .map_err(|error| error.or_at(self.0.span))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == SPANNED {
            return visitor.visit_map(SpannedAccess { value: self, field: 0 });
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Hands out a set's entries, and says in which of them something is wrong.
struct Entries<'a, 'v> {
    left: std::slice::Iter<'a, (&'v str, &'v Value)>,
    next: Option<(&'v str, &'v Value)>,
}

impl<'v> de::MapAccess<'v> for Entries<'_, 'v> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'v>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next = self.left.next().copied();
        let Some((key, value)) = self.next else { return Ok(None) };
        let found = seed.deserialize(StrDeserializer::<Error>::new(key));
        found.map(Some).map_err(|error| error.or_at(value.span).within(key))
    }

    fn next_value_seed<V: DeserializeSeed<'v>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.next else { return Err(de::Error::custom("no entry")) };
        seed.deserialize(Decoder(value)).map_err(|error| error.within(key))
    }
}

/// Hands out a span and then the value itself.
struct SpannedAccess<'v> {
    value: Decoder<'v>,
    field: usize,
}

impl<'v> de::MapAccess<'v> for SpannedAccess<'v> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'v>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match SPANNED_FIELDS.get(self.field) {
            Some(field) => seed.deserialize(StrDeserializer::new(field)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'v>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let span = self.value.0.span;
        self.field += 1;
        match self.field {
            1 => seed.deserialize(span.source.0.into_deserializer()),
            2 => seed.deserialize(span.start.into_deserializer()),
            3 => seed.deserialize(span.end.into_deserializer()),
            _ => seed.deserialize(self.value).map_err(|error| error.or_at(span)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Spanned<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Spanned<T>, A::Error> {
                let number = |map: &mut A| {
                    map.next_key::<de::IgnoredAny>()?;
                    map.next_value::<u32>()
                };
                let (source, start, end) = (number(&mut map)?, number(&mut map)?, number(&mut map)?);
                map.next_key::<de::IgnoredAny>()?;
                Ok(Spanned { value: map.next_value()?, span: Span::new(SourceId(source), start, end) })
            }
        }
        deserializer.deserialize_struct(SPANNED, SPANNED_FIELDS, Parts(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SECRET, TextVisitor).map(Secret::new)
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(INPUTS, TextVisitor).map(|text| Inputs(Secret::new(text)))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(TextVisitor)?;
        parse_size(&text)
            .map(Size)
            .ok_or_else(|| de::Error::custom(format!("expected a size such as `64M`, found `{text}`")))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(TextVisitor)?;
        parse_rate(&text)
            .map(Rate)
            .ok_or_else(|| de::Error::custom(format!("expected a rate such as `10mbit`, found `{text}`")))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Scalar)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

/// A value as JSON in which equal values are equal texts: keys sorted.
fn canonical(value: &Value) -> serde_json::Value {
    match &value.data {
        Data::Null => serde_json::Value::Null,
        Data::Bool(value) => (*value).into(),
        Data::Int(value) => (*value).into(),
        Data::Float(value) => (*value).into(),
        Data::Text(text) | Data::Secret(text) => (&**text).into(),
        Data::List(values) => values.iter().map(canonical).collect(),
        Data::Set(values) => {
            let mut pairs: Vec<_> =
                values.iter().map(|(key, value)| (key.to_string(), canonical(value))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            serde_json::Value::Object(pairs.into_iter().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text, millis: Option<u64>| {
            assert_eq!(parse_duration(text), millis.map(Duration::from_millis), "{text}")
        };
        check("500ms", Some(500));
        check("5s", Some(5000));
        check("1m30s", Some(90_000));
        check("1.5s", Some(1500));
        check("5", None);
        check("", None);
        check("s", None);
        check("5 s", None);
    }

    #[test]
    fn rates() {
        let check = |text, bits| assert_eq!(parse_rate(text), bits, "{text}");
        check("64kbit", Some(64_000));
        check("10gbit", Some(10_000_000_000));
        check("99999999999gbit", None);
        check("10", None);
    }

    #[test]
    fn sizes() {
        let check = |text, bytes| assert_eq!(parse_size(text), bytes, "{text}");
        check("512", Some(512));
        check("64k", Some(64 << 10));
        check("10M", Some(10 << 20));
        check("1GiB", Some(1 << 30));
        check("99999999T", None);
        check("1X", None);
    }
}
