//! `fromTOML`. Only this file names the `toml` crate. Dates are left out, as in Nix.

use super::data::whole;
use crate::codes;
use crate::eval::val::{Attribute, Place, Set, Val};
use crate::eval::{Evaluator, Raised};
use crate::source::Span;
use std::rc::Rc;
use toml::Value;

pub(super) fn parse(e: &mut Evaluator, text: &str, span: Span) -> Result<Val, Raised> {
    match text.parse::<toml::Table>() {
        Ok(table) => convert(e, &Value::Table(table), span),
        Err(error) => Err(Raised::new(codes::BAD_TOML, span, format!("no TOML: {}", error.message()))),
    }
}

fn convert(e: &mut Evaluator, value: &Value, span: Span) -> Result<Val, Raised> {
    Ok(match value {
        Value::String(text) => Val::Text(whole(text, codes::BAD_TOML, span)?.into()),
        Value::Integer(number) => Val::Int(*number),
        Value::Float(number) => Val::Float(*number),
        Value::Boolean(value) => Val::Bool(*value),
        Value::Datetime(date) => {
            return Err(Raised::new(
                codes::LEFT_OUT,
                span,
                format!("dates of TOML are left out of this language: `{date}`"),
            ));
        }
        Value::Array(items) => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                let value = convert(e, item, span)?;
                list.push(e.value(value));
            }
            Val::List(list.into())
        }
        Value::Table(table) => {
            let mut entries = Vec::with_capacity(table.len());
            for (name, value) in table {
                let name = whole(name, codes::BAD_TOML, span)?;
                let value = convert(e, value, span)?;
                entries.push(Attribute { name: e.symbol(name), value: e.value(value), place: Place::NONE });
            }
            Val::Set(Rc::new(Set::new(entries)))
        }
    })
}
