//! What a host has of its own besides what every host has: namespaces.

use serde::{Deserialize, Serialize};

use crate::linux::ids::IdMapping;
use crate::linux::namespace::{self, Namespaces};
use nix::sched::CloneFlags;

/// What a host has of its own besides what every host has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// A user namespace with these ids; all of the lab's under the same numbers where none are said.
    #[serde(default)]
    pub user: Option<Vec<IdMapping>>,
    /// A cgroup namespace: what its processes see is all there is.
    #[serde(default)]
    pub cgroup: bool,
    /// A time namespace.
    #[serde(default)]
    pub time: Option<Clocks>,
}

/// How far clocks are ahead of the machine's, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// Of `CLOCK_MONOTONIC`.
    pub monotonic: i64,
    /// Of `CLOCK_BOOTTIME`, which is the host's uptime.
    pub boottime: i64,
}

impl Isolation {
    /// All namespaces that the host has of its own.
    pub fn namespaces(&self) -> Namespaces {
        let more = [
            (self.user.is_some(), namespace::USER),
            (self.cgroup, CloneFlags::CLONE_NEWCGROUP),
            (self.time.is_some(), namespace::TIME),
        ];
        more.into_iter().filter(|(wanted, _)| *wanted).fold(namespace::HOST, |all, (_, one)| all | one)
    }
}
