//! A star of bare hosts on one bridge, beside the kernel's floor and Mininet, in one run: only the ratios count.
//!
//! `cargo bench --bench star [-- HOSTS [ROUNDS]]`, 300 hosts and 5 rounds unless said. The rivals are in `$TOPO_BENCH`,
//! else `../shared/bench` beside the checkout: `net/floor.c` and `net/star_mininet.py`. Not root: in a user namespace,
//! without Mininet. What cannot be run is left out and said.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it starts programs outside of any lab")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// What one contender does: the seconds to bring the star up, and to remove it where that can be told.
type Contender<'a> = Box<dyn Fn() -> Result<(f64, Option<f64>), String> + 'a>;

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
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rivals =
        std::env::var_os("TOPO_BENCH").map_or_else(|| checkout.join("../shared/bench"), PathBuf::from);
    let scratch = Scratch::new()?;
    let floor = scratch.0.join("floor");
    let star = checkout.join("topologies/star.kdl");
    let mininet = rivals.join("net/star_mininet.py");
    let mut contenders: Vec<(&str, usize, Contender<'_>)> = Vec::new();
    match run(Command::new("cc").args(["-O2", "-o"]).arg(&floor).arg(rivals.join("net/floor.c"))) {
        Ok(_) => contenders.push(("floor", rounds, Box::new(|| time_floor(&floor, hosts)))),
        Err(error) => println!("without the floor: {error}"),
    }
    contenders.push(("topo", rounds, Box::new(|| time_topo(&star, &scratch.0, hosts))));
    if run(Command::new("/usr/bin/python3").args(["-c", "import mininet"])).is_ok() && is_root() {
        // One round takes as long as thirty of the others.
        contenders.push(("mininet", 1, Box::new(|| time_mininet(&mininet, hosts))));
    } else {
        println!("without Mininet: it needs root and the package `mininet`");
    }

    let mut times: Vec<Vec<(f64, Option<f64>)>> = vec![Vec::new(); contenders.len()];
    for round in 0..rounds {
        for ((name, wanted, contender), times) in contenders.iter().zip(&mut times) {
            if round < *wanted {
                times.push(contender().map_err(|error| format!("{name}: {error}"))?);
            }
        }
    }

    println!("\na star of {hosts} hosts, medians of {rounds} rounds (Mininet: 1)\n");
    println!("{:<10} {:>10} {:>10} {:>14}", "", "up", "down", "topo's is");
    let topo =
        contenders.iter().position(|(name, ..)| *name == "topo").map_or(0.0, |at| median(up(&times[at])));
    for ((name, ..), times) in contenders.iter().zip(&times) {
        let down: Vec<f64> = times.iter().filter_map(|(_, down)| *down).collect();
        let down = if down.is_empty() { "-".to_owned() } else { format!("{:.3} s", median(down)) };
        let up = median(up(times));
        println!(
            "{name:<10} {:>10} {down:>10} {:>14}",
            format!("{up:.3} s"),
            format!("{:.2} times", topo / up)
        );
    }
    Ok(())
}

fn up(times: &[(f64, Option<f64>)]) -> Vec<f64> {
    times.iter().map(|(up, _)| *up).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

/// The floor says its own time: `TOTAL n=300 0.361 s, …`.
fn time_floor(floor: &Path, hosts: usize) -> Result<(f64, Option<f64>), String> {
    let mut command = if is_root() { Command::new(floor) } else { Command::new("unshare") };
    if !is_root() {
        command.arg("-rn").arg(floor);
    }
    let output = run(command.arg(hosts.to_string()))?;
    let total = output.lines().find_map(|line| line.strip_prefix("TOTAL ")).ok_or("no TOTAL")?;
    let seconds = total.split(' ').nth(1).and_then(|seconds| seconds.parse().ok());
    Ok((seconds.ok_or_else(|| format!("no seconds in `{total}`"))?, None))
}

/// `topo` by the clock on the wall, from the start of the command to its end.
fn time_topo(lab: &Path, scratch: &Path, hosts: usize) -> Result<(f64, Option<f64>), String> {
    let hosts = format!("hosts={hosts}");
    let topo = |arguments: &[&str]| {
        let started = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_topo"));
        command.args(arguments).arg(lab).args(["--yes", "--name", "star-bench"]);
        run(command.env("TOPO_STATE", scratch)).map(|_| started.elapsed().as_secs_f64())
    };
    let up = topo(&["apply", "--set", &hosts])?;
    Ok((up, Some(topo(&["destroy"])?)))
}

/// `mininet n=300 up 6.10 s down 8.40 s`.
fn time_mininet(script: &Path, hosts: usize) -> Result<(f64, Option<f64>), String> {
    let output = run(Command::new("/usr/bin/python3").arg(script).arg(hosts.to_string()))?;
    let words: Vec<&str> = output.split_whitespace().collect();
    let after = |word: &str| {
        let at = words.iter().position(|found| *found == word)?;
        words.get(at + 1)?.parse().ok()
    };
    Ok((after("up").ok_or_else(|| format!("no time in `{output}`"))?, after("down")))
}

fn run(command: &mut Command) -> Result<String, String> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|error| format!("start {shown}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            Err(format!("{shown}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A directory that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("star-{}", std::process::id()));
        std::fs::create_dir_all(&target).map_err(|error| format!("create {}: {error}", target.display()))?;
        Ok(Self(target))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
