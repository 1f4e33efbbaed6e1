//! What the supervisor says of the daemons: what they were started as, and whether they still run.

use super::Daemon;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Kind, Subject};
use crate::lab::Restart;
use crate::machine::Machine;
use crate::name::HostName;
use crate::runtime::{DaemonState, DaemonStatus};
use std::collections::BTreeMap;

/// The state that is wanted.
pub(super) const RUNNING: &str = "running";

/// The state of one that is not to run.
pub(super) const SKIPPED: &str = "skipped";

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Daemon>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let statuses: BTreeMap<String, DaemonStatus> =
        self::statuses(machine)?.into_iter().map(|status| (status.id.clone(), status)).collect();
    let observed = subjects.iter().map(|subject| {
        let Some(status) = statuses.get(&Daemon::supervised(subject.id)) else {
            // The supervisor knows nothing of it, which is what was recorded.
            return subject
                .recorded
                .filter(|recorded| recorded.get("state") == Some(&SKIPPED.into()))
                .cloned();
        };
        // The supervisor keeps for us what it was started as.
        let mut attributes: Attributes = serde_json::from_str(&status.digest).ok()?;
        attributes.insert("state".into(), state(&status.state).into());
        Some(attributes)
    });
    Ok(observed.collect())
}

/// Every daemon that the supervisor knows.
pub(super) fn found(machine: &Machine) -> Result<Vec<ResourceId>, Error> {
    let known = statuses(machine)?;
    let ids = known.iter().filter_map(|status| {
        let (host, name) = status.id.split_once('/')?;
        Some(ResourceId::of_host(Kind::Daemon, &HostName::try_from(host).ok()?, name))
    });
    Ok(ids.collect())
}

/// What the supervisor knows.
pub(super) fn statuses(machine: &Machine) -> Result<Vec<DaemonStatus>, Error> {
    machine.client().status().map_err(|error| Error::caused("ask for the daemons' status", error))
}

fn state(state: &DaemonState) -> String {
    match state {
        DaemonState::Starting | DaemonState::Running { .. } | DaemonState::Listening { .. } => {
            RUNNING.to_owned()
        }
        DaemonState::Stopping { .. } => "stopping".to_owned(),
        DaemonState::Backoff { ending, .. } => format!("{}, to be started again", ending.told()),
        DaemonState::Exited { ending } => ending.told(),
        DaemonState::Failed { reason } => format!("failed: {reason}"),
        DaemonState::Stopped => "stopped".to_owned(),
    }
}

pub(super) fn restart_word(restart: Restart) -> &'static str {
    match restart {
        Restart::No => "no",
        Restart::OnFailure => "on-failure",
        Restart::Always => "always",
    }
}
