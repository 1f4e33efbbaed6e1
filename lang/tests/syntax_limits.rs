//! Inputs made to hurt: very deep, very long, very broken. Each is read in time that grows with its length alone, and
//! by a thread with little stack.

#![expect(clippy::unwrap_used, reason = "a thread that cannot start or that panicked fails the test")]

use std::time::{Duration, Instant};
use topo_lang::SourceId;
use topo_lang::syntax::{MAX_DEPTH, format, parse, print};
use topo_lang::{Code, codes};

const LENGTH: usize = 60_000;

/// A quadratic parser would need minutes.
const LONGEST: Duration = Duration::from_secs(10);

fn check(name: &str, text: String) {
    let name = name.to_owned();
    let work = move || {
        let start = Instant::now();
        let (document, diagnostics) = parse(SourceId(0), &text);
        assert!(diagnostics.len() <= 1001, "{name}: {} diagnostics", diagnostics.len());
        if diagnostics.is_empty() {
            print(&document, &text);
            format(&text).unwrap();
        }
        drop(document);
        assert!(start.elapsed() < LONGEST, "{name}: {:?} for {} bytes", start.elapsed(), text.len());
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn repeated_pieces_take_linear_time() {
    let pieces = [
        "a{",
        "a {\n",
        "/-{",
        "a/-{",
        "{",
        "}",
        "a{}",
        "/*",
        "*/",
        "/-",
        "(",
        "(a",
        ")",
        "((a)b",
        "\"",
        "\"\"\"",
        "\"\"\"\n",
        "#\"",
        "#",
        "##\"",
        "\"#",
        "#\"\"\"\n",
        "${",
        "a${",
        "a ${x}",
        "$",
        "\\",
        "\\\n",
        "\"\\",
        "\\u{",
        "=",
        "a=",
        "a ",
        "a\n",
        "a;",
        ";",
        "!=",
        " a !=",
        "\0",
        "\u{feff}",
        "\u{200e}",
        "/",
        "a/",
        "[",
        "]",
        "a[",
        "1.",
        "0x",
        "'",
        "true ",
        "a=#true ",
        "\r",
        "\u{2028}",
        "é",
        "//",
        "// a\n",
        " ",
        "\t",
        "-",
        ".",
        "1_",
        "{\n",
        "}\n",
        "a b=c {\n",
        "a \"${x}\" ",
    ];
    for piece in pieces {
        check(piece, piece.repeat(LENGTH / piece.len()));
        check(piece, format!("node \"\"\"\n{}\n  \"\"\"", piece.repeat(LENGTH / piece.len())));
        check(piece, format!("node \"{}\"", piece.repeat(LENGTH / piece.len())));
        check(piece, format!("node #\"{}\"#", piece.repeat(LENGTH / piece.len())));
        check(piece, format!("node {}", piece.repeat(LENGTH / piece.len())));
    }
}

#[test]
fn a_million_blocks() {
    for open in ["a {", "a {\n", "/-a{", "/-{"] {
        check(open, open.repeat(1_000_000));
        check(open, open.repeat(1_000_000) + &"}".repeat(1_000_000));
    }
}

#[test]
fn blocks_up_to_the_limit() {
    let nested = |depth: usize| "a {\n".repeat(depth) + &"}\n".repeat(depth);
    assert_eq!(parse(SourceId(0), &nested(MAX_DEPTH)).1, []);
    assert!(format(&nested(MAX_DEPTH)).is_ok());
    let found: Vec<Code> =
        parse(SourceId(0), &nested(MAX_DEPTH + 2)).1.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(found, [codes::TOO_DEEP]);
}

#[test]
fn long_tokens() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!("a {long}"),
        format!("a \"{long}\""),
        format!("a #\"{long}\"#"),
        format!("a \"\"\"\n{long}\n\"\"\""),
        format!("a {}", "9".repeat(1_000_000)),
        format!("a 0x{}", "f".repeat(1_000_000)),
        format!("a 1e{}", "9".repeat(1_000_000)),
        format!("// {long}"),
        format!("a {}\"\"{}", "#".repeat(1_000_000), "#".repeat(1_000_000)),
        format!("a \"\"\"\n{}", format!("{}b\n", " ".repeat(1000)).repeat(1000)) + "\"\"\"",
    ] {
        check("long token", text);
    }
}
