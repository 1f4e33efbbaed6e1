//! JSON, TOML and XML.

use super::{Builtin, row, toml, xml};
use crate::code::Code;
use crate::codes;
use crate::eval::val::{Attribute, Place, Set, Val};
use crate::eval::{Evaluator, Raised};
use crate::source::Span;
use std::rc::Rc;

pub(super) const TABLE: &[Builtin] = &[
    row("toJSON", 1, |e, a| {
        let json = e.json(a.values[0], a.span)?;
        e.spend(json.len(), a.span)?;
        Ok(Val::Text(json.into()))
    }),
    row("fromJSON", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        match serde_json::from_str(&text) {
            Ok(json) => from_json(e, &json, a.span),
            Err(error) => Err(Raised::new(codes::BAD_JSON, a.span, format!("no JSON: {error}"))),
        }
    }),
    row("fromTOML", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        toml::parse(e, &text, a.span)
    }),
    row("toXML", 1, |e, a| xml::print(e, a.values[0], a.span).map(|text| Val::Text(text.into()))),
];

/// A JSON value.
fn from_json(e: &mut Evaluator, json: &serde_json::Value, span: Span) -> Result<Val, Raised> {
    Ok(match json {
        serde_json::Value::Null => Val::Null,
        serde_json::Value::Bool(value) => Val::Bool(*value),
        serde_json::Value::Number(number) if number.is_u64() && !number.is_i64() => {
            return Err(Raised::new(codes::BAD_JSON, span, format!("`{number}` does not fit an integer")));
        }
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Val::Int(number),
            (None, Some(number)) => Val::Float(number),
            (None, None) => {
                return Err(Raised::new(codes::BAD_JSON, span, format!("`{number}` is no number")));
            }
        },
        serde_json::Value::String(text) => Val::Text(whole(text, codes::BAD_JSON, span)?.into()),
        serde_json::Value::Array(items) => {
            e.spend(items.len() * 32, span)?;
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                let value = from_json(e, item, span)?;
                list.push(e.value(value));
            }
            Val::List(list.into())
        }
        serde_json::Value::Object(object) => {
            e.spend(object.len() * 32, span)?;
            let mut entries = Vec::with_capacity(object.len());
            for (name, value) in object {
                let name = whole(name, codes::BAD_JSON, span)?;
                let value = from_json(e, value, span)?;
                entries.push(Attribute { name: e.symbol(name), value: e.value(value), place: Place::NONE });
            }
            Val::Set(Rc::new(Set::new(entries)))
        }
    })
}

/// A text that was written with escapes, as it is. None of Nix's texts has a NUL character, and neither have files.
pub(super) fn whole(text: &str, code: Code, span: Span) -> Result<&str, Raised> {
    match text.find('\0') {
        Some(at) => Err(Raised::new(code, span, format!("a NUL character after {:?}", &text[..at]))
            .help("no text can have one")),
        None => Ok(text),
    }
}
