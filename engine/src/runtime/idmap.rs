//! Which ids a lab has: all of them as root, a range through `newuidmap` where `/etc/subuid` has one, else one.

use std::path::Path;
use std::thread;

use super::error::{Error, Result};
use crate::linux::ids::{self, IdRange};
use crate::linux::{self, netns, process};

/// The ids of a lab, and where they come from on the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdMap {
    /// Started by root: the machine's own ids, no user namespace.
    Root,
    /// Root in the lab is the user; the ids from 1 on are the user's subordinate ids.
    Range {
        /// The user.
        user: u32,
        /// The user's group.
        group: u32,
        /// Subordinate user ids.
        users: Vec<IdRange>,
        /// Subordinate group ids.
        groups: Vec<IdRange>,
    },
    /// Root in the lab is the user, and there is nobody else.
    Single {
        /// The user.
        user: u32,
        /// The user's group.
        group: u32,
    },
}

impl IdMap {
    /// The best map that this process can have.
    pub fn detect() -> IdMap {
        let user = nix::unistd::geteuid().as_raw();
        let group = nix::unistd::getegid().as_raw();
        if user == 0 {
            return IdMap::Root;
        }
        let tools = ids::TOOLS.iter().all(|tool| Path::new(tool).exists());
        let users = ids::subordinate("/etc/subuid", user);
        let groups = ids::subordinate("/etc/subgid", user);
        if tools && !users.is_empty() && !groups.is_empty() {
            IdMap::Range { user, group, users, groups }
        } else {
            IdMap::Single { user, group }
        }
    }

    /// How many user ids the lab has; `None` for all.
    pub fn users(&self) -> Option<u32> {
        match self {
            IdMap::Root => None,
            IdMap::Range { users, .. } => Some(1 + users.iter().map(|range| range.count).sum::<u32>()),
            IdMap::Single { .. } => Some(1),
        }
    }

    /// Gives this map to a process that has just made its user namespace.
    pub(super) fn give(&self, pid: u32) -> Result<()> {
        match self {
            IdMap::Root => Ok(()),
            IdMap::Single { user, group } => {
                netns::write_proc(&format!("/proc/{pid}/setgroups"), "deny")?;
                netns::write_proc(&format!("/proc/{pid}/uid_map"), &format!("0 {user} 1"))?;
                netns::write_proc(&format!("/proc/{pid}/gid_map"), &format!("0 {group} 1"))?;
                Ok(())
            }
            IdMap::Range { user, group, users, groups } => thread::scope(|scope| {
                let other = scope.spawn(|| run_tool("newgidmap", pid, *group, groups));
                let users = run_tool("newuidmap", pid, *user, users);
                let groups = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                users.and(groups)
            }),
        }
    }
}

fn run_tool(tool: &'static str, pid: u32, own: u32, ranges: &[IdRange]) -> Result<()> {
    let mut arguments = vec![pid.to_string(), "0".into(), own.to_string(), "1".into()];
    let mut inside = 1;
    for range in ranges {
        arguments.extend([inside, range.first, range.count].map(|number| number.to_string()));
        inside += range.count;
    }
    let path = format!("/usr/bin/{tool}");
    let output = process::command(&path)
        .args(arguments)
        .output()
        .map_err(|source| linux::Error::new("run", &path, source))?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_string();
    Err(Error::IdMap { tool, message })
}
