//! A finished value as text: KDL for people, JSON for programs. A secret is `<secret>` in both.

use crate::value::{Data, Value};
use serde_json::{Map, Value as Json};
use std::fmt::Write;
use std::io;

/// What stands where a secret is.
const SECRET: &str = "<secret>";

/// The value as JSON. A number that JSON has no word for (`#inf`) is `null`.
pub fn json(value: &Value) -> Json {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || json_here(value))
}

fn json_here(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => (*value).into(),
        Data::Int(value) => (*value).into(),
        Data::Float(value) => (*value).into(),
        Data::Text(value) => (**value).into(),
        Data::Secret(_) => SECRET.into(),
        Data::List(values) => values.iter().map(json).collect(),
        Data::Set(entries) => Json::Object(
            entries.iter().map(|(key, value)| (key.to_string(), json(value))).collect::<Map<_, _>>(),
        ),
    }
}

/// The value as a JSON document over several lines, without a copy of the value.
pub fn json_text(value: &Value) -> String {
    let mut out = Pieces { text: String::new(), to: None };
    member(&mut out, 0, value);
    out.text.push('\n');
    out.text
}

/// The same handed on piece by piece, without memory for all of it.
///
/// # Errors
/// It cannot be written there.
pub fn json_to(to: &mut dyn io::Write, value: &Value) -> io::Result<()> {
    let mut out = Pieces { text: String::with_capacity(2 * PIECE), to: Some((to, Ok(()))) };
    member(&mut out, 0, value);
    out.text.push('\n');
    out.hand_on();
    out.to.map_or(Ok(()), |(_, result)| result)
}

/// How long a piece is, at least.
const PIECE: usize = 64 * 1024;

/// A text that is handed on while it is made, if there is someone to take it.
struct Pieces<'a> {
    text: String,
    to: Option<(&'a mut dyn io::Write, io::Result<()>)>,
}

impl Pieces<'_> {
    fn hand_on(&mut self) {
        let Some((to, result)) = &mut self.to else { return };
        if result.is_ok() {
            *result = to.write_all(self.text.as_bytes());
        }
        self.text.clear();
    }
}

fn member(out: &mut Pieces<'_>, depth: usize, value: &Value) {
    let text = &mut out.text;
    match &value.data {
        Data::Null => text.push_str("null"),
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::Int(value) => _ = write!(text, "{value}"),
        Data::Float(value) => _ = write!(text, "{}", Json::from(*value)),
        Data::Text(value) => quoted(text, value),
        Data::Secret(_) => quoted(text, SECRET),
        Data::List(values) => members(out, depth, ['[', ']'], values.iter(), |out, value| {
            member(out, depth + 1, value);
        }),
        Data::Set(entries) => members(out, depth, ['{', '}'], entries.iter(), |out, (key, value)| {
            quoted(&mut out.text, key);
            out.text.push_str(": ");
            member(out, depth + 1, value);
        }),
    }
}

fn members<T>(
    out: &mut Pieces<'_>,
    depth: usize,
    [open, close]: [char; 2],
    all: impl Iterator<Item = T>,
    write: impl Fn(&mut Pieces<'_>, T),
) {
    out.text.push(open);
    let mut between = "\n";
    for one in all {
        out.text.push_str(between);
        blanks(&mut out.text, depth + 1);
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || write(out, one));
        if out.text.len() >= PIECE {
            out.hand_on();
        }
        between = ",\n";
    }
    if between != "\n" {
        out.text.push('\n');
        blanks(&mut out.text, depth);
    }
    out.text.push(close);
}

/// Two for each level of JSON.
fn blanks(out: &mut String, depth: usize) {
    const SOME: &str = "                                ";
    let mut left = 2 * depth;
    while left > 0 {
        let now = left.min(SOME.len());
        out.push_str(&SOME[..now]);
        left -= now;
    }
}

/// A text in the quotes of JSON.
fn quoted(out: &mut String, text: &str) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    out.push('"');
    let mut rest = text;
    // Nearly always there is nothing to escape, which is seen without a branch for each byte.
    if !text.bytes().fold(true, |all, byte| all & plain(byte)) {
        while let Some(at) = rest.bytes().position(|byte| !plain(byte)) {
            out.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                b'"' => out.push_str("\\\""),
                b'\\' => out.push_str("\\\\"),
                b'\n' => out.push_str("\\n"),
                b'\r' => out.push_str("\\r"),
                b'\t' => out.push_str("\\t"),
                0x08 => out.push_str("\\b"),
                0x0c => out.push_str("\\f"),
                control => _ = write!(out, "\\u{control:04x}"),
            }
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    out.push('"');
}

/// The value as a KDL document: a set is one node per key, a list one node `-` per item, and a single text is itself,
/// without quotes.
pub fn kdl(value: &Value) -> String {
    let mut out = String::new();
    match &value.data {
        Data::Set(entries) => entries.iter().for_each(|(key, value)| node(&mut out, 0, key, value)),
        Data::List(values) => values.iter().for_each(|value| node(&mut out, 0, "-", value)),
        Data::Text(text) => {
            out.push_str(text);
            if !text.ends_with('\n') {
                out.push('\n');
            }
        }
        _ => {
            argument(&mut out, 0, value);
            out.push('\n');
        }
    }
    out
}

/// The value as the arguments of a KDL node, if it is no set and has no line breaks.
pub fn arguments(value: &Value) -> Option<String> {
    let mut out = String::new();
    match &value.data {
        Data::Set(_) => return None,
        Data::List(values) if !values.iter().all(is_scalar) => return None,
        Data::List(values) => {
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { " " });
                argument(&mut out, 0, value);
            }
        }
        _ => argument(&mut out, 0, value),
    }
    (!out.contains('\n')).then_some(out)
}

fn node(out: &mut String, depth: usize, name: &str, value: &Value) {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || node_here(out, depth, name, value));
}

fn node_here(out: &mut String, depth: usize, name: &str, value: &Value) {
    indent(out, depth);
    string(out, depth, name);
    match &value.data {
        Data::Set(entries) if entries.is_empty() => out.push_str(" {}"),
        Data::Set(entries) => {
            out.push_str(" {\n");
            entries.iter().for_each(|(key, value)| node(out, depth + 1, key, value));
            indent(out, depth);
            out.push('}');
        }
        Data::List(values) if values.iter().all(is_scalar) => {
            for value in values {
                out.push(' ');
                argument(out, depth, value);
            }
        }
        Data::List(values) => {
            out.push_str(" {\n");
            values.iter().for_each(|value| node(out, depth + 1, "-", value));
            indent(out, depth);
            out.push('}');
        }
        _ => {
            out.push(' ');
            argument(out, depth, value);
        }
    }
    out.push('\n');
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value.data, Data::List(_) | Data::Set(_))
}

fn argument(out: &mut String, depth: usize, value: &Value) {
    match &value.data {
        Data::Null | Data::List(_) | Data::Set(_) => out.push_str("#null"),
        Data::Bool(true) => out.push_str("#true"),
        Data::Bool(false) => out.push_str("#false"),
        Data::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Data::Float(value) if value.is_nan() => out.push_str("#nan"),
        Data::Float(value) if value.is_infinite() => {
            out.push_str(if *value > 0.0 { "#inf" } else { "#-inf" })
        }
        Data::Float(value) => {
            let _ = write!(out, "{value:?}");
        }
        Data::Text(text) => string(out, depth, text),
        Data::Secret(_) => string(out, depth, SECRET),
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("    ", depth));
}

/// A string as short as KDL allows: bare, quoted, or over several lines.
fn string(out: &mut String, depth: usize, text: &str) {
    let blank = |line: &str| !line.is_empty() && line.trim().is_empty();
    let several = text.contains('\n')
        && !text.chars().any(|c| must_be_escaped(c) || matches!(c, '\\' | '"'))
        && !text.split('\n').any(blank);
    if is_bare(text) {
        out.push_str(text);
    } else if several {
        out.push_str("\"\"\"\n");
        for line in text.split('\n') {
            if !line.is_empty() {
                indent(out, depth + 1);
                out.push_str(line);
            }
            out.push('\n');
        }
        indent(out, depth + 1);
        out.push_str("\"\"\"");
    } else {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if must_be_escaped(c) => {
                    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

/// Whether KDL forbids the character as such, or a reader would not see it.
fn must_be_escaped(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    );
    (c.is_control() && c != '\n') || invisible
}

/// Whether KDL reads the text as a string without quotes.
fn is_bare(text: &str) -> bool {
    let plain =
        |c: char| !c.is_whitespace() && !c.is_control() && c.is_ascii() && !"\\/(){};[]\"#=<>,".contains(c);
    let number_like = {
        let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        rest.starts_with(|c: char| c.is_ascii_digit())
    };
    // What begins with `'` is read as it stands, but with a warning.
    !text.is_empty()
        && !text.starts_with('\'')
        && text.chars().all(plain)
        && !number_like
        && !matches!(text, "true" | "false" | "null" | "inf" | "-inf" | "nan")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};
    use crate::syntax::tree::Scalar;

    fn value(data: Data) -> Value {
        Value { data, span: Span::new(SourceId(0), 0, 0) }
    }

    fn text(text: &str) -> Value {
        value(Data::Text(text.into()))
    }

    fn set<const N: usize>(entries: [(&str, Value); N]) -> Value {
        value(Data::Set(entries.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    #[test]
    fn a_value_reads_like_a_lab() {
        let file = set([("text", text("[realms]\n A = {\n }\n")), ("mode", value(Data::Int(420)))]);
        let hosts = set([(
            "kdc1",
            set([("files", set([("/etc/krb5.conf", file)])), ("aliases", value(Data::List(vec![])))]),
        )]);
        let all = set([
            ("hosts", hosts),
            ("subnet", value(Data::List(vec![text("10.0.0.0/24"), text("plain")]))),
            ("pairs", value(Data::List(vec![set([("a", value(Data::Null))]), set([])]))),
            ("password", value(Data::Secret("x".into()))),
        ]);
        let expected = r#"hosts {
    kdc1 {
        files {
            "/etc/krb5.conf" {
                text """
                    [realms]
                     A = {
                     }

                    """
                mode 420
            }
        }
        aliases
    }
}
subnet "10.0.0.0/24" plain
pairs {
    - {
        a #null
    }
    - {}
}
password "<secret>"
"#;
        assert_eq!(kdl(&all), expected);
    }

    #[test]
    fn every_string_reads_back() {
        let hard = [
            "",
            "a",
            "-",
            "-1",
            "+.5",
            ".5",
            "1e3",
            "true",
            "null",
            "inf",
            "a b",
            "a=b",
            "\"",
            "\\",
            "\n",
            "\n\n",
            " \n x",
            "a\n",
            "a\nb",
            "\ta\n\tb",
            "tab\there",
            "cr\r\nlf",
            "\u{7f}",
            "\u{202e}",
            "é",
            "#x",
            "a\"\"\"b\nc",
            "back\\slash\nline",
            "${x}",
            "x/y",
        ];
        for original in hard {
            let document = format!("n{}", {
                let mut out = String::from(" ");
                string(&mut out, 1, original);
                out
            });
            let (tree, wrong) = crate::syntax::parse(SourceId(0), &document);
            assert!(wrong.is_empty(), "{original:?} as {document:?}: {wrong:?}");
            match &tree.nodes[0].entries[0].value {
                Scalar::Text(read) => assert_eq!(&*read.value, original, "{document:?}"),
                other => panic!("{original:?} as {document:?} is {other:?}"),
            }
        }
    }

    #[test]
    fn json_is_written_as_it_is_made() {
        let control: String = ('\0'..='\u{7f}').chain(['é', '\u{2028}']).collect();
        let numbers =
            [f64::NAN, 0.1, 1e300, -0.0, 5.0].map(|number| value(Data::Float(number))).into_iter().collect();
        let all = set([
            ("text", text(&control)),
            ("numbers", value(Data::List(numbers))),
            ("nothing", value(Data::List(vec![set([]), value(Data::List(vec![])), value(Data::Null)]))),
            ("a \"key\"", value(Data::List(vec![value(Data::Int(i64::MIN)), value(Data::Bool(true))]))),
        ]);
        assert_eq!(json_text(&all), format!("{:#}\n", json(&all)));

        let many = value(Data::List(std::iter::repeat_n(all, 1_000).collect()));
        let mut pieces = Vec::new();
        json_to(&mut pieces, &many).unwrap();
        assert!(pieces.len() > 2 * PIECE && pieces == json_text(&many).as_bytes());
    }

    #[test]
    fn a_deep_value_does_not_overflow_the_stack() {
        let depth = 5_000;
        let deep = (0..depth).fold(value(Data::Null), |inner, _| value(Data::List(vec![inner])));
        let (document, parsed) = (kdl(&deep).lines().count(), json(&deep));
        assert_eq!(json_text(&deep).lines().count(), 2 * depth + 1);
        assert_eq!(document, 2 * depth - 3);
        assert!(parsed[0][0][0].is_array());
        // To drop them would take a stack as deep.
        std::mem::forget((deep, parsed));
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = set([("password", value(Data::Secret("wonderland".into())))]);
        assert!(!kdl(&secret).contains("wonderland") && !json(&secret).to_string().contains("wonderland"));
        assert!(!json_text(&secret).contains("wonderland"));
    }
}
