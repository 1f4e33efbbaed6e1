//! A machine for one test alone: processes, mounts, links, `/run` and `/tmp` of its own, so that all of it can be compared
//! before and after, whatever else runs on the real one.

use crate::run::{Outcome, run};
use crate::stage::Actor;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What is pid 1 there: it makes the place, says so, and reaps whatever is left to it.
const INIT: &str =
    "mount -t tmpfs none /run && mount -t tmpfs -o mode=1777 none /tmp && ip link set lo up && echo ready
while :; do sleep 0.1; done";

/// The machine; it ends, with all that runs there, when this goes.
pub(crate) struct Sandbox {
    /// The process that made its namespaces and stays outside of the one for processes.
    maker: Child,
}

impl Sandbox {
    /// Makes one.
    pub(crate) fn new() -> Result<Self, String> {
        let mut maker = Command::new("unshare")
            .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", INIT])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("start unshare: {error}"))?;
        let mut said = [0; 6];
        let stdout = maker.stdout.as_mut().ok_or("no output of the sandbox")?;
        stdout.read_exact(&mut said).map_err(|error| format!("make a sandbox: {error}"))?;
        Ok(Self { maker })
    }

    /// Runs `topo` there as `actor`, with these variables besides its own.
    pub(crate) fn topo(
        &self,
        actor: &Actor,
        arguments: &[&str],
        variables: &[(&str, String)],
    ) -> Result<Outcome, String> {
        let mut command = actor.command_within(&self.entrance(), "topo");
        command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
        run(command, &format!("topo {}", arguments.join(" ")), Duration::from_secs(60))
    }

    /// All that can be seen of the machine, a line for each thing; of the files those in `directories`.
    pub(crate) fn snapshot(&self, directories: &[&Path]) -> Result<BTreeSet<String>, String> {
        let mut seen = BTreeSet::new();
        let proc = self.path("/proc");
        for entry in fs::read_dir(&proc).map_err(|error| error.to_string())?.flatten() {
            if entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
                process(&entry.path(), &mut seen);
            }
        }
        let mounts = fs::read_to_string(proc.join("1/mountinfo")).map_err(|error| error.to_string())?;
        // Without the numbers: `42 27 0:37 / /proc …`.
        seen.extend(
            mounts.lines().map(|line| format!("mount {}", line.splitn(4, ' ').last().unwrap_or(line))),
        );
        for what in ["link", "address", "route", "rule", "neighbour"] {
            let mut entrance = self.entrance();
            entrance.extend(["ip".to_owned(), "-o".to_owned(), what.to_owned()]);
            let (program, arguments) = entrance.split_first().ok_or("no way in")?;
            let mut command = Command::new(program);
            command.args(arguments);
            let found = run(command, &format!("ip -o {what}"), Duration::from_secs(10))?;
            seen.extend(found.stdout.lines().map(|line| format!("{what} {line}")));
        }
        for directory in directories.iter().copied().chain([Path::new("/run"), Path::new("/tmp")]) {
            files(&self.path(&directory.to_string_lossy()), directory, &mut seen);
        }
        Ok(seen)
    }

    /// Ends the supervisors that run there; says whether there was one.
    pub(crate) fn kill_supervisors(&self) -> bool {
        let mut found = false;
        let entries = fs::read_dir(self.path("/proc")).into_iter().flatten().flatten();
        for pid in entries.filter_map(|entry| entry.file_name().to_string_lossy().parse::<i32>().ok()) {
            let words = fs::read(self.path(&format!("/proc/{pid}/cmdline"))).unwrap_or_default();
            if words.starts_with(b"topo\0supervise\0") {
                let mut entrance = self.entrance();
                entrance.extend(["kill".to_owned(), "-KILL".to_owned(), pid.to_string()]);
                found |= entrance.split_first().is_some_and(|(program, arguments)| {
                    Command::new(program).args(arguments).status().is_ok_and(|status| status.success())
                });
            }
        }
        found
    }

    /// A path of that machine, as it is found from here.
    fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.maker.id()))
    }

    /// The command that enters it, to be followed by another one.
    fn entrance(&self) -> Vec<String> {
        let namespace = |name: &str| format!("/proc/{}/ns/{name}", self.maker.id());
        vec![
            "nsenter".to_owned(),
            format!("--mount={}", namespace("mnt")),
            format!("--net={}", namespace("net")),
            format!("--pid={}", namespace("pid_for_children")),
            "--".to_owned(),
        ]
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.maker.kill();
        let _ = self.maker.wait();
    }
}

/// One process, dead ones and those of the sandbox itself left out, with the namespaces that it keeps alive.
fn process(path: &Path, seen: &mut BTreeSet<String>) {
    let words = fs::read(path.join("cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words).replace('\0', " ");
    if words.is_empty() || words.starts_with("sleep 0.1") {
        return;
    }
    seen.insert(format!("process {words}"));
    let links =
        ["ns", "fd"].iter().flat_map(|held| fs::read_dir(path.join(held)).into_iter().flatten().flatten());
    let names = links.filter_map(|entry| fs::read_link(entry.path()).ok());
    seen.extend(
        names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| name.contains(":[") && !name.starts_with("socket") && !name.starts_with("pipe")),
    );
}

/// Every file and directory below `path`, which is called `name`: owner, mode, size and contents.
fn files(path: &Path, name: &Path, seen: &mut BTreeSet<String>) {
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    let contents = if meta.is_file() { fs::read(path).unwrap_or_default() } else { Vec::new() };
    let sum = contents.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let (mode, owner) = (meta.permissions().mode(), (meta.uid(), meta.gid()));
    seen.insert(format!("file {} {mode:o} {owner:?} {} {sum:x}", name.display(), contents.len()));
    if meta.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            files(&entry.path(), &name.join(entry.file_name()), seen);
        }
    }
}
