//! A lab of many hosts, typed, merged, late-bound, checked and printed as JSON, beside plain, untyped Nix:
//! `cargo bench -p topo-lang --bench hosts [-- HOSTS…]`.
//!
//! Each is a process of its own, from its start to its end, in turn with the other; only the ratios count. `hosts.nix`
//! says the same as `hosts.kdl`, and the JSON of both is compared. Where there is no `nix-instantiate`, that is said.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on stops, prints what it measured, and runs its rival"
)]

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value as Json;
use std::io;
use std::mem::ManuallyDrop;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;
use topo_lang::{Inputs, World, evaluate_at_last, print};

const NIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/hosts.nix");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["evaluate", count] => ours(count),
        ["measure", program, rest @ ..] => return measure(program, rest),
        counts => {
            let given: Vec<&str> =
                counts.iter().copied().filter(|count| count.parse::<u64>().is_ok()).collect();
            for count in if given.is_empty() { vec!["1000", "10000", "100000"] } else { given } {
                compare(count);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs both in turn and prints the medians.
fn compare(count: &str) {
    let this = std::env::current_exe().unwrap();
    let this = this.to_str().unwrap();
    let rounds = if count.len() < 6 { 7 } else { 3 };
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for round in 0..rounds {
        ours.extend(run(&[this, "evaluate", count]));
        theirs.extend(run(&[
            "nix-instantiate",
            "--store",
            "dummy://",
            "--eval",
            "--strict",
            "--json",
            NIX,
            "--argstr",
            "n",
            count,
        ]));
        if let (0, [ours], [theirs]) = (round, &ours[..], &theirs[..]) {
            assert_eq!(as_nix_has_it(&ours.output), serde_json::from_str::<Json>(&theirs.output).unwrap());
        }
    }
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.wall / theirs.wall).collect();
    let say = |who: &str, runs: &[Run]| {
        let of = |what: fn(&Run) -> f64| median(runs.iter().map(what).collect());
        let (wall, processor, memory) = (of(|run| run.wall), of(|run| run.processor), of(|run| run.memory));
        println!("{count} hosts, {who}: {wall:.0} ms ({processor:.0} ms of processor), {memory:.0} MiB");
    };
    say("topo", &ours);
    if theirs.is_empty() {
        println!("{count} hosts, Nix: there is no `nix-instantiate` to compare with");
    } else {
        say("Nix", &theirs);
        println!("{count} hosts: {:.2} of the time Nix takes", median(ratios));
    }
}

/// What one process took.
struct Run {
    output: String,
    /// Milliseconds.
    wall: f64,
    /// Milliseconds, of user and of system time.
    processor: f64,
    /// MiB, at most.
    memory: f64,
}

/// Runs a command and its measuring; `None` where there is no such program.
fn run(command: &[&str]) -> Option<Run> {
    let mut measuring = Command::new(std::env::current_exe().unwrap());
    let output = measuring
        .arg("measure")
        .args(command)
        .env("NIX_STORE_DIR", std::env::temp_dir().join("topo-nix-oracle/store"))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    if output.status.code() == Some(127) {
        return None;
    }
    let measured = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{command:?}: {measured}");
    let numbers: Vec<f64> =
        measured.lines().last().unwrap().split(' ').map(|one| one.parse().unwrap()).collect();
    Some(Run {
        output: String::from_utf8(output.stdout).unwrap(),
        wall: numbers[0],
        processor: numbers[1],
        memory: numbers[2],
    })
}

/// Runs a program and prints on standard error what it took: the only child this process ever has.
fn measure(program: &str, arguments: &[&str]) -> ExitCode {
    let start = Instant::now();
    let Ok(status) = Command::new(program).args(arguments).status() else { return ExitCode::from(127) };
    let wall = start.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let processor = seconds(usage.user_time()) + seconds(usage.system_time());
    let memory = usage.max_rss() as f64 / 1024.0;
    eprintln!("{} {} {memory}", wall.as_secs_f64() * 1e3, processor * 1e3);
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

struct One;

impl World for One {
    fn read(&self, path: &str) -> io::Result<String> {
        match path {
            "std:core" => Ok(String::new()),
            _ => Ok(include_str!("hosts.kdl").into()),
        }
    }
}

/// Prints the lab as JSON; what is left in memory is the kernel's business, as with `topo eval`.
fn ours(count: &str) {
    let inputs = Inputs { set: vec![("n".into(), count.into())], ..Inputs::default() };
    let evaluation = ManuallyDrop::new(evaluate_at_last(&One, "hosts.kdl", &inputs));
    assert!(evaluation.diagnostics.is_empty(), "{:?}", evaluation.diagnostics.first());
    print::json_to(&mut io::stdout().lock(), evaluation.value.as_ref().unwrap()).unwrap();
}

/// Our JSON without what `hosts.nix` has no word for: the realms, options without a value, a forced one.
fn as_nix_has_it(ours: &str) -> Json {
    let mut value: Json = serde_json::from_str(ours).unwrap();
    value.as_object_mut().unwrap().shift_remove("realms");
    value["hosts"]["client0"]["interfaces"]["eth0"]["mtu"] = 1500.into();
    for host in value["hosts"].as_object_mut().unwrap().values_mut() {
        host.as_object_mut().unwrap().retain(|_, value| !value.is_null() && *value != Json::Array(vec![]));
    }
    value
}
