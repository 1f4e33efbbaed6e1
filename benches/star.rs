//! A star of bare hosts on one bridge, beside the kernel's floor, shell scripts and Mininet, in one run: only the ratios count.
//!
//! `cargo bench --bench star [-- HOSTS [ROUNDS]]`, 300 hosts and 5 rounds unless said. The rivals are in `benches/rivals`.
//! Not root: in a user namespace, without those that need root. What cannot be run is left out and said.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it starts programs outside of any lab")]

mod support;

use std::process::{Command, ExitCode};
use support::{Scratch, best, here, is_root, run, settle, time};

/// Seconds to bring the star up, and to remove it where that can be told.
type Times = (f64, Option<f64>);

/// One of those that bring it up.
struct Contender<'a> {
    name: &'static str,
    /// In how many rounds it takes part: some take as long as thirty of the others.
    rounds: usize,
    measure: Box<dyn Fn() -> Result<Times, String> + 'a>,
}

fn main() -> ExitCode {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let hosts = numbers.first().copied().unwrap_or(300);
    let rounds = numbers.get(1).copied().unwrap_or(5).max(1);
    match compare(hosts, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(hosts: usize, rounds: usize) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let floor = scratch.build_floor()?;
    let early = |name, measure| Contender { name, rounds, measure };
    let mut contenders = vec![
        early("floor", Box::new(|| Ok((floor.time(hosts, &[])?, None))) as Box<dyn Fn() -> _>),
        early("floor, bridge first", Box::new(|| Ok((floor.time(hosts, &["early"])?, None)))),
        early("topo", Box::new(|| topo(&scratch, hosts))),
    ];
    if is_root() {
        contenders.push(Contender {
            name: "ip -batch",
            rounds: 1,
            measure: Box::new(|| script("star_batch.sh", hosts)),
        });
        contenders.push(Contender {
            name: "ip, step by step",
            rounds: 1,
            measure: Box::new(|| script("star_ip.sh", hosts)),
        });
    } else {
        println!("without `ip` and Mininet: they need root");
    }
    if run(Command::new("/usr/bin/python3").args(["-c", "import mininet"])).is_err() {
        println!("without Mininet: it needs the package `mininet`");
    } else if is_root() {
        contenders.push(Contender { name: "Mininet", rounds: 1, measure: Box::new(|| mininet(hosts)) });
    }

    let mut times: Vec<Vec<Times>> = vec![Vec::new(); contenders.len()];
    for round in 0..rounds {
        for (contender, times) in contenders.iter().zip(&mut times) {
            if round < contender.rounds {
                times.push((contender.measure)().map_err(|error| format!("{}: {error}", contender.name))?);
            }
        }
    }

    println!("\na star of {hosts} hosts; the best of {rounds} rounds, taken in turn\n");
    println!("{:<20} {:>10} {:>10} {:>16}", "", "up", "down", "times the floor");
    let floor = best(times[0].iter().map(|(up, _)| *up));
    for (contender, times) in contenders.iter().zip(&times) {
        let up = best(times.iter().map(|(up, _)| *up));
        let down = best(times.iter().filter_map(|(_, down)| *down));
        let down = if down.is_finite() { format!("{down:.3} s") } else { "-".to_owned() };
        println!("{:<20} {:>10} {down:>10} {:>16.2}", contender.name, format!("{up:.3} s"), up / floor);
    }
    Ok(())
}

/// `topo` by the clock on the wall, from the start of the command to its end.
fn topo(scratch: &Scratch, hosts: usize) -> Result<Times, String> {
    let star = here().join("../topologies/star.kdl").display().to_string();
    let hosts = format!("hosts={hosts}");
    let up = time(&mut scratch.topo(&["apply", &star, "--yes", "--name", "bench", "--set", &hosts]))?;
    Ok((up, Some(time(&mut scratch.topo(&["destroy", "bench", "--yes"]))?)))
}

/// A script of `benches/rivals`, and what takes its star down again, in a network of their own.
fn script(name: &str, hosts: usize) -> Result<Times, String> {
    const TIMED: &str = r#"
        begun=$EPOCHREALTIME; bash "$1" "$3" >&2; up=$EPOCHREALTIME; bash "$2" "$3" >&2; down=$EPOCHREALTIME
        awk "BEGIN { print \"up\", $up - $begun, \"down\", $down - $up }""#;
    let rivals = here().join("rivals");
    let mut command = alone("bash");
    command.args(["-c", TIMED, "bash"]).arg(rivals.join(name)).arg(rivals.join("star_del.sh"));
    timed(command.arg(hosts.to_string()))
}

fn mininet(hosts: usize) -> Result<Times, String> {
    timed(alone("/usr/bin/python3").arg(here().join("rivals/star_mininet.py")).arg(hosts.to_string()))
}

/// A program that sees a network of its own as the machine's.
fn alone(program: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", program]);
    command
}

/// The times that a program prints: `… up 6.10 … down 8.40 …`.
fn timed(command: &mut Command) -> Result<Times, String> {
    settle();
    let output = run(command)?;
    let words: Vec<&str> = output.split_whitespace().collect();
    let after = |word: &str| words.get(words.iter().position(|found| *found == word)? + 1)?.parse().ok();
    Ok((after("up").ok_or_else(|| format!("no time in `{output}`"))?, after("down")))
}
