//! Regular expressions made at random, and texts for them.

use crate::random::Random;
use crate::tree::Tree;

/// `match` or `split` of a pattern and a text.
pub(crate) fn expression(random: &mut Random) -> Tree {
    let mut pattern = String::new();
    alternatives(random, 3, &mut pattern);
    let mut text = String::new();
    for _ in 0..random.below(9) {
        text.push_str(random.pick(&["a", "b", "c", "ab", "A", "1", " ", "-", ".", "\n", "(", "]", "\\"]));
    }
    let function = if random.percent(50) { "match" } else { "split" };
    Tree::atom(format!("builtins.{function} {} {}", quote(&pattern), quote(&text)))
}

fn alternatives(random: &mut Random, depth: usize, pattern: &mut String) {
    for index in 0..1 + random.below(2) + random.below(2) {
        if index > 0 {
            pattern.push('|');
        }
        for _ in 0..usize::from(index > 0 || !random.percent(5)) + random.below(3) {
            item(random, depth, pattern);
        }
    }
}

fn item(random: &mut Random, depth: usize, pattern: &mut String) {
    match random.below(16) {
        0..=6 => pattern.push_str(random.pick(&["a", "b", "c", "ab", "abc", "1"])),
        7 => pattern.push('.'),
        8 => pattern.push_str(random.pick(&[
            "[ab]",
            "[^a]",
            "[a-c]",
            "[]a]",
            "[^]a]",
            "[[:digit:]]",
            "[^[:alpha:]]",
            "[a-]",
            "[-a]",
            "[[:space:]b]",
            "[.]",
            "[\\n]",
            "[a\\]",
            "[A-z]",
        ])),
        9 => pattern.push_str(random.pick(&["\\.", "\\(", "\\\\", "\\*", "\\[", "\\{", "\\^"])),
        10 => pattern.push_str(random.pick(&["^", "$"])),
        _ if depth > 0 => {
            pattern.push('(');
            alternatives(random, depth - 1, pattern);
            pattern.push(')');
        }
        _ => pattern.push('b'),
    }
    if random.percent(25) {
        pattern.push_str(
            random.pick(&["*", "+", "?", "*", "+", "?", "{2}", "{0,1}", "{1,}", "{0}", "{1,2}", "**", "+?"]),
        );
    }
}

fn quote(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace("${", "\\${")
    )
}
