//! Counting the points of a run, over all its processes, and ending it at one of them.

use crate::linux::process;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Seek, Write};
use std::sync::OnceLock;
use std::time::Duration;

/// `VICTIM:NUMBER:FILE`: at the point of this number, counted from 1, the victim ends. The points go to the file, one line
/// each; a `NUMBER` of 0 only counts.
const VARIABLE: &str = "TOPO_FAULT";

/// All lines of the file are so long, so that its length says how many there are.
const LINE: usize = 64;

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    /// The process that comes to the point.
    Process,
    /// The whole command.
    Command,
    /// Nothing by itself: whoever comes to the point waits for a file, `FILE.go`, and what others do to it until then.
    Nobody,
}

#[derive(Debug)]
struct Fault {
    victim: Victim,
    number: usize,
    file: String,
}

/// What a supervisor needs of the environment to count on.
pub fn environment() -> Option<(&'static str, OsString)> {
    std::env::var_os(VARIABLE).map(|value| (VARIABLE, value))
}

/// A point that is called `what`.
pub fn point(what: &'static str) {
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    let Some(fault) = FAULT.get_or_init(Fault::of_environment) else { return };
    if fault.count(what) != Some(fault.number) {
        return;
    }
    match fault.victim {
        Victim::Process => {}
        Victim::Command => drop(kill(Pid::from_raw(0), Signal::SIGKILL)),
        Victim::Nobody => {
            // It goes on when it may, if it still lives.
            let go = format!("{}.go", fault.file);
            while !std::path::Path::new(&go).exists() {
                std::thread::sleep(Duration::from_millis(2));
            }
            return;
        }
    }
    let _ = kill(Pid::this(), Signal::SIGKILL);
    // A supervisor is pid 1 of its namespace, and deaf to that.
    process::exit_now(137)
}

impl Fault {
    fn of_environment() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        let (victim, rest) = value.split_once(':')?;
        let (number, file) = rest.split_once(':')?;
        let victim = match victim {
            "process" => Victim::Process,
            "command" => Victim::Command,
            "nobody" => Victim::Nobody,
            _ => return None,
        };
        Some(Self { victim, number: number.parse().ok()?, file: file.to_owned() })
    }

    /// Adds a line, and gives its number.
    fn count(&self, what: &str) -> Option<usize> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).ok()?;
        let line = format!("{what:<63.63}\n");
        file.write_all(line.as_bytes()).ok()?;
        // The end of what this process wrote itself.
        Some(usize::try_from(file.stream_position().ok()?).ok()? / LINE)
    }
}
