//! What a string token means: escapes, dedents, joined lines, and where each decoded byte comes from.
//!
//! Deliberately absent: `${…}`, which is looked for in the decoded text by the expressions' front end.

use super::chars::{Class, char_at, class, class_of_byte, newline_length};
use super::lexer::{Kind, Token};
use super::report::Report;
use super::tree::Piece;
use crate::Diagnostic;
use crate::codes;

/// A decoded string.
pub(crate) enum Decoded<'t> {
    /// It stands in the source as it is, between delimiters of equal length.
    Plain(&'t str),
    /// It had to be put together.
    Built(String, Vec<Piece>),
}

/// Decodes a string token, complaining to `report` about what is wrong in it.
pub(crate) fn decode<'t>(text: &'t str, token: Token, report: &mut Report) -> Decoded<'t> {
    let (start, end) = (token.start as usize, token.end as usize);
    let hashes = text.as_bytes()[start..end].iter().take_while(|byte| **byte == b'#').count();
    let (quotes, raw) = match token.kind {
        Kind::Quoted => (1, false),
        Kind::Raw => (1, true),
        Kind::MultiLine => (3, false),
        Kind::RawMultiLine => (3, true),
        _ => return Decoded::Plain(&text[start..end]),
    };
    let delimiter = hashes + quotes;
    let body_end = if token.closed { end - delimiter } else { end };
    let body = Body { text, start: start + delimiter, end: body_end, raw };
    if !token.closed {
        unterminated(text, token, &body, quotes, report);
    }
    if quotes == 1 {
        if !token.escaped && token.closed {
            return Decoded::Plain(&text[body.start..body.end]);
        }
        let mut builder = Builder::default();
        body.copy_line(body.start, body.end, &mut builder, report);
        return builder.finish();
    }
    let mut builder = Builder::default();
    if token.closed {
        body.dedent(token, &mut builder, report);
    } else {
        builder.plain(body.start, &text[body.start..body.end]);
    }
    builder.finish()
}

fn unterminated(text: &str, token: Token, body: &Body, quotes: usize, report: &mut Report) {
    let opening = report.span(token.start, body.start as u32);
    let closing: String = text[token.start as usize..body.start].chars().rev().collect();
    let diagnostic = if quotes == 3 {
        Diagnostic::error(codes::UNTERMINATED_STRING, opening, "this string never ends")
            .help(format!("end it with `{closing}` on a line of its own"))
    } else {
        let whole = report.span(token.start, token.end);
        let hashes = &closing[1..];
        Diagnostic::error(codes::UNTERMINATED_STRING, whole, "this string does not end on its line")
            .label(opening, "it begins here")
            .help(format!(
                "end it with `{closing}`; text of several lines stands between `{hashes}\"\"\"` and `\"\"\"{hashes}`"
            ))
    };
    report.add(diagnostic);
}

#[derive(Default)]
struct Builder {
    value: String,
    pieces: Vec<Piece>,
}

impl Builder {
    /// Bytes that mean themselves.
    fn plain(&mut self, source: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        let length = text.len() as u32;
        let decoded = self.value.len() as u32;
        self.value.push_str(text);
        match self.pieces.last_mut() {
            Some(last)
                if last.source + last.length == source as u32 && decoded - last.decoded == last.length =>
            {
                last.length += length;
            }
            _ => self.pieces.push(Piece { decoded, source: source as u32, length }),
        }
    }

    /// One character written as `length` bytes.
    fn escape(&mut self, source: usize, length: usize, character: char) {
        let decoded = self.value.len() as u32;
        self.value.push(character);
        self.pieces.push(Piece { decoded, source: source as u32, length: length as u32 });
    }

    fn finish<'t>(self) -> Decoded<'t> {
        Decoded::Built(self.value, self.pieces)
    }
}

/// What stands between the delimiters.
struct Body<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    raw: bool,
}

/// The blanks before the closing quotes, which every line must begin with.
struct Indent {
    blanks: String,
    start: usize,
    end: usize,
}

impl Body<'_> {
    fn dedent(&self, token: Token, builder: &mut Builder, report: &mut Report) {
        let opening = newline_length(&self.text[self.start..self.end]);
        if opening == 0 {
            report.add(self.text_beside_opening(token, report));
            return self.copy_line(self.start, self.end, builder, report);
        }
        let first_line = self.start + opening;
        let (content_end, last_line) = self.last_newline();
        let Some(indent) = self.indent(last_line) else {
            report.add(self.text_beside_closing(token, last_line, report));
            self.copy_lines(first_line, self.end, "", builder, report);
            return;
        };
        if last_line == first_line {
            return;
        }
        if let Some(complaint) = self.copy_lines(first_line, content_end, &indent.blanks, builder, report) {
            report.add(complaint.finish(self, &indent, report));
        }
    }

    fn text_beside_opening(&self, token: Token, report: &Report) -> Diagnostic {
        let delimiter = &self.text[token.start as usize..self.start];
        let line_end = self.text[self.start..self.end].find('\n').map_or(self.end, |at| self.start + at);
        let mut diagnostic = Diagnostic::error(
            codes::STRING_LINES,
            report.span(self.start as u32, line_end as u32),
            format!("expected a new line after `{delimiter}`"),
        )
        .label(report.span(token.start, self.start as u32), "a string of several lines begins here");
        if line_end == self.end {
            let single = delimiter.replacen("\"\"\"", "\"", 1);
            let closing: String = single.chars().rev().collect();
            diagnostic =
                diagnostic.help(format!("text of one line stands between `{single}` and `{closing}`"));
        }
        diagnostic
    }

    fn text_beside_closing(&self, token: Token, last_line: usize, report: &Report) -> Diagnostic {
        let closing = report.span(self.end as u32, token.end);
        let last = &self.text[last_line..self.end];
        let joined = !self.raw && last.contains('\\') && last.contains(['\n', '\r']);
        let mut diagnostic = Diagnostic::error(
            codes::STRING_LINES,
            closing,
            format!("expected `{}` on a line of its own", &self.text[self.end..token.end as usize]),
        )
        .label(report.span(token.start, self.start as u32), "the string begins here");
        diagnostic = if joined {
            diagnostic.help("the `\\` at the end of the line before joins it with this one: remove it")
        } else {
            diagnostic.help("put a line break before it; that break is not part of the text")
        };
        diagnostic
    }

    /// Begin and end of the last newline that no backslash swallows. There is one: the first.
    fn last_newline(&self) -> (usize, usize) {
        let mut last = (self.start, self.start);
        let mut at = self.start;
        while at < self.end {
            match self.next_special(at, self.end) {
                Special::End => break,
                Special::Newline(start, end) => {
                    last = (start, end);
                    at = end;
                }
                Special::Backslash(backslash) => {
                    let joined = self.end_of_join(backslash);
                    at = if joined > backslash + 1 { joined } else { self.after_char(backslash + 1) };
                }
            }
        }
        last
    }

    /// The last line, if it is blank: joins count as nothing.
    fn indent(&self, last_line: usize) -> Option<Indent> {
        let mut blanks = String::new();
        let mut at = last_line;
        while at < self.end {
            let character = char_at(self.text, at);
            if class(character) == Class::Space {
                blanks.push(character);
                at += character.len_utf8();
            } else if !self.raw && character == '\\' && self.end_of_join(at) > at + 1 {
                at = self.end_of_join(at);
            } else {
                return None;
            }
        }
        Some(Indent { blanks, start: last_line, end: self.end })
    }

    /// Copies the lines of `start..end` without `indent`; the answer is about those that lack it.
    fn copy_lines(
        &self,
        start: usize,
        end: usize,
        indent: &str,
        builder: &mut Builder,
        report: &mut Report,
    ) -> Option<Misfit> {
        let mut misfit: Option<Misfit> = None;
        let mut line = start;
        loop {
            let (content, missing) = self.strip(line, end, indent);
            let mut at = content;
            let blank_until = self.end_of_blanks(content, end);
            if blank_until == end || newline_length(&self.text[blank_until..end]) > 0 {
                at = blank_until;
            } else if missing {
                match &mut misfit {
                    Some(misfit) => misfit.more += 1,
                    None => misfit = Some(Misfit { start: line, end: blank_until, more: 0 }),
                }
                at = blank_until;
            }
            let newline = loop {
                match self.next_special(at, end) {
                    Special::End => {
                        builder.plain(at, &self.text[at..end]);
                        return misfit;
                    }
                    Special::Newline(newline, after) => {
                        builder.plain(at, &self.text[at..newline]);
                        break (newline, after);
                    }
                    Special::Backslash(backslash) => {
                        builder.plain(at, &self.text[at..backslash]);
                        at = self.escape(backslash, end, builder, report);
                    }
                }
            };
            if &self.text[newline.0..newline.1] == "\n" {
                builder.plain(newline.0, "\n");
            } else {
                builder.escape(newline.0, newline.1 - newline.0, '\n');
            }
            line = newline.1;
        }
    }

    /// Copies `start..end`, which has no dedent.
    fn copy_line(&self, start: usize, end: usize, builder: &mut Builder, report: &mut Report) {
        let mut at = start;
        loop {
            match self.next_special(at, end) {
                Special::End => return builder.plain(at, &self.text[at..end]),
                Special::Newline(_, after) => {
                    builder.plain(at, &self.text[at..after]);
                    at = after;
                }
                Special::Backslash(backslash) => {
                    builder.plain(at, &self.text[at..backslash]);
                    at = self.escape(backslash, end, builder, report);
                }
            }
        }
    }

    /// Where the line at `line` goes on behind `indent`, and whether it lacks some of it.
    fn strip(&self, line: usize, end: usize, indent: &str) -> (usize, bool) {
        let mut at = line;
        let mut expected = indent.chars();
        let mut next = expected.next();
        while let Some(blank) = next {
            if at >= end {
                return (at, true);
            }
            let character = char_at(self.text, at);
            if character == blank {
                at += character.len_utf8();
                next = expected.next();
            } else if !self.raw && character == '\\' && self.end_of_join(at) > at + 1 {
                at = self.end_of_join(at);
            } else {
                return (at, true);
            }
        }
        (at, false)
    }

    /// Past blanks and joins.
    fn end_of_blanks(&self, start: usize, end: usize) -> usize {
        let mut at = start;
        while at < end {
            let character = char_at(self.text, at);
            if class(character) == Class::Space {
                at += character.len_utf8();
            } else if !self.raw && character == '\\' && self.end_of_join(at) > at + 1 {
                at = self.end_of_join(at);
            } else {
                break;
            }
        }
        at
    }

    /// Past the blanks and newlines that the backslash swallows; just past the backslash if none follow.
    fn end_of_join(&self, backslash: usize) -> usize {
        let rest = &self.text[backslash + 1..self.end];
        let swallowed = rest.find(|character| !matches!(class(character), Class::Space | Class::Newline));
        backslash + 1 + swallowed.unwrap_or(rest.len())
    }

    fn after_char(&self, at: usize) -> usize {
        if at < self.end { at + char_at(self.text, at).len_utf8() } else { self.end }
    }

    fn next_special(&self, start: usize, end: usize) -> Special {
        let bytes = &self.text.as_bytes()[..end];
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            match class_of_byte(byte) {
                Class::Newline => return Special::Newline(at, at + newline_length(&self.text[at..end])),
                Class::Wide => {
                    let character = char_at(self.text, at);
                    let after = at + character.len_utf8();
                    if class(character) == Class::Newline {
                        return Special::Newline(at, after);
                    }
                    at = after;
                }
                Class::Punctuation if byte == b'\\' && !self.raw => return Special::Backslash(at),
                _ => at += 1,
            }
        }
        Special::End
    }

    /// Decodes the escape at `backslash` and returns where the text goes on.
    fn escape(&self, backslash: usize, end: usize, builder: &mut Builder, report: &mut Report) -> usize {
        let joined = self.end_of_join(backslash);
        if joined > backslash + 1 {
            return joined;
        }
        if joined >= end {
            // Only in a string without end, which has its complaint.
            return end;
        }
        let character = char_at(self.text, joined);
        let after = joined + character.len_utf8();
        let meaning = match character {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            's' => ' ',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\\' => character,
            'u' => return self.unicode_escape(backslash, end, builder, report),
            _ => {
                report.add(unknown_escape(character, report.span(backslash as u32, after as u32)));
                builder.plain(backslash, &self.text[backslash..after]);
                return after;
            }
        };
        builder.escape(backslash, after - backslash, meaning);
        after
    }

    fn unicode_escape(
        &self,
        backslash: usize,
        end: usize,
        builder: &mut Builder,
        report: &mut Report,
    ) -> usize {
        let rest = &self.text[backslash + 2..end];
        let digits = rest.strip_prefix('{').map(|rest| {
            let length = rest.bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
            (&rest[..length], rest[length..].starts_with('}'))
        });
        let (length, complaint) = match digits {
            None => (2, "expected `{` after `\\u`, as in `\\u{e9}`".to_owned()),
            Some((digits, false)) if digits.len() <= 6 => {
                (3 + digits.len(), "expected hexadecimal digits and `}`, as in `\\u{e9}`".to_owned())
            }
            Some(("", _)) => (4, "expected hexadecimal digits, as in `\\u{e9}`".to_owned()),
            Some((digits, _)) if digits.len() > 6 => {
                (3 + digits.len(), "`\\u{…}` holds at most six digits".to_owned())
            }
            Some((digits, _)) => {
                let length = 4 + digits.len();
                let number = u32::from_str_radix(digits, 16).unwrap_or(u32::MAX);
                match char::from_u32(number) {
                    Some(character) => {
                        builder.escape(backslash, length, character);
                        return backslash + length;
                    }
                    None if number > 0x10_ffff => {
                        (length, "the highest Unicode character is `\\u{10ffff}`".to_owned())
                    }
                    None => (length, format!("`{digits}` is half a surrogate pair, not a character")),
                }
            }
        };
        let after = backslash + length;
        let span = report.span(backslash as u32, after as u32);
        report.add(Diagnostic::error(codes::STRING_ESCAPE, span, complaint));
        builder.plain(backslash, &self.text[backslash..after]);
        after
    }
}

enum Special {
    End,
    Newline(usize, usize),
    Backslash(usize),
}

/// The first line that does not begin with the blanks before the closing quotes, and how many more do not.
struct Misfit {
    start: usize,
    end: usize,
    more: usize,
}

impl Misfit {
    fn finish(&self, body: &Body, indent: &Indent, report: &Report) -> Diagnostic {
        let found = &body.text[self.start..self.end];
        let shown = if found.is_empty() { body.after_char(self.start) } else { self.end };
        let message = match self.more {
            0 => "this line is not indented like the closing quotes".to_owned(),
            1 => "this line and 1 more are not indented like the closing quotes".to_owned(),
            more => format!("this line and {more} more are not indented like the closing quotes"),
        };
        let mixed = found.contains('\t') != indent.blanks.contains('\t');
        let diagnostic =
            Diagnostic::error(codes::STRING_LINES, report.span(self.start as u32, shown as u32), message)
                .primary_text(format!("begins with {}", describe_blanks(found)))
                .label(
                    report.span(indent.start as u32, indent.end as u32),
                    format!("expected {}, as here", describe_blanks(&indent.blanks)),
                );
        if mixed && !found.is_empty() {
            diagnostic.help("a tab does not count as spaces: indent all lines with the same characters")
        } else {
            diagnostic.help("indent the line further, or move the closing quotes to the left")
        }
    }
}

fn describe_blanks(blanks: &str) -> String {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for blank in blanks.chars() {
        match runs.last_mut() {
            Some((last, count)) if *last == blank => *count += 1,
            _ => runs.push((blank, 1)),
        }
    }
    let words = runs.iter().take(4).map(|(blank, count)| {
        let name = match blank {
            ' ' => "space".to_owned(),
            '\t' => "tab".to_owned(),
            other => format!("U+{:04X}", *other as u32),
        };
        if *count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "no blanks".to_owned() } else { words.join(", ") }
}

fn unknown_escape(character: char, span: crate::Span) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(codes::STRING_ESCAPE, span, format!("`\\{character}` is not an escape of KDL"));
    match character {
        '/' => diagnostic.help("a `/` needs no escape in KDL 2: write `/`"),
        '$' => diagnostic.help("a literal `${` is written `$${`, a text that begins with `$` as `$$`"),
        '0' => diagnostic.help("a character by its number is written `\\u{0}`"),
        '\'' => diagnostic.help("a `'` needs no escape: write `'`"),
        'x' => diagnostic.help("a character by its number is written `\\u{…}`"),
        _ => diagnostic.help(format!(
            "a backslash is written `\\\\{character}`; in a raw string, `#\"…\"#`, it means itself"
        )),
    }
}
