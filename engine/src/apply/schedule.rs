//! Which steps can begin: those for which everything that comes first is done.

use crate::graph::ResourceId;
use crate::plan::Step;
use std::collections::BTreeMap;

/// The steps of one phase, on their way.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Per step, how many others it still waits for; `None` once it was handed out or given up, or is of another phase.
    waits_for: Vec<Option<usize>>,
    /// Per step, those that wait for it.
    dependents: Vec<Vec<usize>>,
    ready: Vec<usize>,
}

impl Schedule {
    /// The steps that belong; what comes first but does not belong is taken to be done.
    pub(super) fn new(steps: &[Step], belongs: impl Fn(&Step) -> bool) -> Self {
        let numbers: BTreeMap<&ResourceId, usize> = steps
            .iter()
            .enumerate()
            .filter(|(_, step)| belongs(step))
            .map(|(index, step)| (&step.id, index))
            .collect();
        let mut schedule = Self {
            waits_for: vec![None; steps.len()],
            dependents: vec![Vec::new(); steps.len()],
            ready: Vec::new(),
        };
        for (index, step) in steps.iter().enumerate().filter(|(_, step)| belongs(step)) {
            let first: Vec<usize> = step.after.iter().filter_map(|id| numbers.get(id).copied()).collect();
            schedule.waits_for[index] = Some(first.len());
            if first.is_empty() {
                schedule.ready.push(index);
            }
            for on in first {
                schedule.dependents[on].push(index);
            }
        }
        schedule
    }

    /// The steps that can begin now, each handed out once.
    pub(super) fn take_ready(&mut self) -> Vec<usize> {
        for index in &self.ready {
            self.waits_for[*index] = None;
        }
        std::mem::take(&mut self.ready)
    }

    /// A step is done.
    pub(super) fn done(&mut self, index: usize) {
        for dependent in self.dependents[index].clone() {
            if let Some(count) = &mut self.waits_for[dependent] {
                *count -= 1;
                if *count == 0 {
                    self.ready.push(dependent);
                }
            }
        }
    }

    /// A step failed: the steps that are given up with it, nearest first.
    pub(super) fn failed(&mut self, index: usize) -> Vec<usize> {
        let mut given_up = Vec::new();
        let mut queue = self.dependents[index].clone();
        while !queue.is_empty() {
            for dependent in std::mem::take(&mut queue) {
                if self.waits_for[dependent].take().is_some() {
                    given_up.push(dependent);
                    queue.extend(&self.dependents[dependent]);
                }
            }
        }
        given_up
    }

    /// How many steps were neither handed out nor given up.
    pub(super) fn left(&self) -> usize {
        self.waits_for.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Attributes;
    use crate::kinds::Kind;
    use crate::plan::{Action, Reason};

    fn step(name: &str, after: &[&str]) -> Step {
        let id = |name: &str| ResourceId::of_lab(Kind::Bridge, name);
        Step {
            id: id(name),
            action: Action::Create,
            changes: Vec::new(),
            reason: Reason::Missing,
            after: after.iter().map(|name| id(name)).collect(),
            depends_on: Vec::new(),
            attributes: Attributes::new(),
        }
    }

    #[test]
    fn a_failure_gives_up_what_depends_on_it_and_nothing_else() {
        let steps = [
            step("a", &[]),
            step("b", &["a"]),
            step("c", &["b"]),
            step("d", &["a", "absent"]),
            step("e", &[]),
        ];
        let mut schedule = Schedule::new(&steps, |_| true);
        assert_eq!(schedule.take_ready(), [0, 4]);
        assert!(schedule.take_ready().is_empty());
        schedule.done(0);
        assert_eq!(schedule.take_ready(), [1, 3]);
        assert_eq!(schedule.failed(1), [2]);
        assert!(schedule.take_ready().is_empty());
        assert_eq!(schedule.left(), 0);
    }
}
