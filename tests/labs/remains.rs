//! What a lab is made of, as the machine sees it from outside: processes, namespaces, mounts, links, files.
//! Found without asking the product: by the test's own directories in command lines and environments, then by namespace.

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Kinds of namespace, as `/proc` names them.
const KINDS: [&str; 6] = ["user", "mnt", "pid", "net", "uts", "ipc"];

/// What is in the directories of every test.
const EVERY_TEST: &str = "/topo-test/";

/// What is there of one test's labs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    /// Processes: id, start time in ticks, and command line.
    pub(crate) processes: BTreeMap<(i32, u64), String>,
    /// Namespaces other than the machine's: `net:[4026532281]`.
    pub(crate) namespaces: BTreeSet<String>,
    /// The test's own directories.
    directories: Vec<PathBuf>,
}

impl Traces {
    /// Every process that was started with one of `directories` in its command line or environment, what it holds,
    /// and all who share a namespace with it.
    pub(crate) fn of(directories: &[&Path]) -> Self {
        let machine = namespaces("self");
        let all = processes();
        let own = directories.iter().map(|directory| directory.to_path_buf()).collect();
        let mut traces = Self { directories: own, ..Self::default() };
        loop {
            let known = (traces.processes.len(), traces.namespaces.len());
            for &(pid, start) in &all {
                if traces.processes.contains_key(&(pid, start)) || pid == std::process::id().cast_signed() {
                    continue;
                }
                let mut own = namespaces(&pid.to_string());
                own.retain(|namespace| !machine.contains(namespace));
                if marked(pid, directories)
                    || own.iter().any(|namespace| traces.namespaces.contains(namespace))
                {
                    traces.processes.insert((pid, start), command_line(pid));
                    traces.namespaces.append(&mut own);
                    traces.namespaces.extend(held(pid).difference(&machine).cloned());
                }
            }
            if known == (traces.processes.len(), traces.namespaces.len()) {
                return traces;
            }
        }
    }

    /// Adds what was seen later.
    pub(crate) fn add(&mut self, later: Self) {
        self.processes.extend(later.processes);
        self.namespaces.extend(later.namespaces);
        self.directories = later.directories;
    }

    /// Ends every process of it that still runs.
    pub(crate) fn kill(&self) {
        for (pid, _) in processes().iter().filter(|process| self.processes.contains_key(process)) {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
    }

    /// Whether a process, or one it descends from, was started for another test.
    fn is_of_another(&self, pid: i32) -> bool {
        let own: Vec<&Path> = self.directories.iter().map(PathBuf::as_path).collect();
        std::iter::successors(Some(pid), |pid| parent(*pid))
            .find(|pid| marked(*pid, &[Path::new(EVERY_TEST)]))
            .is_some_and(|pid| !marked(pid, &own))
    }

    /// Whatever of it is still there, in words.
    pub(crate) fn left(&self, state: &Path) -> Vec<String> {
        let mut left = Vec::new();
        let now = processes();
        for (process, command) in &self.processes {
            if now.contains(process) {
                left.push(format!("process {} ({command})", process.0));
            }
        }
        for (pid, _) in &now {
            let mut holds = namespaces(&pid.to_string());
            holds.append(&mut held(*pid));
            // The kernel gives the number of a namespace that is gone to the next one, which may be another test's.
            for namespace in holds.intersection(&self.namespaces).filter(|_| !self.is_of_another(*pid)) {
                left.push(format!("namespace {namespace}, held by process {pid} ({})", command_line(*pid)));
            }
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        for mount in mounts.lines() {
            let of_namespace = self.namespaces.iter().any(|namespace| mount.contains(namespace.as_str()));
            if of_namespace || mount.contains(&*state.to_string_lossy()) {
                left.push(format!("mount {mount}"));
            }
        }
        files(state, &mut left);
        left
    }
}

/// The names of the machine's own network links.
pub(crate) fn links() -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir("/sys/class/net") else { return BTreeSet::new() };
    // The module of bonds has a file of its own among them.
    let links = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    links.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Ends every process that was started with one of `directories` in its command line or environment.
pub(crate) fn kill_marked(directories: &[&Path]) {
    for (pid, _) in processes() {
        if marked(pid, directories) && pid != std::process::id().cast_signed() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Ends every process of a user that only the tests have.
pub(crate) fn kill_user(uid: Uid) {
    for (pid, _) in processes() {
        if fs::metadata(format!("/proc/{pid}")).is_ok_and(|process| process.uid() == uid.as_raw()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Every process that is not yet dead, with its start time.
fn processes() -> BTreeSet<(i32, u64)> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeSet::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    pids.filter_map(|pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        if matches!(fields.first(), Some(&"Z" | &"X")) {
            return None;
        }
        Some((pid, fields.get(19)?.parse().ok()?))
    })
    .collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
    (parent > 1).then_some(parent)
}

/// Whether one of `directories` is in the command line of `pid` or in the environment it was started with.
fn marked(pid: i32, directories: &[&Path]) -> bool {
    ["cmdline", "environ"].iter().any(|file| {
        let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        directories.iter().any(|directory| text.contains(&*directory.to_string_lossy()))
    })
}

fn command_line(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned()
}

/// The namespaces a process is in.
fn namespaces(pid: &str) -> BTreeSet<String> {
    let links = KINDS.iter().filter_map(|kind| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok());
    links.map(|link| link.to_string_lossy().into_owned()).collect()
}

/// The namespaces a process keeps alive by open files.
fn held(pid: i32) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return BTreeSet::new() };
    let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    names.filter(|name| name.split_once(":[").is_some_and(|(kind, _)| KINDS.contains(&kind))).collect()
}

/// Every file below `directory`; empty directories are nobody's.
fn files(directory: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found),
            _ => found.push(format!("file {}", entry.path().display())),
        }
    }
}
