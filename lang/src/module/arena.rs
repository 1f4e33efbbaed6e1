//! Things by number that stay where they are, so that they can be looked at while more are added.
//!
//! ```text
//! chunks of 64, 64, 64, 64, 128, 128, 128, 128, 256, … things: the number of a thing says which chunk, and where in it
//! ```
//!
//! So a chunk is never more than a quarter of what there was before it, and little is taken that is not used.

use std::cell::{Cell, OnceCell};

/// How many things the first chunk has, as a power of two.
const FIRST: u32 = 6;

/// How many chunks of one size there are, as a power of two.
const ALIKE: u32 = 2;

const CHUNKS: usize = ((u32::BITS - FIRST - ALIKE) << ALIKE) as usize;

/// Things by number. Nothing is ever taken out.
pub(super) struct Arena<T> {
    chunks: [OnceCell<Box<[OnceCell<T>]>>; CHUNKS],
    len: Cell<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceCell::new() }; CHUNKS], len: Cell::new(0) }
    }
}

impl<T> Arena<T> {
    /// Adds a thing and returns its number.
    pub(super) fn push(&self, one: T) -> u32 {
        let number = self.len.get();
        let Place { chunk, size, at } = place(number);
        let room = || (0..size).map(|_| OnceCell::new()).collect();
        let things = self.chunks[chunk].get_or_init(room);
        if things[at].set(one).is_ok() {
            self.len.set(number + 1);
        }
        number
    }

    /// The thing with this number.
    pub(super) fn get(&self, number: u32) -> &T {
        let Place { chunk, at, .. } = place(number);
        self.chunks[chunk].get().and_then(|things| things[at].get()).expect("a number given by `push`")
    }

    /// How many there are: the number of the next.
    pub(super) fn len(&self) -> u32 {
        self.len.get()
    }
}

/// Where a thing is.
struct Place {
    chunk: usize,
    /// How many things that chunk has.
    size: u32,
    at: usize,
}

/// Counted from the size of the first chunks together on, the highest bit of a number says the size, the `ALIKE` next
/// ones which of the chunks of that size.
fn place(number: u32) -> Place {
    let shifted = number + (1 << (FIRST + ALIKE));
    let bits = shifted.ilog2() - ALIKE;
    let chunk = ((bits - FIRST) << ALIKE) + ((shifted >> bits) & ((1 << ALIKE) - 1));
    let size = 1 << bits;
    Place { chunk: chunk as usize, size, at: (shifted & (size - 1)) as usize }
}

#[cfg(test)]
mod tests {
    use super::Arena;

    #[test]
    fn what_was_put_in_is_there() {
        let arena = Arena::default();
        let first = arena.push(0);
        let held = arena.get(first);
        for number in 1..10_000 {
            assert_eq!(arena.push(number), number);
        }
        assert_eq!(arena.len(), 10_000);
        assert!((0..10_000).all(|number| *arena.get(number) == number));
        assert_eq!(*held, 0);
    }
}
