//! What a daemon should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::decode::Spanned;
use crate::digest::DigestKey;
use crate::environment;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::package::{self, Needs};
use crate::kinds::{Manage, Subject, Updating, Watched};
use crate::lab::{self, Host, Lab, Size};
use crate::linux::{capability, seccomp};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::HostName;
use crate::runtime::{Limit, SeccompAction};
use std::collections::{BTreeMap, BTreeSet};

/// A daemon.
#[derive(Clone, Debug)]
pub struct Daemon {
    pub(super) host: HostName,
    pub(super) name: String,
    /// What the lab says of it.
    pub(super) wanted: Box<lab::Daemon>,
    /// All variables: the host's and its own.
    pub(super) environment: BTreeMap<String, String>,
    /// By number.
    pub(super) capabilities: Option<BTreeSet<u8>>,
}

impl Daemon {
    fn new(host_name: &HostName, name: &str, host: &Host, daemon: &lab::Daemon) -> Self {
        let number = |name: &Spanned<String>| capability::number(name);
        let numbers = |names: &Vec<Spanned<String>>| names.iter().filter_map(number).collect();
        Daemon {
            host: host_name.clone(),
            name: name.to_owned(),
            environment: environment::of_process([&host.environment, &daemon.environment]),
            capabilities: daemon.capabilities.as_ref().map(numbers),
            wanted: Box::new(daemon.clone()),
        }
    }

    /// The limits that are said.
    pub(super) fn limits(&self) -> BTreeMap<Limit, u64> {
        let limits = &self.wanted.limits;
        let bytes = |size: Option<Size>| size.map(|size| size.0);
        let all = [
            (Limit::AddressSpace, bytes(limits.address_space)),
            (Limit::Core, bytes(limits.core)),
            (Limit::CpuTime, limits.cpu_time.map(|time| time.as_secs())),
            (Limit::Data, bytes(limits.data)),
            (Limit::FileSize, bytes(limits.file_size)),
            (Limit::LockedMemory, bytes(limits.locked_memory)),
            (Limit::OpenFiles, limits.open_files.map(u64::from)),
            (Limit::Processes, limits.processes.map(u64::from)),
            (Limit::Stack, bytes(limits.stack)),
        ];
        all.into_iter().filter_map(|(limit, value)| Some((limit, value?))).collect()
    }

    /// What the supervisor calls it.
    pub(super) fn supervised(id: &ResourceId) -> String {
        id.host.as_ref().map_or_else(|| id.name.to_string(), |host| format!("{host}/{}", id.name))
    }
}

/// `port 7`, `socket /run/x`, `each, 64 at most`
fn heard(listen: &lab::Listen) -> Vec<String> {
    let ports = listen.port.iter().map(|port| format!("port {port}"));
    let socket = listen.socket.iter().map(|path| format!("socket {path}"));
    let how = if listen.each { format!("each, {} at most", listen.most) } else { "once".to_owned() };
    ports.chain(socket).chain([how]).collect()
}

/// `refuses ptrace mount`, `only read write, kills others`
fn told(filter: &lab::Seccomp) -> Vec<String> {
    let names = |names: &[Spanned<String>]| {
        let mut names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        names.sort_unstable();
        names.join(" ")
    };
    let action = match filter.action {
        SeccompAction::Errno => "errno",
        SeccompAction::Kill => "kill",
        SeccompAction::Log => "log",
    };
    let which = if filter.allow.is_empty() {
        format!("deny {}", names(&filter.deny))
    } else {
        format!("allow {}", names(&filter.allow))
    };
    vec![which, format!("action {action}")]
}

impl Manage for Daemon {
    const IN_PLACE: &'static [&'static str] = &[
        "run",
        "environment",
        "directory",
        "user",
        "group",
        "restart",
        "stop",
        "state",
        "stdin",
        "log",
        "lifetime",
        "capabilities",
        "seccomp",
        "listen",
        "limits",
    ];
    const BATCH: bool = false;
    const WHILE_IT_RUNS: &'static [&'static str] = &["restart", "stop", "log", "lifetime"];

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (unit, daemon) in &host.daemons {
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
        let wanted = &self.wanted;
        let environment: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut attributes = Attributes::from([
            ("run".into(), wanted.run.value.clone().into()),
            ("environment".into(), key.secret(environment.join("\0").as_bytes())),
            ("directory".into(), wanted.directory.as_str().into()),
            ("user".into(), wanted.user.into()),
            ("group".into(), wanted.group.into()),
            ("restart".into(), observe::restart_word(wanted.restart).into()),
            (
                "stop".into(),
                format!("{} within {:?}", apply::signal(wanted.stop).as_str(), wanted.stop_timeout).into(),
            ),
            ("state".into(), if wanted.skip { observe::SKIPPED } else { observe::RUNNING }.into()),
        ]);
        // What has no attribute is not compared, and that something is no longer said must be seen.
        let mut say = |name: &str, value: Option<Attribute>| {
            attributes.insert(name.into(), value.unwrap_or_else(|| Vec::new().into()));
        };
        say("stdin", wanted.stdin.as_ref().map(|stdin| key.secret(stdin.reveal().as_bytes())));
        say("log", Some(format!("{} of {} bytes", wanted.log.count, wanted.log.size.0).into()));
        say("lifetime", wanted.lifetime.map(|lifetime| format!("{lifetime:?}").into()));
        let names = |numbers: &BTreeSet<u8>| {
            numbers
                .iter()
                .map(|number| capability::NAMES[usize::from(*number)].to_owned())
                .collect::<Vec<_>>()
        };
        say("capabilities", self.capabilities.as_ref().map(|numbers| names(numbers).into()));
        say("listen", wanted.listen.as_ref().map(|listen| heard(listen).into()));
        say("seccomp", wanted.seccomp.as_ref().map(|seccomp| told(seccomp).into()));
        let limits: Vec<String> =
            self.limits().iter().map(|(limit, value)| format!("{limit}={value}")).collect();
        say("limits", Some(limits.into()));
        attributes
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let filtered = specs.iter().filter(|(_, daemon)| daemon.wanted.seccomp.is_some());
        let needed_by: Vec<String> = filtered.map(|(id, _)| id.to_string()).collect();
        let unfiltered = (!needed_by.is_empty() && !seccomp::is_supported()).then(|| Missing {
            what: "filters of system calls that tell what does not pass (`CONFIG_SECCOMP_FILTER`)".to_owned(),
            needed_by,
            cure: "run Linux 5.6 or newer with them".to_owned(),
        });
        let missing = package::missing(specs.iter().map(|(id, daemon)| Needs {
            id,
            program: daemon.wanted.run.first().map_or("", String::as_str),
            packages: &daemon.wanted.package,
            id_range: daemon.wanted.id_range,
        }));
        missing.into_iter().chain(unfiltered).collect()
    }

    fn watched(&self, id: &ResourceId) -> Option<Watched> {
        Some(Watched::Process(Daemon::supervised(id)))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn found(machine: &Machine) -> Result<Vec<ResourceId>, Error> {
        observe::found(machine)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|(id, daemon)| apply::start(machine, id, daemon)).collect()
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|one| apply::update(machine, one)).collect()
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        unwanted.iter().map(|(id, _)| apply::stop(machine, id)).collect()
    }
}
