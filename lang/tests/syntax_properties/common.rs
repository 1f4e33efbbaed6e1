//! What tests of the syntax share: documents made up by the machine, and comparing what was read.

use proptest::prelude::*;
use topo_lang::syntax::lexer::{Kind, tokens};
use topo_lang::syntax::tree::{Document, Entry, Node, Scalar};

/// Whether two documents differ in more than places. `printed` forgives what printing leaves out: properties that
/// occur again, and the block without nodes.
pub(crate) fn documents_differ(one: &Document, other: &Document, printed: bool) -> bool {
    one.nodes.len() != other.nodes.len()
        || one.nodes.iter().zip(&other.nodes).any(|(one, other)| nodes_differ(one, other, printed))
}

fn nodes_differ(one: &Node, other: &Node, printed: bool) -> bool {
    let annotation = |node: &Node| node.annotation.as_ref().map(|text| text.value.clone());
    let entries = |node: &Node| -> Vec<String> {
        let mut keys = std::collections::BTreeSet::new();
        let kept = node.entries.iter().rev().filter(|entry| {
            !printed || entry.name.as_ref().is_none_or(|name| keys.insert(name.value.clone()))
        });
        kept.map(entry_text).collect()
    };
    let children = |node: &Node| match &node.children {
        Some(children) if printed && children.nodes.is_empty() => None,
        children => children.clone(),
    };
    annotation(one) != annotation(other)
        || one.name.value != other.name.value
        || entries(one) != entries(other)
        || match (children(one), children(other)) {
            (Some(one), Some(other)) => documents_differ(&one, &other, printed),
            (one, other) => one.is_some() != other.is_some(),
        }
}

fn entry_text(entry: &Entry) -> String {
    let value = match &entry.value {
        Scalar::Null(_) => "null".to_owned(),
        Scalar::Bool(value, _) => format!("bool {value}"),
        Scalar::Int(value, _) => format!("int {value}"),
        Scalar::Float(value, _) => format!("float {value:?}"),
        Scalar::Text(text) => format!("text {:?}", text.value),
    };
    let name = entry.name.as_ref().map(|name| &name.value);
    let annotation = entry.annotation.as_ref().map(|text| &text.value);
    format!("{name:?} {annotation:?} {value}")
}

/// The comments of a text in order, without the blanks that end a line.
pub(crate) fn comments(text: &str) -> Vec<String> {
    let comment = |kind: Kind| matches!(kind, Kind::LineComment | Kind::BlockComment);
    tokens(text)
        .filter(|token| comment(token.kind))
        .map(|token| &text[token.start as usize..token.end as usize])
        .map(|comment| {
            comment
                .replace("\r\n", "\n")
                .replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n")
        })
        .map(|comment| comment.trim_end().to_owned())
        .collect()
}

/// The first difference between what we read and what the `kdl` crate read.
pub(crate) fn differences(ours: &Document, theirs: &kdl::KdlDocument) -> Option<String> {
    let theirs = theirs.nodes();
    if ours.nodes.len() != theirs.len() {
        return Some(format!("{} nodes, theirs {}", ours.nodes.len(), theirs.len()));
    }
    ours.nodes.iter().zip(theirs).find_map(|(ours, theirs)| node_differences(ours, theirs))
}

fn node_differences(ours: &Node, theirs: &kdl::KdlNode) -> Option<String> {
    let annotation = ours.annotation.as_ref().map(|text| &*text.value);
    if annotation != theirs.ty().map(|ty| ty.value()) || &*ours.name.value != theirs.name().value() {
        return Some(format!("{ours:?}, theirs {theirs:?}"));
    }
    let ours_read: Vec<String> = ours.entries.iter().map(entry_text).collect();
    let theirs_read: Vec<String> = theirs.entries().iter().map(their_entry_text).collect();
    if ours_read != theirs_read {
        return Some(format!("{ours_read:?}, theirs {theirs_read:?}"));
    }
    match (&ours.children, theirs.children()) {
        (Some(ours), Some(theirs)) => differences(ours, theirs),
        (None, None) => None,
        (ours, theirs) => Some(format!("{ours:?}, theirs {theirs:?}")),
    }
}

fn their_entry_text(entry: &kdl::KdlEntry) -> String {
    let value = match entry.value() {
        kdl::KdlValue::Null => "null".to_owned(),
        kdl::KdlValue::Bool(value) => format!("bool {value}"),
        kdl::KdlValue::Integer(value) => format!("int {value}"),
        kdl::KdlValue::Float(value) => format!("float {value:?}"),
        kdl::KdlValue::String(text) => format!("text {text:?}"),
    };
    let name = entry.name().map(|name| name.value());
    let annotation = entry.ty().map(|ty| ty.value());
    format!("{name:?} {annotation:?} {value}")
}

/// A document that KDL allows, with everything it allows in it.
pub(crate) fn valid_document() -> impl Strategy<Value = String> {
    (prop_oneof![Just(""), Just("\u{feff}"), Just("\n\n")], nodes(3))
        .prop_map(|(start, nodes)| format!("{start}{nodes}"))
}

fn nodes(depth: u32) -> BoxedStrategy<String> {
    let terminated = (filler(), node(depth), terminator()).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
    (prop::collection::vec(terminated, 0..4), filler()).prop_map(|(nodes, end)| nodes.concat() + &end).boxed()
}

fn node(depth: u32) -> BoxedStrategy<String> {
    let head = (slashdash(), annotation(), string(), prop::collection::vec(entry(), 0..4)).prop_map(
        |(slashdash, annotation, name, entries)| slashdash + &annotation + &name + &entries.concat(),
    );
    if depth == 0 {
        return (head, blank()).prop_map(|(head, end)| head + &end).boxed();
    }
    let dropped = (slashdash_here(), block(depth)).prop_map(|(slashdash, block)| slashdash + &block);
    let dropped = prop::option::weighted(0.1, dropped).prop_map(Option::unwrap_or_default).boxed();
    let block =
        prop::option::weighted(0.4, (blank(), block(depth)).prop_map(|(blank, block)| blank + &block));
    (head, dropped.clone(), block.prop_map(Option::unwrap_or_default), dropped, blank())
        .prop_map(|(head, before, block, after, end)| head + &before + &block + &after + &end)
        .boxed()
}

fn block(depth: u32) -> BoxedStrategy<String> {
    let last = prop::option::of(node(0)).prop_map(Option::unwrap_or_default);
    (nodes(depth - 1), last).prop_map(|(nodes, last)| format!("{{{nodes}{last}}}")).boxed()
}

fn entry() -> impl Strategy<Value = String> {
    let key = (string(), blank(), blank()).prop_map(|(key, before, after)| format!("{key}{before}={after}"));
    let key = prop::option::of(key).prop_map(Option::unwrap_or_default);
    let separator =
        prop_oneof![9 => space().boxed(), 1 => (space(), slashdash_here()).prop_map(|(a, b)| a + &b).boxed()];
    (separator, key, annotation(), value())
        .prop_map(|(separator, key, annotation, value)| separator + &key + &annotation + &value)
}

fn annotation() -> impl Strategy<Value = String> {
    let annotation = (blank(), string(), blank(), blank()).prop_map(|(a, b, c, d)| format!("({a}{b}{c}){d}"));
    prop::option::weighted(0.15, annotation).prop_map(Option::unwrap_or_default)
}

fn slashdash() -> impl Strategy<Value = String> {
    prop::option::weighted(0.1, slashdash_here()).prop_map(Option::unwrap_or_default)
}

fn slashdash_here() -> impl Strategy<Value = String> {
    filler().prop_map(|filler| format!("/-{filler}"))
}

fn value() -> impl Strategy<Value = String> {
    let other = prop::sample::select(vec![
        "#true", "#false", "#null", "#inf", "#-inf", "#nan", "0", "-1", "+7", "1_000", "0x1F", "-0o17",
        "0b1_0", "1.5", "-2.25e3", "1E-2",
    ]);
    prop_oneof![string().boxed(), other.prop_map(str::to_owned).boxed()]
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9.:_-]{0,3}".prop_filter("a keyword", |word| !["inf", "nan", "null", "true"].contains(&word.as_str())),
        1 => prop::sample::select(vec!["é", "-", "+", ".", "--x", "a$b", "$x.y", "日本", "a|b", "~", "*"]).prop_map(str::to_owned),
        1 => prop::collection::vec(
            prop::sample::select(vec!["a", " ", "\\n", "\\\"", "\\\\", "\\u{e9}", "\\s", "é", "{", "}", "//", "\\ \n  ", "\\\r\n", "${x}"]), 0..4)
            .prop_map(|parts| format!("\"{}\"", parts.concat())),
        1 => prop::sample::select(vec!["#\"\"#", "#\"a\\n\"#", "##\"a\"#b\"##", "#\"{\"#"]).prop_map(str::to_owned),
        1 => (
            prop::sample::select(vec!["\n", "\r\n", "\u{85}"]),
            prop::sample::select(vec!["", "  ", "\t", "\u{a0} "]),
            prop::collection::vec(prop::sample::select(vec!["", "a", "  b", "\\n", "a\\tb\\u{1F600}c", "\"\"x", " ", "é\\ \n  c"]), 0..3),
        )
            .prop_map(|(newline, indent, lines)| {
                let lines: String = lines.iter().map(|line| format!("{indent}{line}{newline}")).collect();
                format!("\"\"\"{newline}{lines}{indent}\"\"\"")
            }),
    ]
}

/// Blanks within a node, or none.
fn blank() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => space()]
}

/// Blanks within a node.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => Just(" ".to_owned()),
        2 => prop::sample::select(vec!["  ", "\t", "\u{3000}", " /* c */ ", "/*/* n */\n*/", " \\\n", " \\ // c\r\n  ", "\\\n\\\n", " \\ /* d */ // e\n"])
            .prop_map(str::to_owned),
    ]
}

/// What stands between nodes, or nothing.
fn filler() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\n",
        "\n\n\n",
        " ",
        "\t",
        "// c\n",
        "  // d  \r\n",
        "/* b */",
        "/* m\n n */ ",
        "\\\n",
        "\\ // j\n",
        "\u{2028}",
    ]);
    prop_oneof![3 => Just(String::new()), 2 => prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())]
}

fn terminator() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["\n", "\n", "\r\n", ";", "; ", " // end\n", "\n\n\n", "\u{b}"])
        .prop_map(str::to_owned)
}

/// Pieces of KDL in any order: mostly wrong.
pub(crate) fn nasty_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b=", "=", "\"", "\"\"", "\"\"\"", "#", "##", "#\"", "\"#", "\"\"\"\n", "\n\"\"\"", "{", "}",
        "(", ")", "(t)", ";", "\n", "\r\n", "\r", " ", "  ", "\\", "\\n", "\\u{41}", "\\u{", "/-", "//",
        "/*", "*/", "/", "#true", "#nan", "true", "1", "0x", "1.5", ".", "-", "+1", "é", "日", "\u{2028}",
        "\u{feff}", "\u{200e}", "\0", "\u{a0}", "$", "${", "!", "[", "]", "'", "node ", "\t",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}
