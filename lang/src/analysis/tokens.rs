//! What every piece of a text is, for editors that colour by meaning.

use super::Analysis;
use super::scope::{Bound, LocalKind, Target};
use super::seen::{Role, Seen, Sink};
use crate::source::{SourceId, Span};
use crate::syntax::expr::{Expr, Kind as ExprKind, Piece, Template};
use crate::syntax::lexer::{Kind, tokens};
use crate::syntax::tree::{Document, Scalar, Text};

/// A coloured piece. None goes over a line's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Painted {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What it is.
    pub kind: TokenKind,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `// …`
    Comment,
    /// Text.
    Text,
    /// A number.
    Number,
    /// `#true`, and words of the language.
    Keyword,
    /// An option, as a node or a property.
    Option,
    /// A type.
    Type,
    /// An entry of a map.
    Entry,
    /// A name of the author's, or one the language binds.
    Variable,
    /// A param, or a parameter of a template or a function.
    Parameter,
    /// A template.
    Template,
    /// A function of the language.
    Function,
    /// A module, or `lib`, `net`, `builtins`.
    Namespace,
    /// `(force)` and its like.
    Modifier,
}

impl TokenKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [TokenKind; 13] = [
        TokenKind::Comment,
        TokenKind::Text,
        TokenKind::Number,
        TokenKind::Keyword,
        TokenKind::Option,
        TokenKind::Type,
        TokenKind::Entry,
        TokenKind::Variable,
        TokenKind::Parameter,
        TokenKind::Template,
        TokenKind::Function,
        TokenKind::Namespace,
        TokenKind::Modifier,
    ];
}

/// Words of an expression that stand for nothing.
const EXPRESSION_WORDS: [&str; 10] =
    ["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"];

/// A colour for every byte of a text; later ones go over earlier ones.
struct Canvas<'t> {
    text: &'t str,
    colours: Vec<Option<TokenKind>>,
}

impl Canvas<'_> {
    fn paint(&mut self, start: u32, end: u32, kind: Option<TokenKind>) {
        let range = start.min(end) as usize..(end as usize).min(self.colours.len());
        if let Some(bytes) = self.colours.get_mut(range) {
            bytes.fill(kind);
        }
    }

    fn span(&mut self, span: Span, kind: Option<TokenKind>) {
        self.paint(span.start, span.end, kind);
    }
}

impl Analysis {
    /// The pieces of a source, in order.
    pub fn tokens(&self, source: SourceId) -> Vec<Painted> {
        let text = self.sources.get(source).text.clone();
        let mut canvas = Canvas { text: &text, colours: vec![None; text.len()] };
        for token in tokens(&text) {
            let kind = match token.kind {
                Kind::LineComment | Kind::BlockComment => TokenKind::Comment,
                Kind::Keyword => TokenKind::Keyword,
                Kind::Quoted | Kind::Raw | Kind::MultiLine | Kind::RawMultiLine => TokenKind::Text,
                _ => continue,
            };
            canvas.paint(token.start, token.end, Some(kind));
        }
        if let Some(module) = self.module_of(source) {
            document(&self.loaded[module].document, &mut canvas);
            self.walk_source(source, &mut Names { canvas: &mut canvas });
        }
        runs(&canvas)
    }
}

/// Paints what words mean.
struct Names<'c, 't> {
    canvas: &'c mut Canvas<'t>,
}

impl Sink for Names<'_, '_> {
    fn enters(&self, _: Span) -> bool {
        true
    }

    fn seen(&mut self, seen: Seen<'_>) {
        let kind = match (&seen.role, &seen.target) {
            (Role::Annotation, _) => TokenKind::Modifier,
            (_, Some(Target::Keyword(_))) => TokenKind::Keyword,
            (_, Some(Target::Option(..))) => TokenKind::Option,
            (_, Some(Target::Type(_))) => TokenKind::Type,
            (_, Some(Target::Key(_))) => TokenKind::Entry,
            (_, Some(Target::Bound(_, Bound::Own | Bound::Key | Bound::Around))) => TokenKind::Variable,
            (_, Some(Target::Module(_))) => TokenKind::Namespace,
            (_, Some(Target::Local(_, kind))) => match kind {
                LocalKind::Template => TokenKind::Template,
                LocalKind::Param | LocalKind::Parameter | LocalKind::Field => TokenKind::Parameter,
                LocalKind::Import => TokenKind::Namespace,
                LocalKind::Let | LocalKind::Loop | LocalKind::Expression => TokenKind::Variable,
            },
            (_, Some(Target::Builtin(path))) => match &**path {
                "lib" | "net" | "builtins" => TokenKind::Namespace,
                "true" | "false" | "null" => TokenKind::Keyword,
                _ => TokenKind::Function,
            },
            (Role::Property(super::seen::Owner::Words(_), _), None) => TokenKind::Keyword,
            (Role::Words(_), None) => TokenKind::Keyword,
            (Role::Key(_), None) => {
                // A key that is computed keeps the colours of its parts.
                return;
            }
            _ => return,
        };
        self.canvas.span(seen.span, Some(kind));
    }
}

/// Paints the values of a document: numbers, and the expressions in its texts.
fn document(nodes: &Document, canvas: &mut Canvas<'_>) {
    for node in &nodes.nodes {
        text(&node.name, canvas);
        for entry in &node.entries {
            match &entry.value {
                Scalar::Int(_, span) | Scalar::Float(_, span) => canvas.span(*span, Some(TokenKind::Number)),
                Scalar::Text(value) => text(value, canvas),
                Scalar::Null(_) | Scalar::Bool(..) => {}
            }
        }
        if let Some(children) = &node.children {
            document(children, canvas);
        }
    }
}

fn text(text: &Text, canvas: &mut Canvas<'_>) {
    if !text.value.contains('$') {
        return;
    }
    match Template::parse(text) {
        Ok(Template::Expression(expr, span)) => {
            // The quotes stay, and what stands around the expression.
            let from = text.source_offset(0);
            let to = text.source_offset(text.value.len() as u32);
            if from > span.start {
                canvas.paint(from, to, None);
            }
            expression(&expr, canvas);
        }
        Ok(Template::Text(parts, _)) => {
            for part in parts.iter() {
                if let crate::syntax::expr::Part::Expression(expr, span) = part {
                    canvas.span(*span, None);
                    expression(expr, canvas);
                }
            }
        }
        Ok(Template::Constant(..)) | Err(_) => {}
    }
}

fn expression(expr: &Expr, canvas: &mut Canvas<'_>) {
    words(expr.span(), canvas);
    // Outer nodes before inner ones, which are painted over them.
    let mut nodes: Vec<_> = expr.nodes().map(|(_, node)| node).collect();
    nodes.sort_by_key(|node| (node.span.start, std::cmp::Reverse(node.span.end)));
    for node in nodes {
        match &node.kind {
            ExprKind::Int(_) | ExprKind::Float(_) => canvas.span(node.span, Some(TokenKind::Number)),
            ExprKind::Text(pieces) => {
                canvas.span(node.span, Some(TokenKind::Text));
                for piece in pieces {
                    if let Piece::Interpolation(inner) = piece {
                        let span = expr.node(*inner).span;
                        canvas.span(span, None);
                        words(span, canvas);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The words of an expression that belong to the language, and its comments.
fn words(span: Span, canvas: &mut Canvas<'_>) {
    let text = canvas.text;
    let Some(piece) = text.get(span.start as usize..span.end as usize) else { return };
    let mut at = 0;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'');
    while let Some(start) = piece[at..].find(is_word).map(|offset| at + offset) {
        let end = piece[start..].find(|c| !is_word(c)).map_or(piece.len(), |length| start + length);
        let selected = piece[..start].ends_with('.');
        if !selected && EXPRESSION_WORDS.contains(&&piece[start..end]) {
            let from = span.start + start as u32;
            canvas.paint(from, span.start + end as u32, Some(TokenKind::Keyword));
        }
        at = end;
    }
}

/// Bytes of one colour that follow each other, cut at each end of a line.
fn runs(canvas: &Canvas<'_>) -> Vec<Painted> {
    let bytes = canvas.text.as_bytes();
    let mut found: Vec<Painted> = Vec::new();
    for (at, colour) in canvas.colours.iter().enumerate() {
        let Some(kind) = *colour else { continue };
        if matches!(bytes[at], b'\n' | b'\r') {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.end == at as u32 && last.kind == kind => last.end += 1,
            _ => found.push(Painted { start: at as u32, end: at as u32 + 1, kind }),
        }
    }
    found
}
