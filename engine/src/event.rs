//! What happens while the engine works, as data: its only way to speak.

use crate::error::Error;
use crate::graph::ResourceId;
use crate::plan::Action;
use std::time::Duration;

/// Something the command line may show.
#[derive(Debug)]
pub enum Event<'a> {
    /// A plan is about to be carried out, in so many steps.
    Started {
        /// Steps that change something.
        steps: usize,
    },
    /// A step begins.
    Begun {
        /// What it is about.
        id: &'a ResourceId,
        /// What is done.
        action: Action,
    },
    /// A step is done.
    Done {
        /// What it was about.
        id: &'a ResourceId,
        /// What was done.
        action: Action,
        /// How long it took, from the moment it could start.
        took: Duration,
    },
    /// A step failed; what depends on it is left undone.
    Failed {
        /// What it was about.
        id: &'a ResourceId,
        /// Why.
        error: &'a Error,
    },
    /// A step was left out because something it depends on failed.
    Skipped {
        /// What it was about.
        id: &'a ResourceId,
        /// What failed.
        because: &'a ResourceId,
    },
}

/// Where events go. Called from many threads.
pub type Events<'a> = &'a (dyn Fn(Event<'_>) + Sync);
