//! One command's dealings with one lab: from the typed lab to a plan, and from the plan to a running lab.
//!
//! Whoever looks at a lab or changes it does so from inside its namespaces, in a child of the command; so a plan is not
//! returned but handed to a function that runs there. Deliberately absent: printing and asking, which that function does.

mod held;
mod keeper;
mod known;

pub use held::Held;
pub use keeper::{Keeper, Undone};

use known::Known;

use crate::apply::{Outcome, Site};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::event::Events;
use crate::fault;
use crate::graph::{Graph, ResourceId};
use crate::kinds::Kind;
use crate::lab::Lab;
use crate::linux::netns;
use crate::lower::lower;
use crate::machine::{Machine, Missing};
use crate::name::{HostName, LabName, NetworkName};
use crate::observe::observe;
use crate::plan::{Observed, Plan, Scope, again, narrow, needed, plan, removal};
use crate::runtime::{self, Client, HostView, IdMap, LabDirectory, Overlay};
use crate::state::{self, Ledger, State};
use nix::fcntl::Flock;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
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
    /// What was wrong with the recorded state, if something was.
    pub spoilt: Option<Spoilt>,
    /// The key under which the plan's digests are made.
    pub key: DigestKey,
    /// Whether there is no state of the lab yet, so that the key is only now made.
    pub is_new: bool,
    yard: Option<Yard>,
}

/// A record that is lost or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoilt {
    /// What is wrong with it.
    pub reason: String,
    /// Whether the lab runs, so that what there is tells what there was: the plan is made from that.
    pub is_rebuilt: bool,
}

/// What stays of a lab that was looked at to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stays {
    /// It runs on.
    All,
    /// Nothing was applied: it does not run, as before, and a directory that was made for it goes.
    AsItWas,
    /// All was taken back: it ends, and its directory goes.
    Nothing,
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
        let outside = outside()?;
        let code = enter(&client, || {
            work(inside(&directory, lab, &known.state, outside).and_then(|machine| {
                let known = known.rebuilt(&machine, &graph, !started)?;
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
        LabDirectory::sweep(&self.root, self.name.as_str(), &self.exe, &IdMap::detect())
            .map_err(|error| Error::caused("remove what is left of an earlier lab", error))?;
        // What is recorded is read under the lock: whoever has it before may change it.
        let mut locked = None;
        if let Some(directory) = self.open()? {
            let lock = state::lock(directory.path())?;
            locked = Some((directory, lock));
        }
        let mut known = self.recorded()?;
        let mut graph = Arc::new(lower(lab, &known.state.key).map_err(Refused::Wrong)?);
        self.check_scope(&graph, &known.state)?;
        let missing = self.missing(&graph);
        if !missing.is_empty() {
            return Err(Refused::Missing(missing));
        }
        let mut was_there = locked.is_some();
        let (directory, lock) = match locked {
            Some(locked) => locked,
            None => {
                let directory = LabDirectory::create(&self.root, self.name.as_str())
                    .map_err(|error| Error::caused("make the lab's directory", error))?;
                fault::point("session: directory made");
                let lock = state::lock(directory.path())?;
                if directory.state().exists() {
                    // Somebody made it in the meantime.
                    was_there = true;
                    known = self.recorded()?;
                    graph = Arc::new(lower(lab, &known.state.key).map_err(Refused::Wrong)?);
                }
                (directory, lock)
            }
        };
        let changed = self.change_locked(lab, known, graph, &directory, lock, work);
        match changed {
            Ok((code, Stays::All)) => Ok(code),
            Ok((code, Stays::AsItWas)) if was_there => Ok(code),
            Ok((code, Stays::AsItWas | Stays::Nothing)) => {
                let removed = directory.remove(&self.exe, &IdMap::detect());
                removed.map_err(|error| Error::caused("remove the lab's directory", error))?;
                Ok(code)
            }
            Err(refused) => {
                if !was_there {
                    // The first failure is the one to tell.
                    let _ = directory.remove(&self.exe, &IdMap::detect());
                }
                Err(refused)
            }
        }
    }

    /// The same under the lock; also says what is to stay.
    fn change_locked(
        &self,
        lab: &Lab,
        known: Known,
        graph: Arc<Graph>,
        directory: &LabDirectory,
        lock: Flock<File>,
        work: impl FnOnce(Result<Work, Error>) -> u8,
    ) -> Result<(u8, Stays), Refused> {
        let started = Client::connect(directory).map_err(unreachable)?.is_none();
        let client = start(directory, &self.exe)?;
        fault::point("session: supervisor there");
        let (mut heard, begun) =
            std::io::pipe().map_err(|source| Error::caused("make a pipe to a child", source))?;
        let outside = outside()?;
        let code = enter(&client, || {
            work(inside(directory, lab, &known.state, outside).and_then(|machine| {
                let known = known.rebuilt(&machine, &graph, !started)?;
                let observed = observe(&machine, &graph, &known.state.resources)?;
                fault::point("session: observed");
                let plan = self.planned(&graph, &known.state, &observed);
                let machine = Arc::new(machine);
                let yard = Yard { machine, state: known.state.clone(), lab: Some(lab.clone()), lock, begun };
                Ok(known.work(graph, plan, Some(yard)))
            }))
        });
        // The last word counts: it was applied, and perhaps taken back.
        let mut words = [0; 8];
        let count = heard.read(&mut words).unwrap_or(0);
        let stays = match words[..count].last() {
            Some(&keeper::GOES) => Stays::Nothing,
            Some(_) => Stays::All,
            None if started => Stays::AsItWas,
            None => Stays::All,
        };
        if stays != Stays::All {
            shut_down(client)?;
        }
        Ok((code?, stays))
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
        let outside = outside()?;
        let code = enter(&client, || {
            let machine = Client::connect(&directory)
                .map_err(unreachable)
                .and_then(|client| client.ok_or_else(|| Error::found("reach the supervisor", "it ended")))
                .and_then(|client| Machine::new(client, known.state.key.clone(), BTreeMap::new(), outside));
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
        Known::read(&self.root.join(self.name.as_str()), self.name.as_str(), self.new_key.as_ref())
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
        let ledger = Ledger::open(yard.machine.path(), yard.lock, yard.state)?;
        let _ = yard.begun.write_all(&[keeper::STAYS]);
        let site = Site { machine: yard.machine, graph: self.graph, plan: self.plan };
        let keeper = Keeper { site, ledger, lab: yard.lab, begun: yard.begun };
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

fn inside(
    directory: &LabDirectory,
    lab: &Lab,
    state: &State,
    outside: Arc<OwnedFd>,
) -> Result<Machine, Error> {
    let client = Client::connect(directory)
        .map_err(unreachable)?
        .ok_or_else(|| Error::found("reach the supervisor", "it ended"))?;
    Machine::new(client, state.key.clone(), views(directory, lab), outside)
}

/// The network namespace that this command was started in.
fn outside() -> Result<Arc<OwnedFd>, Error> {
    netns::current().map(Arc::new).map_err(|error| Error::caused("find the machine's own network", error))
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
