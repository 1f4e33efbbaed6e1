//! Ctrl-C while something is being changed: the first one lets the steps under way finish, the second ends at once.

use nix::sys::signal::{SigSet, Signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The exit status of an interrupted command.
pub(crate) const STATUS: i32 = 4;

/// Signals that come so soon after the first are the same one: a terminal, or whoever ends a group of processes, sends it
/// to each of them, and those that wait for others hand it on.
const SAME: Duration = Duration::from_millis(200);

/// Asks for an end: by a signal, or because the time is up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// Set once no further step is to begin.
    pub(crate) asked: Arc<AtomicBool>,
    late: Arc<AtomicBool>,
}

/// How soon the end is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// When the steps under way are done.
    Soon,
    /// Now.
    AtOnce,
}

/// Set by Ctrl-C, which does nothing else from now on. Call it before any other thread starts.
pub(crate) fn flag_on_ctrl_c() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let signals: SigSet = [Signal::SIGINT].into_iter().collect();
    if signals.thread_block().is_ok() {
        let pressed = flag.clone();
        std::thread::spawn(move || {
            while signals.wait().is_ok() {
                pressed.store(true, Ordering::Relaxed);
            }
        });
    }
    flag
}

impl Stop {
    /// Watches for signals on a thread of its own, and says how often one has come. Call it before any other thread
    /// starts: all threads leave these signals to that one.
    pub(crate) fn on_signals(say: impl Fn(Urgency) + Send + 'static) -> Self {
        let stop = Self::default();
        let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
        if signals.thread_block().is_ok() {
            let asked = stop.asked.clone();
            std::thread::spawn(move || {
                let mut first: Option<Instant> = None;
                while signals.wait().is_ok() {
                    match first {
                        Some(first) if first.elapsed() < SAME => {}
                        Some(_) => {
                            say(Urgency::AtOnce);
                            std::process::exit(STATUS);
                        }
                        None => {
                            first = Some(Instant::now());
                            asked.store(true, Ordering::Relaxed);
                            say(Urgency::Soon);
                        }
                    }
                }
            });
        }
        stop
    }

    /// Asks for an end when so much time has passed.
    pub(crate) fn after(&self, limit: Duration) {
        let stop = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(limit);
            stop.late.store(true, Ordering::Relaxed);
            stop.asked.store(true, Ordering::Relaxed);
        });
    }

    /// Whether the time was up.
    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }
}
