//! What this machine can do for labs, found out by trying in namespaces that are thrown away. Data only: each probe has
//! a name, an outcome, and the command that cures it.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::wait::WaitPidFlag;

use super::mount::OverlayMarks;
use super::process::Fork;
use super::{Error, Result, ids, links, mount, namespace, netns, process};

/// One thing a machine can or cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What was tried: `user namespaces`.
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
}

/// How a probe went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Works,
    /// It does not.
    Missing {
        /// What was found instead.
        found: String,
        /// The command that cures it, if a command can.
        cure: Option<String>,
        /// What a lab cannot have without it.
        costs: &'static str,
    },
}

/// Everything a lab may need, for the user of this process, which must have one thread.
pub fn probes() -> Result<Vec<Probe>> {
    let user = nix::unistd::geteuid().as_raw();
    let mut probes = Vec::new();
    if user != 0 {
        probes.push(Probe { name: "user namespaces", outcome: user_namespaces()? });
        probes.push(Probe { name: "id range", outcome: id_range(user) });
    }
    if let Some(Probe { outcome: Outcome::Missing { .. }, .. }) = probes.first() {
        // Nothing else can be tried.
        return Ok(probes);
    }
    probes.extend(trials(user)?);
    Ok(probes)
}

/// Which of these kinds of links the kernel has, found out by making one of each where it is thrown away. The process
/// must have one thread.
pub fn has_links(kinds: &[&str]) -> Result<Vec<bool>> {
    // Most want to be told more than that it should be one, and say so with other numbers.
    has(kinds, |kind| links::make(kind).is_err_and(|error| error.errno() == Some(nix::libc::EOPNOTSUPP)))
}

/// The same for queueing disciplines.
pub fn has_qdiscs(kinds: &[&str]) -> Result<Vec<bool>> {
    has(kinds, |kind| links::queue(kind).is_err_and(|error| error.errno() == Some(nix::libc::ENOENT)))
}

/// Which of `kinds` the kernel has: those that it does not refuse as unknown in a network namespace that is thrown away.
fn has(kinds: &[&str], is_unknown: impl Fn(&str) -> bool) -> Result<Vec<bool>> {
    let (user, group) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    let found = told(|| {
        let entered = own_user(user, group).and_then(|()| namespace::unshare(CloneFlags::CLONE_NEWNET));
        let answer = |kind: &&str| if is_unknown(kind) { "no " } else { "yes " };
        entered.map_or_else(|error| line(&error), |()| kinds.iter().map(answer).collect())
    })?;
    let answers: Vec<bool> = found.split_whitespace().map(|word| word == "yes").collect();
    if answers.len() == kinds.len() && found.split_whitespace().all(|word| word == "yes" || word == "no") {
        return Ok(answers);
    }
    Err(Error::new("try", "what the kernel has", io::Error::other(found)))
}

/// Switches by which systems forbid user namespaces to ordinary users: file, the value that forbids, and the cure.
const SWITCHES: [(&str, &str, &str); 3] = [
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
];

fn user_namespaces() -> Result<Outcome> {
    let costs = "labs without root";
    for (file, forbids, cure) in SWITCHES {
        let value = fs::read_to_string(Path::new("/proc/sys").join(file)).unwrap_or_default();
        if value.trim() == forbids {
            let found = format!("`{}` is {forbids}", file.replace('/', "."));
            return Ok(Outcome::Missing { found, cure: Some(cure.into()), costs });
        }
    }
    let found =
        told(|| namespace::unshare(namespace::USER).map_or_else(|error| line(&error), |()| String::new()))?;
    if found.is_empty() {
        return Ok(Outcome::Works);
    }
    // A limit counts in every user namespace around this one, which cannot all be seen from here.
    let limit = found.contains(Errno::ENOSPC.desc());
    let cure = limit.then(|| "sudo sysctl -w user.max_user_namespaces=100000".to_string());
    Ok(Outcome::Missing { found, cure, costs })
}

/// What `attempt` says, in a process of its own that ends afterwards and takes along what it made.
fn told(attempt: impl FnOnce() -> String) -> Result<String> {
    let failed = |source: io::Error| Error::new("try", "what this machine can do", source);
    let (mut reading, mut writing) = io::pipe().map_err(failed)?;
    match process::fork()? {
        Fork::Child => {
            drop(reading);
            let _ = writing.write_all(attempt().as_bytes());
            process::exit_now(0)
        }
        Fork::Parent(child) => {
            drop(writing);
            let mut told = String::new();
            reading.read_to_string(&mut told).map_err(failed)?;
            process::wait_for(child, WaitPidFlag::empty())?;
            Ok(told)
        }
    }
}

/// Whether labs of this user have more than one user id.
pub fn id_range(user: u32) -> Outcome {
    if user == 0 {
        return Outcome::Works;
    }
    let costs = "sshd, PostgreSQL and SMB without root: they need more than one user id";
    if let Some(tool) = ids::TOOLS.iter().find(|tool| !Path::new(tool).exists()) {
        let cure = Some("sudo apt-get install uidmap".to_string());
        return Outcome::Missing { found: format!("there is no `{tool}`"), cure, costs };
    }
    for file in ["/etc/subuid", "/etc/subgid"] {
        if ids::subordinate(file, user).is_empty() {
            let entry = nix::unistd::User::from_uid(user.into()).ok().flatten();
            let name = entry.map_or_else(|| user.to_string(), |entry| entry.name);
            let range = "100000-165535";
            let cure = format!("sudo usermod --add-subuids {range} --add-subgids {range} {name}");
            let found = format!("`{file}` has no range for `{name}`");
            return Outcome::Missing { found, cure: Some(cure), costs };
        }
    }
    Outcome::Works
}

/// A thing to try in fresh namespaces.
struct Trial {
    name: &'static str,
    attempt: fn(OverlayMarks) -> Result<()>,
    cure: Option<&'static str>,
    costs: &'static str,
}

const TRIALS: [Trial; 4] = [
    Trial {
        name: "proc",
        attempt: |_| mount::proc(Path::new("/proc")),
        cure: None,
        costs: "any lab: in a container, `/proc` must not be masked",
    },
    Trial {
        name: "overlay",
        attempt: try_overlay,
        cure: Some("sudo modprobe overlay"),
        costs: "hosts with processes",
    },
    Trial {
        name: "bridge",
        attempt: |_| links::make("bridge"),
        cure: Some("sudo modprobe bridge"),
        costs: "networks",
    },
    Trial {
        name: "veth",
        attempt: |_| links::make("veth"),
        cure: Some("sudo modprobe veth"),
        costs: "networks",
    },
];

fn try_overlay(marks: OverlayMarks) -> Result<()> {
    let place = Path::new("/tmp");
    mount::tmpfs(place, 0o755)?;
    let [lower, upper, work, target] = ["lower", "upper", "work", "target"].map(|name| place.join(name));
    for directory in [&lower, &upper, &work, &target] {
        super::files::make_directory(directory, 0o755)?;
    }
    mount::overlay(&target, &[lower], &upper, &work, marks)
}

/// Tries each in a process with namespaces of its own, which ends afterwards and takes them along.
fn trials(user: u32) -> Result<Vec<Probe>> {
    let group = nix::unistd::getegid().as_raw();
    // A line for each trial; what is not written has not worked.
    told(|| attempt_all(user, group).unwrap_or_else(|error| line(&error))).map(|report| outcomes(&report))
}

/// In a child: a line for each trial, empty where it worked.
fn attempt_all(user: u32, group: u32) -> Result<String> {
    let marks = if user == 0 { OverlayMarks::Trusted } else { OverlayMarks::User };
    own_user(user, group)?;
    namespace::unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID)?;
    mount::make_private()?;
    // A pid namespace, and so its `/proc`, is for children.
    let (mut reading, mut writing) = io::pipe().map_err(|source| Error::new("make", "a pipe", source))?;
    match process::fork()? {
        Fork::Child => {
            for trial in &TRIALS {
                let line = (trial.attempt)(marks).map_or_else(|error| line(&error), |()| String::new());
                let _ = writeln!(writing, "{line}");
            }
            process::exit_now(0)
        }
        Fork::Parent(_) => {
            drop(writing);
            let mut report = String::new();
            reading
                .read_to_string(&mut report)
                .map_err(|source| Error::new("read from", "a new process", source))?;
            Ok(report)
        }
    }
}

/// Becomes the root of a user namespace, except for root.
fn own_user(user: u32, group: u32) -> Result<()> {
    if user != 0 {
        namespace::unshare(namespace::USER)?;
        netns::write_proc("/proc/self/setgroups", "deny")?;
        netns::write_proc("/proc/self/uid_map", &format!("0 {user} 1"))?;
        netns::write_proc("/proc/self/gid_map", &format!("0 {group} 1"))?;
    }
    Ok(())
}

fn line(error: &Error) -> String {
    format!("{error}: {}", error.source).replace('\n', " ")
}

fn outcomes(report: &str) -> Vec<Probe> {
    let mut lines = report.lines();
    // With fewer lines than trials the last line says why it ended early.
    let mut last = "it was not tried";
    let mut probes = Vec::new();
    for trial in &TRIALS {
        let found = lines.next().inspect(|line| last = line).unwrap_or(last);
        let outcome = if found.is_empty() {
            Outcome::Works
        } else {
            let cure = trial.cure.map(str::to_string);
            Outcome::Missing { found: found.to_string(), cure, costs: trial.costs }
        };
        probes.push(Probe { name: trial.name, outcome });
    }
    probes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_ends_early_is_missing() {
        let all = outcomes("\n\n\n\n");
        assert!(all.iter().all(|probe| probe.outcome == Outcome::Works));
        let none = outcomes("cannot make new namespaces user: Operation not permitted");
        assert_eq!(none.len(), TRIALS.len());
        assert!(none.iter().all(
            |probe| matches!(&probe.outcome, Outcome::Missing { found, .. } if found.contains("not permitted"))
        ));
    }
}
