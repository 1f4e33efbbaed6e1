//! What the benches share: the floor, `topo` by the clock on the wall, and a quiet moment before each measurement.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Where the benches' sources are.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches")
}

/// A directory that is removed at the end: the labs' state, and the floor's program.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Result<Self, String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&target).map_err(|error| format!("create {}: {error}", target.display()))?;
        Ok(Self(target))
    }

    /// Compiles the floor.
    pub(crate) fn build_floor(&self) -> Result<Floor, String> {
        let program = self.0.join("floor");
        run(Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(here().join("rivals/floor.c")))?;
        Ok(Floor(program))
    }

    /// `topo` with its state here.
    pub(crate) fn topo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_topo"));
        command.args(arguments).env("TOPO_STATE", &self.0);
        command
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The floor's program.
pub(crate) struct Floor(PathBuf);

impl Floor {
    /// The seconds it takes for so many hosts, as it says itself: `TOTAL 0.361 s`.
    pub(crate) fn time(&self, hosts: usize, further: &[&str]) -> Result<f64, String> {
        let mut command = Command::new(if is_root() { self.0.as_os_str() } else { "unshare".as_ref() });
        if !is_root() {
            command.arg("-rn").arg(&self.0);
        }
        settle();
        let output = run(command.arg(hosts.to_string()).args(further))?;
        let total = output.lines().find_map(|line| line.strip_prefix("TOTAL "));
        let seconds = total.and_then(|total| total.split(' ').next()?.parse().ok());
        seconds.ok_or_else(|| format!("no time in `{output}`"))
    }
}

/// The seconds from the start of a command to its end, in a quiet moment.
pub(crate) fn time(command: &mut Command) -> Result<f64, String> {
    settle();
    let started = Instant::now();
    run(command)?;
    Ok(started.elapsed().as_secs_f64())
}

/// Runs a command, and gives what it prints.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|error| format!("start {shown}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            Err(format!("{shown}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}

/// Waits until the kernel has cleaned up the namespaces of the one before, which it does in the background; gives the
/// seconds that took. Its workers say in their names what they are at.
pub(crate) fn settle() -> f64 {
    let started = Instant::now();
    let mut last_busy = 0.0;
    let mut quiet = 0;
    while quiet < 3 && started.elapsed() < Duration::from_secs(30) {
        let busy = std::fs::read_dir("/proc").into_iter().flatten().flatten().any(|process| {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            name.trim_end().ends_with("+netns")
        });
        quiet = if busy { 0 } else { quiet + 1 };
        if busy {
            last_busy = started.elapsed().as_secs_f64();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    last_busy
}

/// The best of several: what else a machine does only ever adds.
pub(crate) fn best(times: impl IntoIterator<Item = f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
