//! How large a lab can be, and how quick all that is done with it.
//!
//! `cargo bench --bench scale [-- PART…]`; the parts are `sizes`, `again`, `shapes`, `copies` and `commands`, all unless said.
//! Times are the best of several; what a figure is held to stands behind it.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it starts programs outside of any lab")]

mod support;

use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use support::{Scratch, best, here, run, settle, time};

const ROUNDS: usize = 5;

/// The word before a command that only tells how much memory it took.
const PEAK: &str = "--peak-of";

type Part = fn(&Scratch) -> Result<(), String>;

const PARTS: [(&str, Part); 5] =
    [("sizes", sizes), ("again", again), ("shapes", shapes), ("copies", copies), ("commands", commands)];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let done = match words.split_first() {
        Some((word, command)) if word == PEAK => tell_peak(command),
        _ => measure(&words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(asked: &[String]) -> Result<(), String> {
    let scratch = Scratch::new()?;
    for (name, part) in
        PARTS.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|word| word == name))
    {
        println!("\n{name}\n");
        part(&scratch)?;
    }
    Ok(())
}

/// What a host costs, from few to many, beside the floor.
fn sizes(scratch: &Scratch) -> Result<(), String> {
    let floor = scratch.build_floor()?;
    println!("{:>6} {:>16} {:>16} {:>16}", "hosts", "floor, a host", "topo, a host", "times the floor");
    for hosts in [10, 30, 100, 300, 1000, 3000] {
        let rounds = if hosts < 3000 { ROUNDS } else { 2 };
        let (mut lowest, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            lowest.push(floor.time(hosts, &[])?);
            ours.push(time(&mut apply(scratch, "stars.kdl", &format!("hosts={hosts}"), "bench"))?);
            destroy(scratch, "bench")?;
        }
        let (lowest, ours) = (best(lowest), best(ours));
        let each = |seconds: f64| format!("{:.2} ms", seconds * 1e3 / hosts as f64);
        println!("{hosts:>6} {:>16} {:>16} {:>16.2}", each(lowest), each(ours), ours / lowest);
    }
    Ok(())
}

/// A lab of 1,000 hosts that is there: looked at again, applied again, removed; and the memory that it takes.
fn again(scratch: &Scratch) -> Result<(), String> {
    let hosts = "hosts=1000";
    let lab = file("../topologies/star.kdl");
    let up = peak(apply(scratch, "../topologies/star.kdl", hosts, "bench"))?;
    let plan = || scratch.topo(&["plan", &lab, "--name", "bench", "--set", hosts, "--detailed-exitcode"]);
    let looked = best_of(|| time(&mut plan()))?;
    let applied = best_of(|| time(&mut apply(scratch, "../topologies/star.kdl", hosts, "bench")))?;
    let checked = best_of(|| time(&mut scratch.topo(&["check", &lab, "--set", hosts])))?;
    let looking = peak(plan())?;
    say("plan of 1,000 hosts where nothing is to do", &ms(looked), "150 ms");
    say("apply of the same", &ms(applied), "");
    say("check of the same, which looks at nothing", &ms(checked), "");
    say("peak memory of `topo apply`, 1,000 new hosts", &mib(up), "64 MiB");
    say("peak memory of `topo plan`", &mib(looking), "64 MiB");
    say("peak memory of the supervisor", &mib(supervisor_peak("bench")?), "8 MiB");
    let (mut gone, mut cleaned) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        run(&mut apply(scratch, "../topologies/star.kdl", hosts, "bench"))?;
        gone.push(time(&mut scratch.topo(&["destroy", "bench", "--yes"]))?);
        cleaned.push(settle());
    }
    say("destroy of 1,000 hosts", &ms(best(gone)), "300 ms");
    say("the kernel's own cleaning, in the background after that", &ms(best(cleaned)), "");
    Ok(())
}

/// Labs in which hosts are wired to each other.
fn shapes(scratch: &Scratch) -> Result<(), String> {
    let shapes = [
        ("torus, 10 by 10: 100 hosts, 200 links", "torus.kdl", "side=10", ""),
        ("mesh, 33 by 33: 1,089 hosts, 2,112 links", "mesh.kdl", "side=33", "10 s"),
    ];
    for (what, lab, size, held_to) in shapes {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            up.push(time(&mut apply(scratch, &format!("../topologies/{lab}"), size, "bench"))?);
            down.push(time(&mut scratch.topo(&["destroy", "bench", "--yes"]))?);
        }
        say(&format!("{what}: up"), &ms(best(up)), held_to);
        say(&format!("{what}: down"), &ms(best(down)), "");
    }
    Ok(())
}

/// Many copies of one lab, started at the same moment and there at the same time.
fn copies(scratch: &Scratch) -> Result<(), String> {
    const COPIES: usize = 200;
    let names: Vec<String> = (1..=COPIES).map(|number| format!("copy{number}")).collect();
    settle();
    let started = Instant::now();
    let children: Vec<Child> = names
        .iter()
        .map(|name| spawn(&mut apply(scratch, "../topologies/star.kdl", "hosts=2", name)))
        .collect::<Result<_, _>>()?;
    for child in children {
        wait(child)?;
    }
    let up = started.elapsed().as_secs_f64();
    for name in &names {
        run(&mut scratch.topo(&["exec", "--lab", name, "h1", "--", "ping", "-c", "1", "-W", "5", "h2"]))?;
    }
    let started = Instant::now();
    let children: Vec<Child> = names
        .iter()
        .map(|name| spawn(&mut scratch.topo(&["destroy", name, "--yes"])))
        .collect::<Result<_, _>>()?;
    for child in children {
        wait(child)?;
    }
    say(&format!("{COPIES} copies of a lab of two hosts, all at once: up"), &ms(up), "");
    say("the same, down", &ms(started.elapsed().as_secs_f64()), "");
    Ok(())
}

/// What people wait for every day.
fn commands(scratch: &Scratch) -> Result<(), String> {
    run(&mut apply(scratch, "../topologies/star.kdl", "hosts=2", "bench"))?;
    run(&mut scratch.topo(&["exec", "--lab", "bench", "h1", "--", "true"]))?;
    let ran = best_of(|| time(&mut scratch.topo(&["exec", "--lab", "bench", "h1", "--", "true"])))?;
    say("exec: from the prompt to the end of `true` on a host", &ms(ran), "10 ms");
    for lab in ["quickstart.kdl", "ad.kdl"] {
        let lab_file = file(&format!("../topologies/{lab}"));
        let checked = best_of(|| time(&mut scratch.topo(&["check", &lab_file])))?;
        say(&format!("check of `topologies/{lab}`"), &ms(checked), "");
    }
    destroy(scratch, "bench")?;
    let star = file("../topologies/star.kdl");
    for hosts in [2, 300] {
        let size = format!("hosts={hosts}");
        let ended = best_of(|| {
            let now = "cut -d' ' -f1 /proc/uptime";
            let output = run(&mut scratch.topo(&["run", &star, "--set", &size, "--", "sh", "-c", now]))?;
            Ok(uptime()? - output.trim().parse::<f64>().map_err(|error| format!("`{output}`: {error}"))?)
        })?;
        say(&format!("run of {hosts} hosts: from the command's end to the prompt"), &ms(ended), "1 s");
        let killed = best_of(|| killed(scratch, &star, &size))?;
        say(&format!("hold of {hosts} hosts: from SIGKILL to nothing left"), &ms(killed), "1 s");
    }
    Ok(())
}

/// The seconds from the death of whoever holds a lab until its supervisor has ended and its directory is gone.
fn killed(scratch: &Scratch, lab: &str, size: &str) -> Result<f64, String> {
    let mut command = scratch.topo(&["apply", "--hold", lab, "--set", size, "--name", "held"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("start `topo apply --hold`: {error}"))?;
    let mut said = std::io::BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut line = String::new();
    while !line.starts_with("ready") {
        line.clear();
        let length = std::io::BufRead::read_line(&mut said, &mut line).map_err(|error| error.to_string())?;
        if length == 0 {
            return Err("`topo apply --hold` was not ready".to_owned());
        }
    }
    let supervisor = supervisor("held")?;
    let started = Instant::now();
    child.kill().map_err(|error| format!("kill `topo apply --hold`: {error}"))?;
    child.wait().map_err(|error| format!("wait for `topo apply --hold`: {error}"))?;
    while is_alive(supervisor) {
        if started.elapsed() > Duration::from_secs(20) {
            return Err("the supervisor did not end".to_owned());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = started.elapsed().as_secs_f64();
    match run(&mut scratch.topo(&["list", "--format", "json"]))?.contains("held") {
        true => Err("the lab's directory is left".to_owned()),
        false => Ok(took),
    }
}

fn apply(scratch: &Scratch, lab: &str, size: &str, name: &str) -> Command {
    scratch.topo(&["apply", &file(lab), "--set", size, "--name", name, "--yes"])
}

fn destroy(scratch: &Scratch, name: &str) -> Result<(), String> {
    run(&mut scratch.topo(&["destroy", name, "--yes"])).map(drop)
}

fn file(lab: &str) -> String {
    here().join(lab).display().to_string()
}

fn best_of(measure: impl Fn() -> Result<f64, String>) -> Result<f64, String> {
    Ok(best((0..ROUNDS).map(|_| measure()).collect::<Result<Vec<_>, _>>()?))
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("start {command:?}: {error}"))
}

fn wait(mut child: Child) -> Result<(), String> {
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("one of many: {status}")),
        Err(error) => Err(format!("wait for one of many: {error}")),
    }
}

/// The peak memory of a command and all that it starts, in KiB: this program again waits for it and nothing else.
fn peak(command: Command) -> Result<u64, String> {
    let exe = std::env::current_exe().map_err(|error| format!("find this program: {error}"))?;
    let mut teller = Command::new(exe);
    teller.arg(PEAK).arg(command.get_program()).args(command.get_args());
    teller.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run(&mut teller)?;
    output.trim().parse().map_err(|error| format!("`{output}`: {error}"))
}

fn tell_peak(words: &[String]) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("no command")?;
    run(Command::new(program).args(arguments))?;
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    println!("{}", usage.map_err(|error| format!("ask for the memory: {error}"))?.max_rss());
    Ok(())
}

/// Whether a process has not ended; when its end is noticed is up to the machine's init.
fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// The supervisor of a lab, by the name it gives itself.
fn supervisor(lab: &str) -> Result<u32, String> {
    let name = format!("topo:{lab}");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    pids.find(|pid: &u32| {
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm"));
        comm.is_ok_and(|comm| comm.trim_end() == name) && is_alive(*pid)
    })
    .ok_or_else(|| format!("no supervisor of `{lab}`"))
}

fn supervisor_peak(lab: &str) -> Result<u64, String> {
    let path = format!("/proc/{}/status", supervisor(lab)?);
    let status = std::fs::read_to_string(&path).map_err(|error| format!("read {path}: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.ok_or_else(|| format!("no peak in {path}"))
}

/// Seconds since the machine started: a clock that a shell can read too.
fn uptime() -> Result<f64, String> {
    let text =
        std::fs::read_to_string("/proc/uptime").map_err(|error| format!("read /proc/uptime: {error}"))?;
    text.split(' ').next().and_then(|word| word.parse().ok()).ok_or_else(|| format!("`{text}`"))
}

fn say(what: &str, figure: &str, held_to: &str) {
    let held_to = if held_to.is_empty() { String::new() } else { format!("   (held to {held_to})") };
    println!("{what:<58} {figure:>9}{held_to}");
}

fn ms(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}
