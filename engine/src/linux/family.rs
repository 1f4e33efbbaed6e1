//! Who descends from whom: a process that inherits the orphans of those below it, and the table of all processes.

use std::fs;

use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Error, Result, process};

/// One process, as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its pid in the reader's pid namespace.
    pub pid: Pid,
    /// Who gets its end; 0 where that is nobody here.
    pub parent: Pid,
    /// When it started, in clock ticks since boot, as in field 22 of `/proc/PID/stat`.
    pub started: u64,
}

/// Makes this process the one that those who descend from it fall to when their parents end.
pub fn inherit_orphans() -> Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
        .map_err(|errno| Error::new("inherit", "the orphans of a process", errno))
}

/// The pids of a process's children, in the reader's pid namespace.
pub fn children(parent: Pid) -> Vec<Pid> {
    let text = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}

/// Kills every child of this process; gives the names of those that had not ended.
pub fn kill_children() -> Vec<String> {
    let mut killed = Vec::new();
    for child in children(Pid::this()) {
        killed.extend(name(child).filter(|_| !has_ended(child)));
        // It is not reaped, so the number is its own.
        let _ = kill(child, Signal::SIGKILL);
    }
    killed
}

fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

/// Reaps a child that has ended; `None` where none has, and an error where there are no children.
pub fn reap_child() -> nix::Result<Option<WaitStatus>> {
    match waitpid(None, Some(WaitPidFlag::WNOHANG))? {
        WaitStatus::StillAlive => Ok(None),
        status => Ok(Some(status)),
    }
}

/// Ends as another process did, by the same code or the same signal, without a core.
pub fn end_by_signal(number: i32) -> ! {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    process::restore_signals();
    match Signal::try_from(number) {
        Ok(signal) => drop(raise(signal)),
        // SAFETY: takes plain numbers.
        Err(_) => drop(unsafe { libc::raise(number) }),
    }
    process::exit_now(128 + number)
}

/// Blocks every signal, so that each waits until it is asked for.
pub fn block_all() -> Result<SigSet> {
    let all = SigSet::all();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&all), None)
        .map(|()| all)
        .map_err(|errno| Error::new("block", "all signals", errno))
}

/// Where they are asked for.
pub fn signals() -> Result<SignalFd> {
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    SignalFd::with_flags(&block_all()?, flags).map_err(|errno| Error::new("watch", "all signals", errno))
}

/// All processes of this pid namespace and of those below it, by pid.
pub fn table() -> Vec<Entry> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut all: Vec<Entry> = pids.filter_map(|pid| entry(Pid::from_raw(pid))).collect();
    all.sort_by_key(|entry| entry.pid);
    all
}

/// A process of the table, its parent, and so on up.
pub fn ancestry(table: &[Entry], pid: Pid) -> impl Iterator<Item = Pid> + '_ {
    let parent = |pid: &Pid| {
        let place = table.binary_search_by_key(pid, |entry| entry.pid).ok()?;
        Some(table[place].parent).filter(|parent| parent.as_raw() > 0)
    };
    std::iter::successors(Some(pid), parent)
}

/// `None` for one that has ended meanwhile.
fn entry(pid: Pid) -> Option<Entry> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
    let parent = Pid::from_raw(fields.next()?.parse().ok()?);
    Some(Entry { pid, parent, started: fields.nth(17)?.parse().ok()? })
}

/// A process's pid in its own pid namespace.
pub fn own_pid(pid: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let own = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().last()?;
    own.parse().ok().map(Pid::from_raw)
}

/// A process's command line, or its name where it has none.
pub fn command(pid: Pid) -> Option<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let command = words.join(" ").trim().to_owned();
    if command.is_empty() { name(pid) } else { Some(command) }
}

/// The process that a thread is one of.
pub fn leader(thread: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    let leader = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
    leader.trim().parse().ok().map(Pid::from_raw)
}

/// A process's name, as `ps` shows it.
pub fn name(pid: Pid) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_this_process_and_its_parent() {
        let table = table();
        let own = table.iter().find(|entry| entry.pid == Pid::this()).unwrap();
        assert_eq!(own.parent, Pid::parent());
        assert_eq!(Some(own.started), process::started(Pid::this()));
        let ancestors: Vec<Pid> = ancestry(&table, Pid::this()).take(2).collect();
        assert_eq!(ancestors, [Pid::this(), Pid::parent()]);
        assert_eq!(own_pid(Pid::this()), Some(Pid::this()));
        assert!(command(Pid::this()).unwrap().contains("topo_engine"));
    }
}
