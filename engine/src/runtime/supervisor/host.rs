//! A host's init: pid 1 of the host's pid namespace, a child of the supervisor. It mounts what the host sees, then does
//! nothing but exist; orphans on the host are its children, and the kernel reaps them for it.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

use super::super::error::Failure;
use super::super::isolation::Isolation;
use super::super::report::Report;
use super::super::spec::{HostView, Overlay};
use crate::linux::ids::{self, IdMapping};
use crate::linux::mount::OverlayMarks;
use crate::linux::process::Fork;
use crate::linux::{Error as KernelError, Result as KernelResult, files, mount, namespace, netns, process};

/// What is made in an empty `/run`, because packaged programs expect it from the machine's start.
const RUN: [(&str, u32); 6] = [
    ("lock", 0o1777),
    ("sshd", 0o755),
    ("samba", 0o755),
    ("named", 0o755),
    ("user", 0o755),
    ("user/0", 0o700),
];

/// What the lab adds to every overlay.
pub(super) struct Layers {
    /// Whether the lab has a user namespace of its own.
    pub(super) user_namespace: bool,
    /// A directory with a layer to be put right above the machine's, for each target.
    pub(super) below: Option<PathBuf>,
    /// Targets for which that layer stands alone, because the machine's directory cannot be one.
    pub(super) alone: Vec<PathBuf>,
}

/// In a process just forked from the supervisor: makes the host's namespaces and its init in them.
pub(super) fn be_helper(
    host: &str,
    view: &HostView,
    netns: Option<BorrowedFd<'_>>,
    layers: &Layers,
    mut report: Report,
) -> ! {
    let begun = Giving::prepare(&view.isolation)
        .and_then(|(giving, socket)| Ok((separate(netns, &view.isolation)?, giving, socket)));
    match begun {
        Ok((Fork::Parent(pid), giving, socket)) => {
            drop(socket);
            report.born(pid);
            if let Err(error) = giving.give_to(pid) {
                report.fail(error.into());
            }
        }
        Ok((Fork::Child, giving, socket)) => {
            drop(giving);
            be_init(host, view, layers, socket, report)
        }
        Err(error) => report.fail(error.into()),
    }
    process::exit_now(0)
}

/// What the helper gives to the init of a host that has a user namespace of its own: only one outside of it can.
struct Giving {
    socket: UnixStream,
    /// The lab's: the init puts its own over it.
    proc: OwnedFd,
    maps: [(&'static str, Vec<IdMapping>); 2],
}

impl Giving {
    /// With the init's end of its socket.
    fn prepare(isolation: &Isolation) -> KernelResult<(Giving, UnixStream)> {
        let pair = UnixStream::pair();
        let (socket, theirs) =
            pair.map_err(|source| KernelError::new("make", "a pair of sockets", source))?;
        let said = isolation.user.clone().unwrap_or_default();
        let map = |file| (file, if said.is_empty() { ids::own(file) } else { said.clone() });
        let proc = files::open_directory(Path::new("/proc"))?;
        Ok((Giving { socket, proc, maps: [map("uid_map"), map("gid_map")] }, theirs))
    }

    /// Waits until the init has its user namespace; one that ends without has said why, or needs none.
    fn give_to(mut self, init: Pid) -> KernelResult<()> {
        if self.socket.read_exact(&mut [0]).is_err() {
            return Ok(());
        }
        for (file, map) in &self.maps {
            ids::give(self.proc.as_fd(), init, file, map)?;
        }
        let told = self.socket.write_all(&[0]);
        told.map_err(|source| KernelError::new("let go on", "the host's first process", source))
    }
}

fn separate(held: Option<BorrowedFd<'_>>, isolation: &Isolation) -> KernelResult<Fork> {
    match held {
        Some(held) => namespace::enter(held, CloneFlags::CLONE_NEWNET)?,
        None => {
            namespace::unshare(CloneFlags::CLONE_NEWNET)?;
            netns::no_duplicate_address_detection()?;
            netns::loopback_up()?;
        }
    }
    // The user namespace comes last: the host's mounts are not its own.
    namespace::unshare(isolation.namespaces().difference(CloneFlags::CLONE_NEWNET | namespace::USER))?;
    if let Some(clocks) = isolation.time {
        namespace::set_clocks(clocks.monotonic, clocks.boottime)?;
    }
    process::fork_sibling()
}

/// In the init: a user namespace of its own, of which it is root.
fn become_own_root(mut socket: UnixStream) -> KernelResult<()> {
    namespace::unshare(namespace::USER)?;
    let asked = socket.write_all(&[0]).and_then(|()| socket.read_exact(&mut [0]));
    asked.map_err(|source| KernelError::new("wait for", "the ids of the host", source))?;
    process::become_user(0, 0)?;
    process::let_look();
    Ok(())
}

fn be_init(host: &str, view: &HostView, layers: &Layers, socket: UnixStream, mut report: Report) -> ! {
    process::set_name(&format!("topo@{host}"));
    process::restore_signals();
    let done = process::reap_automatically().map_err(Failure::from).and_then(|()| {
        furnish(view, layers)?;
        if view.isolation.user.is_some() { Ok(become_own_root(socket)?) } else { Ok(()) }
    });
    if let Err(failure) = done {
        report.fail(failure);
        process::exit_now(1);
    }
    // Whoever waits for the birth waits until the last of these is closed.
    match process::close_from(3) {
        Ok(()) => process::sleep_for_ever(),
        Err(_) => process::exit_now(1),
    }
}

/// Mounts what the host sees.
fn furnish(view: &HostView, layers: &Layers) -> Result<(), Failure> {
    let kept = open_kept(&view.keep)?;
    for overlay in &view.overlays {
        put_over(overlay, &view.hostname, layers)?;
    }
    for (target, mode) in [("/run", 0o755), ("/tmp", 0o1777), ("/dev/shm", 0o1777)] {
        if Path::new(target).is_dir() {
            mount::tmpfs(Path::new(target), mode)?;
        }
    }
    for (name, mode) in RUN {
        files::make_directory(&Path::new("/run").join(name), mode)?;
    }
    for (path, directory) in kept {
        show_again(&path, &directory)?;
    }
    // Where the machine's own `/sys` is restricted the kernel refuses a new one, and the lab's stays.
    let _ = mount::sysfs(Path::new("/sys"));
    mount::proc(Path::new("/proc"))?;
    nix::unistd::sethostname(&view.hostname)
        .map_err(|errno| KernelError::new("set the host name", &view.hostname, errno))?;
    open_ports();
    Ok(())
}

/// Directories that what is mounted next may cover, by descriptor.
fn open_kept(keep: &[PathBuf]) -> KernelResult<Vec<(PathBuf, OwnedFd)>> {
    let opened = |path: &PathBuf| files::open_directory(path).map(|directory| (path.clone(), directory));
    keep.iter().map(opened).collect()
}

/// Binds a kept directory to its place if something else is seen there now.
fn show_again(path: &Path, directory: &OwnedFd) -> Result<(), Failure> {
    let itself = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
    let inode = |path: &Path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    if inode(path) == inode(&itself) {
        return Ok(());
    }
    files::make_directories(path, 0o755)?;
    Ok(mount::bind(&itself, path)?)
}

fn put_over(overlay: &Overlay, hostname: &str, layers: &Layers) -> Result<(), Failure> {
    files::make_directories(&overlay.upper, 0o755)?;
    files::make_directories(&overlay.work, 0o755)?;
    if overlay.target == Path::new("/etc") {
        prepare_etc(&overlay.upper, hostname)?;
    }
    let mut lower = overlay.lower.clone();
    if let Some(below) = &layers.below {
        let relative = overlay.target.strip_prefix("/").unwrap_or(&overlay.target);
        lower.insert(lower.len().saturating_sub(1), below.join(relative));
        if layers.alone.contains(&overlay.target) {
            lower.pop();
        }
    }
    lower.retain(|directory| directory.is_dir());
    let marks = if layers.user_namespace { OverlayMarks::User } else { OverlayMarks::Trusted };
    let Err(error) = mount::overlay(&overlay.target, &lower, &overlay.upper, &overlay.work, marks) else {
        return Ok(());
    };
    if error.errno() == Some(Errno::EINVAL as i32)
        && let Some(name) = mount::unfit_for_changes(&overlay.upper)?
    {
        return Err(Failure::StateOnOverlay { path: overlay.upper.clone(), file_system: name.to_string() });
    }
    Err(error.into())
}

/// The host's name, and an empty file instead of each link of the machine that leads into its `/run`.
fn prepare_etc(upper: &Path, hostname: &str) -> KernelResult<()> {
    files::replace(&upper.join("hostname"), format!("{hostname}\n").as_bytes(), 0o644)?;
    for name in ["hosts", "resolv.conf"].map(OsStr::new) {
        let ours = upper.join(name);
        let link = fs::read_link(Path::new("/etc").join(name));
        if link.is_ok() && fs::symlink_metadata(&ours).is_err() {
            files::replace(&ours, b"", 0o644)?;
        }
    }
    Ok(())
}

/// Lets daemons that give up root have any port, and everybody ping. Not every kernel lets us say so.
fn open_ports() {
    let _ = netns::write_proc("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    for groups in ["0 2147483647", "0 65535", "0 0"] {
        if netns::write_proc("/proc/sys/net/ipv4/ping_group_range", groups).is_ok() {
            return;
        }
    }
}
