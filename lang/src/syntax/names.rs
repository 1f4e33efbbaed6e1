//! Shares the memory of short strings that occur again and again, such as `interface`.
//!
//! It forgets: two strings with the same place take turns, so that no choice of names makes it slow.

use std::sync::Arc;

pub(crate) struct Names(Vec<Place>);

#[derive(Clone, Default)]
struct Place {
    /// With the length, all of a string of at most 16 bytes.
    words: (u64, u64),
    text: Option<Arc<str>>,
}

const PLACES: usize = 1024;
const LONGEST: usize = 16;

impl Names {
    pub(crate) fn new() -> Self {
        Self(vec![Place::default(); PLACES])
    }

    pub(crate) fn get(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return text.into();
        }
        let words = words(text.as_bytes());
        let mixed = (words.0 ^ words.1.rotate_left(23)).wrapping_add(text.len() as u64);
        let at = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.ilog2());
        let place = &mut self.0[at as usize];
        match &place.text {
            Some(known) if place.words == words && known.len() == text.len() => known.clone(),
            _ => {
                place.words = words;
                place.text.insert(text.into()).clone()
            }
        }
    }
}

/// The first and the last bytes of at most 16; they overlap where there are fewer.
fn words(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    (bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_is_itself_and_equal_ones_are_shared() {
        let mut names = Names::new();
        let texts: Vec<String> =
            (0..5000).map(|n: u32| "é".repeat(n as usize % 9) + &n.to_string()).collect();
        for text in texts.iter().chain(&["".to_owned(), "a".to_owned(), "\0a".to_owned(), "\0\0".to_owned()])
        {
            let name = names.get(text);
            assert_eq!(&*name, text);
            assert_eq!(Arc::ptr_eq(&name, &names.get(text)), text.len() <= LONGEST, "{text}");
        }
    }
}
