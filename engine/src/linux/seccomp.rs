//! Filters of system calls, and hearing of those that do not pass: a process that makes one waits until somebody with
//! the listener says what becomes of it.

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::str::FromStr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde::{Deserialize, Serialize};
use syscalls::Sysno;

use super::{Error, Result, process};

/// The number of a system call.
pub fn number(name: &str) -> Option<i64> {
    Sysno::from_str(name).ok().map(|call| i64::from(call.id()))
}

/// The name of a system call; its number where it has none.
pub fn name(number: i64) -> String {
    let known = usize::try_from(number).ok().and_then(Sysno::new);
    known.map_or_else(|| format!("system call {number}"), |call| call.name().to_owned())
}

/// Every name there is on this machine.
pub fn names() -> impl Iterator<Item = &'static str> {
    Sysno::iter().map(|call| call.name())
}

/// Whether the kernel tells of calls that do not pass.
pub fn is_supported() -> bool {
    let actions = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    actions.split_whitespace().any(|action| action == "user_notif")
}

/// Which system calls pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pass {
    /// Only those that are listed.
    Listed,
    /// All but those.
    Others,
}

/// A filter, ready for the kernel.
pub struct Filter(BpfProgram);

/// What the kernel does with a call that is to be told.
const TELL: u32 = libc::SECCOMP_RET_USER_NOTIF;

impl Filter {
    /// Calls that do not pass are told.
    pub fn new(listed: &BTreeSet<i64>, pass: Pass) -> Result<Filter> {
        /// Stands for [`TELL`], which the compiler of filters has no word for.
        const STAND_IN: SeccompAction = SeccompAction::Trace(0);
        let failed =
            |error: String| Error::new("make a filter of", "system calls", std::io::Error::other(error));
        let rules = listed.iter().map(|number| (*number, Vec::new())).collect();
        let (unlisted, matched) = match pass {
            Pass::Listed => (STAND_IN, SeccompAction::Allow),
            Pass::Others => (SeccompAction::Allow, STAND_IN),
        };
        let machine = std::env::consts::ARCH.try_into().map_err(|error| failed(format!("{error}")))?;
        let filter = SeccompFilter::new(rules, unlisted, matched, machine);
        let program: std::result::Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
        let mut program = program.map_err(|error| failed(error.to_string()))?;
        for step in &mut program {
            if step.code == (libc::BPF_RET | libc::BPF_K) as u16 && step.k == u32::from(STAND_IN) {
                step.k = TELL;
            }
        }
        Ok(Filter(program))
    }

    /// From now on the calls of this process, and of all that descends from it, go through the filter, and none of them
    /// gains rights by executing a file. Gives the number of the descriptor that calls are told by.
    fn install(&self) -> Result<RawFd> {
        let failed = |errno: Errno| Error::new("filter", "system calls", errno);
        nix::sys::prctl::set_no_new_privs().map_err(failed)?;
        let length = libc::c_ushort::try_from(self.0.len()).map_err(|_| failed(Errno::E2BIG))?;
        let program = libc::sock_fprog { len: length, filter: self.0.as_ptr().cast_mut().cast() };
        let (set, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        // SAFETY: the kernel copies the program, which has the layout it expects and outlives the call.
        let answer = unsafe { libc::syscall(libc::SYS_seccomp, set, flags, &raw const program) };
        RawFd::try_from(answer).ok().filter(|number| *number >= 0).ok_or_else(|| failed(Errno::last()))
    }
}

/// How a process hands the listener of its filter to its parent, made before the fork: not by system calls, since they go
/// through the filter already, but in memory that both see.
pub struct Handover(NonNull<AtomicI32>);

/// What is in that memory besides the number of a descriptor.
const NOTHING_YET: i32 = -1;
const TAKEN: i32 = -2;

impl Handover {
    /// Memory for one handover.
    pub fn new() -> Result<Handover> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: asks for new memory, wherever it is; it is never given back, and so outlives every use.
        let place = unsafe { libc::mmap(std::ptr::null_mut(), size_of::<AtomicI32>(), access, kind, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(Error::last("share", "memory with a child"));
        }
        let place = NonNull::new(place.cast::<AtomicI32>());
        let handover = Handover(place.ok_or_else(|| Error::last("share", "memory with a child"))?);
        handover.word().store(NOTHING_YET, Ordering::Release);
        Ok(handover)
    }

    fn word(&self) -> &AtomicI32 {
        // SAFETY: the memory is there for ever, is aligned, and holds a plain number.
        unsafe { self.0.as_ref() }
    }

    /// In the child: installs the filter and waits until the parent has the listener.
    pub fn give(&self, filter: &Filter) -> Result<()> {
        // A parent that has ended has taken this process along.
        self.word().store(filter.install()?, Ordering::Release);
        while self.word().load(Ordering::Acquire) != TAKEN {
            std::hint::spin_loop();
        }
        Ok(())
    }

    /// In the parent: the listener, once the child has it; `None` where the child ends before.
    pub fn take(&self, child: Pid) -> Result<Option<Listener>> {
        let pidfd = process::pidfd_open(child)?;
        loop {
            let number = self.word().load(Ordering::Acquire);
            if number >= 0 {
                // SAFETY: takes plain numbers and gives a new descriptor.
                let taken = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0) };
                let listener = match RawFd::try_from(taken) {
                    // SAFETY: the kernel has just made it for us alone.
                    Ok(fd) if fd >= 0 => Ok(Some(Listener(unsafe { OwnedFd::from_raw_fd(fd) }))),
                    _ => Err(Error::last("take", "the listener of a filter")),
                };
                self.word().store(TAKEN, Ordering::Release);
                return listener;
            }
            if process::wait_until_ended(std::os::fd::AsFd::as_fd(&pidfd), Duration::from_millis(1))? {
                return Ok(None);
            }
        }
    }
}

/// Where calls are told.
pub struct Listener(OwnedFd);

/// A call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    id: u64,
    /// Who makes it: a thread of this process's pid namespace.
    pub thread: Pid,
    /// The system call's number.
    pub number: i64,
    /// What is in the registers for arguments, whether it takes so many or not.
    pub arguments: [u64; 6],
    /// Where in the program.
    pub program_counter: u64,
}

nix::ioctl_readwrite! {
    /// `SECCOMP_IOCTL_NOTIF_RECV`.
    receive, b'!', 0, libc::seccomp_notif
}
nix::ioctl_readwrite! {
    /// `SECCOMP_IOCTL_NOTIF_SEND`.
    send, b'!', 1, libc::seccomp_notif_resp
}

impl Listener {
    /// The next call; `None` where its process is gone.
    pub fn next(&self) -> Option<Call> {
        // SAFETY: plain data for which all zeroes is valid, and what the kernel wants to find.
        let mut told: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes at most the structure, which outlives the call.
        unsafe { receive(self.0.as_raw_fd(), &raw mut told) }.ok()?;
        Some(Call {
            id: told.id,
            thread: Pid::from_raw(told.pid.cast_signed()),
            number: told.data.nr.into(),
            arguments: told.data.args,
            program_counter: told.data.instruction_pointer,
        })
    }

    /// Lets it be carried out.
    pub fn let_pass(&self, call: &Call) {
        self.answer(call, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32);
    }

    /// Has it fail.
    pub fn refuse(&self, call: &Call, errno: Errno) {
        self.answer(call, -(errno as i32), 0);
    }

    /// One whose process is gone needs no answer.
    fn answer(&self, call: &Call, error: i32, flags: u32) {
        let mut answer = libc::seccomp_notif_resp { id: call.id, val: 0, error, flags };
        // SAFETY: the kernel reads the structure, which outlives the call.
        let _ = unsafe { send(self.0.as_raw_fd(), &raw mut answer) };
    }
}

impl std::os::fd::AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_calls_have_names() {
        assert_eq!(number("ptrace"), Some(libc::SYS_ptrace));
        assert_eq!(number("ptrase"), None);
        assert_eq!(name(libc::SYS_mount), "mount");
        assert_eq!(name(100_000), "system call 100000");
        assert!(names().any(|name| name == "openat"));
    }

    #[test]
    fn what_does_not_pass_is_told() {
        let told = |filter: &Filter| filter.0.iter().filter(|step| step.k == TELL).count();
        let listed = BTreeSet::from([libc::SYS_ptrace, libc::SYS_mount]);
        assert_eq!(told(&Filter::new(&listed, Pass::Others).unwrap()), 2);
        assert!(told(&Filter::new(&listed, Pass::Listed).unwrap()) > 0);
    }
}
