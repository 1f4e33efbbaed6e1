//! Starting daemons until they answer, and stopping them.

use super::observe::{ended, statuses};
use super::{Daemon, ready};
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::Manage;
use crate::lab::{self, StopSignal};
use crate::machine::Machine;
use crate::runtime::{DaemonSpec, DaemonState, Restart};
use nix::sys::signal::Signal;
use std::os::fd::AsFd;

/// How many lines of its log a failing daemon shows.
const LINES: usize = 20;

/// Starts it, anew where it runs, and returns when it answers.
pub(super) fn start(machine: &Machine, id: &ResourceId, daemon: &Daemon) -> Result<(), Error> {
    let failed = |error| Error::caused(format!("start {id}"), error);
    let name = Daemon::supervised(id);
    let client = machine.client();
    machine.open(&daemon.host)?;
    client.forget(&name).map_err(failed)?;
    let attributes = serde_json::to_string(&daemon.attributes(machine.key()));
    let log = client.directory().host(daemon.host.as_str()).log(&daemon.name);
    let spec = DaemonSpec {
        host: daemon.host.to_string(),
        argv: daemon.run.clone(),
        env: daemon.environment.clone(),
        cwd: daemon.directory.as_path().to_owned(),
        uid: daemon.user,
        gid: daemon.group,
        log: log.clone(),
        restart: match daemon.restart {
            lab::Restart::No => Restart::No,
            lab::Restart::OnFailure => Restart::OnFailure,
            lab::Restart::Always => Restart::Always,
        },
        stop_signal: signal(daemon.stop) as i32,
        stop_timeout_ms: u64::try_from(daemon.stop_timeout.as_millis()).unwrap_or(u64::MAX),
        digest: attributes.map_err(|error| Error::caused(format!("start {id}"), error))?,
    };
    let mut log = ready::Log::new(log);
    let pidfd = client.start(&name, &spec).map_err(failed)?;
    let Err(detail) = ready::wait(machine, daemon, &name, pidfd.as_fd(), &mut log)? else { return Ok(()) };
    let detail = match detail {
        ready::NotReady::Ended => ending(machine, &name),
        ready::NotReady::Late(what) => format!("not ready within {:?}: {what}", daemon.ready.timeout),
    };
    // Left running it would look as if it were ready.
    client.forget(&name).map_err(failed)?;
    Err(Error::found(format!("start {id}"), detail).log(log.last_lines(LINES)))
}

/// Ends it; one that does not run, or is not known, is fine.
pub(super) fn stop(machine: &Machine, id: &ResourceId) -> Result<(), Error> {
    machine
        .client()
        .forget(&Daemon::supervised(id))
        .map_err(|error| Error::caused(format!("stop {id}"), error))
}

/// How it ended, as far as the supervisor knows.
fn ending(machine: &Machine, name: &str) -> String {
    let status = statuses(machine).ok().and_then(|all| all.into_iter().find(|status| status.id == name));
    match status.map(|status| status.state) {
        Some(DaemonState::Exited { ending } | DaemonState::Backoff { ending, .. }) => {
            format!("{} before it was ready", ended(ending))
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
