//! The nodes of a document, as a table of contents.

use crate::source::{SourceId, Span};
use crate::syntax;
use crate::syntax::tree::{Document, Node, Scalar};

/// One line of it, with those below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// `kdc1`
    pub name: String,
    /// `host`, where the name is the node's argument.
    pub detail: String,
    /// What it is.
    pub kind: OutlineKind,
    /// All of the node.
    pub span: Span,
    /// The name.
    pub name_span: Span,
    /// What is in its block.
    pub children: Vec<Outline>,
}

/// What a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutlineKind {
    /// `lab`, `import`
    Module,
    /// `type`
    Type,
    /// `option`
    Option,
    /// `template`
    Template,
    /// `let`, `param`
    Name,
    /// `for`, `if`, `else`, `assert`, `warn`
    Control,
    /// A node with a block or a name of its own.
    Entry,
    /// A node with values only.
    Value,
}

/// The table of contents of a text, whatever is wrong with it.
pub fn outline(source: SourceId, text: &str) -> Vec<Outline> {
    let (document, _) = syntax::parse(source, text);
    lines(&document)
}

fn lines(document: &Document) -> Vec<Outline> {
    document.nodes.iter().map(line).collect()
}

fn line(node: &Node) -> Outline {
    let argument = node.entries.iter().find(|entry| entry.name.is_none());
    let argument = argument.and_then(|entry| match &entry.value {
        Scalar::Text(text) => Some(text),
        _ => None,
    });
    let keyword = &*node.name.value;
    let kind = match keyword {
        "lab" | "import" => OutlineKind::Module,
        "type" => OutlineKind::Type,
        "option" => OutlineKind::Option,
        "template" => OutlineKind::Template,
        "let" | "param" => OutlineKind::Name,
        "for" | "if" | "else" | "assert" | "warn" => OutlineKind::Control,
        _ if node.children.is_some() => OutlineKind::Entry,
        _ => OutlineKind::Value,
    };
    let names: Vec<&str> =
        node.entries.iter().filter_map(|entry| entry.name.as_ref()).map(|name| &*name.value).collect();
    let (name, detail, name_span) = match (keyword, argument) {
        ("let", _) if !names.is_empty() => (names.join(" "), keyword.to_owned(), node.name.span),
        (_, Some(argument)) if !argument.value.trim().is_empty() => {
            (super::hover::one_line(argument.value.trim()), keyword.to_owned(), argument.span)
        }
        _ => (keyword.to_owned(), String::new(), node.name.span),
    };
    let name = if name.is_empty() { "-".to_owned() } else { name };
    let children = node.children.as_ref().map(lines).unwrap_or_default();
    Outline { name, detail, kind, span: node.span, name_span, children }
}
