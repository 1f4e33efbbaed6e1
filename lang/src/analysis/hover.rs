//! What there is to say about a word.

use super::Analysis;
use super::references::Word;
use super::scope::{Bound, Known, LocalKind, Target, structure};
use crate::module::types::{SchemaId, Type};
use crate::source::{SourceId, Span};
use std::sync::Arc;

/// What is known of a word without evaluating, and what to ask an evaluated lab for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The word.
    pub span: Span,
    /// What it is, in one line: `interface.mtu: int 68..65535`.
    pub title: String,
    /// What it is for.
    pub doc: Option<Arc<str>>,
    /// Further lines: the default, an example, where it is declared.
    pub facts: Vec<String>,
    /// Where an entry of a map is defined by its name.
    pub defined: Vec<Span>,
    /// The path of the value at this place, where no key on it is computed.
    pub path: Option<Vec<Arc<str>>>,
    /// The place whose definition this is, where its path is computed: values defined here are this word's.
    pub defines: Option<Span>,
}

/// The language's own nodes, each with what it means.
pub(super) const KEYWORDS: &[(&str, &str, &str)] = &[
    ("lab", "lab NAME", "Names the lab. Without it the lab is called as its file."),
    (
        "import",
        "import \"std:x\" | \"./x.kdl\" [as=NAME] [PARAM=VALUE …]",
        "Adds a module's options and definitions, and sets its params. `as=` binds its `let`s under a name instead.",
    ),
    (
        "param",
        "param NAME type=T [default=V]",
        "An input: set by the importer, or by `--set` and `--params` at the root.",
    ),
    ("let", "let NAME=VALUE … | let { NAME VALUE; … }", "Names for values, lazy and visible to each other."),
    (
        "for",
        "for NAME in=\"${list}\" { … } | for KEY VALUE in=\"${set}\" { … }",
        "Repeats the block for each element of a list, or each entry of a set.",
    ),
    ("if", "if \"${condition}\" { … }", "The block counts only if the condition holds."),
    ("else", "else { … } | else if \"${condition}\" { … }", "What counts where the `if` before it does not."),
    (
        "template",
        "template NAME PARAM … KEY=DEFAULT { … }",
        "A node of one's own: `NAME ARGUMENT … KEY=VALUE { … }` stands for the block.",
    ),
    (
        "option",
        "option NAME type=T [default=V] [node=NODE] [key=T] [arg=#true] { doc \"…\" }",
        "Declares an option: its type, its default, and the node that defines it.",
    ),
    (
        "type",
        "type NAME { option … }",
        "Declares a type with options, or adds options and definitions to it. Inside, `self` is the value.",
    ),
    (
        "assert",
        "assert \"${condition}\" \"message\"",
        "Must hold when everything is known; else the lab is wrong.",
    ),
    ("warn", "warn \"${condition}\" \"message\"", "Like `assert`, but the message is only a warning."),
];

impl Analysis {
    /// What there is to say about the word at an offset.
    pub fn hover(&self, source: SourceId, offset: u32) -> Option<Hover> {
        let word = self.word_at(source, offset)?;
        let path = word.slot.path.as_ref().filter(|path| !path.is_empty()).map(|path| path.to_vec());
        let hover = |title: String| Hover {
            span: word.span,
            title,
            doc: None,
            facts: Vec::new(),
            defined: Vec::new(),
            path: path.clone(),
            defines: None,
        };
        let found = match word.target.as_ref() {
            Some(Target::Keyword(keyword)) => {
                let (_, form, meaning) = KEYWORDS.iter().find(|(known, ..)| known == keyword)?;
                Hover { doc: Some((*meaning).into()), ..hover((*form).to_owned()) }
            }
            Some(Target::Option(schema, at)) => self.option_hover(*schema, *at, hover(String::new())),
            Some(Target::Type(schema)) | Some(Target::Bound(schema, Bound::Own | Bound::Around)) => {
                let title = match word.target {
                    Some(Target::Bound(_, Bound::Own)) => {
                        format!("self: {}", self.schemas[schema.0 as usize].name)
                    }
                    Some(Target::Bound(..)) => {
                        format!("the {} around here", self.schemas[schema.0 as usize].name)
                    }
                    _ => format!("type {}", self.schemas[schema.0 as usize].name),
                };
                Hover { facts: vec![self.options_of(*schema)], ..hover(title) }
            }
            Some(Target::Bound(schema, Bound::Key)) => {
                let of = &self.schemas[schema.0 as usize].name;
                hover(format!("name: the key of this {of} in its map"))
            }
            Some(Target::Key(key)) => self.key_hover(key, hover(String::new())),
            Some(Target::Local(span, kind)) => self.local_hover(&word, *span, *kind, hover(String::new())),
            Some(Target::Module(module)) => {
                hover(format!("module {}", self.sources.get(SourceId(*module)).name))
            }
            Some(Target::Builtin(path)) => self.builtin_hover(path, hover(String::new())),
            None => {
                let (schema, at) = word.slot.option?;
                self.option_hover(schema, at, hover(String::new()))
            }
        };
        // A definition whose path is computed is known by its place.
        let defines = word.extent.filter(|_| found.path.is_none());
        Some(Hover { defines, ..found })
    }

    fn option_hover(&self, schema: SchemaId, at: u32, hover: Hover) -> Hover {
        let of = &self.schemas[schema.0 as usize];
        let option = &of.options[at as usize];
        let owner = if of.name.is_empty() { String::new() } else { format!("{}.", of.name) };
        let title = format!("{owner}{}: {}", option.name, option.ty.display(&self.schemas));
        let mut facts = Vec::new();
        if let Some(node) = &option.node {
            facts.push(format!("one entry: `{node} …`"));
        }
        if let Some(default) = self.defaults.get(&(schema, at)) {
            facts.push(format!("default: `{}`", one_line(self.sources.text(*default))));
        }
        facts.extend(option.examples.iter().map(|example| format!("example: `{}`", one_line(example))));
        facts.push(format!("declared in {}", self.sources.place(option.span)));
        Hover { title, doc: option.doc.clone(), facts, ..hover }
    }

    fn key_hover(&self, key: &[Arc<str>], hover: Hover) -> Hover {
        let ty = self.type_at(key);
        let written = ty.as_ref().map_or(String::new(), |ty| format!(": {}", ty.display(&self.schemas)));
        let defined = self.declarations(&Target::Key(key.into()));
        Hover { title: format!("{}{written}", key.join(".")), defined, path: Some(key.to_vec()), ..hover }
    }

    fn local_hover(&self, word: &Word, span: Span, kind: LocalKind, hover: Hover) -> Hover {
        let name = self.sources.text(span).trim_matches('"');
        let what = match kind {
            LocalKind::Let => "let",
            LocalKind::Param => "param",
            LocalKind::Template => "template",
            LocalKind::Parameter => "parameter",
            LocalKind::Loop => "loop variable",
            LocalKind::Import => "import",
            LocalKind::Expression => "name",
            LocalKind::Field => "argument",
        };
        let known = self.written(&word.known).map_or(String::new(), |ty| format!(": {ty}"));
        let mut facts = Vec::new();
        if kind == LocalKind::Template {
            let source = self.sources.get(span.source);
            facts.push(format!(
                "`{}`",
                source.line(source.line_column(span.start).0).trim().trim_end_matches('{').trim()
            ));
        }
        facts.push(format!("from {}", self.sources.place(span)));
        // At the top of the lab it can be asked for by name.
        let top = matches!(kind, LocalKind::Let | LocalKind::Param) && self.is_top(span);
        let path = hover.path.or_else(|| top.then(|| vec![name.into()]));
        Hover { title: format!("{what} {name}{known}"), facts, path, ..hover }
    }

    /// Whether a name is declared at the top level of the entry.
    fn is_top(&self, span: Span) -> bool {
        let Some(entry) = self.loaded.len().checked_sub(1).filter(|at| self.source_of(*at) == span.source)
        else {
            return false;
        };
        self.loaded[entry].document.nodes.iter().any(|node| {
            matches!(&*node.name.value, "let" | "param")
                && (node.entries.iter().any(|entry| {
                    entry.name.as_ref().is_some_and(|name| name.span == span) || entry.value.span() == span
                }) || node
                    .children
                    .iter()
                    .flat_map(|block| &block.nodes)
                    .any(|child| child.name.span == span))
        })
    }

    fn builtin_hover(&self, path: &str, hover: Hover) -> Hover {
        if let Some(function) = crate::functions::function(path) {
            let title = format!("{path} :: {}", function.ty);
            let facts = vec![format!("example: `{}`", function.shown_example())];
            return Hover { title, doc: Some(function.doc.as_str().into()), facts, ..hover };
        }
        // The sets within it first, and no more than can be read.
        let (sets, functions): (Vec<_>, Vec<_>) =
            self.library.names(path).partition(|name| self.library.set(path, name).is_some());
        let names: Vec<String> = sets.iter().chain(&functions).map(|name| format!("`{name}`")).collect();
        let facts = match names.len() {
            0 => Vec::new(),
            many if many <= SHOWN => vec![names.join(", ")],
            many => vec![format!("{}, and {} more", names[..SHOWN].join(", "), many - SHOWN)],
        };
        Hover { title: path.to_owned(), facts, ..hover }
    }

    /// The declared type at a path.
    pub(super) fn type_at(&self, path: &[Arc<str>]) -> Option<Type> {
        path.iter().try_fold(Type::Submodule(SchemaId::ROOT), |ty, key| match structure(&ty) {
            Type::Submodule(schema) => {
                let of = &self.schemas[schema.0 as usize];
                Some(of.options[of.by_name(key)? as usize].ty.clone())
            }
            Type::Map(inner) => Some((**inner).clone()),
            _ => None,
        })
    }

    /// What is known of a value, as a type is written.
    pub(super) fn written(&self, known: &Known) -> Option<String> {
        match known {
            Known::Value(ty, _) => Some(ty.display(&self.schemas).to_string()),
            Known::List(inner) => self.written(inner).map(|inner| format!("list<{inner}>")),
            Known::Map(inner) => self.written(inner).map(|inner| format!("map<{inner}>")),
            Known::Set(names) => {
                let names: Vec<&str> = names.iter().take(8).map(|name| &*name.name).collect();
                Some(format!("{{ {} }}", names.join(", ")))
            }
            Known::Function(_) => Some("function".to_owned()),
            Known::Nothing | Known::Library(_) | Known::Template(_) => None,
        }
    }

    fn options_of(&self, schema: SchemaId) -> String {
        let options = self.schemas[schema.0 as usize].options.iter().filter(|option| !option.internal);
        let names: Vec<String> = options.map(|option| format!("`{}`", option.name)).collect();
        format!("options: {}", names.join(", "))
    }
}

/// How many names of a set are listed.
const SHOWN: usize = 16;

/// The first line, and a sign that there are more.
pub(super) fn one_line(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let long = first.chars().count() > 100;
    let mut line: String = first.chars().take(100).collect();
    if long || lines.next().is_some() {
        line.push('…');
    }
    line
}
