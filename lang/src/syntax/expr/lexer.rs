//! Text to tokens, on demand: the parser asks for the next one, and reads texts itself.

use std::cell::Cell;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    /// The end of the text.
    End,
    Name,
    Int,
    Float,
    /// `"`
    Quote,
    /// `''`
    Quotes,
    /// `${`
    Dollar,
    If,
    Then,
    Else,
    Assert,
    With,
    Let,
    In,
    Rec,
    Inherit,
    OrWord,
    /// `...`
    Ellipsis,
    /// `==`
    Equal,
    NotEqual,
    LessEqual,
    GreaterEqual,
    And,
    Or,
    /// `->`
    Implies,
    /// `//`
    Update,
    /// `++`
    Concat,
    /// `|>`
    PipeInto,
    /// `<|`
    PipeFrom,
    /// One character that stands for itself.
    Char(u8),
    /// `./a`, `/a/b`, `~/a`
    Path,
    /// `<nixpkgs>`
    SearchPath,
    /// `http://x`, but also `x:x`
    Url,
    /// A comment without its end.
    OpenComment,
    /// Anything else.
    Unknown,
}

/// A token: byte offsets in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) tok: Tok,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// How far the text is known to hold no path and no URL, so that a long chain of names is not scanned anew from
/// each of them.
#[derive(Default)]
pub(super) struct Scanned {
    no_path: Cell<usize>,
    no_url: Cell<usize>,
}

/// The token at or after `at`.
pub(super) fn next(text: &str, at: usize, scanned: &Scanned) -> Token {
    let bytes = text.as_bytes();
    let start = match skip_blank(bytes, at) {
        Ok(start) => start,
        Err(open) => return Token { tok: Tok::OpenComment, start: open, end: open + 2 },
    };
    let (tok, length) = token(&bytes[start..], start, scanned);
    let mut end = (start + length).min(bytes.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Token { tok, start, end }
}

/// Past blanks and comments; the start of a comment that never ends is the error.
fn skip_blank(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') => {
                while bytes.get(at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    at += 1;
                }
            }
            Some(b'/') if bytes.get(at + 1) == Some(&b'*') => {
                let body = &bytes[at + 2..];
                match body.windows(2).position(|pair| pair == b"*/") {
                    Some(length) => at += length + 4,
                    None => return Err(at),
                }
            }
            _ => return Ok(at),
        }
    }
}

fn token(rest: &[u8], start: usize, scanned: &Scanned) -> (Tok, usize) {
    let Some(&first) = rest.first() else { return (Tok::End, 0) };
    // As in Nix's own lexer, the longest match wins: `a/b` is a path, `x:x` is a URL.
    let plain = plain(first, rest);
    let mut best = plain;
    let path = if start < scanned.no_path.get() { 0 } else { path(rest) };
    if path == 0 && start >= scanned.no_path.get() {
        // Whatever begins within this run of characters fails at its end too.
        scanned.no_path.set(start + count(rest, is_path));
    }
    let url = if start < scanned.no_url.get() { 0 } else { url(rest) };
    if url == 0 && rest[0].is_ascii_alphabetic() && start >= scanned.no_url.get() {
        scanned.no_url.set(start + count(rest, is_scheme));
    }
    for (tok, length) in [(Tok::Path, path), (Tok::SearchPath, search_path(rest)), (Tok::Url, url)] {
        if length > best.1 {
            best = (tok, length);
        }
    }
    best
}

fn plain(first: u8, rest: &[u8]) -> (Tok, usize) {
    const LONG: &[(&[u8], Tok)] = &[
        (b"...", Tok::Ellipsis),
        (b"''", Tok::Quotes),
        (b"${", Tok::Dollar),
        (b"==", Tok::Equal),
        (b"!=", Tok::NotEqual),
        (b"<=", Tok::LessEqual),
        (b">=", Tok::GreaterEqual),
        (b"&&", Tok::And),
        (b"||", Tok::Or),
        (b"->", Tok::Implies),
        (b"//", Tok::Update),
        (b"++", Tok::Concat),
        (b"|>", Tok::PipeInto),
        (b"<|", Tok::PipeFrom),
    ];
    match first {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let length =
                count(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\'' | b'-'));
            (keyword(&rest[..length]), length)
        }
        b'0'..=b'9' => number(rest),
        b'.' if rest.get(1).is_some_and(u8::is_ascii_digit) => number(rest),
        b'"' => (Tok::Quote, 1),
        _ => match LONG.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
            Some((spelling, tok)) => (*tok, spelling.len()),
            None if first.is_ascii_graphic() => (Tok::Char(first), 1),
            None => (Tok::Unknown, 1),
        },
    }
}

fn keyword(word: &[u8]) -> Tok {
    match word {
        b"if" => Tok::If,
        b"then" => Tok::Then,
        b"else" => Tok::Else,
        b"assert" => Tok::Assert,
        b"with" => Tok::With,
        b"let" => Tok::Let,
        b"in" => Tok::In,
        b"rec" => Tok::Rec,
        b"inherit" => Tok::Inherit,
        b"or" => Tok::OrWord,
        _ => Tok::Name,
    }
}

/// `([1-9][0-9]*\.[0-9]*|0?\.[0-9]+)([Ee][+-]?[0-9]+)?` or `[0-9]+`
fn number(rest: &[u8]) -> (Tok, usize) {
    let digit = |byte: u8| byte.is_ascii_digit();
    let whole = count(rest, digit);
    if rest.get(whole) != Some(&b'.') {
        return (Tok::Int, whole);
    }
    let fraction = count(&rest[whole + 1..], digit);
    let leading_zero = rest[0] == b'0';
    if (leading_zero && whole > 1) || ((leading_zero || whole == 0) && fraction == 0) {
        return (Tok::Int, whole);
    }
    let mantissa = whole + 1 + fraction;
    if !matches!(rest.get(mantissa), Some(b'e' | b'E')) {
        return (Tok::Float, mantissa);
    }
    let sign = usize::from(matches!(rest.get(mantissa + 1), Some(b'+' | b'-')));
    match count(&rest[mantissa + 1 + sign..], digit) {
        0 => (Tok::Float, mantissa),
        exponent => (Tok::Float, mantissa + 1 + sign + exponent),
    }
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+')
}

/// `[a-zA-Z0-9._+-]*(/[a-zA-Z0-9._+-]+)+/?`, the same after `~`, or before `${`.
fn path(rest: &[u8]) -> usize {
    let home = usize::from(rest.starts_with(b"~/"));
    let mut at = home + count(&rest[home..], is_path);
    let mut segments = 0;
    while rest.get(at) == Some(&b'/') {
        match count(&rest[at + 1..], is_path) {
            0 => break,
            length => {
                at += 1 + length;
                segments += 1;
            }
        }
    }
    if rest.get(at) == Some(&b'/') && rest[at + 1..].starts_with(b"${") {
        return at + 1;
    }
    if segments == 0 { 0 } else { at }
}

/// `<[a-zA-Z0-9._+-]+(/[a-zA-Z0-9._+-]+)*>`
fn search_path(rest: &[u8]) -> usize {
    if rest.first() != Some(&b'<') {
        return 0;
    }
    let inner = count(&rest[1..], |byte| is_path(byte) || byte == b'/');
    let sound = rest[1..1 + inner].split(|byte| *byte == b'/').all(|segment| !segment.is_empty());
    if sound && rest.get(1 + inner) == Some(&b'>') { inner + 2 } else { 0 }
}

/// `[a-zA-Z][a-zA-Z0-9+.-]*:[a-zA-Z0-9%/?:@&=+$,_.!~*'-]+`
fn url(rest: &[u8]) -> usize {
    if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    let scheme = count(rest, is_scheme);
    if rest.get(scheme) != Some(&b':') {
        return 0;
    }
    let body = count(&rest[scheme + 1..], |byte| {
        byte.is_ascii_alphanumeric() || b"%/?:@&=+$,-_.!~*'".contains(&byte)
    });
    if body == 0 { 0 } else { scheme + 1 + body }
}

fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
}

fn count(bytes: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !accept(*byte)).unwrap_or(bytes.len())
}
