//! Our answers against Nix's, over expressions made at random: the same value, or a mistake for both.
//!
//! `TOPO_CASES=50000` compares that many; `TOPO_SEED=7` begins elsewhere. A difference is made small before it is
//! shown. Deliberately absent: what this language leaves out or means differently on purpose (see `excused`).

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on says so and stops")]

mod broken;
mod generate;
mod oracle;
mod patterns;
mod random;
mod tree;

use oracle::Answer;
use random::Random;
use std::sync::Arc;
use topo_lang::eval::{Evaluator, Limits, Scope};
use topo_lang::source::{Source, SourceId, Sources};
use topo_lang::syntax::expr::Expr;
use tree::Tree;

/// How many expressions go to Nix in one run.
const BATCH: usize = 1_000;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What we say.
fn ours(text: &str) -> Answer {
    let fail = |diagnostic: &topo_lang::Diagnostic| Answer::Fails {
        code: diagnostic.code.to_string(),
        message: diagnostic.message.clone(),
    };
    let expr = match Expr::parse(SourceId(0), text) {
        Ok(expr) => Arc::new(expr),
        Err(wrong) => return fail(&wrong[0]),
    };
    let limits = Limits { memory: 200 << 20, ..Limits::default() };
    let mut evaluator = Evaluator::new(limits);
    let mut sources = Sources::default();
    sources.add(Source::new("0.nix", text));
    evaluator.set_sources(&sources);
    if let Some(wrong) = evaluator.check_names(&expr, &Scope::empty()).first() {
        return fail(wrong);
    }
    let thunk = evaluator.expr(&expr, &Scope::empty());
    match evaluator.json(thunk, expr.span()) {
        Ok(json) => Answer::Value(serde_json::from_str(&json).unwrap()),
        Err(raised) => fail(&raised.diagnostic()),
    }
}

/// What differs on purpose, or because this Nix is older than the one whose meaning we have.
fn excused(ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Answer::Fails { code, .. }, Answer::Value(_)) => {
            // Nix 2.8 wraps around where later ones, and we, complain.
            matches!(code.as_str(), "left-out" | "integer-overflow")
        }
        (Answer::Value(_), Answer::Fails { message, .. }) => {
            // Numbers and booleans interpolate here.
            ["an integer", "a float", "a Boolean"]
                .iter()
                .any(|what| message.contains(&format!("cannot coerce {what} to a string")))
        }
        _ => false,
    }
}

fn same(ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        // Texts are whole characters here; Nix cuts them at any byte.
        (Answer::Value(_), Answer::Value(theirs)) if theirs.to_string().contains('\u{fffd}') => true,
        (Answer::Value(ours), Answer::Value(theirs)) => same_value(ours, theirs),
        (Answer::Fails { .. }, Answer::Fails { .. }) => true,
        (_, Answer::None) => true,
        _ => excused(ours, theirs),
    }
}

/// Nix 2.8 prints floats with six digits, and whole ones without a point.
fn same_value(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                (a - b).abs() <= a.abs() * 1e-5
            }
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_value(a, b)))
        }
        _ => ours == theirs,
    }
}

/// Compares `count` expressions, and fails with the first few that differ, each as small as it gets.
fn compare(name: &str, otherwise: u64, make: fn(&mut Random) -> Tree) {
    let (count, seed) = (setting("TOPO_CASES", otherwise), setting("TOPO_SEED", 1));
    let mut random = Random::new(seed);
    let (mut left, mut values, mut unanswered, mut differing) = (count as usize, 0, 0, Vec::new());
    while left > 0 && differing.len() < 12 {
        let batch: Vec<Tree> = (0..left.min(BATCH)).map(|_| make(&mut random)).collect();
        left -= batch.len();
        let texts: Vec<String> = batch.iter().map(Tree::text).collect();
        let theirs = oracle::answers(&texts);
        for ((tree, text), theirs) in batch.iter().zip(&texts).zip(&theirs) {
            let ours = ours(text);
            values += usize::from(matches!(ours, Answer::Value(_)));
            unanswered += usize::from(matches!(theirs, Answer::None));
            if !same(&ours, theirs) && differing.len() < 12 {
                differing.push(smallest(tree));
            }
        }
    }
    eprintln!(
        "{name}: {count} expressions, {values} of them with a value, {unanswered} without an answer from Nix"
    );
    let shown: Vec<String> = differing
        .iter()
        .map(|text| {
            format!(
                "{text}\n  ours: {:?}\n  Nix:  {:?}",
                ours(text),
                oracle::answers(std::slice::from_ref(text))[0]
            )
        })
        .collect();
    assert!(shown.is_empty(), "{name}, seed {seed}:\n{}", shown.join("\n"));
    // Else the comparison would say little.
    assert!(values * 8 > count as usize, "{name}: too few expressions have a value: {values} of {count}");
    assert!(unanswered * 100 <= count as usize, "{name}: Nix has no answer to {unanswered} of {count}");
}

/// The smallest expression within this one's that still differs.
fn smallest(tree: &Tree) -> String {
    let mut tree = tree.clone();
    for _ in 0..60 {
        let mut smaller = tree.smaller();
        smaller.truncate(400);
        let texts: Vec<String> = smaller.iter().map(Tree::text).collect();
        let theirs = oracle::answers(&texts);
        let next = texts.iter().zip(&theirs).position(|(text, theirs)| !same(&ours(text), theirs));
        match next {
            Some(next) => tree = smaller.swap_remove(next),
            None => break,
        }
    }
    tree.text()
}

#[test]
fn expressions() {
    compare("expressions", 1_500, generate::expression);
}

/// Expressions with words left out, twice there, or in another order: they must be refused alike.
#[test]
fn broken_expressions() {
    compare("broken expressions", 500, broken::expression);
}

/// `match` and `split`.
#[test]
fn regular_expressions() {
    compare("regular expressions", 500, patterns::expression);
}
