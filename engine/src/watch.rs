//! What tells that something of a running lab has changed: the kernel of its links, addresses and routes, of its files, of
//! its processes. Only that there is a reason to look; what has changed is for whoever looks.
//!
//! Deliberately absent: any kind. Kernel settings and databases tell nobody; who cares looks from time to time.

use crate::error::Error;
use crate::kinds::Watched;
use crate::linux::netlink::Monitor;
use crate::linux::{netns, process};
use crate::machine::Machine;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// All that is watched.
pub struct Watcher {
    monitors: Vec<Monitor>,
    /// Of the lab's hosts.
    paths: Paths,
    /// Of the machine.
    files: Paths,
    processes: Vec<OwnedFd>,
}

/// Why to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Something of the lab has changed.
    Lab,
    /// A file of the machine has.
    File,
    /// Nothing is known of; the time is up.
    Time,
}

impl Watcher {
    /// Watches the network of the lab and of every host, what the kinds ask for, and these files of the machine.
    pub(crate) fn new(
        machine: &Machine,
        watched: impl Iterator<Item = Watched>,
        files: &[PathBuf],
    ) -> Result<Self, Error> {
        let failed = |error| Error::caused("watch the lab", error);
        let hosts = machine.hosts()?;
        let mut monitors = vec![Monitor::open().map_err(failed)?];
        for netns in machine.netns(&hosts.iter().collect())?.values() {
            monitors.push(netns::with(netns.as_fd(), Monitor::open).and_then(|made| made).map_err(failed)?);
        }
        let mut paths = Paths::new()?;
        let mut processes = Vec::new();
        let mut of_hosts: BTreeMap<_, BTreeSet<PathBuf>> = BTreeMap::new();
        for watched in watched {
            match watched {
                Watched::Path(Some(host), path) => {
                    of_hosts.entry(host).or_default().insert(path.as_path().to_owned());
                }
                Watched::Path(None, path) => {
                    for host in &hosts {
                        of_hosts.entry(host.clone()).or_default().insert(path.as_path().to_owned());
                    }
                }
                // One that does not run is found by looking.
                Watched::Process(name) => processes.extend(machine.client().pidfd(&name)),
            }
        }
        for (host, of_host) in of_hosts {
            // Without a process nobody is there to change a file.
            if machine.opened(&host).is_some() {
                machine.on_host(&host, || of_host.iter().try_for_each(|path| paths.add(path)))??;
            }
        }
        let mut own = Paths::new()?;
        files.iter().try_for_each(|file| own.add(file))?;
        Ok(Self { monitors, paths, files: own, processes })
    }

    /// Whether a file of the machine has changed since this was last asked or waited for: for one that is given up for another.
    pub fn heard_of_files(&self) -> bool {
        self.files.drain()
    }

    /// Waits until there is a reason to look, at most until the deadline.
    ///
    /// # Errors
    /// The kernel refuses to wait.
    pub fn wait(&self, deadline: Instant) -> Result<Reason, Error> {
        loop {
            let mut all: Vec<PollFd<'_>> = [self.files.inotify.as_fd(), self.paths.inotify.as_fd()]
                .into_iter()
                .chain(self.monitors.iter().map(AsFd::as_fd))
                .chain(self.processes.iter().map(AsFd::as_fd))
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
                .collect();
            match poll(&mut all, process::timeout(Some(deadline))) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::caused("wait for changes", errno)),
            }
            let process = all.iter().skip(2 + self.monitors.len()).any(|it| it.any() == Some(true));
            // All are heard, so that one change is one reason.
            let network = self.monitors.iter().filter(|monitor| monitor.drain()).count() > 0;
            let (file, path) = (self.files.drain(), self.paths.drain());
            if file {
                return Ok(Reason::File);
            }
            if process || network || path {
                return Ok(Reason::Lab);
            }
            if Instant::now() >= deadline {
                return Ok(Reason::Time);
            }
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("monitors", &self.monitors.len()).finish_non_exhaustive()
    }
}

/// Files that are watched by their names in their directories, so that they may be replaced, and may not be there.
struct Paths {
    inotify: Inotify,
    names: BTreeMap<WatchDescriptor, BTreeSet<OsString>>,
}

impl Paths {
    fn new() -> Result<Self, Error> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
            .map_err(|errno| Error::caused("watch files", errno))?;
        Ok(Self { inotify, names: BTreeMap::new() })
    }

    /// Adds one, as the calling thread sees it. A directory that is not there yet is not watched.
    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let flags = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVE;
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        match self.inotify.add_watch(directory, flags) {
            Ok(watch) => {
                self.names.entry(watch).or_default().insert(name.to_owned());
                Ok(())
            }
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(()),
            Err(errno) => Err(Error::caused(format!("watch `{}`", path.display()), errno)),
        }
    }

    /// Forgets what happened so far; whether it was about one of the files.
    fn drain(&self) -> bool {
        let mut heard = false;
        while let Ok(events) = self.inotify.read_events() {
            heard |= events.iter().any(|event| match (&event.name, self.names.get(&event.wd)) {
                (Some(name), Some(names)) => names.contains(name),
                // Of the directory itself, or more than could be kept.
                (None, _) => true,
                (Some(_), None) => false,
            });
        }
        heard
    }
}
