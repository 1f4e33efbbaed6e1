//! A lab that was applied, and is kept so: looked at again whenever something of it may have changed.

use super::{inside, views};
use crate::apply::{self, Outcome, Site};
use crate::error::Error;
use crate::event::Events;
use crate::exports;
use crate::graph::ResourceId;
use crate::kinds::Watched;
use crate::lab::Lab;
use crate::lower::lower;
use crate::observe::observe;
use crate::plan::{Plan, plan};
use crate::runtime::LabDirectory;
use crate::state::Ledger;
use crate::watch::Watcher;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use topo_lang::Diagnostic;

/// What is needed to apply a lab again and again. It holds the lab's lock.
#[derive(Debug)]
pub struct Keeper {
    pub(super) site: Site,
    pub(super) ledger: Ledger,
    /// What is exported; nothing anew where hosts are only removed.
    pub(super) lab: Option<Lab>,
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
        let machine = inside(self.site.machine.directory(), lab, &state)?;
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
