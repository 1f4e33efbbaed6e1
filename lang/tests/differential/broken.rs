//! Expressions with some of their words changed: most have a mistake that both must see.

use crate::generate::{self, WORDS};
use crate::random::Random;
use crate::tree::Tree;

/// An expression with some of its words changed.
pub(crate) fn expression(random: &mut Random) -> Tree {
    let tree = generate::expression(random);
    let text = tree.text();
    let mut words = words(&text);
    for _ in 0..1 + random.below(2) {
        if words.is_empty() {
            break;
        }
        let at = random.below(words.len());
        match random.below(4) {
            0 => _ = words.remove(at),
            1 => words.insert(at, words[random.below(words.len())].clone()),
            2 => {
                let other = random.below(words.len());
                words.swap(at, other);
            }
            _ => words[at] = random.pick(WORDS).to_string(),
        }
    }
    Tree::atom(words.concat())
}

/// A text as words, blanks and signs.
fn words(text: &str) -> Vec<String> {
    let kind = |character: char| match character {
        character if character.is_alphanumeric() || "_'-.".contains(character) => 0,
        ' ' | '\n' => 1,
        character if "+*/=<>!&|?@:".contains(character) => 2,
        _ => 3,
    };
    let mut words: Vec<String> = Vec::new();
    let mut before = 3;
    for character in text.chars() {
        match words.last_mut() {
            Some(last) if kind(character) == before && before < 3 => last.push(character),
            _ => words.push(character.to_string()),
        }
        before = kind(character);
    }
    words
}
