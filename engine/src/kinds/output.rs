//! What is said of a command or a daemon that failed, alike for all kinds.

use crate::runtime::Output;

/// How many lines a failing command shows.
const LINES: usize = 20;

/// How a command ended.
pub(super) fn ended(output: &Output) -> String {
    match output.ending {
        Some(ending) => format!("ended with {ending}"),
        None => "did not end in time".to_owned(),
    }
}

/// What it said last, errors after the rest.
pub(super) fn last_lines(output: &Output) -> Vec<String> {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> =
        stdout.lines().chain(stderr.lines()).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect()
}
