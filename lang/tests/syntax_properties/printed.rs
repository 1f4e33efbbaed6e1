//! What `topo eval --format kdl` writes reads back as the value it was made from: by our parser and by the `kdl` crate.

use crate::common::differences;
use proptest::prelude::*;
use std::sync::Arc;
use topo_lang::syntax::parse;
use topo_lang::syntax::tree::{Node, Scalar};
use topo_lang::{Data, Source, SourceId, Sources, Span, Value, print};

fn value(data: Data) -> Value {
    Value { data, span: Span::new(SourceId(0), 0, 0) }
}

/// Texts of all kinds: bare words, what looks like something else, escapes, several lines, whatever there is.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9./-]{0,8}",
        "[-+.#\\\\\"'/0-9a-f{}();=\\[\\]$ ]{0,6}",
        "[a-c\" \t\n\\\\]{0,12}",
        prop::sample::select(vec![
            "", "true", "null", "inf", "-inf", "nan", "+.5", "-1", "\u{feff}", "\r\n", "-"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
    // KDL allows some characters nowhere, not even as escapes; the language's texts have no NUL.
    .prop_map(|text| text.replace('\0', ""))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i64>().prop_map(Data::Int),
        any::<f64>().prop_filter("equals itself", |number| !number.is_nan()).prop_map(Data::Float),
        text().prop_map(|text| Data::Text(text.into())),
    ]
    .prop_map(value)
}

fn set(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(text(), values, 0..5).prop_map(|entries| {
        let entries = entries.into_iter().map(|(key, value)| (Arc::from(key), value));
        value(Data::Set(entries.collect()))
    })
}

fn configuration() -> impl Strategy<Value = Value> {
    let any = scalar().prop_recursive(3, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| value(Data::List(values))),
            set(inner)
        ]
    });
    set(any)
}

/// Whether a node says a value, in the way it is printed.
fn says(node: &Node, value: &Value) -> bool {
    let arguments: Vec<&Scalar> = node.entries.iter().map(|entry| &entry.value).collect();
    let children = node.children.as_ref().map_or(&[][..], |children| &children.nodes);
    match &value.data {
        Data::Set(entries) => {
            arguments.is_empty()
                && children.len() == entries.len()
                && children
                    .iter()
                    .zip(entries.iter())
                    .all(|(child, (key, value))| *child.name.value == **key && says(child, value))
        }
        Data::List(values) if children.is_empty() => {
            arguments.len() == values.len()
                && arguments.iter().zip(values).all(|(scalar, value)| is(scalar, value))
        }
        Data::List(values) => {
            children.len() == values.len()
                && children
                    .iter()
                    .zip(values)
                    .all(|(child, value)| &*child.name.value == "-" && says(child, value))
        }
        _ => matches!(arguments[..], [scalar] if is(scalar, value)),
    }
}

fn is(scalar: &Scalar, value: &Value) -> bool {
    match (scalar, &value.data) {
        (Scalar::Null(_), Data::Null) => true,
        (Scalar::Bool(one, _), Data::Bool(other)) => one == other,
        (Scalar::Int(one, _), Data::Int(other)) => one == other,
        (Scalar::Float(one, _), Data::Float(other)) => one == other,
        (Scalar::Text(one), Data::Text(other)) => *one.value == **other,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_the_value(value in configuration()) {
        let printed = print::kdl(&value);
        let mut sources = Sources::default();
        let source = sources.add(Source::new("printed.kdl", &printed));
        let (document, diagnostics) = parse(source, &printed);
        prop_assert!(diagnostics.is_empty(), "{diagnostics:?}\n{printed}");
        let Data::Set(entries) = &value.data else { unreachable!("a configuration is a set") };
        prop_assert_eq!(document.nodes.len(), entries.len(), "{}", printed);
        for (node, (key, value)) in document.nodes.iter().zip(entries.iter()) {
            prop_assert!(*node.name.value == **key && says(node, value), "`{key}` is not {value:?}\n{printed}");
        }
        let theirs = kdl::KdlDocument::parse_v2(&printed);
        let theirs = theirs.map_err(|error| TestCaseError::fail(format!("{error:?}\n{printed}")))?;
        prop_assert_eq!(differences(&document, &theirs), None, "{}", printed);
    }
}
