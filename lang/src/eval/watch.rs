//! Which values something asks for: those that are done are marked, and whoever asks for one takes the mark away.

use super::Evaluator;
use super::thunk::Thunk;
use super::val::{ThunkId, Val};

impl Evaluator {
    /// Evaluates something, and says which of these values it asked for, by their numbers, in that order. One that is
    /// not done cannot be watched.
    pub(crate) fn watching<T>(
        &mut self,
        watched: &[(ThunkId, u32)],
        evaluate: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<u32>) {
        for (thunk, number) in watched {
            let at = &mut self.thunks[thunk.0 as usize];
            if let Thunk::Done(value) = at {
                *at = Thunk::Watched(Box::new((value.clone(), *number)));
            }
        }
        let before = std::mem::take(&mut self.asked_for);
        let result = evaluate(self);
        let asked_for = std::mem::replace(&mut self.asked_for, before);
        for (thunk, _) in watched {
            let at = &mut self.thunks[thunk.0 as usize];
            if let Thunk::Watched(watched) = at {
                *at = Thunk::Done(watched.0.clone());
            }
        }
        (result, asked_for)
    }

    /// The value of a watched thunk, which is watched no more.
    pub(super) fn ask_watched(&mut self, thunk: ThunkId) -> Val {
        let at = &mut self.thunks[thunk.0 as usize];
        let Thunk::Watched(watched) = at else { return Val::Null };
        let (value, number) = (watched.0.clone(), watched.1);
        *at = Thunk::Done(value.clone());
        self.asked_for.push(number);
        value
    }
}
