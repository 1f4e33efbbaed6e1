//! Arithmetic, equality and order, as in Nix.

use super::val::{ThunkId, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::source::Span;
use crate::syntax::expr::Operator;
use std::cmp::Ordering;
use std::rc::Rc;

impl Evaluator {
    /// `-`, `*`, `/`, and `+` of numbers: `left` and `right` are where the operands stand.
    pub(super) fn arithmetic(
        &self,
        operator: Operator,
        a: &Val,
        b: &Val,
        span: Span,
        (left, right): (Span, Span),
    ) -> Result<Val, Raised> {
        let by_zero =
            || Raised::new(codes::DIVISION_BY_ZERO, right, "division by zero").label(left, "divided here");
        let (sign, word) = match operator {
            Operator::Add => ("+", "add"),
            Operator::Subtract => ("-", "subtract"),
            Operator::Multiply => ("*", "multiply"),
            _ => ("/", "divide"),
        };
        match (a, b) {
            (Val::Int(a), Val::Int(b)) => {
                if operator == Operator::Divide && *b == 0 {
                    return Err(by_zero());
                }
                let result = match operator {
                    Operator::Add => a.checked_add(*b),
                    Operator::Subtract => a.checked_sub(*b),
                    Operator::Multiply => a.checked_mul(*b),
                    _ => a.checked_div(*b),
                };
                result.map(Val::Int).ok_or_else(|| {
                    let message = format!("integer overflow in `{a} {sign} {b}`");
                    Raised::new(codes::INTEGER_OVERFLOW, span, message)
                })
            }
            (Val::Int(_) | Val::Float(_), Val::Int(_) | Val::Float(_)) => {
                let (a, b) = (as_float(a), as_float(b));
                if operator == Operator::Divide && b == 0.0 {
                    return Err(by_zero());
                }
                Ok(Val::Float(match operator {
                    Operator::Add => a + b,
                    Operator::Subtract => a - b,
                    Operator::Multiply => a * b,
                    _ => a / b,
                }))
            }
            (Val::Int(_) | Val::Float(_), other) => Err(self.no_number(word, other, right)),
            (other, _) => Err(self.no_number(word, other, left)),
        }
    }

    fn no_number(&self, word: &str, found: &Val, span: Span) -> Raised {
        let message = format!("expected numbers to {word}, found {}", self.show(found));
        Raised::new(codes::EXPRESSION_TYPE, span, message)
    }

    /// `+`: of numbers, or of texts.
    pub(super) fn add(
        &mut self,
        a: &Val,
        b: &Val,
        span: Span,
        left: Span,
        right: Span,
    ) -> Result<Val, Raised> {
        match (a, b) {
            (Val::Int(_) | Val::Float(_), Val::Int(_) | Val::Float(_)) => {
                self.arithmetic(Operator::Add, a, b, span, (left, right))
            }
            (Val::Int(_) | Val::Float(_), other) => {
                let message = format!("expected a number to add to a number, found {}", self.show(other));
                let number = matches!(other, Val::Text(text) if text.trim().parse::<i64>().is_ok());
                Err(Raised::new(codes::EXPRESSION_TYPE, right, message).label(left, "a number").help(
                    if number {
                        "`lib.toInt` makes a number of it".to_owned()
                    } else {
                        self.joined(left, right)
                    },
                ))
            }
            (Val::Text(_), Val::Int(_) | Val::Float(_) | Val::Bool(_)) => {
                let message = format!("expected a text to join to a text, found {}", self.show(b));
                Err(Raised::new(codes::EXPRESSION_TYPE, right, message)
                    .label(left, "a text")
                    .help(self.joined(left, right)))
            }
            _ => {
                let mut text = String::new();
                self.append_strictly(&mut text, a, left)?;
                self.append_strictly(&mut text, b, right)?;
                self.spend(text.len(), span)?;
                Ok(Val::Text(text.into()))
            }
        }
    }

    /// How to join two values as text, in their own words where those are short.
    fn joined(&self, left: Span, right: Span) -> String {
        fn inner<'a>(text: &'a str, quote: &str) -> Option<&'a str> {
            text.strip_prefix(quote)?.strip_suffix(quote)
        }
        let part = |span: Span, other: &str| match self.written(span) {
            Some(text) => match inner(&text, "\"").or_else(|| inner(&text, "''")) {
                Some(inner) => inner.to_owned(),
                None => format!("${{{text}}}"),
            },
            None => format!("${{{other}}}"),
        };
        format!("to join them as text, write \"{}{}\"", part(left, "a"), part(right, "b"))
    }

    /// `==`. Functions are never equal, unless they are one and the same part of two sets or lists.
    pub(crate) fn equal(&mut self, a: &Val, b: &Val) -> Result<bool, Raised> {
        Ok(match (a, b) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Int(a), Val::Int(b)) => a == b,
            (Val::Int(_) | Val::Float(_), Val::Int(_) | Val::Float(_)) => as_float(a) == as_float(b),
            (Val::Text(a), Val::Text(b)) => a == b,
            (Val::List(a), Val::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b.iter()) {
                    if !self.equal_parts(*a, *b)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Val::Set(a), Val::Set(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                if a.entries().iter().zip(b.entries()).any(|(a, b)| a.name != b.name) {
                    return Ok(false);
                }
                if Rc::ptr_eq(a, b) {
                    return Ok(true);
                }
                let pairs: Vec<(ThunkId, ThunkId)> = {
                    let (a, b) = (self.sorted(a), self.sorted(b));
                    a.iter().zip(&b).map(|(a, b)| (a.value, b.value)).collect()
                };
                for (a, b) in pairs {
                    if !self.equal_parts(a, b)? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        })
    }

    pub(super) fn equal_parts(&mut self, a: ThunkId, b: ThunkId) -> Result<bool, Raised> {
        let left = self.force(a)?;
        let right = self.force(b)?;
        if a == b {
            return Ok(true);
        }
        self.deeper(|evaluator| evaluator.equal(&left, &right))
    }

    /// `a < b`
    pub(super) fn less(&mut self, a: &Val, b: &Val, span: Span) -> Result<bool, Raised> {
        match (a, b) {
            (Val::Int(a), Val::Int(b)) => Ok(a < b),
            (Val::Int(_) | Val::Float(_), Val::Int(_) | Val::Float(_)) => Ok(as_float(a) < as_float(b)),
            (Val::Text(a), Val::Text(b)) => Ok(a.as_bytes().cmp(b.as_bytes()) == Ordering::Less),
            (Val::List(a), Val::List(b)) => {
                for (x, y) in a.iter().zip(b.iter()) {
                    if !self.equal_parts(*x, *y)? {
                        let (x, y) = (self.force(*x)?, self.force(*y)?);
                        return self.deeper(|evaluator| evaluator.less(&x, &y, span));
                    }
                }
                Ok(a.len() < b.len())
            }
            _ => {
                let message = format!("cannot compare {} with {}", self.show(a), self.show(b));
                Err(Raised::new(codes::EXPRESSION_TYPE, span, message))
            }
        }
    }
}

/// A number as a float.
pub(super) fn as_float(value: &Val) -> f64 {
    match value {
        Val::Int(value) => *value as f64,
        Val::Float(value) => *value,
        _ => f64::NAN,
    }
}
