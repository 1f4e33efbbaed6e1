//! Values as JSON, written straight into a text: no depth of nesting overflows anything, and no copy is made.

use super::raised::IN_A_LIST;
use super::text::float;
use super::val::{ThunkId, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::source::Span;
use std::fmt::Write;

impl Evaluator {
    /// The value, with all its parts, as JSON on one line: attributes in the order of their names, a set with
    /// `outPath` or `__toString` as that text.
    ///
    /// # Errors
    /// Whatever is wrong with a part; a function is no JSON.
    pub fn json(&mut self, thunk: ThunkId, span: Span) -> Result<String, Raised> {
        let mut output = String::new();
        self.write_json(&mut output, thunk, span)?;
        Ok(output)
    }

    fn write_json(&mut self, output: &mut String, thunk: ThunkId, span: Span) -> Result<(), Raised> {
        let value = self.force(thunk).map_err(|raised| raised.seen_from(span))?;
        self.check_text(output.len(), span)?;
        match &value {
            Val::Null => output.push_str("null"),
            Val::Bool(value) => output.push_str(if *value { "true" } else { "false" }),
            Val::Int(number) => _ = write!(output, "{number}"),
            Val::Float(number) if number.is_finite() => output.push_str(&float(*number)),
            Val::Float(_) => {
                return Err(Raised::new(codes::EXPRESSION_TYPE, span, "a float without end is no JSON"));
            }
            Val::Text(text) => quote(output, text),
            Val::List(items) => {
                output.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        output.push(',');
                    }
                    let part = self.deeper(|evaluator| evaluator.write_json(output, *item, span));
                    part.map_err(|raised| match self.done(*item) {
                        Some(Val::Function(_)) => raised.help(IN_A_LIST),
                        _ => raised,
                    })?;
                }
                output.push(']');
            }
            Val::Set(set) => {
                if let Some(text) = self.set_text(set, span)? {
                    let text = self.value(text);
                    return self.deeper(|evaluator| evaluator.write_json(output, text, span));
                }
                output.push('{');
                for (index, entry) in self.sorted(set).into_iter().enumerate() {
                    if index > 0 {
                        output.push(',');
                    }
                    quote(output, self.name(entry.name));
                    output.push(':');
                    let part = self.deeper(|evaluator| evaluator.write_json(output, entry.value, span));
                    part.map_err(|raised| match self.span_of(entry.place) {
                        Some(place) => {
                            raised.frame(place, format!("in attribute `{}`", self.name(entry.name)))
                        }
                        None => raised,
                    })?;
                }
                output.push('}');
            }
            Val::Function(_) => {
                return Err(Raised::new(codes::EXPRESSION_TYPE, span, "a function is no JSON")
                    .help("is it missing an argument?"));
            }
        }
        Ok(())
    }
}

fn quote(output: &mut String, text: &str) {
    output.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        output.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => output.push_str("\\\""),
            b'\\' => output.push_str("\\\\"),
            b'\n' => output.push_str("\\n"),
            b'\r' => output.push_str("\\r"),
            b'\t' => output.push_str("\\t"),
            control => _ = write!(output, "\\u{control:04x}"),
        }
    }
    output.push_str(&text[plain..]);
    output.push('"');
}
