//! What a step is, and how it follows from the lab. Whether it was run cannot be seen, so the recorded state counts, and
//! the file it makes.

use super::apply;
use crate::attribute::{Attribute, Attributes};
use crate::digest::DigestKey;
use crate::environment;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::host_file;
use crate::kinds::package::{self, Needs};
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{self, Host, Lab, Secret};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use crate::name::{AbsolutePath, HostName};
use std::collections::BTreeMap;
use std::time::Duration;

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub(super) host: HostName,
    pub(super) run: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) stdin: Option<Secret>,
    pub(super) timeout: Duration,
    creates: Option<AbsolutePath>,
    inputs: Secret,
    packages: Vec<String>,
    id_range: bool,
}

impl Step {
    fn new(name: &HostName, host: &Host, step: &lab::Step) -> Self {
        Step {
            host: name.clone(),
            run: step.run.value.clone(),
            environment: environment::of_process([&host.environment, &step.environment]),
            stdin: step.stdin.clone(),
            timeout: step.timeout,
            creates: step.creates.clone(),
            inputs: step.inputs.0.clone(),
            packages: step.package.clone(),
            id_range: step.id_range,
        }
    }
}

impl Manage for Step {
    const IN_PLACE: &'static [&'static str] = &["run", "environment", "stdin", "inputs", "creates"];
    const BATCH: bool = false;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (unit, step) in &host.steps {
                let mut adding = lowering
                    .of_host(name, unit.as_str(), Step::new(name, host, step), step.span)
                    .runs_on(name)
                    .named(name, unit.as_str());
                if let Some(path) = &step.creates {
                    adding = adding.provides(Some(name), path);
                }
                for path in &step.reads {
                    adding = adding.reads(name, path);
                }
                for other in &step.after {
                    adding = adding.after(name, other);
                }
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        let environment: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut attributes = Attributes::from([
            ("run".into(), self.run.clone().into()),
            ("environment".into(), key.secret(environment.join("\0").as_bytes())),
            ("inputs".into(), key.secret(self.inputs.reveal().as_bytes())),
        ]);
        if let Some(stdin) = &self.stdin {
            attributes.insert("stdin".into(), key.secret(stdin.reveal().as_bytes()));
        }
        if let Some(path) = &self.creates {
            attributes.insert("creates".into(), path.as_str().into());
        }
        attributes
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        package::missing(specs.iter().map(|(id, step)| Needs {
            id,
            program: step.run.first().map_or("", String::as_str),
            packages: &step.packages,
            id_range: step.id_range,
        }))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        let observed = subjects.iter().map(|subject| {
            let Some(recorded) = subject.recorded else { return Ok(None) };
            let made = match (recorded.get("creates"), &subject.id.host) {
                (Some(Attribute::Text(path)), Some(host)) => match AbsolutePath::try_from(path.as_str()) {
                    Ok(path) => host_file::exists(machine, host, &path)?,
                    Err(_) => false,
                },
                (Some(_) | None, _) => true,
            };
            Ok(made.then(|| recorded.clone()))
        });
        observed.collect()
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        wanted.iter().map(|(id, step)| apply::run(machine, id, step)).collect()
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        let wanted: Vec<_> = wanted.iter().map(|one| (one.id, one.spec)).collect();
        Self::create(machine, &wanted)
    }

    fn delete(_machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        // What a command did is not undone: nobody said how.
        unwanted.iter().map(|_| Ok(())).collect()
    }
}
