//! Expressions as data: `tests/lang/expr/NAME.nix` holds expressions with `---` between, `NAME.out` one
//! line for each: its JSON, or the code and words of its error.
//!
//! Where Nix has the same expression it must answer the same: `nix-instantiate` is asked. `BLESS=1` writes the
//! `.out` files anew.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on says so and stops")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use topo_lang::eval::{Evaluator, Limits, Scope};
use topo_lang::source::{Source, SourceId, Sources};
use topo_lang::syntax::expr::Expr;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lang/expr")
}

fn expressions(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.nix"))).unwrap();
    text.split("\n---\n").skip(1).map(|text| text.trim_end_matches('\n').to_string()).collect()
}

/// What we say: JSON, or an error.
fn ours(text: &str) -> Result<serde_json::Value, String> {
    let show = |diagnostic: &topo_lang::Diagnostic| {
        for label in diagnostic.primary.iter().chain(&diagnostic.labels) {
            assert_eq!(label.span.source, SourceId(0), "a place that is not the user's: {diagnostic:?}");
        }
        let place = diagnostic
            .primary
            .as_ref()
            .and_then(|label| text.get(label.span.start as usize..label.span.end as usize));
        let help = diagnostic.help.iter().fold(String::new(), |all, help| format!("{all} ({help})"));
        format!(
            "error: {}: {} at {:?}{help}",
            diagnostic.code,
            diagnostic.message,
            place.unwrap_or("nowhere")
        )
    };
    let expr = Arc::new(Expr::parse(SourceId(0), text).map_err(|wrong| show(&wrong[0]))?);
    let limits = Limits { memory: 200 << 20, ..Limits::default() };
    let mut evaluator = Evaluator::new(limits);
    let mut sources = Sources::default();
    sources.add(Source::new("0.nix", text));
    evaluator.set_sources(&sources);
    if let Some(wrong) = evaluator.check_names(&expr, &Scope::empty()).first() {
        return Err(show(wrong));
    }
    let thunk = evaluator.expr(&expr, &Scope::empty());
    let json = evaluator.json(thunk, expr.span()).map_err(|raised| show(&raised.diagnostic()))?;
    Ok(serde_json::from_str(&json).unwrap())
}

fn check(name: &str) -> Vec<(String, Result<serde_json::Value, String>)> {
    let answers: Vec<_> = expressions(name).into_iter().map(|text| (text.clone(), ours(&text))).collect();
    let mut found = String::new();
    for (_, answer) in &answers {
        match answer {
            Ok(json) => writeln!(found, "{json}").unwrap(),
            Err(error) => writeln!(found, "{error}").unwrap(),
        }
    }
    let path = folder().join(format!("{name}.out"));
    if std::env::var_os("BLESS").is_some() {
        write(&path, &found);
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    for ((text, _), (found, expected)) in answers.iter().zip(found.lines().zip(expected.lines())) {
        assert_eq!(found, expected, "{name}: {text}");
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{name}: write {name}.out with BLESS=1");
    answers
}

#[expect(clippy::disallowed_methods, reason = "a test writes what it expects, not a lab's file")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

/// Nix's answers to expressions, all in one run: JSON, or what it complains about.
#[expect(clippy::disallowed_methods, reason = "the oracle is no process of a lab")]
fn nix(expression: &str) -> Option<Result<serde_json::Value, String>> {
    let store = std::env::temp_dir().join("topo-nix-oracle/store");
    let output = Command::new("nix-instantiate")
        .env("NIX_STORE_DIR", store)
        .args(["--store", "dummy://", "--eval", "--strict", "--json", "-E", &format!("({expression}\n)")])
        .output();
    let Ok(output) = output else {
        assert!(
            std::env::var_os("CI").is_none(),
            "`nix-instantiate` is missing: install the package nix-bin"
        );
        eprintln!("not compared with Nix: `nix-instantiate` is missing, install the package nix-bin");
        return None;
    };
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(serde_json::from_slice(&output.stdout).map_err(|_| complaint))
}

fn same_as_nix(name: &str) {
    let answers = check(name);
    let all: String = answers.iter().map(|(text, _)| format!("({text}\n)\n")).collect();
    let theirs: Vec<Result<serde_json::Value, String>> = match nix(&format!("[ {all} ]")) {
        None => return,
        Some(Ok(serde_json::Value::Array(values))) => values.into_iter().map(Ok).collect(),
        Some(_) => answers.iter().filter_map(|(text, _)| nix(text)).collect(),
    };
    for ((text, ours), theirs) in answers.iter().zip(&theirs) {
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => assert!(same(ours, theirs), "{text}\n  ours: {ours}\n  Nix:  {theirs}"),
            _ => panic!("{text}\n  ours: {ours:?}\n  Nix:  {theirs:?}"),
        }
    }
}

/// Nix prints floats with six digits, and whole ones without a point.
fn same(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (serde_json::Value::Number(a), serde_json::Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                (a - b).abs() <= a.abs() * 1e-5
            }
        },
        (serde_json::Value::Array(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (serde_json::Value::Object(a), serde_json::Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => ours == theirs,
    }
}

#[test]
fn syntax() {
    same_as_nix("syntax");
}

#[test]
fn builtins() {
    same_as_nix("builtins");
}

#[test]
fn errors() {
    for (text, answer) in check("errors") {
        assert!(answer.is_err(), "{text} is {answer:?}");
        if let Some(Ok(theirs)) = nix(&text) {
            panic!("{text}\n  ours: {answer:?}\n  Nix:  {theirs}");
        }
    }
}

#[test]
fn library() {
    check("lib");
}

#[test]
fn ours_alone() {
    check("ours");
}

/// However deep or large, there is an answer, and soon.
#[test]
fn depth() {
    let check = |text: String, expected: &str| {
        let found = match ours(&text) {
            Ok(json) => json.to_string(),
            Err(error) => error.split(": ").nth(1).unwrap_or_default().to_string(),
        };
        assert_eq!(found, expected, "{}…", text.chars().take(40).collect::<String>());
    };
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    check(nested("(", "1", ")", 2_000), "1");
    check(nested("(", "1", ")", 10_000), "too-deep");
    check(nested("(", "1", "", 100_000), "too-deep");
    check(format!("builtins.length {}", nested("[", "", "]", 2_000)), "1");
    check(nested("[", "", "]", 10_000), "too-deep");
    check(nested("{a=", "1", ";}", 10_000), "too-deep");
    check(nested("\"${", "\"x\"", "}\"", 10_000), "too-deep");
    check(nested("x: ", "1", "", 100_000), "too-deep");
    check(nested("!", "true", "", 100_000), "too-deep");
    check(nested("-", "1", "", 100_000), "too-deep");
    check(nested("if true then ", "1", " else 2", 1_000), "1");
    check(nested("let a = 1; in ", "a", "", 2_000), "1");
    check(nested("1 + ", "1", "", 10_000), "10001");
    check(nested("1 + ", "1", "", 100_000), "too-deep");
    check(nested("[ 1 ] ++ ", "[ 1 ]", "", 100_000), "too-deep");
    check(format!("{{ {} }}.a ? b", nested("a.", "a = 1;", "", 2_000)), "false");
    check(format!("{{ {} }}", nested("a.", "a = 1;", "", 100_000)), "too-deep");
    check("let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 5000".into(), "5000");
    check("let f = n: 1 + f (n + 1); in f 0".into(), "too-deep");
    check("let f = x: f x; in f 1".into(), "too-deep");
    check("let f = n: [ (f n) ]; in builtins.deepSeq (f 1) 1".into(), "too-large");
    check("let x = { inherit x; }; in x".into(), "too-deep");
    check("lib.foldr (a: b: a + b) 0 (lib.range 1 4000)".into(), "8002000");
    check(
        "builtins.length (lib.flatten (builtins.foldl' (a: b: [ a ]) [ 1 ] (lib.range 1 100000)))".into(),
        "1",
    );
    check("builtins.stringLength (lib.strings.replicate 100000000 \"abc\")".into(), "too-large");
    check("lib.range 1 9223372036854775807".into(), "too-large");
    check("builtins.match \"((a{1000}){1000}){1000}\" \"a\"".into(), "bad-pattern");
    check("\0".into(), "expression-syntax");
    check("\"\0\"".into(), "\"\\u0000\"");
}

/// Handing out addresses takes time in proportion to the hosts, also in a prefix that they fill.
#[test]
fn many_hosts() {
    let text = "let hosts = lib.genAttrs (map (i: \"h${i}\") (lib.range 1 10000)) (n: { interfaces.eth0 = { network = \"n\"; address = [ ]; }; });
        assign = subnet: net.assign { network = \"n\"; map = { h7 = 77; }; inherit hosts subnet; };
        addresses = subnet: lib.concatMap (h: h.eth0) (lib.attrValues (assign subnet));
        in [ (builtins.length (lib.unique (addresses [ \"10.0.0.0/18\" ]))) (builtins.length (addresses [ \"10.0.0.0/8\" \"fd00::/64\" ])) ]";
    assert_eq!(ours(text).unwrap().to_string(), "[10000,20000]");
}
