//! Values as JSON.

use super::val::{ThunkId, Val};
use super::{Evaluator, Raised};
use crate::source::Span;

impl Evaluator {
    /// The value, with all its parts, as JSON: attributes in the order of their names, a set with `outPath` or
    /// `__toString` as that text.
    ///
    /// # Errors
    /// Whatever is wrong with a part; a function is no JSON.
    pub fn json(&mut self, thunk: ThunkId, span: Span) -> Result<serde_json::Value, Raised> {
        let value = self.force(thunk)?;
        Ok(match &value {
            Val::Null => serde_json::Value::Null,
            Val::Bool(value) => (*value).into(),
            Val::Int(number) => (*number).into(),
            Val::Float(number) => match serde_json::Number::from_f64(*number) {
                Some(number) => serde_json::Value::Number(number),
                None => return Err(Raised::new("expression-type", span, "a float without end is no JSON")),
            },
            Val::Text(text) => serde_json::Value::String(text.to_string()),
            Val::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items.iter() {
                    list.push(self.deeper(|evaluator| evaluator.json(*item, span))?);
                }
                serde_json::Value::Array(list)
            }
            Val::Set(set) => {
                if let Some(text) = self.set_text(set, span)? {
                    let text = self.value(text);
                    return self.deeper(|evaluator| evaluator.json(text, span));
                }
                let mut object = serde_json::Map::new();
                for entry in self.sorted(set) {
                    let part = self.deeper(|evaluator| evaluator.json(entry.value, span));
                    let part = part.map_err(|raised| match self.span_of(entry.place) {
                        Some(place) => {
                            raised.frame(place, format!("in attribute `{}`", self.name(entry.name)))
                        }
                        None => raised,
                    })?;
                    object.insert(self.name(entry.name).to_string(), part);
                }
                serde_json::Value::Object(object)
            }
            Val::Function(_) => {
                return Err(Raised::new("expression-type", span, "a function is no JSON")
                    .help("is it missing an argument?"));
            }
        })
    }
}
