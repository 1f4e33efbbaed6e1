//! A lab that was applied, and is kept so: looked at again whenever something of it may have changed.

use super::{inside, views};
use crate::apply::{self, Outcome, Site};
use crate::error::Error;
use crate::event::Events;
use crate::exports;
use crate::graph::{Graph, ResourceId};
use crate::kinds::Watched;
use crate::lab::Lab;
use crate::linux::files;
use crate::lower::lower;
use crate::observe::observe;
use crate::plan::{Plan, plan, undoing};
use crate::runtime::LabDirectory;
use crate::state::Ledger;
use crate::watch::Watcher;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{PipeWriter, Write as _};
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use topo_lang::Diagnostic;

/// The word to the waiting command that something was applied and stays.
pub(super) const STAYS: u8 = 1;

/// The word that nothing is to stay of the lab.
pub(super) const GOES: u8 = 0;

/// What is needed to apply a lab again and again. It holds the lab's lock.
#[derive(Debug)]
pub struct Keeper {
    pub(super) site: Site,
    pub(super) ledger: Ledger,
    /// What is exported; nothing anew where hosts are only removed.
    pub(super) lab: Option<Lab>,
    /// Tells the waiting command what stays.
    pub(super) begun: PipeWriter,
}

/// What was undone of a run.
#[derive(Debug)]
pub struct Undone {
    /// What the lab was before.
    pub graph: Arc<Graph>,
    /// What was to be done for that.
    pub plan: Arc<Plan>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Keeper {
    /// Carries out the site's plan, and exports what is known of the lab.
    pub(super) fn carry_out(&self, events: Events<'_>, stop: &AtomicBool) -> Result<Outcome, Error> {
        let Some(lab) = &self.lab else { return apply::apply(&self.site, &self.ledger, events, stop) };
        self.ledger.note_leases(lab);
        // Many small files, while the kernel makes namespaces.
        thread::scope(|scope| {
            let directory = self.site.machine.directory();
            let exported = scope.spawn(|| exports::write(directory, lab, views(directory, lab)));
            let outcome = apply::apply(&self.site, &self.ledger, events, stop);
            exported.join().unwrap_or_else(|panic| resume_unwind(panic)).and(outcome)
        })
    }

    /// From now on the lab should be this.
    ///
    /// # Errors
    /// It says something wrong; then it stays as it was.
    pub fn want(&mut self, lab: &Lab) -> Result<(), Vec<Diagnostic>> {
        self.site.graph = Arc::new(lower(lab, &self.ledger.state().key)?);
        self.lab = Some(lab.clone());
        Ok(())
    }

    /// Looks at everything, and puts right what is not as it should be; `None` where all is.
    ///
    /// # Errors
    /// It cannot be looked at, or the journal cannot be written.
    pub fn repair(
        &mut self,
        events: Events<'_>,
        stop: &AtomicBool,
    ) -> Result<Option<(Arc<Plan>, Outcome)>, Error> {
        let Some(lab) = &self.lab else { return Ok(None) };
        let state = self.ledger.state();
        // What is known of open hosts may be as wrong as anything else.
        let outside = self.site.machine.outside_netns().clone();
        let machine = inside(self.site.machine.directory(), lab, &state, outside)?;
        let observed = observe(&machine, &self.site.graph, &state.resources)?;
        let plan = Arc::new(plan(&self.site.graph, &state.resources, &observed));
        self.site.machine = Arc::new(machine);
        self.site.plan = plan.clone();
        if plan.is_empty() {
            return Ok(None);
        }
        let outcome = self.carry_out(events, stop)?;
        Ok(Some((plan, outcome)))
    }

    /// Takes back what a run has begun, so that the lab is again what it was: `former`, or nothing.
    ///
    /// # Errors
    /// It cannot be looked at, or the journal cannot be written.
    pub fn undo(
        &mut self,
        former: Option<&Lab>,
        run: &Outcome,
        events: Events<'_>,
        stop: &AtomicBool,
    ) -> Result<Undone, Error> {
        let state = self.ledger.state();
        let graph = match former {
            Some(lab) => lower(lab, &state.key)
                .map_err(|_| Error::found("undo the run", "what the lab was before has mistakes"))?,
            None => Graph::default(),
        };
        if let Some(lab) = former.or(self.lab.as_ref()) {
            let outside = self.site.machine.outside_netns().clone();
            self.site.machine = Arc::new(inside(self.site.machine.directory(), lab, &state, outside)?);
        }
        let observed = observe(&self.site.machine, &graph, &state.resources)?;
        // Also what was noted to be done again and never was.
        let unfinished = state.resources.iter().filter(|(_, known)| known.interrupted).map(|(id, _)| id);
        let begun: BTreeSet<ResourceId> = run.begun.iter().chain(unfinished).cloned().collect();
        let whole = plan(&graph, &state.resources, &observed);
        self.site.graph = Arc::new(graph);
        self.site.plan = Arc::new(undoing(whole, &state.resources, &begun));
        self.lab = former.cloned();
        let outcome = if former.is_some() {
            self.carry_out(events, stop)?
        } else {
            // Whoever waits ends the lab, and all of it with it.
            let _ = self.begun.write_all(&[GOES]);
            Outcome { done: self.site.plan.steps.len(), ..Outcome::default() }
        };
        Ok(Undone { graph: self.site.graph.clone(), plan: self.site.plan.clone(), outcome })
    }

    /// Has the supervisor keep a text as long as the lab runs, in memory only.
    ///
    /// # Errors
    /// It does not answer.
    pub fn remember(&self, name: &str, text: &str) -> Result<(), Error> {
        let memory = files::with_contents(text.as_bytes())
            .map_err(|error| Error::caused("remember the lab", error))?;
        let client = self.site.machine.client();
        client
            .hold([(name.to_owned(), memory.as_fd())])
            .map_err(|error| Error::caused("remember the lab", error))
    }

    /// Everything that tells of a change of the lab as it is now, and of these files of the machine.
    ///
    /// # Errors
    /// Something of it cannot be watched.
    pub fn watcher(&self, files: &[PathBuf]) -> Result<Watcher, Error> {
        let watched: BTreeMap<&ResourceId, Watched> = self
            .site
            .graph
            .iter()
            .filter_map(|resource| Some((&resource.id, resource.spec.watched(&resource.id)?)))
            .collect();
        Watcher::new(&self.site.machine, watched.into_values(), files)
    }

    /// The directory of the lab.
    pub fn directory(&self) -> &LabDirectory {
        self.site.machine.directory()
    }
}
