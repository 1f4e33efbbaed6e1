//! Errors, forcing, and what kind of value something is.

use super::{Args, Builtin, row};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::eval::val::{Attribute, Function, Set, Val};
use crate::eval::{Evaluator, Raised};
use std::rc::Rc;
use std::sync::Arc;

pub(super) const TABLE: &[Builtin] = &[
    row("abort", 1, |e, a| {
        let message = e.arg_text(a, 0)?;
        Err(Raised::new(codes::ABORT, a.span, format!("aborted: {message}")))
    }),
    row("throw", 1, |e, a| {
        let message = e.arg_text(a, 0)?;
        Err(Raised::new(codes::THROWN, a.span, message.to_string()).catchable())
    }),
    row("addErrorContext", 2, |e, a| {
        e.arg(a, 1).map_err(|raised| match e.arg(a, 0) {
            Ok(Val::Text(context)) => raised.frame(a.span, context.to_string()),
            _ => raised,
        })
    }),
    row("tryEval", 1, |e, a| {
        let (success, value) = match e.arg(a, 0) {
            Ok(value) => (true, value),
            Err(raised) if raised.is_catchable() => (false, Val::Bool(false)),
            Err(raised) => return Err(raised),
        };
        let entries =
            vec![(e.symbol("success"), e.value(Val::Bool(success))), (e.symbol("value"), e.value(value))];
        Ok(e.set(entries))
    }),
    row("seq", 2, |e, a| {
        e.arg(a, 0)?;
        e.arg(a, 1)
    }),
    row("deepSeq", 2, |e, a| {
        e.force_deep(a.values[0])?;
        e.arg(a, 1)
    }),
    row("trace", 2, |e, a| {
        let message = e.arg(a, 0)?;
        let message = match message {
            Val::Text(text) => text,
            _ => match e.json(a.values[0], a.span) {
                Ok(json) => json.into(),
                Err(_) => Arc::from(message.what()),
            },
        };
        e.warnings.push(Diagnostic::warning(codes::TRACE, a.span, message.to_string()));
        e.arg(a, 1)
    }),
    // Said by Nix only where that is switched on.
    row("traceVerbose", 2, |e, a| e.arg(a, 1)),
    row("warn", 2, |e, a| {
        let message = e.arg_text(a, 0)?;
        e.warnings.push(Diagnostic::warning(codes::WARNING, a.span, message.to_string()));
        e.arg(a, 1)
    }),
    row("break", 1, |e, a| e.arg(a, 0)),
    row("typeOf", 1, |e, a| {
        let name = match e.arg(a, 0)? {
            Val::Null => "null",
            Val::Bool(_) => "bool",
            Val::Int(_) => "int",
            Val::Float(_) => "float",
            Val::Text(_) => "string",
            Val::List(_) => "list",
            Val::Set(_) => "set",
            Val::Function(_) => "lambda",
        };
        Ok(Val::Text(name.into()))
    }),
    row("isNull", 1, |e, a| is(e, a, |value| matches!(value, Val::Null))),
    row("isBool", 1, |e, a| is(e, a, |value| matches!(value, Val::Bool(_)))),
    row("isInt", 1, |e, a| is(e, a, |value| matches!(value, Val::Int(_)))),
    row("isFloat", 1, |e, a| is(e, a, |value| matches!(value, Val::Float(_)))),
    row("isString", 1, |e, a| is(e, a, |value| matches!(value, Val::Text(_)))),
    row("isList", 1, |e, a| is(e, a, |value| matches!(value, Val::List(_)))),
    row("isAttrs", 1, |e, a| is(e, a, |value| matches!(value, Val::Set(_)))),
    row("isFunction", 1, |e, a| is(e, a, |value| matches!(value, Val::Function(_)))),
    row("isPath", 1, |e, a| is(e, a, |_| false)),
    row("functionArgs", 1, |e, a| {
        let value = e.arg(a, 0)?;
        let Val::Function(function) = &value else {
            return Err(e.bad_argument(a, 0, "a function", &value));
        };
        let fields = match &**function {
            Function::Lambda(code, _) => code.fields(),
            Function::Builtin(..) => Vec::new(),
        };
        let mut entries = Vec::with_capacity(fields.len());
        for (name, place, optional) in fields {
            entries.push(Attribute { name, value: e.value(Val::Bool(optional)), place });
        }
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }),
    // Texts have no context here; what asks for one gets none.
    row("getContext", 1, |e, a| {
        e.arg_text(a, 0)?;
        Ok(e.set(Vec::new()))
    }),
    row("hasContext", 1, |e, a| e.arg_text(a, 0).map(|_| Val::Bool(false))),
    row("appendContext", 2, |e, a| {
        e.arg_set(a, 1)?;
        e.arg_text(a, 0).map(Val::Text)
    }),
    row("unsafeDiscardStringContext", 1, |e, a| e.arg_text(a, 0).map(Val::Text)),
    row("unsafeDiscardOutputDependency", 1, |e, a| e.arg_text(a, 0).map(Val::Text)),
];

fn is(e: &mut Evaluator, a: Args<'_>, test: fn(&Val) -> bool) -> Result<Val, Raised> {
    Ok(Val::Bool(test(&e.arg(a, 0)?)))
}
