//! Processes: fork, execute, signal, wait. A process is known by its pidfd; a bare pid is used only by its parent, before
//! it is reaped.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid};

use super::namespace::Namespaces;
use super::{Error, Result};

/// The two sides of a fork.
pub enum Fork {
    /// In the new process.
    Child,
    /// In the old one.
    Parent(Pid),
}

/// A command of the standard library, for programs that need nothing special.
#[expect(clippy::disallowed_methods, reason = "this is where processes are started")]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// Has the command run as this user, in a session of its own, with nothing of its caller's, and die with the thread that
/// started it. Before it becomes that user it enters `namespaces` of the process behind the pidfd, which a process with
/// threads cannot.
pub fn alone<'c>(
    command: &'c mut Command,
    (uid, gid): (u32, u32),
    target: BorrowedFd<'_>,
    namespaces: Namespaces,
) -> &'c mut Command {
    let parent = std::process::id();
    let target = target.as_raw_fd();
    let prepare = move || {
        restore_signals();
        forget_caller();
        umask(Mode::from_bits_truncate(0o022));
        close_on_exec_from(3).map_err(|error| error.source)?;
        nix::unistd::setsid()?;
        if !namespaces.is_empty() {
            // SAFETY: whoever starts the command keeps it open until then.
            nix::sched::setns(unsafe { BorrowedFd::borrow_raw(target) }, namespaces)?;
        }
        change_user(uid, gid)?;
        // Changing the user would undo this, so it comes last.
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died before the line above; from a new pid namespace it is seen as 0.
        let seen = nix::unistd::getppid().as_raw().unsigned_abs();
        if seen == parent || seen == 0 { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: only system calls that are safe after a fork, and no allocation.
    unsafe { command.pre_exec(prepare) }
}

/// Forks. Only for a process with one thread, which is checked: the child may do all that its parent could.
pub fn fork() -> Result<Fork> {
    single_threaded()?;
    // SAFETY: the process has one thread, so no lock is held by another.
    match unsafe { nix::unistd::fork() } {
        Ok(nix::unistd::ForkResult::Child) => Ok(Fork::Child),
        Ok(nix::unistd::ForkResult::Parent { child }) => Ok(Fork::Parent(child)),
        Err(errno) => Err(Error::new("start", "a process", errno)),
    }
}

/// Forks a sibling: the new process is a child of this one's parent, in the pid namespace entered last.
pub fn fork_sibling() -> Result<Fork> {
    single_threaded()?;
    let flags = libc::c_long::from(libc::CLONE_PARENT | libc::SIGCHLD);
    // SAFETY: without a stack and without sharing memory this is a fork; the process has one thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match i32::try_from(pid) {
        Ok(0) => Ok(Fork::Child),
        Ok(pid) if pid > 0 => Ok(Fork::Parent(Pid::from_raw(pid))),
        _ => Err(Error::last("start", "a process beside this one")),
    }
}

fn single_threaded() -> Result<()> {
    // Has no effect in a process with one thread, and is refused in any other.
    // SAFETY: takes a plain number.
    if unsafe { libc::unshare(libc::CLONE_THREAD) } == 0 {
        return Ok(());
    }
    Err(Error::last("fork", "a process with more than one thread"))
}

/// Ends the process at once, without running anything at exit.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: never returns and touches no memory.
    unsafe { libc::_exit(code) }
}

/// A descriptor for the process, which must be a child not yet reaped, or this process itself.
pub fn pidfd_open(pid: Pid) -> Result<OwnedFd> {
    // SAFETY: takes plain numbers and gives a new descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    match RawFd::try_from(fd) {
        // SAFETY: the kernel has just made it for us alone.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Error::last("open a pidfd of", format!("process {pid}"))),
    }
}

/// Sends a signal; a process that has ended is fine.
pub fn signal(pidfd: BorrowedFd<'_>, signal: Signal) -> Result<()> {
    send_signal(pidfd, signal as i32)
}

/// The same, by number.
pub fn send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> Result<()> {
    let null = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the null pointer is allowed and means the default information.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, null, 0) };
    if answer == 0 || Errno::last() == Errno::ESRCH {
        return Ok(());
    }
    Err(Error::last("send a signal", format!("{signal} to a process")))
}

/// Waits until the process has ended, at most this long; `false` when it has not.
pub fn wait_until_ended(pidfd: BorrowedFd<'_>, limit: Duration) -> Result<bool> {
    let deadline = Instant::now() + limit;
    loop {
        let mut watched = [PollFd::new(pidfd, PollFlags::POLLIN)];
        match poll(&mut watched, timeout(Some(deadline))) {
            Ok(0) if Instant::now() >= deadline => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(errno) => return Err(Error::new("wait for", "a process", errno)),
        }
    }
}

/// The time until a deadline as `poll` takes it, rounded up; none is for ever.
pub fn timeout(deadline: Option<Instant>) -> PollTimeout {
    let Some(deadline) = deadline else { return PollTimeout::NONE };
    let left = deadline.saturating_duration_since(Instant::now());
    let milliseconds = left.as_millis() + u128::from(left.subsec_nanos() % 1_000_000 != 0);
    PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
}

/// Kills every process of the group that this process leads, itself included; it must be a child not yet reaped.
pub fn kill_group(leader: Pid) {
    // There may be nobody left, which is what is wanted.
    let _ = nix::sys::signal::killpg(leader, Signal::SIGKILL);
}

/// Waits for a child to change: `None` when it only may have.
pub fn wait_for(child: Pid, flags: WaitPidFlag) -> Result<WaitStatus> {
    loop {
        match waitpid(child, Some(flags)) {
            Err(Errno::EINTR) => {}
            other => return other.map_err(|errno| Error::new("wait for", format!("process {child}"), errno)),
        }
    }
}

/// When a process started, in clock ticks since boot.
pub fn started(pid: Pid) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Leaves behind what a process has from its caller besides descriptors, variables and signals: the session keyring, where
/// tickets may be, and the personality that a debugger gave it.
pub fn forget_caller() {
    /// `KEYCTL_JOIN_SESSION_KEYRING`.
    const JOIN: libc::c_long = 1;
    // SAFETY: a null pointer asks for a new keyring without a name. A kernel without keyrings has nothing to leave behind.
    unsafe { libc::syscall(libc::SYS_keyctl, JOIN, std::ptr::null::<libc::c_char>()) };
    // SAFETY: takes a plain number.
    unsafe { libc::personality(0) };
}

/// Gives every signal its default action and blocks none. Without the C library, which hides two of them.
pub fn restore_signals() {
    /// What the kernel takes, all zeroes: the default action, no flags, an empty mask.
    const DEFAULT: [u64; 4] = [0; 4];
    let null = std::ptr::null_mut::<u64>();
    for signal in 1..=64 {
        // SAFETY: the kernel reads at most the size of `DEFAULT`; it refuses KILL and STOP, which need no change.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, DEFAULT.as_ptr(), null, 8) };
    }
    // Cannot fail with these arguments.
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}

/// Has the kernel reap this process's children, and those it inherits.
pub fn reap_automatically() -> Result<()> {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: ignoring runs no code of ours.
    unsafe { sigaction(Signal::SIGCHLD, &ignore) }
        .map(drop)
        .map_err(|errno| Error::new("ignore", "the ends of children", errno))
}

/// Lets those look at this process who may look at any of its user: a process that has changed its user is shut otherwise.
pub fn let_look() {
    // Only a help to those who look.
    let _ = nix::sys::prctl::set_dumpable(true);
}

/// Waits for signals for ever.
pub fn sleep_for_ever() -> ! {
    loop {
        nix::unistd::pause();
    }
}

/// Has this process killed when its parent ends.
pub fn die_with_parent() -> Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|errno| Error::new("tie", "a process to its parent", errno))
}

/// The name that `ps` shows, cut to 15 bytes.
pub fn set_name(name: &str) {
    let bytes: Vec<u8> = name.bytes().filter(|byte| *byte != 0).take(15).collect();
    if let Ok(name) = CString::new(bytes) {
        // Only a help to those who look.
        let _ = nix::sys::prctl::set_name(&name);
    }
}

/// Closes every descriptor from this one on.
pub fn close_from(first: RawFd) -> Result<()> {
    let first = libc::c_uint::try_from(first).unwrap_or(3);
    // SAFETY: the caller gives up all descriptors from here on; nothing that owns one is used afterwards.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    if answer == 0 { Ok(()) } else { Err(Error::last("close", "inherited descriptors")) }
}

/// Closes every descriptor from this one on but these.
pub fn close_all_but(first: RawFd, kept: &[BorrowedFd<'_>]) -> Result<()> {
    let mut numbers: Vec<RawFd> =
        kept.iter().map(AsRawFd::as_raw_fd).filter(|number| *number >= first).collect();
    numbers.sort_unstable();
    let mut from = first;
    for number in numbers {
        if from < number {
            close_range(from, number - 1)?;
        }
        from = number + 1;
    }
    close_from(from)
}

fn close_range(first: RawFd, last: RawFd) -> Result<()> {
    let [first, last] = [first, last].map(i32::cast_unsigned);
    // SAFETY: the caller gives up these descriptors; nothing that owns one is used afterwards.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if answer == 0 { Ok(()) } else { Err(Error::last("close", "inherited descriptors")) }
}

/// Marks every descriptor from this one on to be closed by `exec`.
pub fn close_on_exec_from(first: RawFd) -> Result<()> {
    let first = libc::c_uint::try_from(first).unwrap_or(3);
    // SAFETY: changes flags only.
    let answer =
        unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if answer == 0 { Ok(()) } else { Err(Error::last("mark", "descriptors to be closed")) }
}

/// Makes `target` (0, 1, 2 or a number that nothing owns) another name of this descriptor.
pub fn redirect(descriptor: BorrowedFd<'_>, target: RawFd) -> Result<()> {
    // SAFETY: what was behind `target` is given up on purpose.
    let answer = unsafe { libc::dup2(descriptor.as_raw_fd(), target) };
    if answer >= 0 { Ok(()) } else { Err(Error::last("redirect", format!("descriptor {target}"))) }
}

/// Makes these the descriptors from this number on, which whatever is executed has; gives how many.
pub fn put_from(first: RawFd, descriptors: &[BorrowedFd<'_>]) -> Result<RawFd> {
    let failed = |source| Error::new("pass on", "descriptors", source);
    // Out of the way of each other first.
    let count = RawFd::try_from(descriptors.len()).unwrap_or(RawFd::MAX);
    let moved: std::result::Result<Vec<RawFd>, Errno> = descriptors
        .iter()
        .map(|descriptor| fcntl(descriptor, FcntlArg::F_DUPFD_CLOEXEC(first + count)))
        .collect();
    for (target, number) in (first..).zip(moved.map_err(failed)?) {
        // SAFETY: what was behind `target` is given up on purpose; `number` has just been made.
        if unsafe { libc::dup2(number, target) } < 0 {
            return Err(Error::last("pass on", "descriptors"));
        }
    }
    Ok(count)
}

/// Descriptor 0, 1 or 2 as something owned, for the one who takes it over.
pub fn take_standard(number: RawFd) -> OwnedFd {
    // SAFETY: the standard descriptors are open in every process of ours, and the caller takes this one over.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Becomes this user and group, without further groups. Where further groups may not be given up (one id only) they
/// stay, which matters to nobody: there is no other id.
pub fn become_user(uid: u32, gid: u32) -> Result<()> {
    change_user(uid, gid).map_err(|errno| Error::new("become", format!("user {uid}, group {gid}"), errno))
}

fn change_user(uid: u32, gid: u32) -> nix::Result<()> {
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(gid));
    match nix::unistd::setgroups(&[group]) {
        Err(Errno::EPERM) if uid == 0 && gid == 0 => {}
        other => other?,
    }
    nix::unistd::setresgid(group, group, group)?;
    nix::unistd::setresuid(user, user, user)
}

/// Raises the limit of open files as far as it goes; gives the limit before.
pub fn raise_open_files() -> Result<u64> {
    let limit = Resource::RLIMIT_NOFILE;
    let (soft, hard) =
        getrlimit(limit).map_err(|errno| Error::new("read", "the limit of open files", errno))?;
    setrlimit(limit, hard, hard)
        .map(|()| soft)
        .map_err(|errno| Error::new("raise", "the limit of open files", errno))
}

/// Sets the limit of open files, for programs that do something for every number below it.
pub fn limit_open_files(soft: u64) -> Result<()> {
    let limit = Resource::RLIMIT_NOFILE;
    getrlimit(limit)
        .and_then(|(_, hard)| setrlimit(limit, soft.min(hard), hard))
        .map_err(|errno| Error::new("set", "the limit of open files", errno))
}

/// Limits a resource of this process and of those it starts; what is limited further already stays so.
pub fn limit(resource: Resource, value: u64) -> Result<()> {
    getrlimit(resource)
        .and_then(|(_, hard)| setrlimit(resource, value.min(hard), value.min(hard)))
        .map_err(|errno| Error::new("limit", format!("{resource:?} to {value}"), errno))
}

/// Becomes another program with exactly this environment. A program without `/` is searched in its `PATH`. Returns only
/// when it failed.
pub fn execute(argv: &[String], env: &BTreeMap<String, String>) -> io::Error {
    let strings = || -> io::Result<(Vec<CString>, Vec<CString>)> {
        let arguments =
            argv.iter().map(|word| CString::new(word.as_str())).collect::<std::result::Result<_, _>>()?;
        let pairs = env.iter().map(|(name, value)| CString::new(format!("{name}={value}")));
        Ok((arguments, pairs.collect::<std::result::Result<_, _>>()?))
    };
    let (arguments, environment) = match strings() {
        Ok(strings) => strings,
        Err(error) => return error,
    };
    let Some(program) = argv.first().filter(|program| !program.is_empty()) else {
        return io::ErrorKind::InvalidInput.into();
    };
    if program.contains('/') {
        return try_execute(&arguments[0], &arguments, &environment).into();
    }
    let mut error = Errno::ENOENT;
    for directory in env.get("PATH").map_or("", String::as_str).split(':').filter(|part| !part.is_empty()) {
        let Ok(path) = CString::new(Path::new(directory).join(program).into_os_string().into_encoded_bytes())
        else {
            continue;
        };
        match try_execute(&path, &arguments, &environment) {
            Errno::ENOENT | Errno::ENOTDIR => {}
            // Another directory may have one that can be executed.
            Errno::EACCES => error = Errno::EACCES,
            other => return other.into(),
        }
    }
    error.into()
}

fn try_execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> Errno {
    match nix::unistd::execve(path, arguments, environment) {
        Ok(never) => match never {},
        Err(errno) => errno,
    }
}
