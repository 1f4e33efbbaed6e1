//! Lines from a file or a pipe.

use super::{Conversation, Next};
use crate::exit::Failure;
use std::io::BufRead;

/// No line is longer; a device that never ends has no lines.
const LONGEST: u64 = 16 << 20;

/// Does what the lines say, up to the last one or `:quit`. An unfinished expression takes the next lines with it; an
/// empty line ends it.
///
/// # Errors
/// They cannot be read, or the answers cannot be printed.
pub(crate) fn read(conversation: &mut Conversation<'_>, mut from: impl BufRead) -> Result<(), Failure> {
    let mut pending = String::new();
    loop {
        let mut line = String::new();
        let failed = |error| Failure::input(format!("cannot read the next line: {error}"), "");
        let bytes = std::io::Read::take(&mut from, LONGEST).read_line(&mut line).map_err(failed)?;
        if bytes as u64 == LONGEST {
            return Err(Failure::input("cannot read the next line: it is longer than 16 MiB", ""));
        }
        let (end, empty) = (bytes == 0, line.trim().is_empty());
        pending.push_str(&line);
        if !end && !empty && Conversation::is_unfinished(&pending) {
            continue;
        }
        let text = std::mem::take(&mut pending);
        if conversation.line(text.trim_end_matches('\n'))? == Next::End || end {
            return Ok(());
        }
    }
}
