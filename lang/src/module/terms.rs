//! Terms and plain data as values, and values as messages show them.

use super::block::BlockId;
use super::machine::Machine;
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, Raised, Scope, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use crate::{Code, codes};
use std::sync::Arc;

impl Machine {
    /// The value of a term in a block, with what led there if it is wrong.
    pub(super) fn term(&self, evaluator: &mut Evaluator, term: &Term, block: BlockId) -> Result<Val, Raised> {
        match self.constant(term) {
            Some(value) => value,
            None => {
                self.evaluate(evaluator, term, block).map_err(|raised| self.traced(evaluator, block, raised))
            }
        }
    }

    /// The value of a term in a block.
    pub(super) fn evaluate(
        &self,
        evaluator: &mut Evaluator,
        term: &Term,
        block: BlockId,
    ) -> Result<Val, Raised> {
        match (self.constant(term), term) {
            (Some(value), _) => value,
            (None, Term::Dynamic(template)) => evaluator.evaluate(template, &self.blocks.get(block.0).scope),
            (None, term) => {
                let thunk = self.term_thunk(evaluator, term, block);
                evaluator.force(thunk)
            }
        }
    }

    pub(super) fn constant(&self, term: &Term) -> Option<Result<Val, Raised>> {
        Some(Ok(match term {
            Term::Null(_) => Val::Null,
            Term::Bool(value, _) => Val::Bool(*value),
            Term::Int(value, _) => Val::Int(*value),
            Term::Float(value, _) => Val::Float(*value),
            Term::Text(value, _) => Val::Text(value.clone()),
            Term::Broken(span) => return Some(Err(Raised::new(Code::REPORTED, *span, "refused before"))),
            Term::List(..) | Term::Dynamic(_) => return None,
        }))
    }

    /// A term as a thunk.
    pub(super) fn term_thunk(&self, evaluator: &mut Evaluator, term: &Term, block: BlockId) -> ThunkId {
        self.term_in(evaluator, term, &self.blocks.get(block.0).scope)
    }

    /// A term as a thunk in a scope that may be narrower than its block's.
    pub(super) fn term_in(&self, evaluator: &mut Evaluator, term: &Term, scope: &Scope) -> ThunkId {
        match (self.constant(term), term) {
            (Some(Ok(value)), _) => evaluator.value(value),
            (Some(Err(raised)), term) => evaluator.native(term.span(), String::new, move |_| Err(raised)),
            (None, Term::Dynamic(template)) => evaluator.template(template, scope),
            (None, Term::List(items, _)) => {
                let items: Vec<ThunkId> =
                    items.iter().map(|item| self.term_in(evaluator, item, scope)).collect();
                evaluator.value(Val::List(items.into()))
            }
            (None, _) => evaluator.value(Val::Null),
        }
    }

    /// Plain data as a thunk.
    pub(super) fn data(&self, evaluator: &mut Evaluator, data: &Data, block: BlockId) -> ThunkId {
        match data {
            Data::Term(term) => self.term_thunk(evaluator, term, block),
            Data::List(items) => {
                let items: Vec<ThunkId> =
                    items.iter().map(|item| self.data(evaluator, item, block)).collect();
                evaluator.value(Val::List(items.into()))
            }
            Data::Set(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| {
                        let symbol = evaluator.symbol_of(key);
                        (symbol, self.data(evaluator, value, block))
                    })
                    .collect();
                let set = evaluator.set(entries);
                evaluator.value(set)
            }
        }
    }

    /// A param: given from outside, by an importer, or its default.
    pub(super) fn param(
        &self,
        evaluator: &mut Evaluator,
        module: ModuleId,
        param: &Param,
    ) -> Result<Val, Raised> {
        let top = self.top(module);
        let mut found: Vec<(Val, Span)> = Vec::new();
        if let Some(given) = &param.given {
            found.push((self.term(evaluator, given, top)?, given.span()));
        } else {
            for (importer, block) in self.program.modules.iter().zip(self.tops().iter()) {
                let arguments = importer
                    .imports
                    .iter()
                    .filter(|import| import.module == module)
                    .flat_map(|import| &import.arguments)
                    .filter(|(name, _)| name.value == param.name.value);
                for (_, term) in arguments {
                    found.push((self.term(evaluator, term, block)?, term.span()));
                }
            }
        }
        if let (true, Some(default)) = (found.is_empty(), &param.default) {
            found.push((self.term(evaluator, default, top)?, default.span()));
        }
        let mut agreed: Option<(Val, Span)> = None;
        for (value, span) in found {
            let value = self.check(evaluator, &param.ty, value, span, param.span, None)?;
            match &agreed {
                None => agreed = Some((value, span)),
                Some((first, first_span)) => {
                    if !evaluator.equal(first, &value)? {
                        let message = format!("param `{}` is set to two values", param.name.value);
                        return Err(Raised::new(codes::CONFLICT, span, message)
                            .label(*first_span, "and here to another")
                            .help("a module is part of a lab once; its importers must agree"));
                    }
                }
            }
        }
        match agreed {
            Some((value, _)) => Ok(value),
            None => {
                let name = &param.name.value;
                let entry = module.0 as usize + 1 == self.program.modules.len();
                let help = match entry {
                    true => format!("give it with `--set {name}=…`, or a `default=`"),
                    false => format!(
                        "give it where the module is imported: `import \"…\" {name}=…`, or a `default=`"
                    ),
                };
                Err(Raised::new(codes::MISSING, param.span, format!("param `{name}` has no value"))
                    .help(help))
            }
        }
    }

    /// What is wrong with the params that are given from outside.
    pub(crate) fn check_given(&self, evaluator: &mut Evaluator) -> Vec<Diagnostic> {
        let Some(entry) = self.program.modules.len().checked_sub(1) else { return Vec::new() };
        let given = self.program.modules[entry].params.iter().filter(|param| param.given.is_some());
        given
            .filter_map(|param| self.param(evaluator, ModuleId(entry as u32), param).err())
            .map(Diagnostic::from)
            .collect()
    }

    /// A value as a message shows it: short, and on one line.
    pub(super) fn show(&self, evaluator: &mut Evaluator, value: &Val) -> String {
        match value {
            Val::Null => "`#null`".into(),
            Val::Bool(true) => "`#true`".into(),
            Val::Bool(false) => "`#false`".into(),
            Val::Int(number) => format!("`{number}`"),
            Val::Float(number) => format!("`{number}`"),
            Val::Text(text) => format!("`{}`", quoted(text)),
            Val::List(items) if items.is_empty() => "an empty list".into(),
            Val::List(items) if items.len() == 1 => "a list of one element".into(),
            Val::List(items) => format!("a list of {} elements", items.len()),
            Val::Set(set) => {
                let names = evaluator.sorted(set);
                let names: Vec<&str> =
                    names.iter().take(3).map(|entry| &**evaluator.name(entry.name)).collect();
                match (names.is_empty(), set.len() > 3) {
                    (true, _) => "an empty set".into(),
                    (false, true) => format!("a set with {}, …", names.join(", ")),
                    (false, false) => format!("a set with {}", names.join(", ")),
                }
            }
            Val::Function(_) => "a function".into(),
        }
    }
}

fn quoted(text: &Arc<str>) -> String {
    let short: String = text.chars().take(40).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{rest}")
}
