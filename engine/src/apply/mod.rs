//! Carrying out a plan, and nothing else: what is decided here is only what can run side by side.
//!
//! Every step's intent is in the journal before it begins and its result when it is done. A step that fails stops what
//! depends on it and lets the rest finish.

mod schedule;

use crate::attribute::Attributes;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::fault;
use crate::graph::{Graph, ResourceId};
use crate::kinds::{Kind, Updating};
use crate::machine::Machine;
use crate::plan::{Action, Plan, Reason, Step};
use crate::state::{Ledger, Recorded};
use schedule::Schedule;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many tasks run at once. Most of them wait for a process.
const AT_ONCE: usize = 64;

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many steps are done.
    pub done: usize,
    /// What was begun, whatever came of it.
    pub begun: Vec<ResourceId>,
    /// The steps that failed, in the order they did.
    pub failed: Vec<(ResourceId, Error)>,
    /// The steps left out, each with the failed one it depends on.
    pub skipped: Vec<(ResourceId, ResourceId)>,
    /// How many steps were not begun because somebody asked to stop.
    pub left: usize,
    /// How long it all took.
    pub took: Duration,
}

impl Outcome {
    /// Whether the lab is now as it should be.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.left == 0
    }
}

/// What applying needs.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The running lab.
    pub(crate) machine: Arc<Machine>,
    /// What it should be.
    pub(crate) graph: Arc<Graph>,
    /// What is to be done.
    pub(crate) plan: Arc<Plan>,
}

/// Carries out the site's plan. Once `stop` is set, steps under way are finished and no others begun.
pub(crate) fn apply(
    site: &Site,
    ledger: &Ledger,
    events: Events<'_>,
    stop: &AtomicBool,
) -> Result<Outcome, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(AT_ONCE)
        .enable_time()
        .build()
        .map_err(|source| Error::caused("start the threads that apply", source))?;
    let begun = Instant::now();
    events(Event::Started { steps: site.plan.steps.len() });
    ledger.correct(&site.plan.bookkeeping)?;
    // What is done again only for what it reads looks as it should once that is done: should the run end in between, only
    // the journal knows.
    let readers = site.plan.steps.iter().filter(|step| matches!(step.reason, Reason::Reads(_)));
    ledger.begin(readers.map(intent))?;
    fault::point("apply: readers noted");
    let mut run = Run { site, ledger, events, stop, outcome: Outcome::default() };
    let carried = runtime.block_on(async {
        // Removals first, whatever comes of them: what is to be made may need their place.
        run.phase(|step| step.action == Action::Delete).await?;
        run.phase(|step| step.action != Action::Delete).await
    });
    run.outcome.took = begun.elapsed();
    let outcome = run.outcome;
    ledger.settle()?;
    carried.map(|()| outcome)
}

struct Run<'r> {
    site: &'r Site,
    ledger: &'r Ledger,
    events: Events<'r>,
    stop: &'r AtomicBool,
    outcome: Outcome,
}

/// Steps of one kind and one action that are carried out by one call.
#[derive(Clone, Debug)]
struct Task {
    kind: Kind,
    action: Action,
    steps: Vec<usize>,
    ready: Instant,
}

impl Run<'_> {
    async fn phase(&mut self, belongs: impl Fn(&Step) -> bool) -> Result<(), Error> {
        let steps = &self.site.plan.steps;
        let mut schedule = Schedule::new(steps, belongs);
        let mut waiting: Vec<Task> = Vec::new();
        let mut running: JoinSet<Vec<Result<(), Error>>> = JoinSet::new();
        let mut tasks: BTreeMap<tokio::task::Id, Task> = BTreeMap::new();
        loop {
            waiting.extend(group(steps, schedule.take_ready()));
            if self.stop.load(Ordering::Relaxed) {
                self.outcome.left += waiting.drain(..).map(|task| task.steps.len()).sum::<usize>();
            }
            while running.len() < AT_ONCE && !waiting.is_empty() {
                let task = waiting.remove(0);
                self.begin(&task)?;
                let (site, own) = (self.site.clone(), task.clone());
                let handle = running.spawn_blocking(move || {
                    let answers = site.carry_out(&own);
                    fault::point("apply: step done");
                    answers
                });
                tasks.insert(handle.id(), task);
            }
            let Some(ended) = running.join_next_with_id().await else { break };
            let (id, answers) = match ended {
                Ok((id, answers)) => (id, Ok(answers)),
                Err(error) => (error.id(), Err(error)),
            };
            let Some(task) = tasks.remove(&id) else { continue };
            let answers = answers.unwrap_or_else(|error| {
                task.steps
                    .iter()
                    .map(|_| Err(Error::found("carry out a step", &error).help("this is a bug of topo")))
                    .collect()
            });
            self.end(&task, answers, &mut schedule)?;
        }
        self.outcome.left += schedule.left();
        Ok(())
    }

    fn begin(&self, task: &Task) -> Result<(), Error> {
        let steps = || task.steps.iter().map(|index| &self.site.plan.steps[*index]);
        self.ledger.begin(steps().map(intent))?;
        fault::point("apply: intent noted");
        for step in steps() {
            (self.events)(Event::Begun { id: &step.id, action: step.action });
        }
        Ok(())
    }

    fn end(
        &mut self,
        task: &Task,
        answers: Vec<Result<(), Error>>,
        schedule: &mut Schedule,
    ) -> Result<(), Error> {
        let steps = &self.site.plan.steps;
        let succeeded = || {
            task.steps
                .iter()
                .zip(&answers)
                .filter(|(_, answer)| answer.is_ok())
                .map(|(index, _)| &steps[*index])
        };
        if task.action == Action::Delete {
            self.ledger.gone(succeeded().map(|step| step.id.clone()))?;
        } else {
            let recorded = |step: &Step| Recorded::new(step.attributes.clone(), step.depends_on.clone());
            self.ledger.done(succeeded().map(|step| (step.id.clone(), recorded(step))))?;
        }
        fault::point("apply: result noted");
        let took = task.ready.elapsed();
        for (index, answer) in task.steps.iter().zip(answers) {
            let id = &steps[*index].id;
            self.outcome.begun.push(id.clone());
            match answer {
                Ok(()) => {
                    self.outcome.done += 1;
                    schedule.done(*index);
                    (self.events)(Event::Done { id, action: task.action, took });
                }
                Err(error) => {
                    (self.events)(Event::Failed { id, error: &error });
                    for skipped in schedule.failed(*index) {
                        (self.events)(Event::Skipped { id: &steps[skipped].id, because: id });
                        self.outcome.skipped.push((steps[skipped].id.clone(), id.clone()));
                    }
                    self.outcome.failed.push((id.clone(), error));
                }
            }
        }
        Ok(())
    }
}

/// What the journal gets before a step.
fn intent(step: &Step) -> (&ResourceId, Action, Recorded) {
    (&step.id, step.action, Recorded::new(step.attributes.clone(), step.depends_on.clone()))
}

/// Ready steps as tasks: together where the kind can batch.
fn group(steps: &[Step], ready: Vec<usize>) -> Vec<Task> {
    let now = Instant::now();
    let mut tasks: Vec<Task> = Vec::new();
    for index in ready {
        let (kind, action) = (steps[index].id.kind, steps[index].action);
        match tasks.iter_mut().find(|task| kind.batch() && task.kind == kind && task.action == action) {
            Some(task) => task.steps.push(index),
            None => tasks.push(Task { kind, action, steps: vec![index], ready: now }),
        }
    }
    tasks
}

impl Site {
    fn carry_out(&self, task: &Task) -> Vec<Result<(), Error>> {
        let steps: Vec<&Step> = task.steps.iter().map(|index| &self.plan.steps[*index]).collect();
        let before: Vec<Attributes> = steps.iter().map(|step| before(step)).collect();
        let gone = || steps.iter().zip(&before).map(|(step, before)| (&step.id, before)).collect::<Vec<_>>();
        if task.action == Action::Delete {
            return task.kind.delete(&self.machine, &gone());
        }
        let mut wanted = Vec::with_capacity(steps.len());
        for (step, before) in steps.iter().zip(&before) {
            let Some(resource) = self.graph.get(&step.id) else {
                // Only a plan of another lab could do this.
                return steps
                    .iter()
                    .map(|step| Err(Error::found(format!("apply {}", step.id), "the lab has none")))
                    .collect();
            };
            wanted.push(Updating { id: &step.id, spec: &resource.spec, before });
        }
        let specs = || wanted.iter().map(|one| (one.id, one.spec)).collect::<Vec<_>>();
        match task.action {
            Action::Create => task.kind.create(&self.machine, &specs()),
            Action::Update => task.kind.update(&self.machine, &wanted),
            Action::Replace | Action::Delete => {
                let removed = task.kind.delete(&self.machine, &gone());
                fault::point("apply: old one removed");
                let made = task.kind.create(&self.machine, &specs());
                removed.into_iter().zip(made).map(|(removed, made)| removed.and(made)).collect()
            }
        }
    }
}

/// The attributes a step finds.
fn before(step: &Step) -> Attributes {
    let mut before = step.attributes.clone();
    for change in &step.changes {
        match &change.from {
            Some(value) => before.insert(change.attribute.clone(), value.clone()),
            None => before.remove(&change.attribute),
        };
    }
    before
}
