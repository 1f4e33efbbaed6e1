//! Tokens to the document, recovering at every node, with a stack of its own.
//!
//! The grammar is KDL 2's. What KDL allows but nobody means (`a != b` and `${x}` without quotes) is refused
//! here too, with the way out; see `mistakes`.

use super::chars::forbidden;
use super::lexer::{Kind, Lexer, Token};
use super::names::Names;
use super::number::{self, Number};
use super::report::Report;
use super::string::{Decoded, decode};
use super::tree::{Document, Entry, Node, OffsetMap, Scalar, Text};
use super::{balance, cut_short, mistakes};
use crate::codes;
use crate::{Diagnostic, SourceId, Span};

/// Blocks nest so deep and no deeper, so that whoever walks the tree may recurse.
pub const MAX_DEPTH: usize = 256;

/// Reads a document. Every syntax error of the text is among the diagnostics; the tree holds what could be read.
pub fn parse(source: SourceId, text: &str) -> (Document, Vec<Diagnostic>) {
    if u32::try_from(text.len()).is_err() {
        let place = Span::new(source, 0, 0);
        let diagnostic = Diagnostic::error(codes::TOO_LARGE, place, "a file of 4 GiB or more cannot be read");
        return (Document::default(), vec![diagnostic]);
    }
    let mut lexer = Lexer::new(text);
    let token = lexer.next();
    let parser = Parser {
        text,
        lexer,
        token,
        spaced: true,
        report: Report::new(source),
        frames: Vec::new(),
        nodes: Vec::new(),
        entries: Vec::new(),
        names: Names::new(),
        no_brace_until: 0,
        no_cut_until: 0,
    };
    parser.document()
}

pub(crate) struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    /// The next one to be read.
    token: Token,
    /// Whether blanks came before it.
    spaced: bool,
    report: Report,
    /// The open blocks, outermost first.
    frames: Vec<Frame>,
    /// Finished nodes of the open blocks, each block's from `Frame::nodes_from` on.
    nodes: Vec<Node>,
    /// Finished entries of the node being read.
    entries: Vec<Entry>,
    names: Names,
    /// No `}` that ends an unquoted `${` before this offset.
    no_brace_until: u32,
    /// No string before this offset that ends within its expression.
    no_cut_until: u32,
}

/// An open block and the node it belongs to.
struct Frame {
    node: Pending,
    open: Token,
    slashdashed: bool,
    nodes_from: usize,
}

/// A node being read.
struct Pending {
    annotation: Option<Box<Text>>,
    name: Text,
    entries: Vec<Entry>,
    children: Option<Document>,
    start: u32,
    head_end: u32,
    end: u32,
    /// Behind `/-`, or without a name.
    discard: bool,
    /// Something is wrong with its head, and has been said.
    broken: bool,
    blocks: Blocks,
}

/// Which blocks a node has had so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocks {
    None,
    /// Only such behind `/-`; nothing but blocks may follow.
    Slashdashed,
    /// Its children; nothing but blocks behind `/-` may follow.
    Children,
}

impl<'t> Parser<'t> {
    fn document(mut self) -> (Document, Vec<Diagnostic>) {
        for (at, character) in forbidden(self.text) {
            let span = self.report.span(at as u32, (at + character.len_utf8()) as u32);
            self.report.add(mistakes::forbidden(character, span));
        }
        loop {
            self.skip_lines();
            match self.token.kind {
                Kind::End => break,
                Kind::CloseBrace => self.close_block(),
                _ if self.frames.len() > MAX_DEPTH => {
                    self.too_deep();
                    break;
                }
                _ => self.node(),
            }
        }
        let unclosed: Vec<Span> =
            self.frames.iter().map(|frame| self.report.span(frame.open.start, frame.open.end)).collect();
        while let Some(frame) = self.frames.pop() {
            let end = self.token.start;
            let node = self.with_block(frame, end);
            self.finish(node);
        }
        let document = Document { nodes: self.nodes };
        // A string without an end has swallowed the braces behind it.
        let swallowed = self.report.has(codes::UNTERMINATED_STRING);
        if let (Some(innermost), Kind::End, false) = (unclosed.last(), self.token.kind, swallowed) {
            self.report.add(balance::unclosed(self.text, &document, &unclosed, *innermost));
        }
        (document, self.report.finish())
    }

    fn too_deep(&mut self) {
        if let Some(frame) = self.frames.last() {
            let span = self.report.span(frame.open.start, frame.open.end);
            let message = format!("blocks nest deeper than {MAX_DEPTH} levels");
            self.report.add(
                Diagnostic::error(codes::TOO_DEEP, span, message)
                    .primary_text("nothing is read from here on")
                    .help("check whether `}` are missing further up"),
            );
        }
    }

    fn bump(&mut self) -> Token {
        let token = self.token;
        self.token = self.lexer.next();
        self.spaced = false;
        token
    }

    /// Goes on at `at`, which may lie within the current token.
    fn seek(&mut self, at: u32) {
        self.lexer.seek(at);
        self.token = self.lexer.next();
        self.spaced = false;
    }

    fn span(&self, token: Token) -> Span {
        self.report.span(token.start, token.end)
    }

    fn source_text(&self, start: u32, end: u32) -> &'t str {
        &self.text[start as usize..end as usize]
    }

    /// Blanks, newlines and comments between nodes.
    fn skip_lines(&mut self) {
        loop {
            match self.token.kind {
                Kind::Space | Kind::Newline | Kind::LineComment => {
                    self.bump();
                }
                Kind::BlockComment => self.block_comment(),
                Kind::Backslash => self.join(),
                _ => break,
            }
        }
    }

    /// Blanks, comments and joined lines within a node.
    fn skip_blanks(&mut self) {
        let mut spaced = self.spaced;
        loop {
            match self.token.kind {
                Kind::Space => {
                    self.bump();
                }
                Kind::BlockComment => self.block_comment(),
                Kind::Backslash => self.join(),
                _ => break,
            }
            spaced = true;
        }
        self.spaced = spaced;
    }

    fn block_comment(&mut self) {
        let comment = self.bump();
        if !comment.closed {
            let opening = self.report.span(comment.start, comment.start + 2);
            let depth = "every `/*` within a comment needs a `*/` of its own";
            self.report.add(
                Diagnostic::error(codes::UNTERMINATED_COMMENT, opening, "this comment never ends")
                    .help(depth),
            );
        }
    }

    /// A backslash that joins this line and the next.
    fn join(&mut self) {
        let backslash = self.bump();
        loop {
            match self.token.kind {
                Kind::Space => {
                    self.bump();
                }
                Kind::BlockComment => self.block_comment(),
                _ => break,
            }
        }
        if self.token.kind == Kind::LineComment {
            self.bump();
        }
        match self.token.kind {
            Kind::Newline => {
                self.bump();
            }
            Kind::End => {}
            _ => {
                let diagnostic = mistakes::backslash(self.span(backslash), self.text, self.token);
                self.report.add(diagnostic);
            }
        }
    }

    fn close_block(&mut self) {
        let brace = self.bump();
        match self.frames.pop() {
            Some(frame) => {
                let node = self.with_block(frame, brace.end);
                self.rest(node);
            }
            None => {
                let span = self.span(brace);
                let previous = self.nodes.iter().rev().find(|node| node.children.is_some());
                self.report.add(balance::surplus(self.text, span, previous));
            }
        }
    }

    /// The node of a block that is now complete.
    fn with_block(&mut self, frame: Frame, end: u32) -> Pending {
        let mut node = frame.node;
        let nodes = self.nodes.drain(frame.nodes_from..).collect();
        node.end = end;
        if frame.slashdashed {
            if node.blocks == Blocks::None {
                node.blocks = Blocks::Slashdashed;
            }
        } else {
            node.blocks = Blocks::Children;
            node.children = Some(Document { nodes });
        }
        node
    }

    fn node(&mut self) {
        let mut discard = false;
        if self.token.kind == Kind::Slashdash {
            let slashdash = self.bump();
            self.skip_lines();
            discard = true;
            if matches!(
                self.token.kind,
                Kind::End | Kind::CloseBrace | Kind::Semicolon | Kind::Slashdash | Kind::OpenBrace
            ) {
                let diagnostic =
                    mistakes::idle_slashdash(self.span(slashdash), "a node", self.text, self.token);
                self.report.add(diagnostic);
                if self.token.kind == Kind::Semicolon {
                    self.bump();
                }
                if self.token.kind != Kind::OpenBrace {
                    return;
                }
            }
        }
        let start = self.token.start;
        let mut node = Pending {
            annotation: None,
            name: Text::plain(self.names.get(""), self.report.span(start, start)),
            entries: Vec::new(),
            children: None,
            start,
            head_end: start,
            end: start,
            discard,
            broken: false,
            blocks: Blocks::None,
        };
        if self.token.kind == Kind::OpenParen {
            match self.annotation() {
                Some(annotation) => node.annotation = Some(Box::new(annotation)),
                None => node.broken = true,
            }
            self.skip_blanks();
        }
        match self.name("a node's name") {
            Some(name) => node.name = name,
            None => {
                let is_block = discard && self.token.kind == Kind::OpenBrace;
                if !node.broken && !is_block {
                    let span = self.span(self.token);
                    let diagnostic =
                        mistakes::no_name(self.text, self.token, span, node.annotation.as_deref());
                    self.report.add(diagnostic);
                }
                node.broken = true;
                node.discard = true;
                if self.token.kind == Kind::Semicolon {
                    self.bump();
                    return;
                }
            }
        }
        node.head_end = node.name.span.end;
        self.rest(node);
    }

    /// A node's name or a type (`role` says which), if the current token can be one.
    fn name(&mut self, role: &str) -> Option<Text> {
        let token = self.token;
        match token.kind {
            Kind::Word if self.is_odd_word(token) => match self.odd_word(Some(role)) {
                Scalar::Text(text) => Some(text),
                // Unreachable with a role; the word as text is right in any case.
                other => Some(Text::plain(self.source_text(token.start, token.end), other.span())),
            },
            Kind::Keyword => {
                let word = self.source_text(token.start, token.end);
                let diagnostic = mistakes::not_a_name(word, role, self.span(token));
                self.report.add(diagnostic);
                self.bump();
                Some(Text::plain(word, self.span(token)))
            }
            kind if kind.is_string() => Some(self.string()),
            _ => None,
        }
    }

    /// All that follows a node's name, or its block.
    fn rest(&mut self, mut node: Pending) {
        let entries_from = self.entries.len();
        loop {
            self.skip_blanks();
            match self.token.kind {
                Kind::Newline | Kind::LineComment | Kind::Semicolon => {
                    self.bump();
                    break;
                }
                Kind::End | Kind::CloseBrace => break,
                Kind::OpenBrace => {
                    self.move_entries(&mut node, entries_from);
                    return self.open_block(node, false);
                }
                Kind::Slashdash => {
                    let slashdash = self.bump();
                    self.skip_lines();
                    match self.token.kind {
                        Kind::OpenBrace => {
                            self.move_entries(&mut node, entries_from);
                            return self.open_block(node, true);
                        }
                        Kind::End | Kind::CloseBrace | Kind::Semicolon | Kind::Slashdash | Kind::Equals => {
                            let span = self.span(slashdash);
                            let diagnostic = mistakes::idle_slashdash(
                                span,
                                "an argument, a property or a block",
                                self.text,
                                self.token,
                            );
                            self.complain(&mut node, diagnostic);
                            if self.token.kind == Kind::Equals {
                                self.bump();
                            }
                        }
                        _ => {
                            self.spaced = true;
                            self.entry(&mut node);
                        }
                    }
                }
                _ => {
                    if let Some(entry) = self.entry(&mut node) {
                        if node.blocks == Blocks::None {
                            node.head_end = entry.span.end;
                        }
                        self.entries.push(entry);
                    }
                }
            }
        }
        self.move_entries(&mut node, entries_from);
        self.finish(node);
    }

    fn move_entries(&mut self, node: &mut Pending, from: usize) {
        if self.entries.len() > from {
            if node.blocks == Blocks::None {
                node.entries = self.entries.drain(from..).collect();
            } else {
                // Entries behind a block are an error that has been reported.
                self.entries.truncate(from);
            }
        }
    }

    fn finish(&mut self, node: Pending) {
        if node.discard {
            return;
        }
        let head = self.report.span(node.start, node.head_end);
        self.nodes.push(Node {
            annotation: node.annotation,
            name: node.name,
            entries: node.entries,
            children: node.children,
            head,
            span: self.report.span(node.start, node.end.max(node.head_end)),
        });
    }

    fn open_block(&mut self, mut node: Pending, slashdashed: bool) {
        if node.blocks == Blocks::Children && !slashdashed {
            let span = self.span(self.token);
            let diagnostic =
                Diagnostic::error(codes::SYNTAX, span, "a node has one block, and this is its second")
                    .help("put both blocks' nodes into one, or end the node with `;`");
            self.complain(&mut node, diagnostic);
        }
        let open = self.bump();
        self.frames.push(Frame { node, open, slashdashed, nodes_from: self.nodes.len() });
    }

    /// Says what is wrong with a node's head, once.
    fn complain(&mut self, node: &mut Pending, diagnostic: Diagnostic) {
        if !node.broken {
            self.report.add(diagnostic);
        }
        node.broken = true;
    }

    /// Reads an argument or a property; consumes at least one token.
    fn entry(&mut self, node: &mut Pending) -> Option<Entry> {
        let first = self.token;
        if node.blocks != Blocks::None {
            let span = self.span(first);
            let diagnostic = mistakes::after_block(self.text, first, span);
            self.complain(node, diagnostic);
        } else if !self.spaced && first.kind != Kind::Equals {
            let span = self.span(first);
            let diagnostic = mistakes::no_blank(self.text, first, span);
            self.complain(node, diagnostic);
        }
        let mut annotation = None;
        if first.kind == Kind::OpenParen {
            match self.annotation() {
                Some(text) => annotation = Some(Box::new(text)),
                None => node.broken = true,
            }
            self.skip_blanks();
        }
        let value_token = self.token;
        let Some(value) = self.value() else {
            let span = self.span(value_token);
            let diagnostic = match &annotation {
                Some(annotation) => mistakes::no_value(self.text, value_token, span)
                    .label(annotation.span, "this type belongs to a value"),
                None => mistakes::no_argument(self.text, value_token, span),
            };
            self.complain(node, diagnostic);
            if !matches!(
                value_token.kind,
                Kind::End
                    | Kind::Newline
                    | Kind::LineComment
                    | Kind::Semicolon
                    | Kind::CloseBrace
                    | Kind::OpenBrace
            ) {
                self.bump();
            }
            return None;
        };
        let end = value.span().end;
        self.skip_blanks();
        if self.token.kind != Kind::Equals {
            return Some(Entry { name: None, annotation, value, span: self.report.span(first.start, end) });
        }
        let equals = self.bump();
        let key = match value {
            Scalar::Text(text) => text,
            other => {
                let word = self.source_text(value_token.start, value_token.end);
                let diagnostic = mistakes::not_a_name(word, "a property's key", other.span());
                self.complain(node, diagnostic);
                Text::plain(word, other.span())
            }
        };
        if let Some(annotation) = annotation.take() {
            let key = self.source_text(key.span.start, key.span.end);
            let diagnostic = mistakes::annotated_key(&annotation, key);
            self.complain(node, diagnostic);
        }
        if let Some(diagnostic) = mistakes::operator(self.text, &key, equals, self.entries.last()) {
            self.complain(node, diagnostic);
        }
        self.property(node, key, first.start, equals)
    }

    /// After `key =`.
    fn property(&mut self, node: &mut Pending, key: Text, start: u32, equals: Token) -> Option<Entry> {
        self.skip_blanks();
        let mut annotation = None;
        if self.token.kind == Kind::OpenParen {
            match self.annotation() {
                Some(text) => annotation = Some(Box::new(text)),
                None => node.broken = true,
            }
            self.skip_blanks();
        }
        match self.value() {
            Some(value) => {
                let span = self.report.span(start, value.span().end);
                Some(Entry { name: Some(key), annotation, value, span })
            }
            None => {
                let span = self.span(self.token);
                let diagnostic = mistakes::no_value(self.text, self.token, span)
                    .label(self.report.span(start, equals.end), "this property has no value");
                self.complain(node, diagnostic);
                None
            }
        }
    }

    /// `(type)`. On failure it has complained and gone on behind it as well as can be told.
    fn annotation(&mut self) -> Option<Text> {
        let open = self.bump();
        self.skip_blanks();
        let text = match self.token.kind {
            Kind::CloseParen => {
                let close = self.bump();
                let span = self.report.span(open.start, close.end);
                self.report.add(Diagnostic::error(
                    codes::SYNTAX,
                    span,
                    "expected a type between `(` and `)`",
                ));
                return None;
            }
            _ => self.name("a type"),
        };
        self.skip_blanks();
        if text.is_some() && self.token.kind == Kind::CloseParen {
            self.bump();
            return text;
        }
        let expected = if text.is_some() { "`)`" } else { "a type" };
        let found = mistakes::describe(self.text, self.token);
        self.report.add(
            Diagnostic::error(
                codes::SYNTAX,
                self.span(self.token),
                format!("expected {expected}, found {found}"),
            )
            .label(self.span(open), "the type begins here"),
        );
        while !matches!(
            self.token.kind,
            Kind::End
                | Kind::Newline
                | Kind::LineComment
                | Kind::Semicolon
                | Kind::OpenBrace
                | Kind::CloseBrace
                | Kind::CloseParen
        ) {
            self.bump();
        }
        if self.token.kind == Kind::CloseParen {
            self.bump();
        }
        None
    }

    /// A value, if the current token can be one.
    fn value(&mut self) -> Option<Scalar> {
        let token = self.token;
        match token.kind {
            Kind::Word if self.is_odd_word(token) => {
                let key = self.is_key(token).then_some("a property's key");
                Some(self.odd_word(key))
            }
            Kind::Illegal => self.stray(),
            Kind::Keyword => Some(self.keyword()),
            Kind::Quoted => self.cut_short().or_else(|| Some(Scalar::Text(self.string()))),
            kind if kind.is_string() => Some(Scalar::Text(self.string())),
            _ => None,
        }
    }

    /// A quoted string that ends within its expression: complains, and takes it as far as it was meant.
    fn cut_short(&mut self) -> Option<Scalar> {
        let (start, end) = (self.token.start as usize, self.token.end as usize);
        if self.token.start < self.no_cut_until || !cut_short::is_suspicious(&self.text[start..end]) {
            return None;
        }
        let line_end = cut_short::line_end(self.text, end);
        let Some(found) = cut_short::find(self.text, start, end, line_end) else {
            // One look a line, however many strings are in it.
            self.no_cut_until = line_end as u32;
            return None;
        };
        let span = self.report.span(start as u32 + 1, found.end as u32);
        self.report.add(found.diagnostic(self.text, span));
        let meant = self.source_text(span.start, span.end);
        self.seek(found.after as u32);
        Some(Scalar::Text(Text::plain(meant, span)))
    }

    /// Whether a word needs a closer look: a number, a former keyword, or glued to what cannot follow it.
    fn is_odd_word(&self, token: Token) -> bool {
        let bytes = self.text.as_bytes();
        let odd_start = match bytes[token.start as usize] {
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'\'' => true,
            // `true`, `false`, `null`, `nan`, `inf`
            b't' | b'f' | b'n' | b'i' => token.end - token.start <= 5,
            _ => false,
        };
        odd_start || matches!(bytes.get(token.end as usize), Some(b'/' | b'[' | b'\\' | b'{' | b'#'))
    }

    /// Whether `=` follows the word.
    fn is_key(&self, token: Token) -> bool {
        self.text[token.end as usize..].trim_start_matches([' ', '\t']).starts_with('=')
    }

    /// A word at second sight. With a `role` it must be text.
    fn odd_word(&mut self, role: Option<&str>) -> Scalar {
        let token = self.token;
        let word = self.source_text(token.start, token.end);
        let span = self.span(token);
        if word.ends_with('$')
            && self.text.as_bytes().get(token.end as usize) == Some(&b'{')
            && let Some(text) = self.unquoted_expression(token)
        {
            return text;
        }
        let whole_end = mistakes::end_of_unquoted(self.text, token.end);
        if whole_end > token.end {
            return self.needs_quotes(token.start, whole_end);
        }
        let former_keyword = mistakes::former_keyword(word, span);
        let begins_number = number::begins_number(word);
        if let Some(role) = role.filter(|_| begins_number || former_keyword.is_some()) {
            self.report.add(mistakes::not_a_name(word, role, span));
            self.bump();
            return Scalar::Text(Text::plain(word, span));
        }
        if let Some((diagnostic, scalar)) = former_keyword {
            self.report.add(diagnostic);
            self.bump();
            return scalar;
        }
        if begins_number {
            return self.number(word, span);
        }
        if let Some(diagnostic) = mistakes::single_quote(word, span) {
            self.report.add(diagnostic);
        }
        Scalar::Text(self.string())
    }

    fn number(&mut self, word: &str, span: Span) -> Scalar {
        let token = self.bump();
        match number::read(word) {
            Number::Int(value) => Scalar::Int(value, span),
            Number::Float(value) => Scalar::Float(value, span),
            Number::TooBig => {
                self.report.add(mistakes::integer_too_big(span));
                Scalar::Int(if word.starts_with('-') { i64::MIN } else { i64::MAX }, span)
            }
            Number::Wrong(wrong) => {
                let at = token.start + wrong.at.start as u32..token.start + wrong.at.end as u32;
                let place = self.report.span(at.start, at.end);
                let mut diagnostic = Diagnostic::error(codes::BAD_NUMBER, place, wrong.message);
                if !wrong.slip {
                    let quoted = mistakes::quoted(word);
                    diagnostic =
                        diagnostic.help(format!("text that begins with a digit needs quotes: `{quoted}`"));
                }
                self.report.add(diagnostic);
                Scalar::Text(Text::plain(word, span))
            }
        }
    }

    fn keyword(&mut self) -> Scalar {
        let token = self.bump();
        let span = self.span(token);
        let word = self.source_text(token.start, token.end);
        match word {
            "#true" => Scalar::Bool(true, span),
            "#false" => Scalar::Bool(false, span),
            "#null" => Scalar::Null(span),
            "#inf" => Scalar::Float(f64::INFINITY, span),
            "#-inf" => Scalar::Float(f64::NEG_INFINITY, span),
            "#nan" => Scalar::Float(f64::NAN, span),
            _ => {
                self.report.add(mistakes::unknown_keyword(word, span));
                Scalar::Text(Text::plain(word, span))
            }
        }
    }

    /// A stray `/`: probably the first character of a path that needs quotes.
    fn stray(&mut self) -> Option<Scalar> {
        let start = self.token.start;
        if self.text.as_bytes().get(start as usize) != Some(&b'/') {
            return None;
        }
        let end = mistakes::end_of_unquoted(self.text, start);
        (end > start + 1).then(|| self.needs_quotes(start, end))
    }

    /// Text that cannot stand unquoted: complains, and takes it as if it were quoted.
    fn needs_quotes(&mut self, start: u32, end: u32) -> Scalar {
        let word = self.source_text(start, end);
        let span = self.report.span(start, end);
        self.report.add(mistakes::needs_quotes(word, span));
        self.seek(end);
        Scalar::Text(Text::plain(word, span))
    }

    /// `${…}` without quotes, when its closing brace stands on the same line.
    fn unquoted_expression(&mut self, token: Token) -> Option<Scalar> {
        if token.end < self.no_brace_until {
            return None;
        }
        match mistakes::end_of_expression(self.text, token.end) {
            Ok(end) => {
                let word = self.source_text(token.start, end);
                let span = self.report.span(token.start, end);
                self.report.add(mistakes::unquoted_expression(word, span));
                self.seek(end);
                Some(Scalar::Text(Text::plain(word, span)))
            }
            Err(searched_until) => {
                self.no_brace_until = searched_until;
                let span = self.report.span(token.end - 1, token.end + 1);
                self.report.add(mistakes::unquoted_expression("${…}", span));
                None
            }
        }
    }

    /// The current token, which is a string.
    fn string(&mut self) -> Text {
        let token = self.bump();
        let span = self.span(token);
        match decode(self.text, token, &mut self.report) {
            Decoded::Plain(value) => Text { value: self.names.get(value), span, map: OffsetMap::default() },
            Decoded::Built(value, pieces) => {
                Text { value: self.names.get(&value), span, map: OffsetMap::new(pieces) }
            }
        }
    }
}
