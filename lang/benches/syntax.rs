//! How fast documents of 3.5 MB are read, and how much memory their trees take: one as people write them, and one
//! without a blank or a comment to spare.
//!
//! `cargo bench -p topo-lang --bench syntax`

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::time::{Duration, Instant};
use topo_lang::SourceId;
use topo_lang::syntax::parse;

const SIZE: usize = 3_500_000;

fn main() {
    let texts = [("as written", repeated(as_written)), ("dense", repeated(dense))];
    // First, since memory that was given back is there to be used again.
    for (name, text) in &texts {
        memory(name, text);
    }
    for (name, text) in &texts {
        report(name, text.len() as f64 / 1e6, || parse(SourceId(0), text));
    }
}

fn memory(name: &str, text: &str) {
    let before = resident();
    let (document, diagnostics) = parse(SourceId(0), text);
    let after = resident();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    if let (Some(before), Some(after)) = (before, after) {
        let times = after.saturating_sub(before) as f64 / text.len() as f64;
        println!("{name:10} {times:.1} times the text in memory");
    }
    // It stays, so that the next document takes memory of its own.
    std::mem::forget(document);
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
    println!("{name:10} {:.0} MB/s ({:.1} ms)", megabytes / best.as_secs_f64(), best.as_secs_f64() * 1e3);
}

/// A document of many hosts.
fn repeated(host: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(SIZE + 1000);
    for number in 0.. {
        text.push_str(&host(number));
        if text.len() >= SIZE {
            break;
        }
    }
    text
}

/// Everything a lab has: blocks, properties, quoted, raw and multi-line strings, comments.
fn as_written(host: usize) -> String {
    let (a, b) = (host / 250, host % 250 + 1);
    format!(
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
    )
}

/// The same without what is only for people.
fn dense(host: usize) -> String {
    let (a, b) = (host / 250, host % 250 + 1);
    format!(
        "host client{host} realm=A{{interface eth0 network=corp address=\"10.{a}.{b}.10/24\" mtu=1500;\
         interface eth1 network=lan{a}{{address \"fd00:{a}:{b}::1/64\";up #true}};\
         user alice uid=10{b:03} gid=100;port 88 464 749}}\n"
    )
}

/// The memory this process holds now, in bytes, where the system says so.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kibibytes| kibibytes * 1024)
}
