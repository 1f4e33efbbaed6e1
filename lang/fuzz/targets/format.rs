//! Formatting what can be read keeps the document and its comments, and formatting again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use topo_lang::SourceId;
use topo_lang::syntax::lexer::{Kind, tokens};
use topo_lang::syntax::{format, parse, print};

fuzz_target!(|text: &str| {
    let Ok(formatted) = format(text) else { return };
    assert_eq!(document(&formatted), document(text), "the document, formatted {formatted:?}");
    assert_eq!(comments(&formatted), comments(text), "the comments, formatted {formatted:?}");
    assert_eq!(format(&formatted).expect("can be read"), formatted, "formatting twice");
});

/// What a text says, without the way it is written.
fn document(text: &str) -> String {
    print(&parse(SourceId(0), text).0, text)
}

/// The comments in order, without their blanks: a comment's lines are moved with the node they stand at.
fn comments(text: &str) -> Vec<String> {
    tokens(text)
        .filter(|token| matches!(token.kind, Kind::LineComment | Kind::BlockComment))
        .map(|token| text[token.start as usize..token.end as usize].split_whitespace().collect())
        .collect()
}
