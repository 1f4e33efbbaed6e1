//! Tokens to nodes: a Pratt parser with Nix's table of precedences. The first mistake ends it.
//!
//! Sets with nested paths (`a.b = 1; a.c = 2;`) are merged here, so that evaluation knows only plain sets.

use super::lexer::{self, Scanned, Tok, Token};
use super::strings::{Places, Raw, strip_indentation, unescape};
use super::{Binding, Expr, Field, Key, Kind, Node, NodeId, Operator, Parameter, Piece};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use std::collections::HashMap;
use std::sync::Arc;

/// How deep an expression may nest.
const DEEPEST: usize = 10_000;

type Parsed<T> = Result<T, Box<Diagnostic>>;

/// Parses a text that is an expression and nothing else.
pub(super) fn whole(text: &str, places: Places<'_>) -> Parsed<Expr> {
    let mut parser = Parser::new(text, places, 0);
    let root = parser.expression()?;
    parser.expect_end()?;
    Ok(Expr { nodes: parser.nodes, root })
}

/// Whether more text could make an expression of a text that is none: it ends too early, and nothing before is wrong.
pub(super) fn is_unfinished(text: &str, places: Places<'_>) -> bool {
    let mut parser = Parser::new(text, places, 0);
    if parser.here.tok == Tok::End {
        return false;
    }
    let wrong = parser.expression().and_then(|_| parser.expect_end()).is_err();
    wrong && (parser.open_text || matches!(parser.here.tok, Tok::End | Tok::OpenComment))
}

/// Parses the expression after a `${` that ended at `at`; also says where its `}` ends.
pub(super) fn interpolated(text: &str, places: Places<'_>, at: usize) -> Parsed<(Expr, usize)> {
    let mut parser = Parser::new(text, places, at);
    if parser.here.tok == Tok::Char(b'}') {
        return Err(parser.expected("an expression"));
    }
    let root = parser.expression()?;
    let end = parser.here.end;
    match parser.here.tok {
        Tok::Char(b'}') => Ok((Expr { nodes: parser.nodes, root }, end)),
        Tok::End => {
            let open = places.span(at - 2, at);
            let message = "`${` without its `}`";
            Err(Box::new(
                Diagnostic::error(codes::EXPRESSION_SYNTAX, open, message)
                    .help("write `$${` for the text `${`"),
            ))
        }
        _ => Err(parser.expected("an operator or `}`")),
    }
}

struct Parser<'a> {
    scanned: Scanned,
    text: &'a str,
    places: Places<'a>,
    here: Token,
    /// The end of the token before `here`.
    before: usize,
    /// Whether the text ends within a text that has no closing quote.
    open_text: bool,
    depth: usize,
    nodes: Vec<Node>,
    /// Byte ranges of nodes in the text, beside `nodes`: spans of a decoded text can't be joined.
    ranges: Vec<(usize, usize)>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, places: Places<'a>, at: usize) -> Self {
        let scanned = Scanned::default();
        let here = lexer::next(text, at, &scanned);
        Self {
            scanned,
            text,
            places,
            here,
            before: at,
            open_text: false,
            depth: 0,
            nodes: Vec::new(),
            ranges: Vec::new(),
        }
    }

    fn advance(&mut self) -> Token {
        let token = self.here;
        self.before = token.end;
        self.here = lexer::next(self.text, token.end, &self.scanned);
        token
    }

    /// Continues behind a text that was read character by character.
    fn resume(&mut self, at: usize) {
        self.before = at;
        self.here = lexer::next(self.text, at, &self.scanned);
    }

    fn peek(&self, token: Token) -> Token {
        lexer::next(self.text, token.end, &self.scanned)
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    fn span_of(&self, token: Token) -> Span {
        self.places.span(token.start, token.end)
    }

    fn at(&self, character: u8) -> bool {
        self.here.tok == Tok::Char(character)
    }

    fn take(&mut self, tok: Tok) -> bool {
        let found = self.here.tok == tok;
        if found {
            self.advance();
        }
        found
    }

    fn node(&mut self, kind: Kind, start: usize) -> NodeId {
        let end = self.before.max(start);
        self.nodes.push(Node { kind, span: self.places.span(start, end) });
        self.ranges.push((start, end));
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn start_of(&self, node: NodeId) -> usize {
        self.ranges[node.0 as usize].0
    }

    fn error(&self, token: Token, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(codes::EXPRESSION_SYNTAX, self.span_of(token), message))
    }

    /// A text that begins at a token and does not end.
    fn unended(&mut self, open: Token, message: &str) -> Box<Diagnostic> {
        self.open_text = true;
        self.error(open, message)
    }

    /// What was expected, and what stands there instead.
    fn expected(&self, what: &str) -> Box<Diagnostic> {
        let token = self.here;
        let left_out = |name: &str, help: &str| {
            let message = format!("{name} are left out of this language");
            Box::new(Diagnostic::error(codes::LEFT_OUT, self.span_of(token), message).help(help))
        };
        match token.tok {
            Tok::Path => {
                left_out("path literals", "write a path as a text, \"…\"; to divide, put spaces around `/`")
            }
            Tok::SearchPath => left_out("search paths", "`import` in the lab file brings in other modules"),
            Tok::Url => left_out(
                "URL literals",
                "write a URL as a text, \"…\"; after the `:` of a function put a space",
            ),
            Tok::OpenComment => self.error(token, "a comment without its `*/`"),
            Tok::End => self.error(token, format!("expected {what}, found the end of the expression")),
            Tok::Unknown => {
                self.error(token, format!("expected {what}, found `{}`", self.text_of(token).escape_debug()))
            }
            Tok::Equal
            | Tok::NotEqual
            | Tok::LessEqual
            | Tok::GreaterEqual
            | Tok::And
            | Tok::Or
            | Tok::Implies
            | Tok::Update
            | Tok::Concat
            | Tok::PipeInto
            | Tok::PipeFrom
            | Tok::Name
            | Tok::Int
            | Tok::Float
            | Tok::Quote
            | Tok::Quotes
            | Tok::Dollar
            | Tok::If
            | Tok::Then
            | Tok::Else
            | Tok::Assert
            | Tok::With
            | Tok::Let
            | Tok::In
            | Tok::Rec
            | Tok::Inherit
            | Tok::OrWord
            | Tok::Ellipsis
            | Tok::Char(_) => {
                let found = format!("expected {what}, found `{}`", self.text_of(token));
                let mut diagnostic = self.error(token, found);
                if token.tok == Tok::Char(b'=') {
                    diagnostic.help.push("to compare, write `==`".into());
                }
                diagnostic
            }
        }
    }

    fn expect(&mut self, tok: Tok, what: &str) -> Parsed<Token> {
        if self.here.tok == tok { Ok(self.advance()) } else { Err(self.expected(what)) }
    }

    fn expect_end(&self) -> Parsed<()> {
        if self.here.tok == Tok::End { Ok(()) } else { Err(self.expected("an operator or the end")) }
    }

    /// Guards every way down.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            let message = format!("expression nested deeper than {DEEPEST} levels");
            return Err(Box::new(Diagnostic::error(codes::TOO_DEEP, self.span_of(self.here), message)));
        }
        self.depth += 1;
        let parsed = stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || parse(self));
        self.depth -= 1;
        parsed
    }

    /// A function, `let`, `with`, `assert`, `if`, or anything made of operators.
    fn expression(&mut self) -> Parsed<NodeId> {
        self.nested(Self::expression_here)
    }

    fn expression_here(&mut self) -> Parsed<NodeId> {
        let start = self.here.start;
        match self.here.tok {
            Tok::Name => {
                let next = self.peek(self.here);
                match next.tok {
                    Tok::Char(b':') => {
                        let token = self.advance();
                        self.advance();
                        let parameter = Parameter::Name(self.text_of(token).into(), self.span_of(token));
                        self.lambda(parameter, start)
                    }
                    Tok::Char(b'@') => {
                        let token = self.advance();
                        self.advance();
                        let all = Some((self.text_of(token).into(), self.span_of(token)));
                        self.pattern(all, start)
                    }
                    _ => self.operators(0),
                }
            }
            Tok::Char(b'{') if self.is_pattern() => self.pattern(None, start),
            Tok::If => {
                self.advance();
                let condition = self.expression()?;
                self.expect(Tok::Then, "`then`")?;
                let yes = self.expression()?;
                self.expect(Tok::Else, "`else`")?;
                let no = self.expression()?;
                Ok(self.node(Kind::If { condition, yes, no }, start))
            }
            Tok::Let if self.peek(self.here).tok != Tok::Char(b'{') => {
                self.advance();
                let bindings = self.bindings(Tok::In, true)?;
                self.expect(Tok::In, "`in`")?;
                let body = self.expression()?;
                Ok(self.node(Kind::Let { bindings, body }, start))
            }
            Tok::With => {
                self.advance();
                let set = self.expression()?;
                self.expect(Tok::Char(b';'), "`;`")?;
                let body = self.expression()?;
                Ok(self.node(Kind::With { set, body }, start))
            }
            Tok::Assert => {
                self.advance();
                let condition = self.expression()?;
                self.expect(Tok::Char(b';'), "`;`")?;
                let body = self.expression()?;
                Ok(self.node(Kind::Assert { condition, body }, start))
            }
            _ => self.operators(0),
        }
    }

    fn lambda(&mut self, parameter: Parameter, start: usize) -> Parsed<NodeId> {
        let body = self.expression()?;
        Ok(self.node(Kind::Lambda { parameter, body }, start))
    }

    /// Whether the `{` here opens a pattern, not a set: at most three tokens tell.
    fn is_pattern(&self) -> bool {
        let first = self.peek(self.here);
        match first.tok {
            Tok::Ellipsis => true,
            Tok::Char(b'}') => matches!(self.peek(first).tok, Tok::Char(b':' | b'@')),
            Tok::Name => {
                let second = self.peek(first);
                match second.tok {
                    Tok::Char(b',' | b'?') => true,
                    Tok::Char(b'}') => matches!(self.peek(second).tok, Tok::Char(b':' | b'@')),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn pattern(&mut self, all: Option<(Arc<str>, Span)>, start: usize) -> Parsed<NodeId> {
        let mut all = all;
        self.expect(Tok::Char(b'{'), "`{`")?;
        let mut fields: Vec<Field> = Vec::new();
        let mut open = false;
        while !self.at(b'}') {
            if self.take(Tok::Ellipsis) {
                open = true;
                break;
            }
            if self.here.tok != Tok::Name {
                return Err(self.expected("an argument's name, `...` or `}`"));
            }
            let token = self.advance();
            let default = if self.take(Tok::Char(b'?')) { Some(self.expression()?) } else { None };
            fields.push(Field { name: self.text_of(token).into(), span: self.span_of(token), default });
            if !self.take(Tok::Char(b',')) {
                break;
            }
        }
        self.expect(Tok::Char(b'}'), if open { "`}`" } else { "`,`, `?` or `}`" })?;
        if self.at(b'@') && all.is_none() {
            self.advance();
            let token = self.expect(Tok::Name, "a name for the whole argument")?;
            all = Some((self.text_of(token).into(), self.span_of(token)));
        }
        self.expect(Tok::Char(b':'), "`:`")?;
        let mut seen: HashMap<Arc<str>, Span> = HashMap::new();
        let names = fields.iter().map(|field| (field.name.clone(), field.span)).chain(all.clone());
        for (name, span) in names {
            if let Some(first) = seen.insert(name.clone(), span) {
                let message = format!("argument `{name}` is there twice");
                let diagnostic =
                    Diagnostic::error(codes::DUPLICATE, span, message).label(first, "first here");
                return Err(Box::new(diagnostic));
            }
        }
        self.lambda(Parameter::Pattern { fields, open, all }, start)
    }

    /// Operators that bind at least as tightly as `least`.
    fn operators(&mut self, least: u8) -> Parsed<NodeId> {
        self.nested(|parser| parser.operators_here(least))
    }

    fn operators_here(&mut self, least: u8) -> Parsed<NodeId> {
        let start = self.here.start;
        let mut left = match self.here.tok {
            Tok::Char(b'!') => {
                self.advance();
                let operand = self.operators(60)?;
                self.node(Kind::Not(operand), start)
            }
            Tok::Char(b'-') => {
                self.advance();
                let operand = self.operators(110)?;
                self.node(Kind::Negate(operand), start)
            }
            _ => self.application()?,
        };
        let mut nonassociative = None;
        loop {
            if self.at(b'?') {
                if 100 < least {
                    return Ok(left);
                }
                self.advance();
                let path = self.path()?;
                left = self.node(Kind::Has { from: left, path }, start);
                continue;
            }
            let Some((operator, power, side)) = binary(self.here.tok) else { return Ok(left) };
            if power < least {
                return Ok(left);
            }
            if nonassociative == Some(power) {
                let message = format!("`{}` cannot follow a comparison", self.text_of(self.here));
                let mut diagnostic = self.error(self.here, message);
                diagnostic.help.push("put one of the two in parentheses".into());
                return Err(diagnostic);
            }
            self.advance();
            let right = self.operators(if side == Side::Right { power } else { power + 1 })?;
            left = self.node(Kind::Binary { operator, left, right }, start);
            nonassociative = (side == Side::None).then_some(power);
        }
    }

    fn application(&mut self) -> Parsed<NodeId> {
        let start = self.here.start;
        let function = self.selection()?;
        let mut arguments = Vec::new();
        while self.starts_operand() {
            arguments.push(self.selection()?);
        }
        if arguments.is_empty() {
            return Ok(function);
        }
        Ok(self.node(Kind::Apply { function, arguments }, start))
    }

    /// Whether the token here can begin an argument or a list item.
    fn starts_operand(&self) -> bool {
        match self.here.tok {
            Tok::Name | Tok::Int | Tok::Float | Tok::Quote | Tok::Quotes | Tok::Rec | Tok::Let => true,
            Tok::Path | Tok::SearchPath | Tok::Url | Tok::OpenComment => true,
            Tok::Char(character) => matches!(character, b'(' | b'[' | b'{'),
            _ => false,
        }
    }

    fn selection(&mut self) -> Parsed<NodeId> {
        let start = self.here.start;
        let from = self.simple()?;
        if self.here.tok == Tok::OrWord {
            // As old as `or` itself: `f or` calls `f` with a variable of that name.
            let token = self.advance();
            let argument = self.node(Kind::Name(self.text_of(token).into()), token.start);
            return Ok(self.node(Kind::Apply { function: from, arguments: vec![argument] }, start));
        }
        if !self.take(Tok::Char(b'.')) {
            return Ok(from);
        }
        let path = self.path()?;
        let default = if self.take(Tok::OrWord) { Some(self.nested(Self::selection)?) } else { None };
        Ok(self.node(Kind::Select { from, path, default }, start))
    }

    fn simple(&mut self) -> Parsed<NodeId> {
        self.nested(Self::simple_here)
    }

    fn simple_here(&mut self) -> Parsed<NodeId> {
        let start = self.here.start;
        match self.here.tok {
            Tok::Name => {
                let token = self.advance();
                Ok(self.node(Kind::Name(self.text_of(token).into()), start))
            }
            Tok::Int => {
                let token = self.here;
                let Ok(number) = self.text_of(token).parse() else {
                    return Err(self.error(token, "whole number that does not fit 64 bits"));
                };
                self.advance();
                Ok(self.node(Kind::Int(number), start))
            }
            Tok::Float => {
                let token = self.here;
                let Ok(number) = self.text_of(token).parse() else {
                    return Err(self.error(token, "not a number"));
                };
                self.advance();
                Ok(self.node(Kind::Float(number), start))
            }
            Tok::Quote | Tok::Quotes => {
                let pieces = self.string()?;
                Ok(self.node(Kind::Text(pieces), start))
            }
            Tok::Char(b'(') => {
                self.advance();
                let inner = self.expression()?;
                self.expect(Tok::Char(b')'), "`)`")?;
                Ok(inner)
            }
            Tok::Char(b'[') => {
                self.advance();
                let mut items = Vec::new();
                while self.starts_operand() {
                    items.push(self.selection()?);
                }
                if self.here.tok != Tok::Char(b']') {
                    let mut diagnostic = self.expected("a list item or `]`");
                    if self.at(b',') {
                        diagnostic.help.push("items of a list are separated by blanks".into());
                    } else if self.at(b'-') || binary(self.here.tok).is_some() {
                        diagnostic
                            .help
                            .push("put an item that is more than a name or a literal in parentheses".into());
                    }
                    return Err(diagnostic);
                }
                self.advance();
                Ok(self.node(Kind::List(items), start))
            }
            Tok::Char(b'{') => self.set(false, start),
            Tok::Rec => {
                self.advance();
                if !self.at(b'{') {
                    return Err(self.expected("`{` after `rec`"));
                }
                self.set(true, start)
            }
            // The old `let { …; body = …; }`.
            Tok::Let => {
                self.advance();
                if !self.at(b'{') {
                    let mut diagnostic = self.error(self.here, "a `let … in …` here needs parentheses");
                    diagnostic.help.push("write `(let … in …)`".into());
                    return Err(diagnostic);
                }
                let from = self.set(true, start)?;
                let key = Key::Static("body".into(), self.places.span(start, start + 3));
                Ok(self.node(Kind::Select { from, path: vec![key], default: None }, start))
            }
            Tok::If | Tok::With | Tok::Assert => {
                let word = self.text_of(self.here);
                let mut diagnostic = self.error(self.here, format!("`{word}` here needs parentheses"));
                diagnostic.help.push(format!("write `({word} …)`"));
                Err(diagnostic)
            }
            _ => Err(self.expected("an expression")),
        }
    }

    /// `a.b."c".${d}`
    fn path(&mut self) -> Parsed<Vec<Key>> {
        let mut path = vec![self.key()?];
        while self.take(Tok::Char(b'.')) {
            path.push(self.key()?);
        }
        Ok(path)
    }

    fn key(&mut self) -> Parsed<Key> {
        let start = self.here.start;
        match self.here.tok {
            Tok::Name | Tok::OrWord => {
                let token = self.advance();
                Ok(Key::Static(self.text_of(token).into(), self.span_of(token)))
            }
            Tok::Quote => {
                let mut pieces = self.string()?;
                let span = self.places.span(start, self.before);
                if pieces.is_empty() {
                    return Ok(Key::Static("".into(), span));
                }
                if let [Piece::Literal(name)] = &mut pieces[..] {
                    return Ok(Key::Static(name.clone(), span));
                }
                Ok(Key::Dynamic(self.node(Kind::Text(pieces), start), span))
            }
            Tok::Dollar => {
                self.advance();
                let value = self.expression()?;
                self.expect(Tok::Char(b'}'), "`}`")?;
                Ok(self.static_key(value, self.places.span(start, self.before)))
            }
            _ => Err(self.expected("an attribute's name")),
        }
    }

    /// `${"a"}` is as good as `a`.
    fn static_key(&self, value: NodeId, span: Span) -> Key {
        match &self.nodes[value.0 as usize].kind {
            Kind::Text(pieces) => match &pieces[..] {
                [] => Key::Static("".into(), span),
                [Piece::Literal(name)] => Key::Static(name.clone(), span),
                _ => Key::Dynamic(value, span),
            },
            _ => Key::Dynamic(value, span),
        }
    }

    fn set(&mut self, recursive: bool, start: usize) -> Parsed<NodeId> {
        self.advance();
        let bindings = self.bindings(Tok::Char(b'}'), false)?;
        self.expect(Tok::Char(b'}'), "an attribute or `}`")?;
        Ok(self.node(Kind::Set { recursive, bindings }, start))
    }

    /// Lines of a set or `let`, up to but not including `end`.
    fn bindings(&mut self, end: Tok, all_static: bool) -> Parsed<Vec<Binding>> {
        let mut bindings = Bindings::default();
        while self.here.tok != end {
            if self.here.tok == Tok::Inherit {
                self.inherit(&mut bindings)?;
            } else {
                if !matches!(self.here.tok, Tok::Name | Tok::OrWord | Tok::Quote | Tok::Dollar) {
                    let what =
                        if end == Tok::In { "a name, `inherit` or `in`" } else { "an attribute or `}`" };
                    return Err(self.expected(what));
                }
                let start = self.here.start;
                let path = self.path()?;
                if let (true, Some(Key::Dynamic(_, span))) = (all_static, path.first()) {
                    let message = "names of `let` must be known without evaluating";
                    return Err(Box::new(Diagnostic::error(codes::EXPRESSION_SYNTAX, *span, message)));
                }
                self.expect(Tok::Char(b'='), "`.` or `=`")?;
                let value = self.expression()?;
                if self.at(b'=')
                    && let Some(end) = self.before_last_argument(value)
                {
                    // `a = 1 b = 2`: the next line's name was read as an argument.
                    let end = self.places.span(end, end);
                    let message = "expected `;` before the next attribute";
                    let diagnostic =
                        Diagnostic::error(codes::EXPRESSION_SYNTAX, self.span_of(self.here), message);
                    return Err(Box::new(diagnostic.label(end, "`;` missing here?")));
                }
                self.add(&mut bindings, &path, value, start)?;
            }
            if !self.take(Tok::Char(b';')) {
                let mut diagnostic = self.expected("an operator or `;`");
                let end = self.places.span(self.before, self.before);
                if diagnostic.code == codes::EXPRESSION_SYNTAX {
                    *diagnostic = diagnostic.label(end, "`;` missing here?");
                }
                return Err(diagnostic);
            }
        }
        Ok(bindings.list)
    }

    /// Where a call ends without its last argument.
    fn before_last_argument(&self, node: NodeId) -> Option<usize> {
        let Kind::Apply { function, arguments } = &self.nodes[node.0 as usize].kind else { return None };
        let (_, before) = arguments.split_last()?;
        Some(self.ranges[before.last().unwrap_or(function).0 as usize].1)
    }

    fn inherit(&mut self, bindings: &mut Bindings) -> Parsed<()> {
        self.advance();
        let from = if self.take(Tok::Char(b'(')) {
            let from = self.expression()?;
            self.expect(Tok::Char(b')'), "`)`")?;
            Some(from)
        } else {
            None
        };
        let mut names = Vec::new();
        while self.here.tok != Tok::Char(b';') {
            match self.key().map_err(|_| self.expected("a name or `;`"))? {
                Key::Static(name, span) => {
                    bindings.claim(&name, span, None)?;
                    names.push((name, span));
                }
                Key::Dynamic(_, span) => {
                    let message = "names after `inherit` must be known without evaluating";
                    return Err(Box::new(Diagnostic::error(codes::EXPRESSION_SYNTAX, span, message)));
                }
            }
        }
        match from {
            Some(from) => bindings.list.push(Binding::InheritFrom { from, names }),
            None => {
                bindings.list.extend(names.into_iter().map(|(name, span)| Binding::Inherit { name, span }));
            }
        }
        Ok(())
    }

    /// Adds `path = value`, into the nested set that is already there if there is one.
    fn add(&mut self, bindings: &mut Bindings, path: &[Key], value: NodeId, start: usize) -> Parsed<()> {
        let Some((key, rest)) = path.split_first() else { return Ok(()) };
        if let Key::Static(name, span) = key
            && let Some((index, _)) = bindings.names.get(name).copied()
        {
            let existing = match index.map(|index| &bindings.list[index]) {
                Some(Binding::Value { value, .. }) => *value,
                _ => return bindings.claim(name, *span, None),
            };
            return match self.nodes[existing.0 as usize].kind {
                Kind::Set { .. } => self.merge(bindings, existing, name, *span, rest, value, start),
                _ => bindings.claim(name, *span, None),
            };
        }
        let value = self.wrap(rest, value, start);
        if let Key::Static(name, span) = key {
            bindings.claim(name, *span, Some(bindings.list.len()))?;
        }
        bindings.list.push(Binding::Value { key: key.clone(), value });
        Ok(())
    }

    /// Puts `rest = value` into the set `existing` that `name` already has.
    #[expect(
        clippy::too_many_arguments,
        reason = "one recursion of `add`, which has the same pieces at hand"
    )]
    fn merge(
        &mut self,
        bindings: &Bindings,
        existing: NodeId,
        name: &str,
        span: Span,
        rest: &[Key],
        value: NodeId,
        start: usize,
    ) -> Parsed<()> {
        let Kind::Set { bindings: list, .. } = &mut self.nodes[existing.0 as usize].kind else {
            return Ok(());
        };
        let mut inner = Bindings::of(std::mem::take(list));
        if rest.is_empty() {
            // `a = { … }` a second time: its bindings join the first's.
            let Kind::Set { bindings: more, .. } = &self.nodes[value.0 as usize].kind else {
                return bindings.claim_again(name, span);
            };
            for binding in more.clone() {
                match binding {
                    Binding::Value { key, value } => self.add_merged(&mut inner, key, value)?,
                    Binding::Inherit { name, span } => {
                        inner.claim(&name, span, None)?;
                        inner.list.push(Binding::Inherit { name, span });
                    }
                    Binding::InheritFrom { from, names } => {
                        for (name, span) in &names {
                            inner.claim(name, *span, None)?;
                        }
                        inner.list.push(Binding::InheritFrom { from, names });
                    }
                }
            }
        } else {
            self.nested(|parser| parser.add(&mut inner, rest, value, start))?;
        }
        if let Kind::Set { bindings: list, .. } = &mut self.nodes[existing.0 as usize].kind {
            *list = inner.list;
        }
        Ok(())
    }

    fn add_merged(&mut self, bindings: &mut Bindings, key: Key, value: NodeId) -> Parsed<()> {
        let start = self.start_of(value);
        self.nested(|parser| parser.add(bindings, &[key], value, start))
    }

    /// `value` within the sets of `keys`.
    fn wrap(&mut self, keys: &[Key], value: NodeId, start: usize) -> NodeId {
        keys.iter().rev().fold(value, |value, key| {
            let bindings = vec![Binding::Value { key: key.clone(), value }];
            self.node(Kind::Set { recursive: false, bindings }, start)
        })
    }

    /// The text whose opening quote is here.
    fn string(&mut self) -> Parsed<Vec<Piece>> {
        let raw =
            if self.here.tok == Tok::Quote { self.quoted()? } else { strip_indentation(self.indented()?) };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        for part in raw {
            match part {
                Raw::Plain(text) | Raw::Escaped(text) => literal.push_str(&text),
                Raw::Interpolation(node) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
                    }
                    pieces.push(Piece::Interpolation(node));
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Ok(pieces)
    }

    fn quoted(&mut self) -> Parsed<Vec<Raw<NodeId>>> {
        let open = self.here;
        let mut at = open.end;
        let mut pieces = Vec::new();
        let mut literal = String::new();
        loop {
            let rest = &self.text[at..];
            let mut characters = rest.chars();
            match (characters.next(), characters.next()) {
                (None, _) => return Err(self.unended(open, "a text without its closing `\"`")),
                (Some('"'), _) => {
                    at += 1;
                    break;
                }
                (Some('\\'), Some(escaped)) => {
                    literal.push(unescape(escaped));
                    at += 1 + escaped.len_utf8();
                }
                (Some('$'), Some('{')) => {
                    pieces.push(Raw::Plain(std::mem::take(&mut literal)));
                    let (node, end) = self.interpolation(at)?;
                    pieces.push(Raw::Interpolation(node));
                    at = end;
                }
                (Some('$'), Some('$')) => {
                    literal.push_str("$$");
                    at += 2;
                }
                (Some('\r'), next) => {
                    literal.push('\n');
                    at += if next == Some('\n') { 2 } else { 1 };
                }
                (Some(other), _) => {
                    literal.push(other);
                    at += other.len_utf8();
                }
            }
        }
        pieces.push(Raw::Plain(literal));
        self.resume(at);
        Ok(pieces)
    }

    fn indented(&mut self) -> Parsed<Vec<Raw<NodeId>>> {
        let open = self.here;
        let mut at = open.end;
        let blanks = self.text[at..].bytes().take_while(|byte| *byte == b' ').count();
        if self.text.as_bytes().get(at + blanks) == Some(&b'\n') {
            at += blanks + 1;
        }
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let flush = |pieces: &mut Vec<Raw<NodeId>>, literal: &mut String| {
            if !literal.is_empty() {
                pieces.push(Raw::Plain(std::mem::take(literal)));
            }
        };
        loop {
            let rest = &self.text[at..];
            let Some(first) = rest.chars().next() else {
                return Err(self.unended(open, "a text without its closing `''`"));
            };
            if rest.starts_with("''$") || rest.starts_with("'''") {
                flush(&mut pieces, &mut literal);
                pieces.push(Raw::Escaped(if rest.starts_with("'''") { "''" } else { "$" }.into()));
                at += 3;
            } else if let Some(after) = rest.strip_prefix("''\\") {
                let Some(escaped) = after.chars().next() else {
                    return Err(self.unended(open, "a text without its closing `''`"));
                };
                flush(&mut pieces, &mut literal);
                pieces.push(Raw::Escaped(unescape(escaped).into()));
                at += 3 + escaped.len_utf8();
            } else if rest.starts_with("''") {
                at += 2;
                break;
            } else if rest.starts_with("${") {
                flush(&mut pieces, &mut literal);
                let (node, end) = self.interpolation(at)?;
                pieces.push(Raw::Interpolation(node));
                at = end;
            } else if rest.starts_with("$$") {
                literal.push_str("$$");
                at += 2;
            } else {
                literal.push(first);
                at += first.len_utf8();
            }
        }
        flush(&mut pieces, &mut literal);
        self.resume(at);
        Ok(pieces)
    }

    /// The expression of the `${` at `at`, and where its `}` ends.
    fn interpolation(&mut self, at: usize) -> Parsed<(NodeId, usize)> {
        self.resume(at + 2);
        let node = self.expression()?;
        if !self.at(b'}') {
            return Err(self.expected("an operator or `}`"));
        }
        Ok((node, self.here.end))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    None,
}

/// Nix's table: a greater power binds more tightly.
fn binary(tok: Tok) -> Option<(Operator, u8, Side)> {
    Some(match tok {
        Tok::Concat => (Operator::Concat, 90, Side::Right),
        Tok::Char(b'*') => (Operator::Multiply, 80, Side::Left),
        Tok::Char(b'/') => (Operator::Divide, 80, Side::Left),
        Tok::Char(b'+') => (Operator::Add, 70, Side::Left),
        Tok::Char(b'-') => (Operator::Subtract, 70, Side::Left),
        Tok::Update => (Operator::Update, 50, Side::Right),
        Tok::Char(b'<') => (Operator::Less, 40, Side::None),
        Tok::LessEqual => (Operator::LessEqual, 40, Side::None),
        Tok::Char(b'>') => (Operator::Greater, 40, Side::None),
        Tok::GreaterEqual => (Operator::GreaterEqual, 40, Side::None),
        Tok::Equal => (Operator::Equal, 30, Side::None),
        Tok::NotEqual => (Operator::NotEqual, 30, Side::None),
        Tok::And => (Operator::And, 20, Side::Left),
        Tok::Or => (Operator::Or, 15, Side::Left),
        Tok::Implies => (Operator::Implies, 10, Side::Right),
        Tok::PipeInto => (Operator::PipeInto, 5, Side::Left),
        Tok::PipeFrom => (Operator::PipeFrom, 4, Side::Right),
        _ => return None,
    })
}

/// Bindings so far, with the place of each name.
#[derive(Default)]
struct Bindings {
    list: Vec<Binding>,
    /// Where a static name stands in `list` (`None` for an inherited one), and its span.
    names: HashMap<Arc<str>, (Option<usize>, Span)>,
}

impl Bindings {
    fn of(list: Vec<Binding>) -> Self {
        let mut names = HashMap::new();
        for (index, binding) in list.iter().enumerate() {
            match binding {
                Binding::Value { key: Key::Static(name, span), .. } => {
                    names.insert(name.clone(), (Some(index), *span));
                }
                Binding::Value { key: Key::Dynamic(..), .. } => {}
                Binding::Inherit { name, span } => {
                    names.insert(name.clone(), (None, *span));
                }
                Binding::InheritFrom { names: inherited, .. } => {
                    names.extend(inherited.iter().map(|(name, span)| (name.clone(), (None, *span))));
                }
            }
        }
        Self { list, names }
    }

    fn claim(&mut self, name: &Arc<str>, span: Span, index: Option<usize>) -> Parsed<()> {
        self.claim_again(name, span)?;
        self.names.insert(name.clone(), (index, span));
        Ok(())
    }

    /// Complains if the name is taken.
    fn claim_again(&self, name: &str, span: Span) -> Parsed<()> {
        let Some((_, first)) = self.names.get(name) else { return Ok(()) };
        let message = format!("attribute `{name}` is defined twice");
        Err(Box::new(Diagnostic::error(codes::DUPLICATE, span, message).label(*first, "first here")))
    }
}
