//! Ten thousand hosts in plain expressions, beside Nix itself where it is installed: `cargo bench --bench expressions`.
//!
//! `hosts.nix` is the same text for both; the outcome is printed as JSON by both and compared.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on stops, and prints what it measured"
)]

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use topo_lang::eval::{Evaluator, Limits, Scope};
use topo_lang::source::SourceId;
use topo_lang::syntax::expr::Expr;

const HOSTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/hosts.nix");

fn main() {
    let text = std::fs::read_to_string(HOSTS).unwrap();
    for count in [1_000, 10_000, 100_000] {
        let begin = Instant::now();
        let ours = ours(&text, count);
        let time = begin.elapsed();
        println!("{count} hosts: {time:?} here, {} bytes of JSON", ours.len());
        let begin = Instant::now();
        if let Some(theirs) = nix(count) {
            println!("{count} hosts: {:?} in Nix, with its start", begin.elapsed());
            assert_eq!(ours, theirs);
        }
    }
}

fn ours(text: &str, count: u32) -> String {
    let call = format!("({text}) {{ n = \"{count}\"; }}");
    let expr = Arc::new(Expr::parse(SourceId(0), &call).unwrap());
    let mut evaluator = Evaluator::new(Limits::default());
    let thunk = evaluator.expr(&expr, &Scope::empty());
    evaluator.json(thunk, expr.span()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the rival is no process of a lab")]
fn nix(count: u32) -> Option<String> {
    let output = Command::new("nix-instantiate")
        .env("NIX_STORE_DIR", std::env::temp_dir().join("topo-nix-oracle/store"))
        .args([
            "--store",
            "dummy://",
            "--eval",
            "--strict",
            "--json",
            HOSTS,
            "--argstr",
            "n",
            &count.to_string(),
        ])
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).unwrap().trim_end().to_string())
}
