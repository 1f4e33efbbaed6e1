//! What is really there, of all that is desired or recorded. Every kind looks by itself, side by side with the others.

use crate::error::Error;
use crate::graph::{Graph, ResourceId};
use crate::kinds::{Kind, Subject};
use crate::machine::Machine;
use crate::plan::Observed;
use crate::state::Recorded;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

/// Reads everything.
pub fn observe(
    machine: &Machine,
    desired: &Graph,
    recorded: &BTreeMap<ResourceId, Recorded>,
) -> Result<Observed, Error> {
    machine.look_anew();
    let unwanted = recorded.keys().filter(|id| desired.get(id).is_none());
    let ids = desired.iter().map(|resource| &resource.id).chain(unwanted);
    let mut by_kind: BTreeMap<Kind, Vec<Subject<'_, _>>> = BTreeMap::new();
    for id in ids {
        by_kind.entry(id.kind).or_default().push(Subject {
            id,
            desired: desired.get(id).map(|resource| &resource.spec),
            recorded: recorded.get(id).map(|recorded| &recorded.attributes),
        });
    }
    thread::scope(|scope| {
        let threads: Vec<_> = by_kind
            .iter()
            .map(|(kind, subjects)| scope.spawn(move || (subjects, kind.observe(machine, subjects))))
            .collect();
        let mut observed = Observed::new();
        for thread in threads {
            let (subjects, answers) = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            let found = subjects.iter().zip(answers?);
            observed.extend(found.filter_map(|(subject, answer)| Some((subject.id.clone(), answer?))));
        }
        Ok(observed)
    })
}
