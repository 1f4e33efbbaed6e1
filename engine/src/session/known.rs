//! The recorded state, as a command finds it; and what takes its place where it is lost.

use super::{Spoilt, Work, Yard};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::Graph;
use crate::kinds::Kind;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::state::{self, Loaded, Recorded, State};
use std::path::Path;
use std::sync::Arc;

/// What is known of a lab before it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) state: State,
    /// What is wrong with it.
    pub(super) spoilt: Option<Spoilt>,
    /// Whether there is none yet.
    pub(super) is_new: bool,
}

impl Known {
    /// What the lab's directory says. A lab without a state gets `new_key`, or one of its own.
    pub(super) fn read(directory: &Path, lab: &str, new_key: Option<&DigestKey>) -> Result<Self, Error> {
        let new = || Ok::<_, Error>(State::new(new_key.cloned().map_or_else(DigestKey::random, Ok)?));
        Ok(match state::load(directory)? {
            Loaded::Known(state) => Known { state, spoilt: None, is_new: false },
            Loaded::Absent => Known { state: new()?, spoilt: None, is_new: true },
            Loaded::Spoilt { path, reason } => {
                let reason = format!("`{}` cannot be read: {reason}", path.display());
                Known { state: new()?, spoilt: Some(Spoilt { reason, is_rebuilt: false }), is_new: false }
            }
            Loaded::Foreign { path, version } => {
                let operation = format!("read the recorded state of lab `{lab}`");
                let detail = format!(
                    "`{}` has the form {version} of another version of topo, and this one reads the form {}",
                    path.display(),
                    state::VERSION
                );
                return Err(Error::found(operation, detail)
                    .help("the topo that wrote it can go on with it")
                    .help(format!("`topo destroy {lab}` removes all of it; then apply it again")));
            }
        })
    }

    /// The same; where the record of a running lab is lost, what only the lab can have made is taken to be its own.
    pub(super) fn rebuilt(self, machine: &Machine, graph: &Graph, runs: bool) -> Result<Self, Error> {
        if !runs || !(self.is_new || self.spoilt.is_some()) {
            return Ok(self);
        }
        let mut known = self;
        for kind in Kind::ALL {
            for id in kind.found(machine)?.into_iter().filter(|id| graph.get(id).is_none()) {
                known.state.resources.insert(id, Recorded::new(Attributes::new(), Vec::new()));
            }
        }
        known.spoilt = known.spoilt.map(|spoilt| Spoilt { is_rebuilt: true, ..spoilt });
        Ok(known)
    }

    pub(super) fn work(&self, graph: Arc<Graph>, plan: Plan, yard: Option<Yard>) -> Work {
        let (spoilt, key) = (self.spoilt.clone(), self.state.key.clone());
        Work { graph, plan: Arc::new(plan), spoilt, key, is_new: self.is_new, yard }
    }
}
