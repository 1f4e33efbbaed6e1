//! What people write instead of KDL, and what to tell them.
//!
//! The parser decides where something is wrong; here it is put into words, with the way out.

use super::chars::{Class, char_at, class};
use super::lexer::{Kind, Token};
use super::tree::{Entry, Scalar, Text};
use crate::codes;
use crate::{Diagnostic, Span};

/// How a message calls the token that was found.
pub(crate) fn describe(text: &str, token: Token) -> String {
    match token.kind {
        Kind::End => "the end of the file".to_owned(),
        Kind::Newline => "the end of the line".to_owned(),
        Kind::LineComment | Kind::BlockComment => "a comment".to_owned(),
        Kind::Space => "a blank".to_owned(),
        Kind::MultiLine | Kind::RawMultiLine => "a string".to_owned(),
        _ => format!("`{}`", shorten(&text[token.start as usize..token.end as usize])),
    }
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text as a quoted string.
pub(crate) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    shorten_quoted(&format!("\"{escaped}\""))
}

fn shorten_quoted(quoted: &str) -> String {
    if quoted.chars().count() > 60 { "\"…\"".to_owned() } else { quoted.to_owned() }
}

/// Where text goes on that can only have been meant to be quoted, such as the `/24` of `10.0.0.1/24`:
/// its end, or `from` itself.
pub(crate) fn end_of_unquoted(text: &str, from: u32) -> u32 {
    let bytes = text.as_bytes();
    let mut at = from as usize;
    let mut brackets = 0;
    while at < bytes.len() {
        let next = bytes.get(at + 1).copied();
        match bytes[at] {
            b'/' if matches!(next, Some(b'/' | b'*' | b'-')) => break,
            b'/' => at += 1,
            b'[' => {
                brackets += 1;
                at += 1;
            }
            b']' if brackets > 0 => {
                brackets -= 1;
                at += 1;
            }
            b'#' if !matches!(next, Some(b'"' | b'#')) => at += 1,
            b'\\' if at + 1 < bytes.len() && class(char_at(text, at + 1)) == Class::Word => at += 1,
            _ if at == from as usize => break,
            _ => {
                let character = char_at(text, at);
                if class(character) != Class::Word {
                    break;
                }
                at += character.len_utf8();
            }
        }
    }
    at as u32
}

/// The end of an unquoted `${…}` and what is glued to it; `open` is the brace. If the line has no such end, the
/// end of the line.
pub(crate) fn end_of_expression(text: &str, open: u32) -> Result<u32, u32> {
    let mut depth = 0;
    let mut after_dollar = true;
    for (at, character) in text[open as usize..].char_indices() {
        let at = open + at as u32;
        match character {
            '{' if depth > 0 || after_dollar => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if class(character) == Class::Newline => return if depth == 0 { Ok(at) } else { Err(at) },
            _ if depth == 0 && class(character) != Class::Word => return Ok(at),
            _ => {}
        }
        after_dollar = character == '$';
    }
    let end = text.len() as u32;
    if depth == 0 { Ok(end) } else { Err(end) }
}

pub(crate) fn unquoted_expression(word: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::UNQUOTED_EXPRESSION, span, "an expression stands in a string")
        .primary_text("unquoted, KDL reads the string `$` and a block")
        .help(format!("write `{}`", quoted_expression(word)))
}

/// An expression with quotes of its own reads best in a raw string.
pub(super) fn quoted_expression(word: &str) -> String {
    match (word.contains(['"', '\\']), word.chars().count()) {
        (true, ..=60) => format!("#\"{word}\"#"),
        (true, _) => "#\"…\"#".to_owned(),
        (false, _) => quoted(word),
    }
}

/// `a != b`, `a <= b`, also with blanks within: to KDL a property whose key ends in `!` or `<`.
pub(crate) fn operator(
    text: &str,
    key: &Text,
    equals: Token,
    previous: Option<&Entry>,
) -> Option<Diagnostic> {
    let spelled = &text[key.span.start as usize..key.span.end as usize];
    let sign = spelled.chars().last().filter(|last| matches!(last, '!' | '<' | '>'))?;
    let span = Span::new(key.span.source, key.span.end - 1, equals.end);
    let glued = &spelled[..spelled.len() - 1];
    let before = previous.filter(|entry| entry.name.is_none()).map(|entry| entry.span);
    let left = match (glued, before) {
        ("", Some(before)) => shorten(&text[before.start as usize..before.end as usize]),
        ("", None) => "a".to_owned(),
        (glued, _) => glued.to_owned(),
    };
    let rest = text[equals.end as usize..].trim_start_matches([' ', '\t']);
    let right = rest.split(|character| class(character) != Class::Word).next().unwrap_or_default();
    let right = if right.is_empty() { "b".to_owned() } else { shorten(right) };
    Some(
        Diagnostic::error(
            codes::UNQUOTED_EXPRESSION,
            span,
            format!("`{sign}=` compares only within an expression"),
        )
        .primary_text(format!("KDL reads a property called `{}`", shorten(spelled)))
        .help(format!("write the comparison as an expression: `\"${{{left} {sign}= {right}}}\"`")),
    )
}

/// The bare `true`, `false`, `null` of KDL 1, and what was meant.
pub(crate) fn former_keyword(word: &str, span: Span) -> Option<(Diagnostic, Scalar)> {
    let scalar = match word {
        "true" => Scalar::Bool(true, span),
        "false" => Scalar::Bool(false, span),
        "null" => Scalar::Null(span),
        "inf" => Scalar::Float(f64::INFINITY, span),
        "-inf" => Scalar::Float(f64::NEG_INFINITY, span),
        "nan" => Scalar::Float(f64::NAN, span),
        _ => return None,
    };
    let diagnostic =
        Diagnostic::error(codes::BARE_KEYWORD, span, format!("`{word}` is written `#{word}` in KDL 2"))
            .help(format!("write `#{word}` for the value, `\"{word}\"` for the text"));
    Some((diagnostic, scalar))
}

/// Something that is no string where only a string can stand.
pub(crate) fn not_a_name(word: &str, role: &str, span: Span) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(codes::SYNTAX, span, format!("expected {role}, found `{}`", shorten(word)))
            .help(format!("if the text is meant, quote it: `{}`", quoted(word)));
    if word.starts_with('#') { diagnostic.help("a comment begins with `//`") } else { diagnostic }
}

pub(crate) fn single_quote(word: &str, span: Span) -> Option<Diagnostic> {
    word.starts_with('\'').then(|| {
        Diagnostic::warning(codes::SINGLE_QUOTE, span, "`'` does not quote, it is part of the text")
            .help("strings stand between `\"`")
    })
}

pub(crate) fn integer_too_big(span: Span) -> Diagnostic {
    Diagnostic::error(codes::INTEGER_OVERFLOW, span, "this integer does not fit into 64 bits")
        .help(format!("the largest is {}, the smallest {}", i64::MAX, i64::MIN))
        .help("a number with a point may be larger, and is rounded; text needs quotes")
}

pub(crate) fn unknown_keyword(word: &str, span: Span) -> Diagnostic {
    let name = word.trim_start_matches('#');
    let diagnostic =
        Diagnostic::error(codes::SYNTAX, span, format!("`{}` is not a keyword of KDL", shorten(word)));
    let keywords = ["true", "false", "null", "inf", "-inf", "nan"];
    match keywords.iter().find(|keyword| keyword.eq_ignore_ascii_case(name)) {
        Some(keyword) => diagnostic.help(format!("write `#{keyword}`")),
        None => {
            diagnostic.help(format!("the text is written `{}`; a comment begins with `//`", quoted(word)))
        }
    }
}

pub(crate) fn needs_quotes(word: &str, span: Span) -> Diagnostic {
    let culprit = word.chars().find(|character| class(*character) == Class::Punctuation).unwrap_or('/');
    Diagnostic::error(codes::NEEDS_QUOTES, span, format!("text with `{culprit}` needs quotes"))
        .help(format!("write `{}`", quoted(word)))
}

pub(crate) fn forbidden(character: char, span: Span) -> Diagnostic {
    let name = match character {
        '\0' => "the NUL character (is this a text file?)".to_owned(),
        '\u{feff}' => "a byte order mark that is not at the start".to_owned(),
        '\u{200e}'..='\u{2069}' => {
            format!("U+{:04X}, an invisible mark that reorders text", character as u32)
        }
        control => format!("the control character U+{:04X}", control as u32),
    };
    Diagnostic::error(codes::FORBIDDEN_CHARACTER, span, format!("a document cannot contain {name}"))
        .help(format!("remove it; within a quoted string write `\\u{{{:x}}}`", character as u32))
}

pub(crate) fn backslash(span: Span, text: &str, found: Token) -> Diagnostic {
    let found = describe(text, found);
    Diagnostic::error(codes::SYNTAX, span, format!("expected the end of the line after `\\`, found {found}"))
        .help("outside strings a `\\` joins this line and the next")
}

/// A `/-` that has nothing to comment out.
pub(crate) fn idle_slashdash(span: Span, expected: &str, text: &str, found: Token) -> Diagnostic {
    let found = describe(text, found);
    Diagnostic::error(codes::SYNTAX, span, format!("expected {expected} after `/-`, found {found}"))
        .help("`/-` comments out what follows it; a comment up to the end of the line begins with `//`")
}

pub(crate) fn no_name(text: &str, found: Token, span: Span, annotation: Option<&Text>) -> Diagnostic {
    let what = describe(text, found);
    let diagnostic = Diagnostic::error(codes::SYNTAX, span, format!("expected a node, found {what}"));
    match (annotation, found.kind) {
        (Some(annotation), Kind::Slashdash) => diagnostic
            .label(annotation.span, "a node's name must follow this type")
            .help("put the `/-` before the type"),
        (Some(annotation), _) => diagnostic.label(annotation.span, "a node's name must follow this type"),
        (None, Kind::OpenBrace) => diagnostic.help("a block begins on the line of its node: `name {`"),
        (None, Kind::Equals) => {
            diagnostic.help("a property stands on the line of its node: `name key=value`")
        }
        (None, Kind::Semicolon) => diagnostic.help("a `;` ends a node, and there is none before it"),
        (None, Kind::Illegal) if text[found.start as usize..].starts_with("# ") => {
            diagnostic.help("a comment begins with `//`")
        }
        (None, _) => diagnostic,
    }
}

/// The word that ends right before an offset, where it begins a node. Nothing before its line's blanks is looked at.
fn word_before(text: &str, end: usize) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let before = text.get(..end)?;
    let rest = before.trim_end_matches(plain);
    let begins_a_node = match rest.trim_end_matches([' ', '\t']).chars().next_back() {
        Some(last) => matches!(last, '\n' | ';' | '{'),
        None => true,
    };
    let word = &before[rest.len()..];
    (begins_a_node && !word.is_empty()).then_some(word)
}

pub(crate) fn no_argument(text: &str, found: Token, span: Span) -> Diagnostic {
    let what = describe(text, found);
    let diagnostic =
        Diagnostic::error(codes::SYNTAX, span, format!("expected a value or a property, found {what}"));
    let rest = &text[found.start as usize..];
    match found.kind {
        Kind::Equals if rest.starts_with("==") => diagnostic.help(COMPARISON),
        Kind::Equals => match word_before(text, found.start as usize) {
            Some(name) => diagnostic.help(format!(
                "as a node of its own it is `{name} VALUE`; as a property, `{name}=VALUE`, it stands on its node's line"
            )),
            None => diagnostic.help("before the `=` stands the property's key: `key=value`"),
        },
        Kind::Illegal if rest.starts_with(['[', ']']) => diagnostic.help(
            "KDL has no brackets: a list is several values, `name a b c`, or an expression, `\"${[ a b c ]}\"`",
        ),
        Kind::Illegal if rest.starts_with("# ") => diagnostic.help("a comment begins with `//`"),
        Kind::Illegal if rest.starts_with('/') => diagnostic.help("text with `/` needs quotes"),
        _ => diagnostic,
    }
}

const COMPARISON: &str = "a comparison is written as an expression: `\"${a == b}\"`";

pub(crate) fn no_value(text: &str, found: Token, span: Span) -> Diagnostic {
    let what = describe(text, found);
    let diagnostic = Diagnostic::error(codes::SYNTAX, span, format!("expected a value, found {what}"));
    match found.kind {
        Kind::Equals => diagnostic.help(COMPARISON),
        Kind::Illegal if text[found.start as usize..].starts_with('[') => {
            diagnostic.help("KDL has no brackets; a list is an expression: `\"${[ a b c ]}\"`")
        }
        Kind::OpenBrace => diagnostic.help(
            "a block follows its node, not a property; an expression stands in quotes: `\"${{ a = 1; }}\"`",
        ),
        Kind::Slashdash => diagnostic.help("to leave the property out, put the `/-` before its key"),
        _ => diagnostic,
    }
}

pub(crate) fn annotated_key(annotation: &Text, key: &str) -> Diagnostic {
    let kind = &annotation.value;
    Diagnostic::error(codes::SYNTAX, annotation.span, "a property's type stands before its value")
        .help(format!("write `{}=({kind})…`", shorten(key)))
}

pub(crate) fn after_block(text: &str, found: Token, span: Span) -> Diagnostic {
    let what = describe(text, found);
    let help = match text.get(found.start as usize..found.end as usize) {
        Some("else") => "`else` is a node of its own: put it on the next line, or `;` before it",
        _ => {
            "arguments and properties stand before the block; another node begins on a new line or after `;`"
        }
    };
    Diagnostic::error(codes::SYNTAX, span, format!("expected the node's end after its block, found {what}"))
        .help(help)
}

pub(crate) fn no_blank(text: &str, found: Token, span: Span) -> Diagnostic {
    let what = describe(text, found);
    let before = &text[..found.start as usize];
    let diagnostic = Diagnostic::error(codes::SYNTAX, span, format!("expected a blank before {what}"));
    let string = matches!(found.kind, Kind::Quoted | Kind::Raw | Kind::MultiLine | Kind::RawMultiLine);
    let word_before = before.rsplit(|character| class(character) != Class::Word).next().unwrap_or_default();
    if string && word_before == "r" {
        diagnostic.help("a raw string is written `#\"…\"#` in KDL 2")
    } else if found.kind == Kind::OpenParen {
        diagnostic.help("text with `(` needs quotes; a type `(…)` stands before a value, after a blank")
    } else {
        diagnostic
    }
}
