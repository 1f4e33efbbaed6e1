//! Arithmetic by name.

use super::{Args, Builtin, row};
use crate::codes;
use crate::eval::val::Val;
use crate::eval::{Evaluator, Raised};
use crate::syntax::expr::Operator;

pub(super) const TABLE: &[Builtin] = &[
    row("add", 2, |e, a| arithmetic(e, a, Operator::Add)),
    row("sub", 2, |e, a| arithmetic(e, a, Operator::Subtract)),
    row("mul", 2, |e, a| arithmetic(e, a, Operator::Multiply)),
    row("div", 2, |e, a| arithmetic(e, a, Operator::Divide)),
    row("lessThan", 2, |e, a| {
        let (left, right) = (e.arg(a, 0)?, e.arg(a, 1)?);
        e.less(&left, &right, a.span).map(Val::Bool)
    }),
    row("bitAnd", 2, |e, a| Ok(Val::Int(e.arg_int(a, 0)? & e.arg_int(a, 1)?))),
    row("bitOr", 2, |e, a| Ok(Val::Int(e.arg_int(a, 0)? | e.arg_int(a, 1)?))),
    row("bitXor", 2, |e, a| Ok(Val::Int(e.arg_int(a, 0)? ^ e.arg_int(a, 1)?))),
    row("ceil", 1, |e, a| round(e, a, f64::ceil)),
    row("floor", 1, |e, a| round(e, a, f64::floor)),
];

fn arithmetic(e: &mut Evaluator, a: Args<'_>, operator: Operator) -> Result<Val, Raised> {
    let (left, right) = (e.arg(a, 0)?, e.arg(a, 1)?);
    let place = |e: &Evaluator, index| e.argument_place(a, index).unwrap_or(a.span);
    let places = (place(e, 0), place(e, 1));
    e.arithmetic(operator, &left, &right, a.span, places)
}

fn round(e: &mut Evaluator, a: Args<'_>, round: fn(f64) -> f64) -> Result<Val, Raised> {
    match e.arg(a, 0)? {
        Val::Int(number) => Ok(Val::Int(number)),
        Val::Float(number) => {
            let rounded = round(number);
            if rounded.is_finite() && rounded.abs() < 9.2e18 {
                Ok(Val::Int(rounded as i64))
            } else {
                Err(Raised::new(
                    codes::INTEGER_OVERFLOW,
                    a.span,
                    format!("`{number}` does not fit an integer"),
                ))
            }
        }
        other => Err(e.bad_argument(a, 0, "a number", &other)),
    }
}
