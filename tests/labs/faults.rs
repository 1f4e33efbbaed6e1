//! A command is killed, at one point after the other, as is the lab's supervisor; what comes after makes it good: `apply`
//! brings the lab up, and its second plan is empty; `destroy` leaves the machine as it was, byte for byte.
//!
//! It needs the program with the feature `faults`: `engine/src/fault.rs`. `faults::every::…` tries every point,
//! `faults::some::…` some of them, evenly spread, which it names.

use crate::run::{Outcome, until};
use crate::sandbox::Sandbox;
use crate::stage::{Actor, Mode};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// So many points of a story are tried where not all are.
const SOME: usize = 4;

/// One command that is killed, and what is there before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    /// The end of the test's name.
    pub(crate) name: &'static str,
    /// The lab, in the checkout.
    lab: &'static str,
    /// What is typed; it is killed.
    command: &'static [&'static str],
    /// Whether the lab is up before.
    is_up: bool,
    /// What changes in the lab file before it is typed.
    edits: &'static [(&'static str, &'static str)],
    /// Whether the command leaves nothing, however it ends.
    leaves_nothing: bool,
}

const UP: &[&str] = &["apply", "--yes"];
const DOWN: &[&str] = &["destroy", "--yes"];
const QUICKSTART: &str = "topologies/quickstart.kdl";
const ROUTED: &str = "topologies/routed.kdl";

/// Every story.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "quickstart-up",
        lab: QUICKSTART,
        command: UP,
        is_up: false,
        edits: &[],
        leaves_nothing: false,
    },
    Story {
        name: "quickstart-changed",
        lab: QUICKSTART,
        command: UP,
        is_up: true,
        edits: &[
            ("default=2", "default=1"),
            ("wonderland\n", "tea-party\n"),
            ("10.0.0.20/24", "10.0.0.21/24"),
        ],
        leaves_nothing: false,
    },
    Story {
        name: "quickstart-down",
        lab: QUICKSTART,
        command: DOWN,
        is_up: true,
        edits: &[],
        leaves_nothing: false,
    },
    Story {
        name: "quickstart-run",
        lab: QUICKSTART,
        command: &["run", "lab.kdl", "--", "true"],
        is_up: false,
        edits: &[],
        leaves_nothing: true,
    },
    Story { name: "routed-up", lab: ROUTED, command: UP, is_up: false, edits: &[], leaves_nothing: false },
    Story {
        name: "routed-changed",
        lab: ROUTED,
        command: UP,
        is_up: true,
        edits: &[
            (
                "host left2 { interface eth0 network=left }",
                "host left3 { interface eth0 network=left mtu=1400 }",
            ),
            ("right1 21", "right1 22"),
            ("forward #true", "forward #false"),
        ],
        leaves_nothing: false,
    },
    Story { name: "routed-down", lab: ROUTED, command: DOWN, is_up: true, edits: &[], leaves_nothing: false },
];

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    /// All processes of the command.
    Command,
    /// The one process that comes to the point, which may also be the supervisor.
    Process,
    /// The supervisor, while the command waits at the point.
    Supervisor,
}

/// What is typed after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// `apply`, and `destroy` at the end.
    Apply,
    /// `destroy` at once.
    Destroy,
}

/// One life of a lab.
#[derive(Clone, Copy, Debug)]
struct Round {
    point: usize,
    victim: Victim,
    then: Then,
}

/// Which points are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All.
    Every,
    /// A few.
    Some,
}

/// Tries a story at its points.
pub(crate) fn tell(test: &str, mode: Mode, story: &Story, extent: Extent) -> Result<(), String> {
    let points = Life::new(test, mode, story, "count")?.points()?;
    let rounds = rounds(points.len(), extent);
    let next = AtomicUsize::new(0);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    let work = || {
        while let Some((number, round)) = {
            let n = next.fetch_add(1, Ordering::Relaxed);
            rounds.get(n).map(|round| (n, round))
        } {
            let what = &points[round.point - 1];
            let held = Life::new(test, mode, story, &number.to_string()).and_then(|life| life.hold(*round));
            if let Err(error) = held {
                let line = format!("{round:?}, which is `{what}`: {error}");
                wrong.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }
    };
    let at_once = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(work))));
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{} of {} rounds went wrong:\n{}", wrong.len(), rounds.len(), wrong.join("\n\n")))
}

/// Every point: the command is killed with either way out, the others with one of them in turn. Or some points, with all
/// of that in turn.
fn rounds(points: usize, extent: Extent) -> Vec<Round> {
    let at = |point: usize| {
        let (then, other) =
            if point.is_multiple_of(2) { (Then::Apply, Then::Destroy) } else { (Then::Destroy, Then::Apply) };
        [
            (Victim::Command, then),
            (Victim::Process, other),
            (Victim::Supervisor, then),
            (Victim::Command, other),
        ]
        .map(|(victim, then)| Round { point, victim, then })
    };
    match extent {
        Extent::Every => (1..=points).flat_map(at).collect(),
        Extent::Some => {
            (0..SOME).map(|number| at(1 + (number * points + points / 2) / SOME)[number % 4]).collect()
        }
    }
}

/// A lab on a machine of its own.
struct Life<'a> {
    story: &'a Story,
    actor: Actor,
    sandbox: Sandbox,
    /// Where the points of a run are counted.
    counted: PathBuf,
}

impl<'a> Life<'a> {
    fn new(test: &str, mode: Mode, story: &'a Story, round: &str) -> Result<Self, String> {
        let actor = Actor::new(mode, &format!("{test}-{round}"))?;
        for directory in
            actor.state.ancestors().take_while(|path| !path.exists()).collect::<Vec<_>>().iter().rev()
        {
            fs::create_dir(directory).map_err(|error| error.to_string())?;
            chown(directory, Some(actor.owner().0), Some(actor.owner().1))
                .map_err(|error| error.to_string())?;
        }
        let life = Self { counted: actor.home.join("points"), story, actor, sandbox: Sandbox::new()? };
        life.write(&[])?;
        Ok(life)
    }

    /// The names of the points that the command comes to.
    fn points(&self) -> Result<Vec<String>, String> {
        self.begin()?;
        expect(
            &self.topo(
                self.story.command,
                &[("TOPO_FAULT", format!("process:0:{}", self.counted.display()))],
            )?,
            0,
        )?;
        let text = fs::read_to_string(&self.counted).map_err(|error| format!("count the points: {error}"))?;
        expect(&self.topo(DOWN, &[])?, 0)?;
        Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
    }

    fn hold(&self, round: Round) -> Result<(), String> {
        let before = self.snapshot()?;
        self.begin()?;
        let killed = self.killed(round)?;
        let came = fs::metadata(&self.counted).map_or(0, |meta| meta.len() / 64);
        // A supervisor that ends while it removes the lab is made up for.
        let must_die = round.victim == Victim::Command && !self.story.leaves_nothing;
        if must_die && killed.status == 0 && came >= round.point as u64 {
            return Err(format!("it was not killed\n{killed}"));
        }
        let after = || -> Result<(), String> {
            if !self.story.leaves_nothing && round.then == Then::Apply {
                expect(&self.topo(UP, &[])?, 0)?;
                expect(&self.topo(&["plan", "--detailed-exitcode"], &[])?, 0)?;
            }
            if !self.story.leaves_nothing {
                expect(&self.topo(DOWN, &[])?, 0)?;
            }
            self.write(&[])?;
            until(Duration::from_secs(5), || match self.snapshot()? {
                now if now == before => Ok(()),
                now => Err(difference(&before, &now)),
            })
        };
        after().map_err(|error| format!("{error}\nafter it was killed like this:\n{killed}"))
    }

    /// What is there before the command.
    fn begin(&self) -> Result<(), String> {
        if self.story.is_up {
            expect(&self.topo(UP, &[])?, 0)?;
        }
        self.write(self.story.edits)
    }

    /// Types the command, which dies, or loses its supervisor.
    fn killed(&self, round: Round) -> Result<Outcome, String> {
        let victim = match round.victim {
            Victim::Command => "command",
            Victim::Process => "process",
            Victim::Supervisor => "nobody",
        };
        let fault = [("TOPO_FAULT", format!("{victim}:{}:{}", round.point, self.counted.display()))];
        if round.victim != Victim::Supervisor {
            return self.topo(self.story.command, &fault);
        }
        thread::scope(|scope| {
            let command = scope.spawn(|| self.topo(self.story.command, &fault));
            let length = (round.point * 64) as u64;
            let came = || fs::metadata(&self.counted).is_ok_and(|meta| meta.len() >= length);
            while !came() && !command.is_finished() {
                thread::sleep(Duration::from_millis(1));
            }
            self.sandbox.kill_supervisors();
            fs::write(self.actor.home.join("points.go"), "").map_err(|error| error.to_string())?;
            command.join().map_err(|_| "the command's thread panicked".to_owned())?
        })
    }

    /// Writes the lab file, edited.
    fn write(&self, edits: &[(&str, &str)]) -> Result<(), String> {
        let mut text =
            fs::read_to_string(Actor::lab(Path::new(self.story.lab))).map_err(|error| error.to_string())?;
        for (from, to) in edits {
            if !text.contains(from) {
                return Err(format!("`{from}` is not in {}", self.story.lab));
            }
            text = text.replace(from, to);
        }
        fs::write(self.actor.home.join("lab.kdl"), text).map_err(|error| error.to_string())
    }

    /// The machine, but for what counts the points.
    fn snapshot(&self) -> Result<BTreeSet<String>, String> {
        let mut seen = self.sandbox.snapshot(&[&self.actor.home, &self.actor.state])?;
        let counted = self.counted.to_string_lossy();
        seen.retain(|line| !line.contains(&*counted));
        Ok(seen)
    }

    fn topo(&self, arguments: &[&str], variables: &[(&str, String)]) -> Result<Outcome, String> {
        self.sandbox.topo(&self.actor, arguments, variables)
    }
}

fn expect(outcome: &Outcome, status: i32) -> Result<(), String> {
    if outcome.status == status { Ok(()) } else { Err(format!("expected exit status {status}\n{outcome}")) }
}

fn difference(before: &BTreeSet<String>, now: &BTreeSet<String>) -> String {
    let gone = before.difference(now).map(|line| format!("- {line}"));
    let new = now.difference(before).map(|line| format!("+ {line}"));
    format!("the machine is not as it was:\n{}", gone.chain(new).collect::<Vec<_>>().join("\n"))
}
