//! Running a pattern over a text: every choice is made once for each place, and remembered.

use super::compile::{Program, State};
use rustc_hash::FxHashMap;

/// How many choices may be remembered; four bytes each.
const MOST_CHOICES: usize = 1 << 28;

/// Where a match begins and ends, and its groups.
pub(in crate::eval::builtins) struct Found {
    pub(in crate::eval::builtins) start: usize,
    pub(in crate::eval::builtins) end: usize,
    pub(in crate::eval::builtins) groups: Vec<Option<(usize, usize)>>,
}

/// A pattern and a text.
pub(in crate::eval::builtins) struct Search<'a> {
    program: &'a Program,
    text: &'a [u8],
    /// Whether a match must end where the text ends.
    whole: bool,
    /// Where `^` fits.
    line_start: Option<usize>,
    /// Where a match may not end, since it begins there and must not be empty.
    not_empty_at: Option<usize>,
    /// By place and choice; see [`Outcome`].
    known: Vec<u32>,
    /// The same where loops around it have taken nothing so far.
    known_within: FxHashMap<(usize, u32, Loops), u32>,
}

/// Loops that began at the place in question and took nothing yet, with how often; each at most twice.
type Loops = Vec<(u32, u8)>;

/// How a choice ends: 0 when not known yet, 1 when it leads nowhere, else twice the end of the match plus two,
/// plus one if it is the second way that leads there.
#[derive(Clone, Copy)]
struct Outcome(u32);

impl Outcome {
    const NOWHERE: Self = Self(1);

    fn at(end: usize) -> Self {
        Self((end as u32 + 1) << 1)
    }

    fn end(self) -> Option<usize> {
        (self.0 as usize >> 1).checked_sub(1)
    }

    fn by(self, second: bool) -> Self {
        if self.0 <= 1 { self } else { Self((self.0 & !1) | u32::from(second)) }
    }

    fn is_second(self) -> bool {
        self.0 > 1 && self.0 & 1 == 1
    }
}

/// A choice whose ways are being tried.
struct Trying {
    state: u32,
    at: usize,
    loops: Loops,
    /// What the first way led to, once that is known.
    first: Option<Outcome>,
}

/// Where a walk without choices ends.
enum Stop {
    Known(Outcome),
    Choice(u32, usize, Loops),
}

impl Program {
    /// How many bytes a search in a text takes.
    pub(in crate::eval::builtins) fn memory(&self, text: &str) -> usize {
        self.choices.saturating_mul(text.len() + 1).saturating_mul(4)
    }
}

impl<'a> Search<'a> {
    /// `None` if the pattern and the text are too large for each other.
    pub(in crate::eval::builtins) fn new(program: &'a Program, text: &'a str, whole: bool) -> Option<Self> {
        let size = program.choices.checked_mul(text.len() + 1)?;
        if size > MOST_CHOICES || text.len() >= u32::MAX as usize / 4 {
            return None;
        }
        Some(Self {
            program,
            text: text.as_bytes(),
            whole,
            line_start: Some(0),
            not_empty_at: None,
            known: vec![0; size],
            known_within: FxHashMap::default(),
        })
    }

    /// The match that begins at `at`.
    pub(in crate::eval::builtins) fn match_at(&mut self, at: usize) -> Option<Found> {
        let end = self.solve(self.program.start, at)?;
        Some(Found { start: at, end, groups: self.groups(at) })
    }

    /// All matches, as an iterator of C++ goes through them.
    pub(in crate::eval::builtins) fn all(&mut self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        let mut at = 0;
        loop {
            if let Some(last) = found.last()
                && last.start == last.end
            {
                if at == self.text.len() {
                    return found;
                }
                // First one that begins here again and takes something.
                let first = found.len() == 1;
                let next = self.match_again(at, first);
                if let Some(next) = next {
                    at = next.end;
                    found.push(next);
                    continue;
                }
                at += 1;
            }
            if !found.is_empty() {
                self.line_start = None;
            }
            let next = (at..=self.text.len()).find_map(|start| self.match_at(start));
            let Some(next) = next else { return found };
            at = next.end;
            found.push(next);
        }
    }

    fn match_again(&mut self, at: usize, line_start: bool) -> Option<Found> {
        let mut again = Search {
            program: self.program,
            text: self.text,
            whole: false,
            line_start: line_start.then_some(at),
            not_empty_at: Some(at),
            known: Vec::new(),
            known_within: FxHashMap::default(),
        };
        again.match_at(at)
    }

    fn recall(&self, choice: u32, at: usize, loops: &Loops) -> Outcome {
        if loops.is_empty() && !self.known.is_empty() {
            return Outcome(self.known[at * self.program.choices + choice as usize]);
        }
        // The key is looked up by value, and is empty or short.
        Outcome(self.known_within.get(&(at, choice, loops.clone())).copied().unwrap_or(0))
    }

    fn remember(&mut self, choice: u32, at: usize, loops: Loops, outcome: Outcome) {
        if loops.is_empty() && !self.known.is_empty() {
            self.known[at * self.program.choices + choice as usize] = outcome.0;
        } else {
            self.known_within.insert((at, choice, loops), outcome.0);
        }
    }

    /// Where the match from a state at a place ends.
    fn solve(&mut self, state: u32, at: usize) -> Option<usize> {
        let mut trying: Vec<Trying> = Vec::new();
        let mut stop = self.walk(state, at, Loops::new());
        loop {
            let outcome = match stop {
                Stop::Choice(state, at, loops) => {
                    stop = self.first_way(state, at, &loops);
                    trying.push(Trying { state, at, loops, first: None });
                    continue;
                }
                Stop::Known(outcome) => outcome,
            };
            let Some(mut last) = trying.pop() else { return outcome.end() };
            let found = match (self.program.states[last.state as usize], last.first) {
                // The first way of a repetition that leads anywhere is taken.
                (State::Repeat { .. }, None) if outcome.end().is_some() => outcome.by(false),
                (State::Repeat { next, .. } | State::Either { second: next, .. }, None) => {
                    stop = self.walk(next, last.at, last.loops.clone());
                    last.first = Some(outcome);
                    trying.push(last);
                    continue;
                }
                (_, Some(first)) if first.end() >= outcome.end() => first.by(false),
                (_, _) => outcome.by(true),
            };
            if let State::Repeat { choice, .. } | State::Either { choice, .. } =
                self.program.states[last.state as usize]
            {
                self.remember(choice, last.at, last.loops, found);
            }
            stop = Stop::Known(found);
        }
    }

    fn first_way(&self, state: u32, at: usize, loops: &Loops) -> Stop {
        match self.program.states[state as usize] {
            State::Repeat { body, choice, empty, .. } => match enter(choice, empty, loops) {
                Some(loops) => self.walk(body, at, loops),
                None => Stop::Known(Outcome::NOWHERE),
            },
            State::Either { first, .. } => self.walk(first, at, loops.clone()),
            _ => Stop::Known(Outcome::NOWHERE),
        }
    }

    /// Goes on as long as there is nothing to choose.
    fn walk(&self, state: u32, at: usize, loops: Loops) -> Stop {
        let (mut state, mut at, mut loops) = (state, at, loops);
        loop {
            let taken = self.text.get(at).copied();
            state = match self.program.states[state as usize] {
                State::Byte(..) | State::Any(_) | State::Class(..) => {
                    let (fits, next) = match (self.program.states[state as usize], taken) {
                        (State::Byte(byte, next), Some(taken)) => (byte == taken, next),
                        (State::Any(next), Some(taken)) => (taken != 0, next),
                        (State::Class(class, next), Some(taken)) => {
                            (self.program.classes[class as usize][usize::from(taken)], next)
                        }
                        _ => (false, 0),
                    };
                    if !fits {
                        return Stop::Known(Outcome::NOWHERE);
                    }
                    at += 1;
                    loops.clear();
                    next
                }
                State::Open { next, .. } | State::Close { next, .. } => next,
                State::LineStart(next) if self.line_start == Some(at) => next,
                State::LineEnd(next) if at == self.text.len() => next,
                State::LineStart(_) | State::LineEnd(_) => return Stop::Known(Outcome::NOWHERE),
                State::Repeat { choice, .. } | State::Either { choice, .. } => {
                    let known = self.recall(choice, at, &loops);
                    return if known.0 == 0 { Stop::Choice(state, at, loops) } else { Stop::Known(known) };
                }
                State::Accept => {
                    let fits = (!self.whole || at == self.text.len()) && self.not_empty_at != Some(at);
                    return Stop::Known(if fits { Outcome::at(at) } else { Outcome::NOWHERE });
                }
            };
        }
    }

    /// The groups of the match that was found from `at`: the same way once more, now that every choice is known.
    fn groups(&self, at: usize) -> Vec<Option<(usize, usize)>> {
        let mut begun = vec![0; self.program.groups];
        let mut groups = vec![None; self.program.groups];
        let (mut state, mut at, mut loops) = (self.program.start, at, Loops::new());
        loop {
            state =
                match self.program.states[state as usize] {
                    State::Byte(_, next) | State::Any(next) | State::Class(_, next) => {
                        at += 1;
                        loops.clear();
                        next
                    }
                    State::Open { group, next } => {
                        begun[group as usize] = at;
                        next
                    }
                    State::Close { group, next } => {
                        groups[group as usize] = Some((begun[group as usize], at));
                        next
                    }
                    State::LineStart(next) | State::LineEnd(next) => next,
                    State::Either { first, second, choice } => {
                        if self.recall(choice, at, &loops).is_second() { second } else { first }
                    }
                    State::Repeat { body, next, choice, empty } => {
                        if self.recall(choice, at, &loops).is_second() {
                            next
                        } else {
                            loops = enter(choice, empty, &loops).unwrap_or_default();
                            body
                        }
                    }
                    State::Accept => return groups,
                };
        }
    }
}

/// The loops within one more turn of this one, unless it took nothing twice already.
fn enter(choice: u32, empty: bool, loops: &Loops) -> Option<Loops> {
    let mut loops = loops.clone();
    if !empty {
        return Some(loops);
    }
    match loops.binary_search_by_key(&choice, |(known, _)| *known) {
        Ok(index) if loops[index].1 >= 2 => return None,
        Ok(index) => loops[index].1 += 1,
        Err(index) => loops.insert(index, (choice, 1)),
    }
    Some(loops)
}
