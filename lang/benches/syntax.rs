//! How fast a document of 3.5 MB is read and formatted, and how much memory its tree takes.
//!
//! `cargo bench -p topo-lang --bench syntax`

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::time::{Duration, Instant};
use topo_lang::SourceId;
use topo_lang::syntax::parse;

const SIZE: usize = 3_500_000;

fn main() {
    let text = lab(SIZE);
    let megabytes = text.len() as f64 / 1e6;
    let before = resident();
    let (document, diagnostics) = parse(SourceId(0), &text);
    let after = resident();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    println!("document {megabytes:.1} MB, {} nodes at the top", document.nodes.len());
    if let (Some(before), Some(after)) = (before, after) {
        println!("memory   {:.1} times the text", (after - before) as f64 / text.len() as f64);
    }
    report("parse", megabytes, || parse(SourceId(0), &text));
}

/// The best of some rounds: what the machine can do when nobody else wants it.
fn report<T>(name: &str, megabytes: f64, mut work: impl FnMut() -> T) {
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        let result = work();
        best = best.min(start.elapsed());
        drop(std::hint::black_box(result));
    }
    println!("{name:8} {:.0} MB/s ({:.1} ms)", megabytes / best.as_secs_f64(), best.as_secs_f64() * 1e3);
}

/// A lab of hosts with everything a lab has: blocks, properties, quoted, raw and multi-line strings, comments.
fn lab(size: usize) -> String {
    let mut text = String::with_capacity(size + 1000);
    let mut host = 0;
    while text.len() < size {
        let (a, b) = (host / 250, host % 250 + 1);
        text.push_str(&format!(
            r##"// Host {host} of the benchmark.
host "client{host}" {{
    interface eth0 network=corp address="10.{a}.{b}.10/24" mtu=1500
    interface eth1 network="lan{a}" {{ address "fd00:{a}:{b}::1/64"; up #true }}
    user alice uid=10{b:03} shell="/bin/bash" groups="wheel users"
    sysctl net.ipv4.ip_forward 1
    file "/etc/motd" mode=0o644 """
        Welcome to client{host}.
        \tThe realm is ATHENA.TEST.
        """
    run #"/bin/sh -c "echo ${{name}}""# timeout=(seconds)2.5 /- debug=#true
}}
"##
        ));
        host += 1;
    }
    text
}

/// The memory this process holds now, in bytes, where the system says so.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kibibytes| kibibytes * 1024)
}
