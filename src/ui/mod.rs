//! All that is printed, and the only code that prints. Data goes to stdout, everything else to stderr.

pub(crate) mod diagnostics;
pub(crate) mod diff;
pub(crate) mod doc;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod glimpse;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod mermaid;
pub(crate) mod plan;
pub(crate) mod progress;
mod report;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod told;
pub(crate) mod why;

use std::io::{self, IsTerminal, Write};

/// How text for people looks, found out once from the terminal and the environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Box-drawing characters and arrows, or plain ASCII.
    pub(crate) unicode: bool,
    /// Snippets with drawn underlines, or sentences for a screen reader (`NO_GRAPHICS`).
    pub(crate) graphics: bool,
    /// Columns.
    pub(crate) width: usize,
}

impl Look {
    /// Between what is and what will be.
    pub(crate) fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// What stderr can show.
    pub(crate) fn of_terminal() -> Self {
        let unicode = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"));
        let width = terminal_size::terminal_size_of(io::stderr())
            .map(|(width, _)| usize::from(width.0))
            .or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
            .unwrap_or(100);
        Self { unicode, graphics: std::env::var_os("NO_GRAPHICS").is_none(), width: width.clamp(40, 160) }
    }
}

/// Writes data to stdout. Colours are taken out where nobody would see them.
///
/// # Errors
/// Whatever kept it from being written; `BrokenPipe` where the reader left.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') && !text.is_empty() {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes data to stdout that is long, as it is made.
///
/// # Errors
/// It cannot be written.
pub(crate) fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write(&mut out)?;
    out.flush()
}

/// Writes a message to stderr. A stderr that cannot be written to has no one to complain to.
pub(crate) fn message(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// `1 host`, `2 hosts`
pub(crate) fn plural(count: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("1 {noun}"),
        Some(stem) => format!("{count} {stem}ies"),
        None if noun.ends_with('s') => format!("{count} {noun}es"),
        None => format!("{count} {noun}s"),
    }
}

/// The first line of a text, as many words of it as go into so many characters.
pub(crate) fn first_line(text: &str, most: usize) -> String {
    let (line, more) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim_end();
    let end = line.char_indices().nth(most).map(|(end, _)| end);
    match end {
        None if more.is_empty() => line.to_owned(),
        None => format!("{line} …"),
        Some(end) => {
            let words = line[..end].rsplit_once(' ').map_or(&line[..end], |(words, _)| words);
            format!("{} …", words.trim_end())
        }
    }
}

/// Whether a question can be asked: somebody sees it and can answer.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; only `y` and `yes` mean yes.
pub(crate) fn ask(question: &str) -> bool {
    let mut err = anstream::stderr().lock();
    let _ = write!(err, "{question} [y/N] ");
    let _ = err.flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}

/// What is said when we panic.
pub(crate) fn bug(panic: &str) -> String {
    format!(
        "\n{}topo has a bug{0:#}: {panic}\n  {}help:{1:#} the lab is as the last finished step left it; \
         please report this text with the command that led to it\n",
        style::BAD,
        style::HELP
    )
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn nouns_have_their_plurals() {
        for (count, noun, expected) in [
            (1, "address", "1 address"),
            (4, "address", "4 addresses"),
            (4, "directory", "4 directories"),
            (0, "file", "0 files"),
        ] {
            assert_eq!(plural(count, noun), expected);
        }
    }
}
