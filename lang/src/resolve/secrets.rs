//! Where secrets are written, so that no message and no reason shows them.
//!
//! What is written for an option or param of type `secret`, and the texts of `let`s, params and arguments of templates
//! that such an option names. Deliberately absent: what an expression makes a secret from.

use super::program::*;
use crate::module::finish::is_secret;
use crate::module::types::Type;
use crate::source::Span;
use crate::syntax::expr::{Expr, Kind, Part, Template};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The places of all of them.
pub(crate) fn places(program: &Program) -> Vec<Span> {
    let mut secrets = Secrets { places: program.secrets.clone(), ..Secrets::default() };
    for schema in &program.schemas {
        for option in &schema.options {
            if let (true, Some(default)) = (is_secret(&option.ty), &option.default) {
                secrets.term(default);
            }
        }
    }
    for body in &program.bodies {
        for item in &body.items {
            if let Item::Define(definition) = item {
                let options = &program.schema(definition.schema).options;
                if let Some(option) = options.get(definition.option as usize) {
                    secrets.content(program, &definition.content, &option.ty);
                }
            }
        }
    }
    for module in &program.modules {
        for param in module.params.iter().filter(|param| is_secret(&param.ty)) {
            secrets.names.insert(param.name.value.clone());
        }
    }
    secrets.named(program);
    secrets.places
}

#[derive(Default)]
struct Secrets {
    places: Vec<Span>,
    /// What secrets are called where they are passed on.
    names: BTreeSet<Arc<str>>,
}

impl Secrets {
    fn content(&mut self, program: &Program, content: &Content, ty: &Type) {
        let inner = || match ty {
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => inner,
            _ => ty,
        };
        match content {
            Content::Values(terms) if is_secret(ty) || is_secret(inner()) => {
                terms.iter().for_each(|term| self.term(term));
            }
            Content::Data(Data::Term(term)) if is_secret(ty) => self.term(term),
            Content::Entry { content, .. } | Content::Element(content) => {
                self.content(program, content, inner())
            }
            Content::Entries(body) if is_secret(inner()) => {
                for item in &program.body(*body).items {
                    if let Item::Define(definition) = item {
                        self.content(program, &definition.content, ty);
                    }
                }
            }
            Content::Values(_) | Content::Data(_) | Content::Entries(_) | Content::Block { .. } => {}
        }
    }

    /// The texts of a term that is a secret, and the name it is, if it is one.
    fn term(&mut self, term: &Term) {
        match term {
            Term::Text(_, span) => self.places.push(*span),
            Term::Dynamic(template) => match &**template {
                Template::Constant(_, span) => self.places.push(*span),
                Template::Expression(expr, _) => self.expression(expr),
                Template::Text(parts, span) => self.parts(parts, *span),
            },
            Term::List(items, _) => items.iter().for_each(|item| self.term(item)),
            // Refused, and a secret all the same.
            Term::Broken(span) => self.places.push(*span),
            Term::Null(_) | Term::Bool(..) | Term::Int(..) | Term::Float(..) => {}
        }
    }

    /// What stands between the expressions of a text.
    fn parts(&mut self, parts: &[Part], whole: Span) {
        let mut from = whole.start;
        for part in parts {
            if let Part::Expression(expr, span) = part {
                self.expression(expr);
                self.places.push(Span { start: from, end: span.start, ..whole });
                from = span.end;
            }
        }
        self.places.push(Span { start: from, ..whole });
    }

    fn expression(&mut self, expr: &Expr) {
        if let Kind::Name(name) = &expr.node(expr.root()).kind {
            self.names.insert(name.clone());
        }
        let texts = expr.nodes().filter(|(_, node)| matches!(node.kind, Kind::Text(_)));
        self.places.extend(texts.map(|(_, node)| node.span));
    }

    /// What the names stand for, wherever they are bound: rather too much than too little.
    fn named(&mut self, program: &Program) {
        let names = self.names.clone();
        for body in &program.bodies {
            for one in body.lets.iter().filter(|one| names.contains(&one.name)) {
                if let Data::Term(term) = &one.value {
                    self.term(term);
                }
            }
            for item in &body.items {
                let Item::Call(call) = item else { continue };
                let params = &program.templates[call.template.0 as usize].params;
                for (param, argument) in params.iter().zip(&call.arguments) {
                    if let (true, Some(term)) = (names.contains(&param.name), argument) {
                        self.term(term);
                    }
                }
            }
        }
        for template in &program.templates {
            let defaults = template.params.iter().filter(|param| names.contains(&param.name));
            defaults.filter_map(|param| param.default.as_ref()).for_each(|term| self.term(term));
        }
        for module in &program.modules {
            for param in module.params.iter().filter(|param| names.contains(&param.name.value)) {
                param.default.iter().chain(&param.given).for_each(|term| self.term(term));
            }
            for (name, term) in module.imports.iter().flat_map(|import| &import.arguments) {
                if names.contains(&name.value) {
                    self.term(term);
                }
            }
        }
    }
}
