//! The supervisor: pid 1 of a lab. It holds namespaces, starts daemons, watches, restarts and reaps them, and knows no
//! kinds. It has one thread and no state of its own on disk: when it ends, the kernel ends everything it held.
//!
//! This file is how it comes to be; `serve.rs` is what it then does.

mod connection;
mod daemon;
mod daemons;
mod gate;
mod guard;
mod host;
mod hosts;
mod log;
mod notices;
mod serve;
mod shutdown;
mod skeleton;
mod table;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::poll::PollTimeout;
use nix::sys::stat::{Mode, umask};

use super::client::send_all;
use super::directory::{LabDirectory, SOCKET};
use super::error::{Error, Failure};
use super::idmap::IdMap;
use super::protocol::{Progress, encode};
use crate::fault;
use crate::linux::process::Fork;
use crate::linux::{self, Error as KernelError, mount, namespace, netns, process, socket};
use shutdown::Tether;
use skeleton::Skeleton;

/// The command of the binary that leads to [`main`].
pub const COMMAND: &str = "supervise";

/// Where the machine's directories are made once more, in the lab's directory.
const SKELETON: &str = "skeleton";

/// What the hidden command is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Be the supervisor of the lab.
    Run,
    /// The same, as long as whoever started it lives; then remove the lab's directory.
    Hold,
    /// Remove the lab's directory, in the lab's id map.
    Remove,
}

/// Which ids the lab has; [`IdMap`] without the numbers, which only the command that starts it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    Root,
    Range,
    Single,
}

impl Task {
    pub(super) fn word(self) -> &'static str {
        match self {
            Task::Run => "run",
            Task::Hold => "hold",
            Task::Remove => "remove",
        }
    }
}

impl Ids {
    pub(super) fn of(map: &IdMap) -> Ids {
        match map {
            IdMap::Root => Ids::Root,
            IdMap::Range { .. } => Ids::Range,
            IdMap::Single { .. } => Ids::Single,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Ids::Root => "root",
            Ids::Range => "range",
            Ids::Single => "single",
        }
    }
}

struct Arguments {
    task: Task,
    ids: Ids,
    lab: String,
    path: PathBuf,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Arguments> {
        let task = arguments.next()?;
        let task = [Task::Run, Task::Hold, Task::Remove].into_iter().find(|known| task == known.word())?;
        let ids = arguments.next()?;
        let ids = [Ids::Root, Ids::Range, Ids::Single].into_iter().find(|known| ids == known.word())?;
        let lab = arguments.next()?.into_string().ok()?;
        let path = PathBuf::from(arguments.next()?);
        arguments.next().is_none().then_some(Arguments { task, ids, lab, path })
    }
}

/// The command `topo supervise`, given the words after it. Only [`super::start`] calls it; standard input is the socket
/// to the process that did. Returns in processes that are not the supervisor, and when it could not begin.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(arguments) = Arguments::read(arguments) else { return ExitCode::FAILURE };
    let Ok(control) = take_control() else { return ExitCode::FAILURE };
    match begin(&arguments, &control) {
        Ok(Some(never)) => match never {},
        Ok(None) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&control, &Progress::Failed { failure });
            ExitCode::FAILURE
        }
    }
}

/// Standard input is the socket; what is started later gets `/dev/null` there.
fn take_control() -> linux::Result<UnixStream> {
    let failed = |source| KernelError::new("take over", "standard input", source);
    process::close_from(3)?;
    let standard = process::take_standard(0);
    let control = standard.try_clone().map_err(failed)?;
    let null = File::open("/dev/null").map_err(failed)?;
    process::redirect(null.as_fd(), 0)?;
    // Number 0 stays open.
    let _ = standard.into_raw_fd();
    Ok(control.into())
}

fn begin(arguments: &Arguments, control: &UnixStream) -> Result<Option<std::convert::Infallible>, Failure> {
    process::restore_signals();
    process::forget_caller();
    // A process that leads its group already keeps its session.
    let _ = nix::unistd::setsid();
    umask(Mode::from_bits_truncate(0o022));
    let directory = LabDirectory::at(arguments.path.clone(), &arguments.lab).map_err(failure_of)?;
    let skeleton = match (arguments.task, arguments.ids) {
        // Read while the machine's owners can still be seen.
        (Task::Run | Task::Hold, Ids::Range | Ids::Single) => Some(Skeleton::read()),
        (Task::Run | Task::Hold, Ids::Root) | (Task::Remove, _) => None,
    };
    if arguments.ids != Ids::Root {
        namespace::unshare(namespace::USER)?;
        tell(control, &Progress::Map);
        let mut control = control;
        control.read_exact(&mut [0]).map_err(|source| KernelError::new("wait for", "the id map", source))?;
        process::become_user(0, 0)?;
    }
    match arguments.task {
        Task::Remove => {
            directory.remove_here().map_err(failure_of)?;
            tell(control, &Progress::Ready);
            Ok(None)
        }
        Task::Run | Task::Hold => {
            fault::point("supervisor: mapped");
            namespace::unshare(namespace::HOST)?;
            fault::point("supervisor: unshared");
            match process::fork()? {
                Fork::Parent(_) => Ok(None),
                Fork::Child => supervise(arguments, control, directory, skeleton).map(Some),
            }
        }
    }
}

/// As pid 1: makes itself at home, says that it is ready, and serves.
fn supervise(
    arguments: &Arguments,
    control: &UnixStream,
    directory: LabDirectory,
    skeleton: Option<Skeleton>,
) -> Result<std::convert::Infallible, Failure> {
    process::set_name(&format!("topo:{}", arguments.lab));
    mount::make_private()?;
    mount::proc(Path::new("/proc"))?;
    // Where the machine's own `/sys` is restricted the kernel refuses a new one; nothing of ours depends on it.
    let _ = mount::sysfs(Path::new("/sys"));
    nix::unistd::sethostname(&arguments.lab)
        .map_err(|errno| KernelError::new("set the host name", &arguments.lab, errno))?;
    netns::no_duplicate_address_detection()?;
    netns::loopback_up()?;
    let open_files = process::raise_open_files()?;
    let _lock = lock(&directory)?;
    fault::point("supervisor: locked");
    let place = directory.path().join(SKELETON);
    let alone = skeleton.as_ref().map(|skeleton| skeleton.write(&place)).transpose()?.unwrap_or_default();
    let below = skeleton.map(|_| place);
    let listener = listen(directory.descriptor())?;
    fault::point("supervisor: listens");
    let user_namespace = arguments.ids != Ids::Root;
    let layers = host::Layers { user_namespace, below, alone };
    let place = directory.descriptor().try_clone_to_owned();
    let place = place.map_err(|source| KernelError::new("watch", directory.path().display(), source))?;
    let mut supervisor = serve::Supervisor::new(listener, place, layers, open_files)?;
    tell(control, &Progress::Ready);
    fault::point("supervisor: ready");
    match arguments.task {
        Task::Hold => {
            let control = control.try_clone();
            let control = control.map_err(|source| KernelError::new("hold", "a lab", source))?;
            supervisor.tie(Tether { control, directory });
        }
        // The other end closes its side; ours goes with the next `exec` or `close_from`, and is of no use to anybody.
        Task::Run | Task::Remove => drop(control.shutdown(std::net::Shutdown::Both)),
    }
    supervisor.serve()
}

/// Only one supervisor per directory. The one before may still be ending.
fn lock(directory: &LabDirectory) -> Result<Flock<File>, Failure> {
    let path = directory.path().display();
    let file = directory.descriptor().try_clone_to_owned();
    let mut file = File::from(file.map_err(|source| KernelError::new("lock", path, source))?);
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, Errno::EWOULDBLOCK)) if Instant::now() < deadline => file = back,
            Err((_, errno)) => {
                return Err(KernelError::new("lock", directory.path().display(), errno).into());
            }
        }
        let _ = nix::poll::poll(&mut [], PollTimeout::from(10_u8));
    }
}

fn listen(directory: BorrowedFd<'_>) -> Result<UnixListener, Failure> {
    let before = umask(Mode::from_bits_truncate(0o177));
    let listener = socket::listen_at(directory, SOCKET);
    umask(before);
    Ok(listener?)
}

/// If nobody listens any more there is nobody to tell.
fn tell(control: &UnixStream, progress: &Progress) {
    let _ = encode(progress, 0).and_then(|frame| send_all(control, &frame, &[]));
}

/// The wire form of an error of our own making.
fn failure_of(error: Error) -> Failure {
    match error {
        Error::Kernel(error) => error.into(),
        other => Failure::Refused { reason: other.to_string() },
    }
}
