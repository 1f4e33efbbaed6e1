//! A lab of many hosts: typed, merged, late-bound, checked. `cargo bench -p topo-lang --bench hosts -- 10000`.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::io;
use std::time::Instant;
use topo_lang::{Inputs, World, evaluate};

struct One;

impl World for One {
    fn read(&self, path: &str) -> io::Result<String> {
        match path {
            "std:core" => Ok(String::new()),
            _ => Ok(include_str!("hosts.kdl").into()),
        }
    }
}

fn main() {
    let given: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for count in if given.is_empty() { vec![1_000, 10_000] } else { given } {
        let inputs = Inputs { set: vec![("n".into(), count.to_string())], ..Inputs::default() };
        let start = Instant::now();
        let evaluation = evaluate(&One, "hosts.kdl", &inputs);
        let took = start.elapsed();
        assert!(evaluation.diagnostics.is_empty(), "{:?}", evaluation.diagnostics.first());
        println!("{count} clients: {:.1} ms", took.as_secs_f64() * 1e3);
    }
}
