//! Values as text: interpolation, `+`, `toString`.

use super::code::TextPiece;
use super::scope::Scope;
use super::val::{Set, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::source::Span;
use crate::syntax::expr::Part;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

/// The largest text whose room is used again.
const KEPT: usize = 64 * 1024;

impl Evaluator {
    /// A text of the document with its expressions.
    pub(super) fn parts(&mut self, parts: &[Part], scope: &Scope) -> Result<Val, Raised> {
        let mut text = self.text_buffer();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Expression(expr, span) => {
                    let op = self.compile(expr);
                    let value = self.run(op, scope)?;
                    self.append(&mut text, &value, *span)?;
                }
            }
        }
        self.text_done(text)
    }

    pub(super) fn pieces(&mut self, pieces: &[TextPiece], scope: &Scope) -> Result<Val, Raised> {
        let mut text = self.text_buffer();
        for piece in pieces {
            match piece {
                TextPiece::Literal(literal) => text.push_str(literal),
                TextPiece::Op(op) => {
                    let value = self.deeper(|evaluator| evaluator.run(*op, scope))?;
                    self.append(&mut text, &value, self.op_span(*op))?;
                }
            }
        }
        self.text_done(text)
    }

    /// An empty text to write into; the one that was used last.
    fn text_buffer(&mut self) -> String {
        std::mem::take(&mut self.buffer)
    }

    fn text_done(&mut self, mut text: String) -> Result<Val, Raised> {
        self.spend_text(text.len())?;
        let value = Val::Text(text.as_str().into());
        if text.capacity() <= KEPT {
            text.clear();
            self.buffer = text;
        }
        Ok(value)
    }

    /// Interpolates a value: texts, numbers, booleans, and sets that say how.
    pub(super) fn append(&mut self, text: &mut String, value: &Val, span: Span) -> Result<(), Raised> {
        match value {
            Val::Int(number) => _ = write!(text, "{number}"),
            Val::Float(number) => text.push_str(&float(*number)),
            Val::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            other => return self.append_strictly(text, other, span),
        }
        Ok(())
    }

    /// What `+` joins: texts, and sets that say how.
    pub(super) fn append_strictly(
        &mut self,
        text: &mut String,
        value: &Val,
        span: Span,
    ) -> Result<(), Raised> {
        match value {
            Val::Text(part) => {
                self.check_text(text.len() + part.len(), span)?;
                text.push_str(part);
            }
            Val::Set(set) => match self.set_text(set, span)? {
                Some(inner) => {
                    return self.deeper(|evaluator| evaluator.append_strictly(text, &inner, span));
                }
                None => return Err(self.no_text(value, span)),
            },
            _ => return Err(self.no_text(value, span)),
        }
        Ok(())
    }

    fn no_text(&self, value: &Val, span: Span) -> Raised {
        let raised =
            Raised::new(codes::EXPRESSION_TYPE, span, format!("{} cannot become text", self.show(value)));
        match value {
            Val::List(_) => raised.help("join a list with `lib.concatStringsSep \" \" list`"),
            Val::Set(_) => raised.help("select one of its attributes, or show it with `builtins.toJSON`"),
            Val::Int(_) | Val::Float(_) | Val::Bool(_) => raised.help("interpolate it: \"${value}\""),
            Val::Null => raised.help("give it a value with `if value == null then … else …`"),
            Val::Function(_) => raised.help("is it missing an argument?"),
            Val::Text(_) => raised,
        }
    }

    /// What a set with `__toString` or `outPath` stands for.
    pub(super) fn set_text(&mut self, set: &Rc<Set>, span: Span) -> Result<Option<Val>, Raised> {
        let to_string = self.symbols.intern("__toString");
        if let Some(attribute) = set.get(to_string) {
            let function = attribute.value;
            let function = self.force(function)?;
            let this = self.value(Val::Set(set.clone()));
            return self.call(&function, &[this], span).map(Some);
        }
        let out_path = self.symbols.intern("outPath");
        match set.get(out_path).map(|attribute| attribute.value) {
            Some(value) => self.force(value).map(Some),
            None => Ok(None),
        }
    }

    /// `builtins.toString`
    pub(super) fn text_of(&mut self, value: &Val, span: Span) -> Result<Arc<str>, Raised> {
        match value {
            Val::Text(text) => Ok(text.clone()),
            Val::Null => Ok("".into()),
            Val::Bool(value) => Ok(if *value { "1" } else { "" }.into()),
            Val::Int(number) => Ok(number.to_string().into()),
            Val::Float(number) => Ok(format!("{number:.6}").into()),
            Val::List(items) => {
                let mut text = String::new();
                for (index, item) in items.iter().enumerate() {
                    let value = self.force(*item)?;
                    let part = self.deeper(|evaluator| evaluator.text_of(&value, span))?;
                    text.push_str(&part);
                    let empty = matches!(&value, Val::List(inner) if inner.is_empty());
                    if index + 1 < items.len() && !empty {
                        text.push(' ');
                    }
                }
                Ok(text.into())
            }
            Val::Set(set) => match self.set_text(set, span)? {
                Some(inner) => self.deeper(|evaluator| evaluator.text_of(&inner, span)),
                None => Err(self.no_text(value, span)),
            },
            Val::Function(_) => Err(self.no_text(value, span)),
        }
    }
}

/// A float as one would write it.
pub(super) fn float(number: f64) -> String {
    if number.is_finite() && number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number:.1}")
    } else if number.is_finite() && number.abs() >= 1e15 {
        // Digits alone would be read again as an integer.
        format!("{number:e}").replace('e', "e+")
    } else {
        number.to_string()
    }
}

/// A float with six significant digits, as C++ prints it and Nix shows it.
pub(super) fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let scientific = format!("{number:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => digits.to_string(),
    };
    if (-4..6).contains(&exponent) {
        let digits = usize::try_from(5 - exponent).unwrap_or(0);
        return trim(&format!("{number:.digits$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
}
