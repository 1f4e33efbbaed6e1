//! What the command line gives to the entry's params: `--set name=value` and `--params FILE`.

use super::names::Names;
use super::program::{Param, Term};
use super::{Given, Resolver};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::types::Type;
use crate::nearest::nearest;
use crate::source::{Source, Span};
use crate::syntax::tree::{Scalar, Text};
use std::sync::Arc;

impl Resolver<'_> {
    /// Sets the entry's params; `--set` comes last and wins.
    pub(super) fn given(&mut self, given: &Given<'_>) {
        if let Some((name, text)) = given.params {
            let source = self.sources.add(Source::new(name, text));
            let (document, mistakes) = crate::syntax::parse(source, text);
            self.diagnostics.extend(mistakes);
            for node in &document.nodes {
                match (&node.entries[..], &node.children) {
                    ([entry], None) if entry.name.is_none() => self.scalar(&node.name, &entry.value),
                    _ => {
                        let wrong = Diagnostic::error(
                            codes::ARGUMENTS,
                            node.head,
                            "a param is given as `NAME VALUE`",
                        );
                        self.report(wrong);
                    }
                }
            }
        }
        for (name, value) in given.set {
            let text = format!("{name}={value}");
            let source = self.sources.add(Source::new("--set", &text));
            let at = name.len() as u32;
            let key = Text::plain(name.as_str(), Span::new(source, 0, at));
            let span = Span::new(source, at + 1, text.len() as u32);
            self.text(&key, value, span);
        }
    }

    fn find(&mut self, name: &Text) -> Option<usize> {
        let params: &[Param] = self.program.modules.last().map_or(&[], |module| &module.params);
        let found = params.iter().position(|param| param.name.value == name.value);
        if found.is_none() {
            let mut wrong = Diagnostic::error(
                codes::UNKNOWN_PARAM,
                name.span,
                format!("this lab has no param `{}`", name.value),
            );
            let names: Vec<&str> = params.iter().map(|param| &*param.name.value).collect();
            wrong = match nearest(&name.value, names.iter().copied()) {
                Some(near) => wrong.help(format!("did you mean `{near}`?")),
                None if names.is_empty() => {
                    wrong.help("a lab takes params that it declares: `param clients type=int default=3`")
                }
                None => wrong.help(format!("it has {}", names.join(", "))),
            };
            self.report(wrong);
        }
        found
    }

    fn give(&mut self, param: usize, term: Term) {
        if let Some(module) = self.program.modules.last_mut() {
            module.params[param].given = Some(term);
        }
    }

    fn scalar(&mut self, name: &Text, value: &Scalar) {
        let Some(param) = self.find(name) else { return };
        let term = self.term(value, &Names::default());
        self.give(param, term);
    }

    /// A value from the command line: text, read as what the param's type wants.
    fn text(&mut self, name: &Text, value: &str, span: Span) {
        let Some(param) = self.find(name) else { return };
        let ty = match self.program.modules.last() {
            Some(module) => module.params[param].ty.clone(),
            None => return,
        };
        self.give(param, read(&ty, value, span));
    }
}

/// A word as a value of a type; a text where it is none, for the type to refuse.
fn read(ty: &Type, word: &str, span: Span) -> Term {
    let text = || Term::Text(Arc::from(word), span);
    match ty {
        Type::Bool => match word {
            "true" | "#true" | "yes" => Term::Bool(true, span),
            "false" | "#false" | "no" => Term::Bool(false, span),
            _ => text(),
        },
        Type::Int(..) | Type::Port => word.parse().map_or_else(|_| text(), |number| Term::Int(number, span)),
        Type::Float(..) => word.parse().map_or_else(|_| text(), |number| Term::Float(number, span)),
        Type::Optional(_) if matches!(word, "null" | "#null") => Term::Null(span),
        Type::Optional(inner) => read(inner, word, span),
        Type::Union(types) => {
            let readings = types.iter().map(|one| read(one, word, span));
            readings.into_iter().find(|term| !matches!(term, Term::Text(..))).unwrap_or_else(text)
        }
        Type::Any => match (word, word.parse::<i64>(), word.parse::<f64>()) {
            ("true" | "#true", ..) => Term::Bool(true, span),
            ("false" | "#false", ..) => Term::Bool(false, span),
            ("null" | "#null", ..) => Term::Null(span),
            (_, Ok(number), _) => Term::Int(number, span),
            (_, _, Ok(number)) if number.is_finite() => Term::Float(number, span),
            _ => text(),
        },
        Type::List(inner) => {
            let mut at = span.start;
            let items = word.split(',').map(|item| {
                let start = at;
                at += item.len() as u32 + 1;
                read(inner, item, Span::new(span.source, start, start + item.len() as u32))
            });
            Term::List(if word.is_empty() { Arc::new([]) } else { items.collect() }, span)
        }
        Type::Text(_) | Type::Enum(_) | Type::Ref(_) | Type::Map(_) | Type::Submodule(_) | Type::Function => {
            text()
        }
    }
}
