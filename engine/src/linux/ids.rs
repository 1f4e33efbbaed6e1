//! The ids that an ordinary user may give to others: `/etc/subuid`, `/etc/subgid`, and the tools that use them.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::BorrowedFd;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Consecutive ids of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// One line of a user namespace's map, as `/proc/PID/uid_map` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdMapping {
    /// The first id inside.
    pub inside: u32,
    /// What it is outside.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

impl IdMapping {
    /// Reads `INSIDE OUTSIDE COUNT`.
    pub fn read(text: &str) -> Option<IdMapping> {
        let numbers: Vec<u32> =
            text.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [inside, outside, count] = numbers[..] else { return None };
        let fits = inside.checked_add(count - count.min(1)).is_some()
            && outside.checked_add(count - count.min(1)).is_some();
        (count > 0 && fits).then_some(IdMapping { inside, outside, count })
    }
}

impl fmt::Display for IdMapping {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.inside, self.outside, self.count)
    }
}

/// The ids of this process's user namespace (`uid_map` or `gid_map`), each as itself.
pub fn own(file: &str) -> Vec<IdMapping> {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let lines = text.lines().filter_map(IdMapping::read);
    lines.map(|line| IdMapping { outside: line.inside, ..line }).collect()
}

/// Gives a process that has just made its user namespace these ids. `proc` is the `/proc` that shows the process, open.
pub fn give(proc: BorrowedFd<'_>, pid: Pid, file: &str, map: &[IdMapping]) -> Result<()> {
    let path = format!("{pid}/{file}");
    let failed = |source: std::io::Error| Error::new("write", format!("/proc/{path}"), source);
    let lines: Vec<String> = map.iter().map(IdMapping::to_string).collect();
    let opened = openat(proc, path.as_str(), OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty());
    let mut file = File::from(opened.map_err(|errno| failed(errno.into()))?);
    // The kernel takes all of it at once or nothing.
    file.write_all(lines.join("\n").as_bytes()).map_err(failed)
}

/// The tools that may set a map of more than one id.
pub const TOOLS: [&str; 2] = ["/usr/bin/newuidmap", "/usr/bin/newgidmap"];

/// The ranges that a file like `/etc/subuid` gives to this user, by name or by number.
pub fn subordinate(file: &str, user: u32) -> Vec<IdRange> {
    let name = nix::unistd::User::from_uid(user.into()).ok().flatten().map(|entry| entry.name);
    // No file, or one that cannot be read, gives no range.
    fs::read_to_string(file).map(|text| ranges(&text, name.as_deref(), user)).unwrap_or_default()
}

fn ranges(text: &str, name: Option<&str>, user: u32) -> Vec<IdRange> {
    let number = user.to_string();
    let mut found = Vec::new();
    for line in text.lines() {
        let mut fields = line.trim().split(':');
        let owner = fields.next();
        let first = fields.next().and_then(|field| field.parse().ok());
        let count = fields.next().and_then(|field| field.parse().ok());
        if let (Some(owner), Some(first), Some(count)) = (owner, first, count)
            && (Some(owner) == name || owner == number)
            && count > 0
        {
            found.push(IdRange { first, count });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_map_is_read() {
        let line = IdMapping { inside: 0, outside: 1000, count: 2 };
        assert_eq!(IdMapping::read(" 0   1000 2"), Some(line));
        assert_eq!(IdMapping::read(&line.to_string()), Some(line));
        assert_eq!(IdMapping::read("0 0 4294967295").map(|line| line.count), Some(u32::MAX));
        for wrong in ["", "0 1", "0 1 0", "0 1 2 3", "0 x 1", "-1 0 1", "4294967295 0 2"] {
            assert_eq!(IdMapping::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ranges_are_found_by_name_and_by_number() {
        let text = "alice:100000:65536\nbob:165536:65536\n1000:300000:10\nbroken\nalice:x:1\nalice:5:0\n";
        let found = ranges(text, Some("alice"), 1000);
        assert_eq!(found, [IdRange { first: 100_000, count: 65_536 }, IdRange { first: 300_000, count: 10 }]);
        assert!(ranges(text, Some("carol"), 1002).is_empty());
    }
}
