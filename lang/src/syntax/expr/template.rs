//! Texts of the document that hold expressions: `${…}`, `$name.path`, and the two escapes.

use super::parser;
use super::strings::Places;
use super::{Expr, Key, Kind, Node, NodeId};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::tree::Text;
use std::sync::Arc;

/// What a text of the document stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// Plain text, escapes resolved.
    Constant(Arc<str>, Span),
    /// The whole text is one `${…}` or one `$name.path`: the expression's value, whatever its type.
    Expression(Arc<Expr>, Span),
    /// Text with expressions in it: always a text.
    Text(Arc<[Part]>, Span),
}

/// A piece of [`Template::Text`].
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// As it is.
    Literal(Arc<str>),
    /// `${…}`, and the span of all of it.
    Expression(Arc<Expr>, Span),
}

impl Template {
    /// Finds the expressions in a decoded text.
    ///
    /// # Errors
    /// The mistakes in its expressions, the first of each text.
    pub fn parse(text: &Text) -> Result<Template, Vec<Diagnostic>> {
        if !text.value.contains('$') {
            return Ok(Template::Constant(text.value.clone(), text.span));
        }
        if let Some(template) = reference(text) {
            return Ok(template);
        }
        parts(text).map_err(|diagnostic| vec![*diagnostic])
    }

    /// The span of the text.
    pub fn span(&self) -> Span {
        match self {
            Template::Constant(_, span) | Template::Expression(_, span) | Template::Text(_, span) => *span,
        }
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Arc<Expr>> {
        let (whole, parts) = match self {
            Template::Constant(..) => (None, &[][..]),
            Template::Expression(expr, _) => (Some(expr), &[][..]),
            Template::Text(parts, _) => (None, &parts[..]),
        };
        whole.into_iter().chain(parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Expression(expr, _) => Some(expr),
        }))
    }
}

/// A text that is wholly `$name.path`, or `$$name` which stands for the text `$name`.
fn reference(text: &Text) -> Option<Template> {
    let value = &*text.value;
    if let Some(rest) = value.strip_prefix("$$") {
        return is_reference(rest).then(|| Template::Constant(value[1..].into(), text.span));
    }
    if !is_reference(value.strip_prefix('$')?) {
        return None;
    }
    let mut keys = Vec::new();
    let mut at = 1;
    for name in value[1..].split('.') {
        keys.push((Arc::<str>::from(name), text.span_of(at, at + name.len() as u32)));
        at += name.len() as u32 + 1;
    }
    let mut keys = keys.into_iter();
    let (name, span) = keys.next()?;
    let mut nodes = vec![Node { kind: Kind::Name(name), span }];
    let path: Vec<Key> = keys.map(|(name, span)| Key::Static(name, span)).collect();
    if !path.is_empty() {
        let kind = Kind::Select { from: NodeId(0), path, default: None };
        nodes.push(Node { kind, span: text.span_of(1, value.len() as u32) });
    }
    let root = NodeId(nodes.len() as u32 - 1);
    Some(Template::Expression(Arc::new(Expr { nodes, root }), text.span))
}

fn is_reference(path: &str) -> bool {
    path.split('.').all(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\''))
    })
}

fn parts(text: &Text) -> Result<Template, Box<Diagnostic>> {
    let value = &*text.value;
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(dollar) = value[at..].find('$').map(|offset| at + offset) {
        literal.push_str(&value[at..dollar]);
        let rest = &value[dollar..];
        if rest.starts_with("$${") {
            literal.push_str("${");
            at = dollar + 3;
        } else if rest.starts_with("${") {
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal).into()));
            }
            let (expr, end) = parser::interpolated(value, Places::Text(text), dollar + 2)?;
            parts.push(Part::Expression(Arc::new(expr), text.span_of(dollar as u32, end as u32)));
            at = end;
        } else {
            literal.push('$');
            at = dollar + 1;
        }
    }
    literal.push_str(&value[at..]);
    if parts.is_empty() {
        return Ok(Template::Constant(literal.into(), text.span));
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal.into()));
    }
    if let [Part::Expression(expr, _)] = &parts[..] {
        return Ok(Template::Expression(expr.clone(), text.span));
    }
    Ok(Template::Text(parts.into(), text.span))
}
