//! What is running now: a line that is redrawn on a terminal, plain lines elsewhere.

use crate::ui::{self, Look, failure, style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use topo_engine::event::Event;
use topo_engine::plan::Action;

/// Where there is no terminal, a step that took longer gets a line of its own.
const LONG: Duration = Duration::from_millis(500);

/// How much is told while steps run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    /// Failures.
    Little,
    /// What takes long.
    Some,
    /// Every step.
    All,
}

/// Shows events, and counts them.
pub(crate) struct Progress {
    talk: Talk,
    look: Look,
    bar: ProgressBar,
    state: Mutex<State>,
}

/// How far a plan has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Steps there are.
    pub(crate) steps: usize,
    /// Steps that are done.
    pub(crate) done: usize,
    /// Steps that failed.
    pub(crate) failed: usize,
    /// Steps left out because of a failure.
    pub(crate) skipped: usize,
}

#[derive(Default)]
struct State {
    tally: Tally,
    running: BTreeMap<String, Instant>,
}

impl Progress {
    /// Nothing happened yet.
    pub(crate) fn new(talk: Talk, look: Look) -> Self {
        let visible = talk != Talk::Little && std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { talk, look, bar: ProgressBar::with_draw_target(None, target), state: Mutex::default() }
    }

    /// Shows one event. Called from many threads.
    pub(crate) fn event(&self, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { steps } => self.start(&mut state, steps),
            Event::Begun { id, .. } => {
                state.running.insert(id.to_string(), Instant::now());
            }
            Event::Done { id, action, took } => {
                state.running.remove(&id.to_string());
                state.tally.done += 1;
                let told = match self.talk {
                    Talk::Little => false,
                    Talk::Some => took >= LONG && self.bar.is_hidden(),
                    Talk::All => true,
                };
                if told {
                    self.line(&done_line(&id.to_string(), action, took));
                }
            }
            Event::Failed { id, error } => {
                state.running.remove(&id.to_string());
                state.tally.failed += 1;
                self.line(&failure::render_error(error, self.look));
            }
            Event::Skipped { id, because } => {
                state.tally.skipped += 1;
                if self.talk == Talk::All {
                    self.line(&format!("  {}left out{0:#} {id}: it needs {because}", style::NOTE));
                }
            }
        }
        self.redraw(&state);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) -> Tally {
        self.bar.finish_and_clear();
        self.tally()
    }

    /// How far it has come.
    pub(crate) fn tally(&self) -> Tally {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).tally.clone()
    }

    fn start(&self, state: &mut State, steps: usize) {
        state.tally.steps = steps;
        let (template, chars) = if self.look.unicode {
            ("{bar:24.green/dim} {pos}/{len} {elapsed:>3} {wide_msg}", "━━─")
        } else {
            ("[{bar:24}] {pos}/{len} {elapsed:>3} {wide_msg}", "=> ")
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars(chars));
        }
        self.bar.set_length(steps as u64);
        if !self.bar.is_hidden() {
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// Says something above the bar.
    pub(crate) fn line(&self, text: &str) {
        self.bar.suspend(|| ui::message(text));
    }

    fn redraw(&self, state: &State) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position((state.tally.done + state.tally.failed + state.tally.skipped) as u64);
        let mut oldest: Vec<(&Instant, &String)> =
            state.running.iter().map(|(name, since)| (since, name)).collect();
        oldest.sort();
        let names: Vec<&str> = oldest.iter().take(3).map(|(_, name)| name.as_str()).collect();
        let more = oldest.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.bar.set_message(format!("{}{more}", names.join(", ")));
    }
}

fn done_line(id: &str, action: Action, took: Duration) -> String {
    let verb = match action {
        Action::Create => "made",
        Action::Update => "changed",
        Action::Replace => "replaced",
        Action::Delete => "removed",
    };
    format!("  {}{verb}{0:#} {id} {}in {}{1:#}", style::GOOD, style::DIM, duration(took))
}

/// `0.4 ms`, `38 ms`, `2.1 s`, `1 min 5 s`
pub(crate) fn duration(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match time.as_secs() {
        0 if milliseconds < 10.0 => format!("{milliseconds:.1} ms"),
        0 => format!("{milliseconds:.0} ms"),
        1..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
