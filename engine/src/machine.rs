//! What a kind may use of the machine: the lab's directory, its supervisor, its hosts' namespaces.
//!
//! Deliberately absent: any kind, and any decision. Everything here is asked from inside the lab's own namespaces.

mod stack;

use crate::digest::DigestKey;
use crate::error::Error;
use crate::fault;
use crate::graph::ResourceId;
use crate::linux::{files, netns, place};
use crate::name::{AbsolutePath, HostName};
use crate::runtime::{self, Client, Command, HostView, LabDirectory, Output, Overlay, netns_name};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use stack::Stack;

/// The running lab, as seen from inside its namespaces.
pub struct Machine {
    client: Client,
    key: DigestKey,
    /// What hosts see once they are opened, as the lab wants it.
    views: BTreeMap<HostName, HostView>,
    /// The network namespaces the supervisor holds, as far as somebody asked for them.
    netns: Mutex<BTreeMap<HostName, Arc<OwnedFd>>>,
    /// The hosts' network stacks, as far as they were looked at.
    stacks: Mutex<BTreeMap<HostName, Arc<Stack>>>,
    /// The lab's own.
    own_stack: Mutex<Option<Arc<Stack>>>,
    /// The hosts that have a process.
    open: Mutex<BTreeMap<HostName, Arc<OwnedFd>>>,
    /// Held while a host that is not up has a process all the same.
    visiting: Mutex<()>,
    /// The network namespace that the command was started in.
    outside: Arc<OwnedFd>,
}

/// Something that this machine lacks for a lab.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// What: "`krb5kdc`", "a range of user ids".
    pub what: String,
    /// What needs it: `daemon kdc1/krb5kdc`.
    pub needed_by: Vec<String>,
    /// The command or change that cures it: "apt install krb5-kdc".
    pub cure: String,
}

impl Machine {
    /// The lab behind `client`; secrets are compared under `key`, and hosts that get their first process see their view.
    /// `outside` is the network namespace of whoever looks.
    pub fn new(
        client: Client,
        key: DigestKey,
        views: BTreeMap<HostName, HostView>,
        outside: Arc<OwnedFd>,
    ) -> Result<Self, Error> {
        let machine = Self {
            client,
            key,
            views,
            netns: Mutex::default(),
            stacks: Mutex::default(),
            own_stack: Mutex::default(),
            open: Mutex::default(),
            visiting: Mutex::default(),
            outside,
        };
        let hosts = machine.client.hosts().map_err(|error| Error::caused("list the open hosts", error))?;
        for host in hosts.iter().filter_map(|host| HostName::try_from(host.as_str()).ok()) {
            machine.open(&host)?;
        }
        Ok(machine)
    }

    /// The machine's own network namespace: the one that the command was started in.
    pub(crate) fn outside_netns(&self) -> &Arc<OwnedFd> {
        &self.outside
    }

    /// Does something on a thread in it.
    pub(crate) fn outside<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        netns::with(self.outside.as_fd(), work)
            .map_err(|error| Error::caused("enter the machine's own network", error))?
    }

    /// The supervisor.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The lab's own directory.
    pub fn directory(&self) -> &LabDirectory {
        self.client.directory()
    }

    /// The key under which secrets are digested.
    pub fn key(&self) -> &DigestKey {
        &self.key
    }

    /// The hosts whose network namespaces the supervisor holds.
    pub fn hosts(&self) -> Result<BTreeSet<HostName>, Error> {
        let held =
            self.client.held().map_err(|error| Error::caused("list what the supervisor holds", error))?;
        let prefix = netns_name("");
        Ok(held.iter().filter_map(|name| HostName::try_from(name.strip_prefix(&prefix)?).ok()).collect())
    }

    /// The network namespaces of these hosts, in one question; hosts without one are left out.
    pub fn netns(&self, hosts: &BTreeSet<&HostName>) -> Result<BTreeMap<HostName, Arc<OwnedFd>>, Error> {
        let mut known = lock(&self.netns);
        let unknown: BTreeSet<&&HostName> = hosts.iter().filter(|host| !known.contains_key(**host)).collect();
        if !unknown.is_empty() {
            let held = self.hosts()?;
            let asked: Vec<&HostName> =
                unknown.into_iter().copied().filter(|host| held.contains(*host)).collect();
            let names: Vec<String> = asked.iter().map(|host| netns_name(host.as_str())).collect();
            let found = self
                .client
                .get(&names)
                .map_err(|error| Error::caused("get the hosts' network namespaces", error))?;
            known.extend(asked.into_iter().cloned().zip(found.into_iter().map(Arc::new)));
        }
        Ok(hosts.iter().filter_map(|host| Some(((*host).clone(), known.get(*host)?.clone()))).collect())
    }

    /// What is asked of network stacks from now on is read anew.
    pub(crate) fn look_anew(&self) {
        lock(&self.stacks).clear();
        *lock(&self.own_stack) = None;
    }

    /// The network stack of the lab itself, which has the bridges.
    pub(crate) fn own_stack(&self) -> Arc<Stack> {
        lock(&self.own_stack).get_or_insert_with(|| Arc::new(Stack::own())).clone()
    }

    /// The network stacks of these hosts; hosts without one are left out.
    pub(crate) fn stacks(
        &self,
        hosts: &BTreeSet<&HostName>,
    ) -> Result<BTreeMap<HostName, Arc<Stack>>, Error> {
        let namespaces = self.netns(hosts)?;
        let mut stacks = lock(&self.stacks);
        let stack = |(host, netns): (HostName, Arc<OwnedFd>)| {
            let stack = stacks.entry(host.clone()).or_insert_with(|| Arc::new(Stack::of_host(&host, &netns)));
            (host, stack.clone())
        };
        Ok(namespaces.into_iter().map(stack).collect())
    }

    /// Gives the supervisor network namespaces to hold.
    pub(crate) fn hold(&self, made: Vec<(HostName, OwnedFd)>) -> Result<(), Error> {
        fault::point("machine: namespaces made");
        let named = made.iter().map(|(host, netns)| (netns_name(host.as_str()), netns.as_fd()));
        self.client
            .hold(named)
            .map_err(|error| Error::caused("hand network namespaces to the supervisor", error))?;
        // An earlier namespace of a host is not the one to look at.
        self.forget(made.iter().map(|(host, _)| host));
        lock(&self.netns).extend(made.into_iter().map(|(host, netns)| (host, Arc::new(netns))));
        Ok(())
    }

    /// Ends what runs on these hosts and lets go of their network namespaces.
    pub(crate) fn release(&self, hosts: &[&HostName]) -> Result<(), Error> {
        for host in hosts {
            self.close(host)?;
        }
        let names: Vec<String> = hosts.iter().map(|host| netns_name(host.as_str())).collect();
        self.client.release(&names).map_err(|error| Error::caused("let go of network namespaces", error))?;
        self.forget(hosts.iter().copied());
        Ok(())
    }

    /// The namespaces of these hosts are no longer what they were.
    fn forget<'h>(&self, hosts: impl Iterator<Item = &'h HostName>) {
        let (mut namespaces, mut stacks) = (lock(&self.netns), lock(&self.stacks));
        for host in hosts {
            namespaces.remove(host);
            stacks.remove(host);
        }
    }

    /// The pidfd of a host's first process, which is started if it has none: from then on the host has a view of the
    /// file system of its own.
    pub fn open(&self, host: &HostName) -> Result<Arc<OwnedFd>, Error> {
        if let Some(init) = self.opened(host) {
            return Ok(init);
        }
        let init = self.start(host)?;
        Ok(lock(&self.open).entry(host.clone()).or_insert_with(|| Arc::new(init)).clone())
    }

    /// Starts a host's first process.
    fn start(&self, host: &HostName) -> Result<OwnedFd, Error> {
        let operation = || format!("open host `{host}`");
        let view = self.views.get(host).cloned().unwrap_or_default();
        for overlay in &view.overlays {
            self.make_layer(overlay).map_err(|error| Error::caused(operation(), error))?;
        }
        fault::point("machine: layers made");
        self.client.open_host(host.as_str(), &view).map_err(|error| Error::caused(operation(), error))
    }

    /// Ends what runs on a host.
    fn close(&self, host: &HostName) -> Result<(), Error> {
        if lock(&self.open).remove(host).is_none() {
            return Ok(());
        }
        self.client
            .close_host(host.as_str())
            .map_err(|error| Error::caused(format!("end the processes of `{host}`"), error))
    }

    /// The directories of a host's layer; what the host sees has the mode that the machine's directory has.
    fn make_layer(&self, overlay: &Overlay) -> Result<(), crate::linux::Error> {
        files::make_directories(&overlay.work, 0o755)?;
        let way = overlay.target.strip_prefix("/").unwrap_or(&overlay.target);
        let root = overlay.upper.ancestors().nth(way.components().count()).unwrap_or(&overlay.upper);
        files::make_directories(root, 0o755)?;
        place::make_parents(root, &way.join("."), Path::new("/"))
    }

    /// The pidfd of a host's first process, if it has one.
    pub fn opened(&self, host: &HostName) -> Option<Arc<OwnedFd>> {
        lock(&self.open).get(host).cloned()
    }

    /// Whether a host has a process, or can have one that is in the lab's network.
    pub fn is_up(&self, host: &HostName) -> Result<bool, Error> {
        Ok(self.opened(host).is_some() || self.netns(&BTreeSet::from([host]))?.contains_key(host))
    }

    /// Runs a command on a host, with these bytes as its input, and waits for it, at most this long. Also while the host is
    /// not up: what has no network namespace yet is started for this command alone, since the network it gets is not the
    /// lab's.
    pub fn run(
        &self,
        host: &HostName,
        command: &Command,
        stdin: &[u8],
        limit: Duration,
    ) -> Result<Output, Error> {
        let output = if self.is_up(host)? {
            let init = self.open(host)?;
            run_in(&init, host, command, stdin, limit)
        } else {
            let _one_visit_at_a_time = lock(&self.visiting);
            let init = self.start(host)?;
            let output = run_in(&init, host, command, stdin, limit);
            self.client
                .close_host(host.as_str())
                .map_err(|error| Error::caused(format!("end the processes of `{host}`"), error))?;
            output
        };
        fault::point("machine: command run");
        output
    }

    /// Does something on a thread that sees the host's network and, once it is open, its files.
    pub fn on_host<T: Send>(&self, host: &HostName, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
        let init = self.open(host)?;
        runtime::on_host(init.as_fd(), work)
            .map_err(|error| Error::caused(format!("enter host `{host}`"), error))
    }

    /// Where a host's own file lies as long as the host has no process: in the layer above the machine's files. `None`
    /// for a path that the host has no layer of its own for (`/run`, `/tmp`).
    pub fn layer_path(&self, host: &HostName, path: &AbsolutePath) -> Option<PathBuf> {
        let overlays = &self.views.get(host)?.overlays;
        let overlay = overlays.iter().rfind(|overlay| path.as_path().starts_with(&overlay.target))?;
        Some(overlay.upper.join(path.as_path().strip_prefix(&overlay.target).ok()?))
    }

    /// Where a file lies that all hosts see.
    pub fn common_path(&self, path: &AbsolutePath) -> PathBuf {
        self.directory().common().join(path.relative())
    }

    /// Whether the lab wants this host.
    pub(crate) fn wants(&self, host: &HostName) -> bool {
        self.views.contains_key(host)
    }

    /// The directory of the lab.
    pub fn path(&self) -> &Path {
        self.directory().path()
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("directory", self.directory()).finish_non_exhaustive()
    }
}

fn run_in(
    init: &OwnedFd,
    host: &HostName,
    command: &Command,
    stdin: &[u8],
    limit: Duration,
) -> Result<Output, Error> {
    runtime::run_in_host(host.as_str(), init.as_fd(), command, stdin, limit).map_err(|error| {
        let program = command.argv.first().map_or("", String::as_str);
        Error::caused(format!("run `{program}` on `{host}`"), error)
    })
}

/// The host a resource belongs to; every kind but the lab's own has one.
pub(crate) fn host_of(id: &ResourceId) -> Result<&HostName, Error> {
    id.host.as_ref().ok_or_else(|| Error::found(format!("find the host of {id}"), "it belongs to none"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
