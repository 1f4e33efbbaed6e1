//! One `option` or `param` node, and the type it writes.

use super::program::{BodyId, ModuleId, OptionDecl};
use super::{Resolver, children, text_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::types::Type;
use crate::nearest::nearest;
use crate::source::Span;
use crate::syntax::tree::{Entry, Node, Scalar, Text};
use std::sync::Arc;

/// Names that the language keeps for itself.
pub(super) const KEYWORDS: [&str; 12] =
    ["lab", "import", "param", "let", "for", "if", "else", "template", "option", "type", "assert", "warn"];

impl<'a> Resolver<'a> {
    /// An option as declared, and its default, whose names are not known yet.
    pub(super) fn option(
        &mut self,
        node: &'a Node,
        body: BodyId,
        module: ModuleId,
    ) -> Option<(OptionDecl, Option<&'a Scalar>)> {
        let name = self.declared_name(node, "option printers type=\"list<text>\"")?;
        if KEYWORDS.contains(&&*name.value) {
            let wrong = Diagnostic::error(
                codes::RESERVED,
                name.span,
                format!("`{}` belongs to the language", name.value),
            )
            .help("give the option another name");
            self.report(wrong);
            return None;
        }
        let mut option = OptionDecl {
            name: name.value.clone(),
            span: name.span,
            ty: Type::Any,
            ty_span: name.span,
            default: None,
            node: None,
            argument: false,
            key: None,
            internal: false,
            broken: false,
            doc: None,
            examples: Vec::new(),
            body,
            module,
        };
        let mistakes = self.diagnostics.len();
        let mut default = None;
        let mut typed = false;
        for entry in &node.entries[1..] {
            match entry.name.as_ref().map(|name| &*name.value) {
                Some("type") => {
                    typed = true;
                    option.ty_span = entry.value.span();
                    option.ty = self.written_type(entry).unwrap_or(Type::Any);
                }
                Some("key") => option.key = self.written_type(entry),
                Some("default") => default = Some(&entry.value),
                Some("node") => option.node = self.static_text(entry),
                Some("arg") => option.argument = self.flag(entry),
                Some("internal") => option.internal = self.flag(entry),
                _ => self.unknown_entry(
                    entry,
                    "option",
                    &["type", "default", "node", "key", "arg", "internal"],
                ),
            }
        }
        for child in children(node.children.as_ref()) {
            match (&*child.name.value, &child.entries[..]) {
                ("doc", [entry]) => option.doc = self.static_text(entry),
                ("example", entries) if !entries.is_empty() => {
                    let span = child.entries[0].span.to(child.head);
                    let start = child.entries[0].span.start;
                    let text = self.sources.text(Span::new(span.source, start, child.head.end));
                    option.examples.push(text.into());
                }
                ("default", [entry]) => default = Some(&entry.value),
                _ => {
                    let wrong = Diagnostic::error(
                        codes::UNKNOWN_OPTION,
                        child.head,
                        "this says nothing about an option",
                    )
                    .help("an option's block has `doc \"…\"`, `example …` and `default …`");
                    self.report(wrong);
                }
            }
        }
        if !typed {
            let wrong =
                Diagnostic::error(codes::BAD_TYPE, name.span, format!("option `{}` has no type", name.value))
                    .help("add `type=…`; `type=any` takes everything");
            self.report(wrong);
        }
        self.sensible(&option);
        option.broken = self.diagnostics.len() > mistakes;
        Some((option, default))
    }

    fn sensible(&mut self, option: &OptionDecl) {
        if option.key.is_some() && !matches!(option.ty, Type::Map(_)) {
            let name = &option.name;
            let wrong = Diagnostic::error(
                codes::BAD_TYPE,
                option.ty_span,
                format!("`{name}` has `key=`, but is not a map"),
            )
            .help("only `map<…>` has keys");
            self.report(wrong);
        }
    }

    /// The first argument of `option`, `param` or `template`.
    pub(super) fn declared_name(&mut self, node: &'a Node, example: &str) -> Option<&'a Text> {
        let first = node.entries.first().filter(|entry| entry.name.is_none());
        let found = first.and_then(|entry| text_of(&entry.value));
        if found.is_none() {
            let keyword = &node.name.value;
            let wrong = Diagnostic::error(codes::ARGUMENTS, node.head, format!("`{keyword}` needs a name"))
                .help(format!("write `{example}`"));
            self.report(wrong);
        }
        found
    }

    /// The type in an entry such as `type="list<text>"`.
    pub(super) fn written_type(&mut self, entry: &Entry) -> Option<Type> {
        let Some(text) = text_of(&entry.value) else {
            let wrong =
                Diagnostic::error(codes::BAD_TYPE, entry.value.span(), "expected a type, such as `text`");
            self.report(wrong);
            return None;
        };
        match Type::parse(&text.value, &self.program.schemas) {
            Ok(ty) => Some(ty),
            Err(error) => {
                let span = match text.span_of(error.start, error.end) {
                    span if span.start == span.end => text.span,
                    span => span,
                };
                let mut wrong = Diagnostic::error(codes::BAD_TYPE, span, error.message);
                wrong.help.extend(error.help);
                self.report(wrong);
                None
            }
        }
    }

    /// A text that cannot be computed.
    pub(super) fn static_text(&mut self, entry: &Entry) -> Option<Arc<str>> {
        match text_of(&entry.value) {
            Some(text) => Some(text.value.clone()),
            None => {
                let wrong = Diagnostic::error(codes::TYPE_MISMATCH, entry.value.span(), "expected text");
                self.report(wrong);
                None
            }
        }
    }

    fn flag(&mut self, entry: &Entry) -> bool {
        match entry.value {
            Scalar::Bool(value, _) => value,
            _ => {
                let wrong = Diagnostic::error(
                    codes::TYPE_MISMATCH,
                    entry.value.span(),
                    "expected `#true` or `#false`",
                );
                self.report(wrong);
                false
            }
        }
    }

    /// An argument or property that a language node does not take.
    pub(super) fn unknown_entry(&mut self, entry: &Entry, keyword: &str, known: &[&str]) {
        let diagnostic = match &entry.name {
            None => Diagnostic::error(
                codes::ARGUMENTS,
                entry.span,
                format!("`{keyword}` takes no further argument"),
            ),
            Some(name) => {
                let message = format!("`{keyword}` has no property `{}`", name.value);
                let diagnostic = Diagnostic::error(codes::UNKNOWN_PROPERTY, name.span, message);
                match nearest(&name.value, known.iter().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None if known.is_empty() => diagnostic,
                    None => diagnostic.help(format!("it has {}", known.join(", "))),
                }
            }
        };
        self.report(diagnostic);
    }
}
