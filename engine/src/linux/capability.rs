//! Capabilities: the rights of root in pieces. A process gets exactly those it is given, and whatever it executes has no
//! others.

use std::collections::BTreeSet;

use nix::errno::Errno;
use nix::libc;
use nix::unistd::{Gid, Uid};

use super::{Error, Result};

/// Every capability by its name, in the kernel's order: the place is the number.
pub const NAMES: [&str; 41] = [
    "chown",
    "dac-override",
    "dac-read-search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux-immutable",
    "net-bind-service",
    "net-broadcast",
    "net-admin",
    "net-raw",
    "ipc-lock",
    "ipc-owner",
    "sys-module",
    "sys-rawio",
    "sys-chroot",
    "sys-ptrace",
    "sys-pacct",
    "sys-admin",
    "sys-boot",
    "sys-nice",
    "sys-resource",
    "sys-time",
    "sys-tty-config",
    "mknod",
    "lease",
    "audit-write",
    "audit-control",
    "setfcap",
    "mac-override",
    "mac-admin",
    "syslog",
    "wake-alarm",
    "block-suspend",
    "audit-read",
    "perfmon",
    "bpf",
    "checkpoint-restore",
];

/// The number of a capability, written as here or as in `capabilities(7)`.
pub fn number(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let name = name.strip_prefix("cap-").unwrap_or(&name);
    NAMES.iter().position(|known| *known == name).and_then(|place| u8::try_from(place).ok())
}

/// Becomes this user and group, as [`super::process::become_user`] does, and keeps exactly these capabilities, also in the
/// programs it executes.
pub fn become_user_with(uid: u32, gid: u32, kept: &BTreeSet<u8>) -> Result<()> {
    let failed = |errno: Errno| Error::new("give up", "capabilities", errno);
    for other in (0..=63).filter(|number| !kept.contains(number)) {
        match control(libc::PR_CAPBSET_DROP, other.into(), 0) {
            // The kernel knows no more of them.
            Err(Errno::EINVAL) => break,
            other => other.map_err(failed)?,
        }
    }
    control(libc::PR_SET_KEEPCAPS, 1, 0).map_err(failed)?;
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(gid));
    super::process::become_user(user.as_raw(), group.as_raw())?;
    set(kept).map_err(|errno| Error::new("keep", "capabilities", errno))?;
    for number in kept {
        let raise = libc::PR_CAP_AMBIENT_RAISE as libc::c_ulong;
        control(libc::PR_CAP_AMBIENT, raise, (*number).into())
            .map_err(|errno| Error::new("keep", "capabilities", errno))?;
    }
    Ok(())
}

/// Makes these the permitted, effective and inheritable ones of this process.
fn set(kept: &BTreeSet<u8>) -> nix::Result<()> {
    /// `_LINUX_CAPABILITY_VERSION_3`, of this process.
    const HEADER: [u32; 2] = [0x2008_0522, 0];
    let mask = kept.iter().fold(0_u64, |mask, number| mask | 1 << number);
    let half = |shift: u32| ((mask >> shift) & u64::from(u32::MAX)) as u32;
    let data = [[half(0); 3], [half(32); 3]];
    // SAFETY: the kernel reads a header and two sets of three words, which outlive the call.
    let answer = unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), data.as_ptr()) };
    if answer == 0 { Ok(()) } else { Err(Errno::last()) }
}

fn control(option: libc::c_int, first: libc::c_ulong, second: libc::c_ulong) -> nix::Result<()> {
    let none: libc::c_ulong = 0;
    // SAFETY: these options take plain numbers.
    let answer = unsafe { libc::prctl(option, first, second, none, none) };
    if answer >= 0 { Ok(()) } else { Err(Errno::last()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_have_the_kernels_numbers() {
        for (name, expected) in [
            ("chown", Some(0)),
            ("CAP_NET_BIND_SERVICE", Some(10)),
            ("net-admin", Some(12)),
            ("sys_admin", Some(21)),
            ("checkpoint-restore", Some(40)),
            ("fly", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
