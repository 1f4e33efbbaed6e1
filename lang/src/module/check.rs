//! A value against its type: what fits is made canonical, what does not is said with the declaration beside it.

use super::finish::is_secret;
use super::format::Format;
use super::machine::{Machine, Place, Reference, SlotId};
use super::types::Type;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, IN_A_LIST, Raised, Val};
use crate::nearest::nearest;
use crate::source::Span;
use std::sync::Arc;

/// Why a value is not of a type: what stands beside the underlined value, and the way out.
#[derive(Default)]
pub(super) struct Mismatch {
    reason: Option<String>,
    help: Option<String>,
}

impl Machine {
    /// The value in the form its type gives it.
    pub(super) fn check(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        value: Val,
        span: Span,
        declared: Span,
        of: Option<SlotId>,
    ) -> Result<Val, Raised> {
        match self.accept(evaluator, ty, value.clone(), Place { span, declared, of })? {
            Ok(value) => Ok(value),
            Err(mismatch) => Err(self.mismatch(evaluator, ty, &value, span, declared, mismatch)),
        }
    }

    fn mismatch(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        value: &Val,
        span: Span,
        declared: Span,
        mismatch: Mismatch,
    ) -> Raised {
        let schemas = &self.program.schemas;
        let expected = ty.describe(schemas);
        let found = if is_secret(ty) { value.what().to_owned() } else { self.show(evaluator, value) };
        let mut diagnostic =
            Diagnostic::error(codes::TYPE_MISMATCH, span, format!("expected {expected}, found {found}"))
                .label(declared, format!("declared here as `{}`", ty.display(schemas)));
        if let Some(reason) = mismatch.reason {
            diagnostic = diagnostic.primary_text(reason);
        }
        if let Some(help) = mismatch.help.or_else(|| spelling(ty, value).filter(|_| !is_secret(ty))) {
            diagnostic = diagnostic.help(help);
        }
        diagnostic.into()
    }

    /// The same, with the mismatch for the caller to report.
    pub(super) fn accept(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        value: Val,
        place: Place,
    ) -> Result<Result<Val, Mismatch>, Raised> {
        Ok(match (ty, value) {
            (Type::Any, Val::Function(_)) => Err(Mismatch::default()),
            (Type::Any, value) => Ok(value),
            (Type::Function, value @ Val::Function(_)) => Ok(value),
            (Type::Bool, value @ Val::Bool(_)) => Ok(value),
            (Type::Int(low, high), Val::Int(number)) if (*low..=*high).contains(&number) => {
                Ok(Val::Int(number))
            }
            (Type::Port, Val::Int(number)) if (1..=65535).contains(&number) => Ok(Val::Int(number)),
            (Type::Float(low, high), Val::Float(number)) if (*low..=*high).contains(&number) => {
                Ok(Val::Float(number))
            }
            (Type::Float(low, high), Val::Int(number)) if (*low..=*high).contains(&(number as f64)) => {
                Ok(Val::Float(number as f64))
            }
            (Type::Text(Format::Size), Val::Int(number)) if number >= 0 => {
                Ok(Val::Text(number.to_string().into()))
            }
            (Type::Text(format), Val::Text(text)) => match format.check(&text) {
                Ok(None) => {
                    if *format == Format::Secret {
                        evaluator.keep_secret(&text);
                    }
                    Ok(Val::Text(text))
                }
                Ok(Some(canonical)) => Ok(Val::Text(canonical.into())),
                Err(reason) => Err(Mismatch { reason: Some(reason), help: None }),
            },
            (Type::Enum(words), Val::Text(text)) if words.contains(&text) => Ok(Val::Text(text)),
            (Type::Enum(words), Val::Text(text)) => {
                let near = nearest(&text, words.iter().map(|word| &**word));
                Err(Mismatch { reason: None, help: near.map(|near| format!("did you mean `{near}`?")) })
            }
            (Type::List(inner), Val::List(items)) => {
                let mut checked = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let value = evaluator.force(*item)?;
                    match self.accept(evaluator, inner, value.clone(), place)? {
                        Ok(value) => checked.push(evaluator.value(value)),
                        Err(mismatch) => {
                            let found = self.show(evaluator, &value);
                            let reason =
                                mismatch.reason.map_or_else(String::new, |reason| format!(": {reason}"));
                            let reason = Some(format!("element {} is {found}{reason}", at + 1));
                            let called = matches!(value, Val::Function(_)).then(|| IN_A_LIST.to_owned());
                            return Ok(Err(Mismatch { reason, help: mismatch.help.or(called) }));
                        }
                    }
                }
                Ok(Val::List(checked.into()))
            }
            (Type::Map(inner), Val::Set(set)) => {
                let mut checked = Vec::with_capacity(set.len());
                for entry in evaluator.sorted(&set) {
                    let value = evaluator.force(entry.value)?;
                    match self.accept(evaluator, inner, value.clone(), place)? {
                        Ok(value) => checked.push((entry.name, evaluator.value(value))),
                        Err(mismatch) => {
                            let found = self.show(evaluator, &value);
                            let name = evaluator.name(entry.name).clone();
                            let reason = Some(format!("its `{name}` is {found}"));
                            return Ok(Err(Mismatch { reason, help: mismatch.help }));
                        }
                    }
                }
                Ok(evaluator.set(checked))
            }
            (Type::Optional(_), Val::Null) => Ok(Val::Null),
            (Type::Optional(inner), value) => return self.accept(evaluator, inner, value, place),
            (Type::Union(types), value) => {
                let mut only = Mismatch::default();
                for one in types.iter() {
                    match self.accept(evaluator, one, value.clone(), place)? {
                        Ok(value) => return Ok(Ok(value)),
                        Err(mismatch) => {
                            only.reason = only.reason.or(mismatch.reason);
                            only.help = only.help.or(mismatch.help);
                        }
                    }
                }
                Err(only)
            }
            (Type::Ref(option), Val::Text(key)) => {
                let reference = Reference { option: option.clone(), key: key.clone(), place };
                self.references.borrow_mut().push(reference);
                Ok(Val::Text(key))
            }
            (Type::Submodule(_), value @ Val::Set(_)) => Ok(value),
            (_, _) => Err(Mismatch::default()),
        })
    }

    /// Values of `ref<…>` that name nothing.
    pub(super) fn dangling(&self, evaluator: &mut Evaluator) -> Vec<(Arc<str>, Diagnostic)> {
        let mut found: Vec<(Arc<str>, Diagnostic)> = Vec::new();
        let references = std::mem::take(&mut *self.references.borrow_mut());
        let root = self.program.schema(super::types::SchemaId::ROOT);
        for Reference { option, key, place: Place { span, declared, of } } in references {
            let Some(at) = root.by_name(&option) else { continue };
            let slot = self.slot_of(self.root(), at);
            let Ok(outcome) = self.force_slot(evaluator, slot) else { continue };
            let super::machine::Parts::Map(entries) = outcome.parts else { continue };
            let entries = self.maps.get(entries);
            let Some(Val::Set(set)) = evaluator.done(self.slots.get(slot.0).thunk) else { continue };
            let set = set.clone();
            if set.get(evaluator.symbol_of(&key)).is_some() {
                continue;
            }
            let what = root.options[at as usize].node.as_ref().unwrap_or(&option);
            let mut diagnostic =
                Diagnostic::error(codes::DANGLING_REFERENCE, span, format!("there is no {what} `{key}`"))
                    .label(declared, format!("declared here as `ref<{option}>`"));
            if let Some(of) = of {
                diagnostic = diagnostic.about(|| self.slot_path(self.slots.get(of.0)));
            }
            if let Some(near) = nearest(&key, entries.iter().map(|(key, _)| &**evaluator.name(*key))) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                let part = entries.iter().find(|(key, _)| **evaluator.name(*key) == *near);
                if let Some(span) = part.and_then(|(_, part)| self.part_span(*part)) {
                    diagnostic = diagnostic.label(span, "this one");
                }
            } else if entries.is_empty() {
                diagnostic = diagnostic.help(format!("`{option}` is empty"));
            } else if entries.len() <= 8 {
                let known: Vec<String> =
                    entries.iter().map(|(key, _)| format!("`{}`", evaluator.name(*key))).collect();
                let are = if known.len() == 1 { "is" } else { "are" };
                diagnostic = diagnostic.help(format!("there {are} {}", known.join(", ")));
            }
            found.push((key, diagnostic));
        }
        found
    }
}

/// What was probably meant, where only the spelling is wrong.
fn spelling(ty: &Type, value: &Val) -> Option<String> {
    match (ty, value) {
        (Type::Optional(inner) | Type::List(inner), value) => spelling(inner, value),
        (Type::Text(Format::Duration), Val::Int(number)) => Some(format!("give it a unit: `{number}s`")),
        (Type::Text(_), Val::Int(number)) => Some(as_text(number)),
        (Type::Text(_), Val::Float(number)) => Some(as_text(number)),
        (Type::Text(_), Val::Bool(value)) => Some(as_text(value)),
        (Type::Bool, Val::Text(text)) => match &**text {
            "true" | "yes" | "on" => Some("write `#true`".into()),
            "false" | "no" | "off" => Some("write `#false`".into()),
            _ => None,
        },
        (Type::Int(..) | Type::Port, Val::Text(text)) => {
            text.parse::<i64>().ok().map(|number| format!("write it without quotes: `{number}`"))
        }
        (_, _) => None,
    }
}

fn as_text(value: impl std::fmt::Display) -> String {
    format!("in quotes it is text: `\"{value}\"`; within an expression, `toString` makes it so")
}
