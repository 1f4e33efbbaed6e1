//! Text to tokens, losslessly: the tokens of a text, laid end to end, are the text.
//!
//! No diagnostics here: a token that lacks its end says so ([`Token::closed`]), and what may not stand
//! anywhere is [`Kind::Illegal`]. The parser knows what was expected instead.

use super::chars::{Class, char_at, class, class_of_byte, newline_length};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The end of the text.
    End,
    /// Blanks, without newlines.
    Space,
    /// One newline.
    Newline,
    /// `// …`, without the newline.
    LineComment,
    /// `/* … */`, nested ones included.
    BlockComment,
    /// `\`, which joins lines.
    Backslash,
    /// `/-`
    Slashdash,
    /// An unquoted string or a number.
    Word,
    /// `#true`, `#inf`, … and any other word after one `#`.
    Keyword,
    /// `"…"`
    Quoted,
    /// `#"…"#`
    Raw,
    /// `"""…"""`
    MultiLine,
    /// `#"""…"""#`
    RawMultiLine,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `=`
    Equals,
    /// `;`
    Semicolon,
    /// `/`, `[`, `]` or a run of `#` that begin nothing.
    Illegal,
}

impl Kind {
    /// Whether it is a string of any spelling. A word may turn out to be a number.
    pub fn is_string(self) -> bool {
        matches!(self, Kind::Word | Kind::Quoted | Kind::Raw | Kind::MultiLine | Kind::RawMultiLine)
    }
}

/// One token: the bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Not so for strings and comments that end with the line or the text instead of their own end.
    pub closed: bool,
    /// Whether a string contains a backslash that means something.
    pub escaped: bool,
}

/// The tokens of a text, up to and without [`Kind::End`].
pub fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut lexer = Lexer::new(text);
    std::iter::from_fn(move || Some(lexer.next()).filter(|token| token.kind != Kind::End))
}

/// Walks a text. The text must be shorter than 4 GiB.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// Goes on at `at` instead.
    pub(crate) fn seek(&mut self, at: u32) {
        self.at = at as usize;
    }

    pub(crate) fn next(&mut self) -> Token {
        let start = self.at;
        let Some(&byte) = self.bytes.get(start) else {
            let end = start as u32;
            return Token { kind: Kind::End, start: end, end, closed: true, escaped: false };
        };
        let mut token =
            Token { kind: Kind::Illegal, start: start as u32, end: 0, closed: true, escaped: false };
        token.kind = match self.class_here(byte) {
            Class::Space | Class::Forbidden => {
                self.at = self.end_of_blanks(start);
                Kind::Space
            }
            Class::Newline => {
                self.at += newline_length(&self.text[start..]);
                Kind::Newline
            }
            Class::Word => {
                self.at = self.end_of_word(start);
                Kind::Word
            }
            Class::Punctuation | Class::Wide => self.punctuation(byte, &mut token),
        };
        token.end = self.at as u32;
        token
    }

    fn punctuation(&mut self, byte: u8, token: &mut Token) -> Kind {
        self.at += 1;
        match byte {
            b'{' => Kind::OpenBrace,
            b'}' => Kind::CloseBrace,
            b'(' => Kind::OpenParen,
            b')' => Kind::CloseParen,
            b'=' => Kind::Equals,
            b';' => Kind::Semicolon,
            b'\\' => Kind::Backslash,
            b'"' => self.quoted(token),
            b'#' => self.after_hash(token),
            b'/' => match self.bytes.get(self.at) {
                Some(b'/') => {
                    self.at = self.end_of_line(self.at);
                    Kind::LineComment
                }
                Some(b'*') => {
                    token.closed = self.block_comment();
                    Kind::BlockComment
                }
                Some(b'-') => {
                    self.at += 1;
                    Kind::Slashdash
                }
                _ => Kind::Illegal,
            },
            _ => Kind::Illegal,
        }
    }

    fn block_comment(&mut self) -> bool {
        self.at += 1;
        let mut depth = 1;
        while depth > 0 {
            match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                }
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return false,
            }
        }
        true
    }

    /// After the first `"`.
    fn quoted(&mut self, token: &mut Token) -> Kind {
        let multi_line = self.bytes[self.at..].starts_with(b"\"\"");
        if multi_line {
            self.at += 2;
        }
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') if !multi_line => {
                    self.at += 1;
                    break;
                }
                Some(b'"') if self.bytes[self.at..].starts_with(b"\"\"\"") => {
                    self.at += 3;
                    break;
                }
                Some(b'\\') => {
                    token.escaped = true;
                    self.at += 1;
                    let blanks = self.end_of_blanks_and_newlines(self.at);
                    // A quote or a backslash behind a backslash means itself.
                    self.at = if blanks > self.at { blanks } else { self.bytes.len().min(self.at + 1) };
                }
                Some(byte) if !multi_line && self.class_here(*byte) == Class::Newline => {
                    token.closed = false;
                    break;
                }
                Some(_) => self.at += 1,
                None => {
                    token.closed = false;
                    break;
                }
            }
            // The step over an escaped character may have ended within it.
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
        if multi_line { Kind::MultiLine } else { Kind::Quoted }
    }

    /// After the first `#`.
    fn after_hash(&mut self, token: &mut Token) -> Kind {
        let mut hashes = 1;
        while self.bytes.get(self.at) == Some(&b'#') {
            self.at += 1;
            hashes += 1;
        }
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return self.raw(hashes, token);
        }
        let end = self.end_of_word(self.at);
        if hashes > 1 || end == self.at {
            return Kind::Illegal;
        }
        self.at = end;
        Kind::Keyword
    }

    /// After the first `"` of a raw string with so many hashes.
    fn raw(&mut self, hashes: usize, token: &mut Token) -> Kind {
        // `#""#` is an empty string, `#"""#` begins one of many lines.
        let multi_line = self.bytes[self.at..].starts_with(b"\"\"");
        let quotes = if multi_line { 3 } else { 1 };
        self.at += quotes - 1;
        let mut seen_quotes = 0;
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'"' {
                self.at += 1;
                seen_quotes += 1;
                if seen_quotes < quotes {
                    continue;
                }
                let mut seen_hashes = 0;
                while seen_hashes < hashes && self.bytes.get(self.at) == Some(&b'#') {
                    self.at += 1;
                    seen_hashes += 1;
                }
                if seen_hashes == hashes {
                    return if multi_line { Kind::RawMultiLine } else { Kind::Raw };
                }
                if seen_hashes > 0 {
                    seen_quotes = 0;
                }
                continue;
            }
            seen_quotes = 0;
            if !multi_line && self.class_here(byte) == Class::Newline {
                break;
            }
            self.at += 1;
        }
        token.closed = false;
        if multi_line { Kind::RawMultiLine } else { Kind::Raw }
    }

    /// The class of the character here, which begins with `byte`; within a character it is a word's.
    fn class_here(&self, byte: u8) -> Class {
        match class_of_byte(byte) {
            Class::Wide if !self.text.is_char_boundary(self.at) => Class::Word,
            Class::Wide if self.at == 0 && self.text.starts_with('\u{feff}') => Class::Space,
            Class::Wide => class(char_at(self.text, self.at)),
            class => class,
        }
    }

    fn end_of_word(&self, start: usize) -> usize {
        self.end_of(start, |class| class == Class::Word)
    }

    fn end_of_blanks(&self, start: usize) -> usize {
        // A character that may not stand anywhere has its own complaint and then counts as a blank.
        self.end_of(start, |class| matches!(class, Class::Space | Class::Forbidden))
    }

    fn end_of_blanks_and_newlines(&self, start: usize) -> usize {
        self.end_of(start, |class| matches!(class, Class::Space | Class::Newline))
    }

    fn end_of_line(&self, start: usize) -> usize {
        self.end_of(start, |class| class != Class::Newline)
    }

    fn end_of(&self, start: usize, belongs: impl Fn(Class) -> bool) -> usize {
        let mut at = start;
        while let Some(&byte) = self.bytes.get(at) {
            let (class, length) = match class_of_byte(byte) {
                Class::Wide => {
                    let character = char_at(self.text, at);
                    (class(character), character.len_utf8())
                }
                class => (class, 1),
            };
            if !belongs(class) {
                break;
            }
            at += length;
        }
        at
    }
}
