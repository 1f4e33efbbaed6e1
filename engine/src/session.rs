//! One command's dealings with one lab: from the typed lab to a plan, and from the plan to a running lab.
//!
//! Whoever looks at a lab or changes it does so from inside its namespaces, in a child of the command; so a plan is not
//! returned but handed to a function that runs there. Deliberately absent: printing and asking, which that function does.

mod held;
mod keeper;

pub use held::Held;
pub use keeper::Keeper;

use crate::apply::{Outcome, Site};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::event::Events;
use crate::fault;
use crate::graph::{Graph, ResourceId};
use crate::kinds::Kind;
use crate::lab::Lab;
use crate::lower::lower;
use crate::machine::{Machine, Missing};
use crate::name::{HostName, LabName, NetworkName};
use crate::observe::observe;
use crate::plan::{Observed, Plan, Scope, again, narrow, needed, plan, removal};
use crate::runtime::{self, Client, HostView, IdMap, LabDirectory, Overlay};
use crate::state::{self, Ledger, Loaded, State};
use nix::fcntl::Flock;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use topo_lang::Diagnostic;

/// One lab, as a command finds it.
#[derive(Clone, Debug)]
pub struct Session {
    root: PathBuf,
    name: LabName,
    exe: PathBuf,
    scope: Scope,
    new_key: Option<DigestKey>,
}

/// Why a lab was not even looked at.
#[derive(Debug)]
pub enum Refused {
    /// It says something wrong.
    Wrong(Vec<Diagnostic>),
    /// The machine lacks something; nothing was changed.
    Missing(Vec<Missing>),
    /// Only this host was asked for, and there is none.
    NoHost {
        /// What was asked for.
        host: HostName,
        /// The hosts there are.
        known: Vec<HostName>,
    },
    /// The machine said no.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Failed(error)
    }
}

/// A plan, and the machine to carry it out on.
#[derive(Debug)]
pub struct Work {
    /// What the lab should be.
    pub graph: Arc<Graph>,
    /// What is to be done for it.
    pub plan: Arc<Plan>,
    /// What was wrong with the recorded state, if something was; it is taken to be unknown.
    pub spoilt: Option<String>,
    /// The key under which the plan's digests are made.
    pub key: DigestKey,
    /// Whether there is no state of the lab yet, so that the key is only now made.
    pub is_new: bool,
    yard: Option<Yard>,
}

/// What only applying needs.
#[derive(Debug)]
struct Yard {
    machine: Arc<Machine>,
    state: State,
    /// What is exported; nothing anew where hosts are only removed.
    lab: Option<Lab>,
    lock: Flock<File>,
    /// Tells the waiting parent that something was applied.
    begun: std::io::PipeWriter,
}

impl Session {
    /// The lab called `name` below the state directory `root`. `exe` is this program, which is also the supervisor.
    pub fn new(root: &Path, name: &LabName, exe: &Path) -> Self {
        Self {
            root: root.to_owned(),
            name: name.clone(),
            exe: exe.to_owned(),
            scope: Scope::Lab,
            new_key: None,
        }
    }

    /// The same, but plans are about this part of the lab only.
    pub fn only(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// The part of the lab that plans are about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The same; a lab that was never applied gets this key, so that digests can be compared with those of an earlier plan.
    pub fn with_key(self, key: DigestKey) -> Self {
        Self { new_key: Some(key), ..self }
    }

    /// The numbers of addresses handed out before, per network and per `HOST/INTERFACE`.
    pub fn leases(&self) -> Result<BTreeMap<NetworkName, BTreeMap<String, u32>>, Error> {
        state::leases_of(&self.root.join(self.name.as_str()))
    }

    /// Hands `work` the plan for `lab`. A lab that was never applied is planned without starting anything; one that does
    /// not run but left files is looked at from inside a supervisor that ends again.
    pub fn look(&self, lab: &Lab, work: impl FnOnce(Result<Work, Error>) -> u8) -> Result<u8, Refused> {
        let directory = self.open()?;
        let client = directory.as_ref().map(Client::connect).transpose().map_err(unreachable)?.flatten();
        let known = self.recorded()?;
        let graph = Arc::new(lower(lab, &known.state.key).map_err(Refused::Wrong)?);
        self.check_scope(&graph, &known.state)?;
        let Some(directory) = directory.filter(|_| client.is_some() || !known.state.resources.is_empty())
        else {
            let plan = self.planned(&graph, &known.state, &Observed::new());
            return Ok(work(Ok(known.work(graph, plan, None))));
        };
        let started = client.is_none();
        let client = match client {
            Some(client) => client,
            None => start(&directory, &self.exe)?,
        };
        let code = enter(&client, || {
            work(inside(&directory, lab, &known.state).and_then(|machine| {
                let observed = observe(&machine, &graph, &known.state.resources)?;
                let plan = self.planned(&graph, &known.state, &observed);
                Ok(known.work(graph, plan, None))
            }))
        });
        if started {
            shut_down(client)?;
        }
        code
    }

    /// Hands `work` the plan for `lab` and the means to carry it out. What was started for that ends again, and the
    /// directory that was made goes, if `work` applies nothing.
    pub fn change(&self, lab: &Lab, work: impl FnOnce(Result<Work, Error>) -> u8) -> Result<u8, Refused> {
        let known = self.recorded()?;
        let graph = Arc::new(lower(lab, &known.state.key).map_err(Refused::Wrong)?);
        self.check_scope(&graph, &known.state)?;
        let missing = self.missing(&graph);
        if !missing.is_empty() {
            return Err(Refused::Missing(missing));
        }
        let was_there = self.open()?.is_some();
        let directory = LabDirectory::create(&self.root, self.name.as_str())
            .map_err(|error| Error::caused("make the lab's directory", error))?;
        fault::point("session: directory made");
        let lock = state::lock(directory.path())?;
        let started = Client::connect(&directory).map_err(unreachable)?.is_none();
        let client = start(&directory, &self.exe)?;
        fault::point("session: supervisor there");
        let (mut heard, begun) =
            std::io::pipe().map_err(|source| Error::caused("make a pipe to a child", source))?;
        let code = enter(&client, || {
            work(inside(&directory, lab, &known.state).and_then(|machine| {
                let observed = observe(&machine, &graph, &known.state.resources)?;
                fault::point("session: observed");
                let plan = self.planned(&graph, &known.state, &observed);
                let machine = Arc::new(machine);
                let yard = Yard { machine, state: known.state.clone(), lab: Some(lab.clone()), lock, begun };
                Ok(known.work(graph, plan, Some(yard)))
            }))
        });
        let applied = heard.read(&mut [0]).is_ok_and(|count| count > 0);
        if started && !applied {
            shut_down(client)?;
            if !was_there {
                let removed = directory.remove(&self.exe, &IdMap::detect());
                removed.map_err(|error| Error::caused("remove the lab's directory", error))?;
            }
        }
        code
    }

    /// Hands `work` the plan that removes the hosts in scope, and the means to carry it out; `None` where the lab does not
    /// run, or is not there. It needs no lab file.
    pub fn remove(&self, work: impl FnOnce(Result<Work, Error>) -> u8) -> Result<Option<u8>, Refused> {
        let Some(directory) = self.open()? else { return Ok(None) };
        let Some(client) = Client::connect(&directory).map_err(unreachable)? else { return Ok(None) };
        let lock = state::lock(directory.path())?;
        let (_heard, begun) =
            std::io::pipe().map_err(|source| Error::caused("make a pipe to a child", source))?;
        let known = self.recorded()?;
        let graph = Arc::new(Graph::default());
        self.check_scope(&graph, &known.state)?;
        let code = enter(&client, || {
            let machine = Client::connect(&directory)
                .map_err(unreachable)
                .and_then(|client| client.ok_or_else(|| Error::found("reach the supervisor", "it ended")))
                .and_then(|client| Machine::new(client, known.state.key.clone(), BTreeMap::new()));
            work(machine.and_then(|machine| {
                let recorded = &known.state.resources;
                let observed = observe(&machine, &graph, recorded)?;
                let plan = narrow(removal(recorded, &observed), &graph, recorded, &self.scope);
                let machine = Arc::new(machine);
                let yard = Yard { machine, state: known.state.clone(), lab: None, lock, begun };
                Ok(known.work(graph, plan, Some(yard)))
            }))
        })?;
        Ok(Some(code))
    }

    fn planned(&self, graph: &Graph, state: &State, observed: &Observed) -> Plan {
        let recorded = &state.resources;
        narrow(plan(graph, recorded, observed), graph, recorded, &self.scope)
    }

    /// What this machine lacks for the part of a lab that is looked at.
    pub fn missing(&self, graph: &Graph) -> Vec<Missing> {
        let needed = needed(graph, &self.scope);
        missing_for(graph, |id| needed.contains(id))
    }

    /// Only hosts that are there, or will be, can be asked for.
    fn check_scope(&self, graph: &Graph, state: &State) -> Result<(), Refused> {
        let Scope::Hosts(hosts) = &self.scope else { return Ok(()) };
        let ids = graph.iter().map(|resource| &resource.id).chain(state.resources.keys());
        let known: BTreeSet<&HostName> = ids.filter_map(|id| id.host.as_ref()).collect();
        match hosts.iter().find(|host| !known.contains(host)) {
            None => Ok(()),
            Some(host) => {
                Err(Refused::NoHost { host: host.clone(), known: known.into_iter().cloned().collect() })
            }
        }
    }

    fn open(&self) -> Result<Option<LabDirectory>, Error> {
        LabDirectory::open(&self.root, self.name.as_str())
            .map_err(|error| Error::caused(format!("open the directory of lab `{}`", self.name), error))
    }

    fn recorded(&self) -> Result<Known, Error> {
        let new = || self.new_key.clone().map_or_else(DigestKey::random, Ok);
        Ok(match state::load(&self.root.join(self.name.as_str()))? {
            Loaded::Known(state) => Known { state, spoilt: None, is_new: false },
            Loaded::Absent => Known { state: State::new(new()?), spoilt: None, is_new: true },
            Loaded::Spoilt { path, reason } => {
                let spoilt = Some(format!("`{}` cannot be read: {reason}", path.display()));
                Known { state: State::new(new()?), spoilt, is_new: false }
            }
        })
    }
}

/// The recorded state, as it is found.
struct Known {
    state: State,
    /// What is wrong with it.
    spoilt: Option<String>,
    /// Whether there is none yet.
    is_new: bool,
}

impl Known {
    fn work(&self, graph: Arc<Graph>, plan: Plan, yard: Option<Yard>) -> Work {
        let (spoilt, key) = (self.spoilt.clone(), self.state.key.clone());
        Work { graph, plan: Arc::new(plan), spoilt, key, is_new: self.is_new, yard }
    }
}

impl Work {
    /// The same lab with another plan: to do just these once more, whatever they are like.
    pub fn again(self, chosen: &BTreeSet<ResourceId>) -> Self {
        Self { plan: Arc::new(again(&self.graph, chosen)), ..self }
    }

    /// Carries out the plan. Once `stop` is set, steps under way are finished and no others begun.
    ///
    /// # Errors
    /// The plan was only made to be looked at, or the journal cannot be written.
    pub fn apply(self, events: Events<'_>, stop: &AtomicBool) -> Result<Outcome, Error> {
        self.apply_and_keep(events, stop).map(|(outcome, _)| outcome)
    }

    /// The same; what it gives besides can do it again, as often as something changes.
    ///
    /// # Errors
    /// As for [`Work::apply`].
    pub fn apply_and_keep(self, events: Events<'_>, stop: &AtomicBool) -> Result<(Outcome, Keeper), Error> {
        let Some(mut yard) = self.yard else {
            return Err(Error::found("apply a plan", "it was made to be looked at"));
        };
        let _ = yard.begun.write_all(&[1]);
        drop(yard.begun);
        let ledger = Ledger::open(yard.machine.path(), yard.lock, yard.state)?;
        let site = Site { machine: yard.machine, graph: self.graph, plan: self.plan };
        let keeper = Keeper { site, ledger, lab: yard.lab };
        let outcome = keeper.carry_out(events, stop)?;
        fault::point("session: applied");
        Ok((outcome, keeper))
    }
}

/// What this machine lacks for a lab, each thing once.
pub fn missing(graph: &Graph) -> Vec<Missing> {
    missing_for(graph, |_| true)
}

fn missing_for(graph: &Graph, counts: impl Fn(&ResourceId) -> bool) -> Vec<Missing> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for kind in Kind::ALL {
        let specs: Vec<_> = graph
            .iter()
            .filter(|resource| resource.id.kind == *kind && counts(&resource.id))
            .map(|resource| (&resource.id, &resource.spec))
            .collect();
        for Missing { what, needed_by, cure } in kind.missing(&specs) {
            found.entry((what, cure)).or_default().extend(needed_by);
        }
    }
    found.into_iter().map(|((what, cure), needed_by)| Missing { what, needed_by, cure }).collect()
}

/// What each host of a lab sees once it runs a process.
pub fn views(directory: &LabDirectory, lab: &Lab) -> BTreeMap<HostName, HostView> {
    lab.hosts
        .iter()
        .map(|(name, host)| {
            let mut view = directory.host_view(name.as_str(), host.fqdn.as_str());
            let own = directory.host(name.as_str());
            let further = host.overlays.iter().map(|path| Overlay {
                target: path.as_path().to_owned(),
                lower: vec![path.as_path().to_owned()],
                upper: own.upper(path.as_path()),
                work: own.work(path.as_path()),
            });
            // `/var` stays the last: the state of root's labs lies below it.
            view.overlays.splice(0..0, further);
            view.isolation = host.isolation();
            (name.clone(), view)
        })
        .collect()
}

fn inside(directory: &LabDirectory, lab: &Lab, state: &State) -> Result<Machine, Error> {
    let client = Client::connect(directory)
        .map_err(unreachable)?
        .ok_or_else(|| Error::found("reach the supervisor", "it ended"))?;
    Machine::new(client, state.key.clone(), views(directory, lab))
}

fn enter(client: &Client, work: impl FnOnce() -> u8) -> Result<u8, Refused> {
    let ending = runtime::enter(client, work).map_err(|error| Error::caused("enter the lab", error))?;
    Ok(ending.shell_code())
}

fn start(directory: &LabDirectory, exe: &Path) -> Result<Client, Error> {
    runtime::start(directory, exe, &IdMap::detect())
        .map_err(|error| Error::caused("start the lab's supervisor", error))
}

fn shut_down(client: Client) -> Result<(), Error> {
    client.shutdown(Duration::from_secs(10)).map_err(|error| Error::caused("end the lab's supervisor", error))
}

fn unreachable(error: runtime::Error) -> Error {
    Error::caused("reach the supervisor", error)
}
