//! The thread that evaluates labs: when the author pauses, within limits, and keeping the last one for questions.

use super::buffers::Buffers;
use crate::commands::check;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use topo_lang::{Asked, Diagnostic, Ended, Inputs, Interrupt, Limits, Reason, Sources, Value, codes};

/// How long nothing must change before a lab is evaluated.
const PAUSE: Duration = Duration::from_millis(120);
/// And how long it waits at most while the author goes on.
const PATIENCE: Duration = Duration::from_millis(600);
/// How long an answer may wait for a value.
const ANSWER: Duration = Duration::from_millis(40);

/// How long an evaluation may take.
const TIME: Duration = Duration::from_secs(10);

/// What a lab in an editor may use up: less than what one may that is applied.
fn limits() -> Limits {
    Limits { memory: 1 << 30, ..Limits::default() }
}

/// What became of a lab.
pub(super) struct Outcome {
    pub(super) entry: String,
    pub(super) sources: Sources,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) value: Option<Value>,
}

/// What is asked about values.
#[derive(Debug)]
pub(super) enum Subject {
    /// What is at a path, and why.
    Path(Vec<Arc<str>>),
    /// What a piece of a source, by its path, defines.
    Place(String, u32, u32),
}

/// Values with their paths, and why the value at the path that was asked for is what it is.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) values: Vec<(String, Value)>,
    pub(super) reason: Option<Reason>,
    pub(super) sources: Sources,
}

enum Job {
    Evaluate(String, Buffers),
    Ask(String, Subject, Sender<Found>),
}

/// The way to the thread.
pub(super) struct Evaluator {
    jobs: Sender<Job>,
    /// How many times the texts have changed.
    changes: Arc<AtomicU64>,
}

impl Evaluator {
    /// Starts the thread; outcomes come out of the receiver. It ends when the evaluator is dropped.
    pub(super) fn start() -> (Evaluator, Receiver<Outcome>) {
        let (jobs, to_do) = unbounded();
        let (done, outcomes) = unbounded();
        let changes = Arc::new(AtomicU64::new(0));
        let seen = changes.clone();
        thread::spawn(move || {
            Thread { to_do, done, changes: seen, waiting: BTreeMap::new(), since: None, lab: None }.run()
        });
        (Evaluator { jobs, changes }, outcomes)
    }

    /// Evaluates a lab with these texts, soon.
    pub(super) fn evaluate(&self, entry: &str, buffers: &Buffers) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        // Without the thread there are no diagnostics, and everything else goes on.
        let _ = self.jobs.send(Job::Evaluate(entry.to_owned(), buffers.clone()));
    }

    /// Asks about values of a lab; nothing is found where the lab was not evaluated, or the thread is busy.
    pub(super) fn ask(&self, entry: &str, subject: Subject) -> Found {
        let (answer, found) = bounded(1);
        let _ = self.jobs.send(Job::Ask(entry.to_owned(), subject, answer));
        found.recv_timeout(ANSWER).unwrap_or_default()
    }
}

/// When an evaluation is to end before its own end.
#[derive(Clone, Copy)]
struct Until {
    time: Instant,
    /// When the texts change; they have changed so many times.
    changes: Option<u64>,
}

/// The last lab that was evaluated.
struct Lab {
    entry: String,
    asked: Asked,
    until: Rc<Cell<Until>>,
}

struct Thread {
    to_do: Receiver<Job>,
    done: Sender<Outcome>,
    changes: Arc<AtomicU64>,
    /// What is to be evaluated when the author pauses.
    waiting: BTreeMap<String, Buffers>,
    since: Option<Instant>,
    lab: Option<Lab>,
}

impl Thread {
    fn run(mut self) {
        loop {
            let job = match self.since {
                None => self.to_do.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(since) => self.to_do.recv_timeout(PAUSE.min(PATIENCE.saturating_sub(since.elapsed()))),
            };
            match job {
                Ok(Job::Evaluate(entry, buffers)) => {
                    self.since.get_or_insert_with(Instant::now);
                    self.waiting.insert(entry, buffers);
                }
                Ok(Job::Ask(entry, subject, answer)) => {
                    // Who does not wait any longer needs no answer.
                    let _ = answer.send(self.answer(&entry, subject));
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.since = None;
                    for (entry, buffers) in std::mem::take(&mut self.waiting) {
                        self.evaluate(entry, buffers);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn evaluate(&mut self, entry: String, buffers: Buffers) {
        // The one before may be large: it goes first.
        self.lab = None;
        let seen = self.changes.load(Ordering::Relaxed);
        let until = Rc::new(Cell::new(Until { time: Instant::now() + TIME, changes: Some(seen) }));
        let inputs =
            Inputs { limits: limits(), interrupt: self.interrupt(until.clone()), ..Inputs::default() };
        let evaluated = catch_unwind(AssertUnwindSafe(|| {
            let (asked, mut evaluation) = Asked::new(&buffers, &entry, &inputs);
            check::complete(&mut evaluation);
            (asked, evaluation)
        }));
        // A mistake of ours was said on stderr; what was known of the lab before stays.
        let Ok((asked, evaluation)) = evaluated else { return };
        if evaluation.diagnostics.iter().any(|diagnostic| diagnostic.code == codes::INTERRUPTED) {
            // Newer texts are on their way, but maybe of another lab: these may be the newest of this one.
            self.since.get_or_insert_with(Instant::now);
            self.waiting.entry(entry).or_insert(buffers);
            return;
        }
        self.lab = Some(Lab { entry: entry.clone(), asked, until });
        let (sources, diagnostics, value) = (evaluation.sources, evaluation.diagnostics, evaluation.value);
        let _ = self.done.send(Outcome { entry, sources, diagnostics, value });
    }

    fn interrupt(&self, until: Rc<Cell<Until>>) -> Interrupt {
        let changes = self.changes.clone();
        Interrupt::new(move || {
            let Until { time, changes: seen } = until.get();
            if seen.is_some_and(|seen| seen != changes.load(Ordering::Relaxed)) {
                return Some(Ended::Interrupted);
            }
            (Instant::now() >= time).then_some(Ended::OutOfTime)
        })
    }

    fn answer(&mut self, entry: &str, subject: Subject) -> Found {
        let Some(Lab { asked, until, .. }) = self.lab.as_mut().filter(|lab| lab.entry == entry) else {
            return Found::default();
        };
        until.set(Until { time: Instant::now() + ANSWER, changes: None });
        let found = catch_unwind(AssertUnwindSafe(|| match subject {
            Subject::Path(path) => Found {
                values: asked.value(&path).map(|value| (path.join("."), value)).into_iter().collect(),
                reason: asked.reason(&path),
                sources: asked.sources().clone(),
            },
            Subject::Place(source, start, end) => Found {
                values: asked.defined_at(&(source, start, end)),
                reason: None,
                sources: asked.sources().clone(),
            },
        }));
        found.unwrap_or_else(|_| {
            // What it was left in is unknown.
            self.lab = None;
            Found::default()
        })
    }
}
