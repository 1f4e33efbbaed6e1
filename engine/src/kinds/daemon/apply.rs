//! Starting daemons until they answer, and stopping them.

use super::observe::statuses;
use super::{Daemon, ready};
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Manage, Updating, host_file};
use crate::lab::{self, StopSignal};
use crate::linux::seccomp::{self, Pass};
use crate::linux::socket;
use crate::machine::Machine;
use crate::name::AbsolutePath;
use crate::runtime::{DaemonSpec, DaemonState, Listen, LogSpec, Restart, Seccomp};
use nix::sys::signal::Signal;
use std::os::fd::AsFd;
use std::time::Duration;

/// How many lines of its log a failing daemon shows.
const LINES: usize = 20;

/// Starts it, anew where it runs, and returns when it answers.
pub(super) fn start(machine: &Machine, id: &ResourceId, daemon: &Daemon) -> Result<(), Error> {
    let failed = |error| Error::caused(format!("start {id}"), error);
    let name = Daemon::supervised(id);
    let client = machine.client();
    machine.open(&daemon.host)?;
    client.forget(&name).map_err(failed)?;
    if daemon.wanted.skip {
        return Ok(());
    }
    let spec = spec(machine, id, daemon)?;
    if wanted_sockets(daemon).next().is_some() {
        listen(machine, id, daemon)?;
        return client.listen(&name, &spec).map_err(failed);
    }
    let mut log = ready::Log::new(spec.log.path.clone())
        .map_err(|source| Error::caused(format!("read `{}`", spec.log.path.display()), source))?;
    if let Some(path) = &daemon.wanted.ready.file {
        // One that its last run left would say that this one is ready.
        host_file::remove(machine, &daemon.host, path)?;
    }
    let pidfd = client.start(&name, &spec).map_err(failed)?;
    let Err(detail) = ready::wait(machine, daemon, &name, pidfd.as_fd(), &mut log)? else { return Ok(()) };
    let detail = match detail {
        ready::NotReady::Ended => ending(machine, &name),
        ready::NotReady::Late(what) => {
            format!("not ready within {:?}: {what}", daemon.wanted.ready.timeout)
        }
    };
    // Left running it would look as if it were ready.
    client.forget(&name).map_err(failed)?;
    Err(Error::found(format!("start {id}"), detail).log(log.last_lines(LINES)))
}

/// Changes it as it runs where it can be, else starts it anew.
pub(super) fn update(machine: &Machine, one: &Updating<'_, Daemon>) -> Result<(), Error> {
    let wanted = one.spec.attributes(machine.key());
    let mut different =
        wanted.iter().filter(|(name, value)| one.before.get(*name) != Some(*value)).peekable();
    // Nothing is different: something it reads is.
    let as_it_runs = different.peek().is_some()
        && different.all(|(name, _)| Daemon::WHILE_IT_RUNS.contains(&name.as_str()));
    if !as_it_runs {
        return start(machine, one.id, one.spec);
    }
    machine
        .client()
        .adjust(&Daemon::supervised(one.id), &spec(machine, one.id, one.spec)?)
        .map_err(|error| Error::caused(format!("change {}", one.id), error))
}

/// What the supervisor is told.
fn spec(machine: &Machine, id: &ResourceId, daemon: &Daemon) -> Result<DaemonSpec, Error> {
    let wanted = &daemon.wanted;
    let attributes = serde_json::to_string(&daemon.attributes(machine.key()));
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(DaemonSpec {
        host: daemon.host.to_string(),
        argv: wanted.run.value.clone(),
        env: daemon.environment.clone(),
        cwd: wanted.directory.as_path().to_owned(),
        uid: wanted.user,
        gid: wanted.group,
        stdin: wanted.stdin.as_ref().map(|stdin| stdin.reveal().to_owned()),
        log: LogSpec {
            path: machine.directory().host(daemon.host.as_str()).log(&daemon.name),
            size: wanted.log.size.0,
            count: wanted.log.count,
        },
        limits: daemon.limits(),
        capabilities: daemon.capabilities.clone(),
        seccomp: wanted.seccomp.as_ref().map(filter),
        listen: wanted.listen.as_ref().map(|listen| Listen {
            sockets: wanted_sockets(daemon).map(|socket| socket.name(id)).collect(),
            each: listen.each,
            most: listen.most.try_into().unwrap_or(usize::MAX),
        }),
        notify: wanted.ready.notify,
        restart: match wanted.restart {
            lab::Restart::No => Restart::No,
            lab::Restart::OnFailure => Restart::OnFailure,
            lab::Restart::Always => Restart::Always,
        },
        stop_signal: signal(wanted.stop) as i32,
        stop_timeout_ms: milliseconds(wanted.stop_timeout),
        lifetime_ms: wanted.lifetime.map(milliseconds),
        digest: attributes.map_err(|error| Error::caused(format!("start {id}"), error))?,
    })
}

/// By number; every name is known to this machine.
fn filter(filter: &lab::Seccomp) -> Seccomp {
    let (names, pass) = match filter.allow.as_slice() {
        [] => (&filter.deny, Pass::Others),
        _ => (&filter.allow, Pass::Listed),
    };
    let listed = names.iter().filter_map(|name| seccomp::number(name)).collect();
    Seccomp { listed, pass, action: filter.action }
}

/// Where connections to a daemon come.
enum Socket<'d> {
    Port(u16),
    Path(&'d AbsolutePath),
}

impl Socket<'_> {
    /// What the supervisor holds it as.
    fn name(&self, id: &ResourceId) -> String {
        let prefix = held_prefix(id);
        match self {
            Socket::Port(port) => format!("{prefix}{port}"),
            Socket::Path(path) => format!("{prefix}{path}"),
        }
    }
}

fn held_prefix(id: &ResourceId) -> String {
    format!("listen/{}:", Daemon::supervised(id))
}

fn wanted_sockets(daemon: &Daemon) -> impl Iterator<Item = Socket<'_>> {
    let listen = daemon.wanted.listen.iter();
    listen.flat_map(|listen| {
        let ports = listen.port.iter().map(|port| Socket::Port(*port));
        ports.chain(listen.socket.iter().map(Socket::Path))
    })
}

/// Opens the daemon's sockets on its host and gives them to the supervisor, which has let go of old ones.
fn listen(machine: &Machine, id: &ResourceId, daemon: &Daemon) -> Result<(), Error> {
    let failed = |error| Error::caused(format!("start {id}"), error);
    release(machine, id)?;
    let opened = machine.on_host(&daemon.host, || {
        wanted_sockets(daemon)
            .map(|socket| {
                let opened = match &socket {
                    Socket::Port(port) => socket::listen_on_port(*port),
                    Socket::Path(path) => socket::listen_at_path(path.as_path()),
                };
                let opened = opened?;
                if daemon.wanted.listen.as_ref().is_some_and(|listen| listen.each) {
                    // The supervisor accepts, and must not wait for one who has gone again.
                    socket::do_not_wait(opened.as_fd())?;
                }
                Ok((socket.name(id), opened))
            })
            .collect::<Result<Vec<_>, crate::linux::Error>>()
    })?;
    let opened = opened.map_err(|error| Error::caused(format!("start {id}"), error))?;
    machine.client().hold(opened.iter().map(|(name, socket)| (name.clone(), socket.as_fd()))).map_err(failed)
}

fn release(machine: &Machine, id: &ResourceId) -> Result<(), Error> {
    let failed = |error| Error::caused(format!("stop {id}"), error);
    let prefix = held_prefix(id);
    let held = machine.client().held().map_err(failed)?;
    let own: Vec<String> = held.into_iter().filter(|name| name.starts_with(&prefix)).collect();
    if own.is_empty() { Ok(()) } else { machine.client().release(&own).map_err(failed) }
}

/// Ends it; one that does not run, or is not known, is fine.
pub(super) fn stop(machine: &Machine, id: &ResourceId) -> Result<(), Error> {
    let failed = |error| Error::caused(format!("stop {id}"), error);
    machine.client().forget(&Daemon::supervised(id)).map_err(failed)?;
    release(machine, id)
}

/// How it ended, as far as the supervisor knows.
fn ending(machine: &Machine, name: &str) -> String {
    let status = statuses(machine).ok().and_then(|all| all.into_iter().find(|status| status.id == name));
    match status.map(|status| status.state) {
        Some(DaemonState::Exited { ending } | DaemonState::Backoff { ending, .. }) => {
            format!("{} before it was ready", ending.told())
        }
        Some(DaemonState::Failed { reason }) => reason,
        _ => "ended before it was ready".to_owned(),
    }
}

pub(super) fn signal(signal: StopSignal) -> Signal {
    match signal {
        StopSignal::Term => Signal::SIGTERM,
        StopSignal::Int => Signal::SIGINT,
        StopSignal::Quit => Signal::SIGQUIT,
        StopSignal::Hup => Signal::SIGHUP,
        StopSignal::Winch => Signal::SIGWINCH,
        StopSignal::Kill => Signal::SIGKILL,
    }
}
