//! Entering and leaving namespaces. All of this acts on the calling thread; who may call it is the caller's care.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;

use nix::sched::CloneFlags;
use nix::unistd::Pid;

use super::{Error, Result};

/// The flags of `unshare` and `setns`.
pub type Namespaces = CloneFlags;

/// Every sort of namespace.
pub fn all() -> Namespaces {
    WORDS.iter().fold(Namespaces::empty(), |all, (_, one)| all | *one)
}

/// What a host has of its own once a process runs there.
pub const HOST: Namespaces = CloneFlags::CLONE_NEWNS
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// The time namespace. Entered by whoever makes it only with its first child, as a pid namespace is.
pub const TIME: Namespaces = CloneFlags::from_bits_retain(0x80);

/// The view of the file system alone.
pub const MOUNT: Namespaces = CloneFlags::CLONE_NEWNS;

/// The user namespace alone.
pub const USER: Namespaces = CloneFlags::CLONE_NEWUSER;

/// Moves the calling thread into new namespaces.
pub fn unshare(namespaces: Namespaces) -> Result<()> {
    nix::sched::unshare(namespaces)
        .map_err(|errno| Error::new("make new namespaces", names(namespaces), errno))
}

/// Gives the calling thread its own working directory and root, as `setns` into a mount namespace demands.
pub fn unshare_directory() -> Result<()> {
    nix::sched::unshare(CloneFlags::CLONE_FS)
        .map_err(|errno| Error::new("separate", "the thread's working directory", errno))
}

/// Moves the calling thread into the namespaces of the process behind this pidfd (or the namespace behind this fd).
/// A pid namespace takes effect for the next child only.
pub fn enter(target: BorrowedFd<'_>, namespaces: Namespaces) -> Result<()> {
    nix::sched::setns(target, namespaces)
        .map_err(|errno| Error::new("enter the namespaces", names(namespaces), errno))
}

/// Has the time namespace that the calling thread has just made begin with clocks ahead by so many seconds.
pub fn set_clocks(monotonic: i64, boottime: i64) -> Result<()> {
    let offsets = format!("monotonic {monotonic} 0\nboottime {boottime} 0\n");
    super::netns::write_proc("/proc/self/timens_offsets", &offsets)
}

/// Whether the kernel has namespaces of this sort.
pub fn is_known(word: &str) -> bool {
    inode(Pid::this(), word).is_some()
}

/// The words for a set of namespaces: `user, mount, net`.
pub fn names(namespaces: Namespaces) -> String {
    let words: Vec<&str> =
        WORDS.iter().filter(|(_, flag)| namespaces.contains(*flag)).map(|(word, _)| *word).collect();
    words.join(", ")
}

/// The namespace behind a word of `--namespaces`, if it is one.
pub fn from_name(name: &str) -> Option<Namespaces> {
    WORDS.iter().find(|(word, _)| *word == name).map(|(_, flag)| *flag)
}

/// The inode of the namespace of this sort that a process is in: those who share one have the same.
pub fn inode(pid: Pid, word: &str) -> Option<u64> {
    let file = if word == "mount" { "mnt" } else { word };
    std::fs::metadata(format!("/proc/{pid}/ns/{file}")).ok().map(|namespace| namespace.ino())
}

/// Of those that not every host has of its own (`user`, `cgroup`, `time`): the ones in which the process behind this pidfd
/// is and the calling one is not.
pub fn others_of(pidfd: BorrowedFd<'_>) -> Result<Namespaces> {
    let path = format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd());
    let text = std::fs::read_to_string(&path).map_err(|source| Error::new("read", &path, source))?;
    let pid = text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok());
    let pid = Pid::from_raw(pid.unwrap_or_default());
    let differs = |word: &str| inode(pid, word).is_some_and(|there| Some(there) != inode(Pid::this(), word));
    let sorts = ["user", "cgroup", "time"].into_iter().filter(|word| differs(word));
    Ok(sorts.filter_map(from_name).fold(Namespaces::empty(), Namespaces::union))
}

/// Every sort of namespace, by its word.
pub const WORDS: [(&str, Namespaces); 8] = [
    ("user", CloneFlags::CLONE_NEWUSER),
    ("mount", CloneFlags::CLONE_NEWNS),
    ("pid", CloneFlags::CLONE_NEWPID),
    ("net", CloneFlags::CLONE_NEWNET),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("ipc", CloneFlags::CLONE_NEWIPC),
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
    ("time", TIME),
];
