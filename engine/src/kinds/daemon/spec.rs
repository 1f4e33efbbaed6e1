//! What a daemon should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::environment;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::output::no_program;
use crate::kinds::package::{self, Needs};
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{self, Host, Lab, Ready, Restart, StopSignal};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::{AbsolutePath, HostName};
use std::collections::BTreeMap;
use std::time::Duration;

/// A daemon.
#[derive(Clone, Debug)]
pub struct Daemon {
    pub(super) host: HostName,
    pub(super) name: String,
    pub(super) run: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) directory: AbsolutePath,
    pub(super) user: u32,
    pub(super) group: u32,
    pub(super) restart: Restart,
    pub(super) stop: StopSignal,
    pub(super) stop_timeout: Duration,
    pub(super) ready: Box<Ready>,
    packages: Vec<String>,
    id_range: bool,
}

impl Daemon {
    fn new(host_name: &HostName, name: &str, host: &Host, daemon: &lab::Daemon) -> Self {
        Daemon {
            host: host_name.clone(),
            name: name.to_owned(),
            run: daemon.run.value.clone(),
            environment: environment::of_process([&host.environment, &daemon.environment]),
            directory: daemon.directory.clone(),
            user: daemon.user,
            group: daemon.group,
            restart: daemon.restart,
            stop: daemon.stop,
            stop_timeout: daemon.stop_timeout,
            ready: Box::new(daemon.ready.clone()),
            packages: daemon.package.clone(),
            id_range: daemon.id_range,
        }
    }

    /// What the supervisor calls it.
    pub(super) fn supervised(id: &ResourceId) -> String {
        id.host.as_ref().map_or_else(|| id.name.to_string(), |host| format!("{host}/{}", id.name))
    }
}

impl Manage for Daemon {
    const IN_PLACE: &'static [&'static str] =
        &["run", "environment", "directory", "user", "group", "restart", "stop", "state"];
    const BATCH: bool = false;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (unit, daemon) in &host.daemons {
                if daemon.run.first().is_none_or(String::is_empty) {
                    lowering.complain(no_program(unit, "daemon", daemon.run.span));
                    continue;
                }
                let spec = Daemon::new(name, unit.as_str(), host, daemon);
                let mut adding = lowering
                    .of_host(name, unit.as_str(), spec, daemon.span)
                    .needs(Netns::id(name), Why::Inside)
                    .runs_on(name)
                    .named(name, unit.as_str());
                if let Some(other) = &daemon.ready.on {
                    adding = adding.runs_on(other);
                }
                for path in &daemon.reads {
                    adding = adding.reads(name, path);
                }
                for other in &daemon.after {
                    adding = adding.after(name, other);
                }
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        let environment: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Attributes::from([
            ("run".into(), self.run.clone().into()),
            ("environment".into(), key.secret(environment.join("\0").as_bytes())),
            ("directory".into(), self.directory.as_str().into()),
            ("user".into(), self.user.into()),
            ("group".into(), self.group.into()),
            ("restart".into(), observe::restart_word(self.restart).into()),
            (
                "stop".into(),
                format!("{} within {:?}", apply::signal(self.stop).as_str(), self.stop_timeout).into(),
            ),
            ("state".into(), observe::RUNNING.into()),
        ])
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        package::missing(specs.iter().map(|(id, daemon)| Needs {
            id,
            program: daemon.run.first().map_or("", String::as_str),
            packages: &daemon.packages,
            id_range: daemon.id_range,
        }))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|(id, daemon)| apply::start(machine, id, daemon)).collect()
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        let wanted: Vec<_> = wanted.iter().map(|one| (one.id, one.spec)).collect();
        Self::create(machine, &wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        unwanted.iter().map(|(id, _)| apply::stop(machine, id)).collect()
    }
}
