//! The formatter: one layout for every document, with the author's own spelling of every string and number.
//!
//! It moves blanks, newlines and `;` about and touches nothing else, so the document and its comments stay.
//! A block that stood on one line stays on one line; a line joined with `\` stays joined.

use super::chars::{Class, class, newline_length};
use super::lexer::{Kind, Token, tokens};
use super::parser::parse;
use crate::{Diagnostic, Severity, SourceId};

const INDENT: &str = "    ";

/// Formats a document.
///
/// # Errors
/// What is wrong with the text, where that is not KDL; the spans' source is 0.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let (_, mut diagnostics) = parse(SourceId(0), text);
    diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let tokens: Vec<Token> = tokens(text).collect();
    let inline = inline_blocks(&tokens, text);
    let formatter = Formatter {
        text,
        tokens,
        inline,
        at: 0,
        out: String::with_capacity(text.len() + text.len() / 8),
        blocks: vec![Block { inline: false, items: 0, last: Last::Nothing }],
    };
    Ok(formatter.document())
}

struct Formatter<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// For each token that opens a block, whether that stood on one line.
    inline: Vec<bool>,
    at: usize,
    out: String,
    /// The open blocks, the document first.
    blocks: Vec<Block>,
}

struct Block {
    inline: bool,
    items: usize,
    last: Last,
}

/// What was written last in a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Node,
    /// `/* … */`; what follows on its line stays there.
    Comment,
    /// `// …`
    LineComment,
}

/// Where in a node the next piece goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Right here: after `(`, `)`, `=`, `/-`, or at the start of a line.
    Nothing,
    /// After a blank.
    Blank,
}

impl Formatter<'_> {
    fn document(mut self) -> String {
        let mut newlines = 0;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline => {
                    self.at += 1;
                    newlines += 1;
                }
                Kind::LineComment => {
                    self.at += 1;
                    self.line_comment(token, newlines);
                    newlines = 0;
                }
                Kind::BlockComment => {
                    self.at += 1;
                    self.begin_item(newlines);
                    self.push_token(token);
                    self.block().last = Last::Comment;
                    newlines = 0;
                }
                Kind::CloseBrace => {
                    self.at += 1;
                    self.close_block();
                    newlines = self.node(Before::Blank);
                }
                // A `\` between nodes joins nothing.
                Kind::Space | Kind::Backslash | Kind::Semicolon => self.at += 1,
                _ => {
                    self.begin_item(newlines);
                    newlines = self.node(Before::Nothing);
                }
            }
        }
        if !self.out.is_empty() {
            self.new_line(0);
        }
        self.out
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn block(&mut self) -> &mut Block {
        if self.blocks.is_empty() {
            // Only a `}` too many would lead here, and such a text is not formatted.
            self.blocks.push(Block { inline: false, items: 0, last: Last::Nothing });
        }
        let innermost = self.blocks.len() - 1;
        &mut self.blocks[innermost]
    }

    /// Puts what must stand before a node or a comment.
    fn begin_item(&mut self, newlines: usize) {
        let Block { inline, items, last } = *self.block();
        let first_of_all = self.out.is_empty();
        match last {
            Last::Comment if newlines == 0 => self.out.push(' '),
            Last::Node if inline => self.out.push_str("; "),
            _ if inline => self.out.push(' '),
            _ if first_of_all => {}
            _ => {
                if newlines > 1 && items > 0 {
                    self.out.push('\n');
                }
                self.new_line(self.blocks.len() - 1);
            }
        }
        self.block().items += 1;
    }

    fn at_line_start(&self) -> bool {
        self.out.ends_with([' ', '\n'])
    }

    fn new_line(&mut self, depth: usize) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        for _ in 0..depth {
            self.out.push_str(INDENT);
        }
    }

    /// A comment up to the end of the line, between nodes.
    fn line_comment(&mut self, token: Token, newlines: usize) {
        if newlines == 0 && !self.out.is_empty() && self.block().last != Last::LineComment {
            if !self.at_line_start() {
                self.out.push(' ');
            }
            self.block().items += 1;
        } else {
            self.begin_item(newlines.max(1));
        }
        self.push_token(token);
        self.block().last = Last::LineComment;
    }

    fn close_block(&mut self) {
        let Block { inline, items, .. } = *self.block();
        self.blocks.pop();
        if inline && items > 0 {
            self.out.push(' ');
        } else if items > 0 {
            self.new_line(self.blocks.len() - 1);
        }
        self.out.push('}');
    }

    /// The pieces of a node, up to its end or the opening of its block. Returns the newlines it ended with.
    fn node(&mut self, mut before: Before) -> usize {
        let depth = self.blocks.len() - 1;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline | Kind::Semicolon => {
                    self.at += 1;
                    self.block().last = Last::Node;
                    return usize::from(token.kind == Kind::Newline);
                }
                Kind::CloseBrace => break,
                Kind::LineComment => {
                    self.at += 1;
                    self.piece(token, &mut before);
                    self.block().last = Last::LineComment;
                    return 0;
                }
                Kind::OpenBrace => {
                    let inline = self.inline[self.at];
                    self.at += 1;
                    self.piece(token, &mut before);
                    self.blocks.push(Block { inline, items: 0, last: Last::Nothing });
                    return 0;
                }
                Kind::Space => self.at += 1,
                Kind::Backslash => self.join(&mut before, depth),
                Kind::Slashdash => {
                    // A commented-out node continues at its own indentation, an entry further in.
                    let inner = depth + usize::from(before == Before::Blank);
                    self.at += 1;
                    self.piece(token, &mut before);
                    self.after_slashdash(&mut before, inner);
                }
                _ => {
                    self.at += 1;
                    self.piece(token, &mut before);
                }
            }
        }
        self.block().last = Last::Node;
        0
    }

    /// Writes one piece of a node.
    fn piece(&mut self, token: Token, before: &mut Before) {
        let glued = matches!(token.kind, Kind::Equals | Kind::CloseParen);
        if *before == Before::Blank && !glued {
            self.out.push(' ');
        }
        self.push_token(token);
        *before = match token.kind {
            Kind::OpenParen | Kind::CloseParen | Kind::Equals | Kind::Slashdash => Before::Nothing,
            _ => Before::Blank,
        };
    }

    /// Blanks, newlines and comments between `/-` and what it comments out.
    fn after_slashdash(&mut self, before: &mut Before, depth: usize) {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Space | Kind::Newline | Kind::Backslash => self.at += 1,
                Kind::LineComment | Kind::BlockComment => {
                    self.at += 1;
                    *before = if self.at_line_start() { Before::Nothing } else { Before::Blank };
                    self.piece(token, before);
                    if token.kind == Kind::LineComment {
                        self.new_line(depth);
                        *before = Before::Nothing;
                    }
                }
                _ => break,
            }
        }
    }

    /// A `\` within a node, with its comment if it has one. Without one it is dropped where nothing follows.
    fn join(&mut self, before: &mut Before, depth: usize) {
        let backslash = self.tokens[self.at];
        self.at += 1;
        let mut comments = Vec::new();
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Space => {}
                Kind::LineComment | Kind::BlockComment => comments.push(token),
                _ => break,
            }
            self.at += 1;
        }
        if self.peek().is_some_and(|token| token.kind == Kind::Newline) {
            self.at += 1;
        }
        if comments.is_empty() && (self.at_line_start() || self.ends_here()) {
            return;
        }
        self.piece(backslash, before);
        for comment in comments {
            *before = Before::Blank;
            self.piece(comment, before);
        }
        self.new_line(depth + 1);
        *before = Before::Nothing;
    }

    /// Whether nothing more of the node follows.
    fn ends_here(&self) -> bool {
        let mut rest = self.tokens[self.at..].iter().map(|token| token.kind);
        match rest.find(|kind| *kind != Kind::Space) {
            None => true,
            Some(kind) => matches!(
                kind,
                Kind::Newline | Kind::Semicolon | Kind::CloseBrace | Kind::LineComment | Kind::Backslash
            ),
        }
    }

    /// The token as it was written, with plain newlines.
    fn push_token(&mut self, token: Token) {
        let text = &self.text[token.start as usize..token.end as usize];
        match token.kind {
            Kind::LineComment => self.out.push_str(text.trim_end()),
            Kind::BlockComment | Kind::MultiLine | Kind::RawMultiLine | Kind::Quoted => {
                push_lines(&mut self.out, text);
            }
            _ => self.out.push_str(text),
        }
    }
}

/// Appends text, every newline of whatever kind as `\n`.
fn push_lines(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(is_newline) {
        out.push_str(&rest[..at]);
        out.push('\n');
        rest = &rest[at + newline_length(&rest[at..])..];
    }
    out.push_str(rest);
}

fn is_newline(character: char) -> bool {
    class(character) == Class::Newline
}

/// For each token whether it opens a block without a newline in it.
fn inline_blocks(tokens: &[Token], text: &str) -> Vec<bool> {
    let mut inline = vec![false; tokens.len()];
    // The open blocks: the token that opens each, and whether it is of one line so far.
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::OpenBrace => open.push((at, true)),
            Kind::CloseBrace => {
                if let Some((opening, one_line)) = open.pop() {
                    inline[opening] = one_line;
                    if let (false, Some(around)) = (one_line, open.last_mut()) {
                        around.1 = false;
                    }
                }
            }
            _ => {
                let spelled = &text[token.start as usize..token.end as usize];
                let breaks = matches!(token.kind, Kind::Newline | Kind::LineComment | Kind::Backslash)
                    || spelled.contains(is_newline);
                if let (true, Some(around)) = (breaks, open.last_mut()) {
                    around.1 = false;
                }
            }
        }
    }
    inline
}
