//! How long an editor waits for each answer about a lab of 10,000 lines, the protocol left out:
//! `cargo bench -p topo-lang --bench analysis`. What takes longer than anyone would notice is a failure.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on stops, prints what it measured, and reads the library's files"
)]

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use topo_lang::World;
use topo_lang::analysis::{Analysis, Hints, folds, outline};
use topo_lang::syntax::format;

const LINES: usize = 10_000;

/// What is not felt.
const UNFELT: Duration = Duration::from_millis(50);

struct Labs(String);

impl World for Labs {
    fn read(&self, path: &str) -> io::Result<String> {
        match path.strip_prefix("std:") {
            Some(module) => {
                std::fs::read_to_string(format!("{}/../stdlib/{module}.kdl", env!("CARGO_MANIFEST_DIR")))
            }
            None => Ok(self.0.clone()),
        }
    }
}

fn main() -> ExitCode {
    let text = lab();
    let labs = Labs(text.clone());
    let analysis = Analysis::new(&labs, "lab.kdl");
    let source = analysis.source("lab.kdl").unwrap();
    let at = |what: &str| text.find(what).unwrap() as u32 + what.len() as u32 - 1;
    let (key, name, option) = (at("network corp"), at("let suffix"), at("interface"));
    let hints = || Hints { value: None, files: &[] };
    let mut all_unfelt = true;
    let mut wait = |name: &str, mut work: Box<dyn FnMut() -> usize + '_>| {
        let mut best = Duration::MAX;
        let mut count = 0;
        for _ in 0..5 {
            let start = Instant::now();
            count = work();
            best = best.min(start.elapsed());
        }
        let felt = if best > UNFELT { ", which is felt" } else { "" };
        all_unfelt &= best <= UNFELT || name == "reading";
        println!("{name:24} {:6.1} ms, {count} answers{felt}", best.as_secs_f64() * 1e3);
    };
    wait("reading", Box::new(|| Analysis::new(&labs, "lab.kdl").sources().iter().count()));
    wait("outline", Box::new(|| outline(source, &text).len()));
    wait("folds", Box::new(|| folds(&text).len()));
    wait("tokens", Box::new(|| analysis.tokens(source).len()));
    wait("hover", Box::new(|| usize::from(analysis.hover(source, key).is_some())));
    wait("completion of keys", Box::new(|| analysis.complete(source, at("hosts.h"), hints()).items.len()));
    wait("completion of options", Box::new(|| analysis.complete(source, option, hints()).items.len()));
    wait("definition", Box::new(|| analysis.definitions(source, at("network=corp")).len()));
    wait("references of a key", Box::new(|| analysis.references(source, key, true).len()));
    wait("references of an option", Box::new(|| analysis.references(source, option, true).len()));
    wait("occurrences", Box::new(|| analysis.occurrences(source, name).len()));
    wait("renaming of a key", Box::new(|| analysis.rename(source, key, "wire").unwrap().len()));
    wait("renaming of a name", Box::new(|| analysis.rename(source, name, "ending").unwrap().len()));
    wait("formatting", Box::new(|| format(&text).unwrap().len()));
    if all_unfelt { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn lab() -> String {
    let mut text = String::from(
        "lab long\nnetwork corp { subnet \"10.0.0.0/16\" }\nlet suffix=example.test\n\
         assert \"${hosts.h1.interfaces ? eth0}\" \"there is a way\"\n",
    );
    for host in 0..LINES / 5 {
        text.push_str(&format!(
            r#"host "h{host}" {{
    interface eth0 network=corp
    file "/etc/motd" text="${{name}}.${{suffix}}"
    if "${{{host} > 7}}" {{ sysctl net.ipv4.ip_forward "1" }}
}}
"#
        ));
    }
    text
}
