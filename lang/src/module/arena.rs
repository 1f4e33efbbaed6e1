//! Things by number that stay where they are, so that they can be looked at while more are added.
//!
//! ```text
//! chunks of 64, 128, 256, … things: the number of a thing says which chunk, and where in it
//! ```

use std::cell::{Cell, OnceCell};

const FIRST: u32 = 64;

/// Things by number. Nothing is ever taken out.
pub(super) struct Arena<T> {
    chunks: [OnceCell<Box<[OnceCell<T>]>>; 26],
    len: Cell<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceCell::new() }; 26], len: Cell::new(0) }
    }
}

impl<T> Arena<T> {
    /// Adds a thing and returns its number.
    pub(super) fn push(&self, one: T) -> u32 {
        let number = self.len.get();
        let (chunk, at) = place(number);
        let room = || (0..FIRST << chunk).map(|_| OnceCell::new()).collect();
        let things = self.chunks[chunk].get_or_init(room);
        if things[at].set(one).is_ok() {
            self.len.set(number + 1);
        }
        number
    }

    /// The thing with this number.
    pub(super) fn get(&self, number: u32) -> &T {
        let (chunk, at) = place(number);
        self.chunks[chunk].get().and_then(|things| things[at].get()).expect("a number given by `push`")
    }

    /// How many there are: the number of the next.
    pub(super) fn len(&self) -> u32 {
        self.len.get()
    }
}

/// Chunk `n` has `FIRST << n` things, so that all before it have `FIRST << n` less `FIRST`.
fn place(number: u32) -> (usize, usize) {
    let shifted = number + FIRST;
    let chunk = shifted.ilog2() - FIRST.ilog2();
    (chunk as usize, (shifted - (FIRST << chunk)) as usize)
}

#[cfg(test)]
mod tests {
    use super::Arena;

    #[test]
    fn what_was_put_in_is_there() {
        let arena = Arena::default();
        let first = arena.push(0);
        let held = arena.get(first);
        for number in 1..1_000 {
            assert_eq!(arena.push(number), number);
        }
        assert_eq!(arena.len(), 1_000);
        assert!((0..1_000).all(|number| *arena.get(number) == number));
        assert_eq!(*held, 0);
    }
}
