//! Documents whose `console` blocks are run, and whose output must be what they show:
//!
//! ````text
//! <!-- as: root range -->        modes; `range` where nothing is said
//! <!-- limit: 120 -->            seconds for one command
//! <!-- file: lab.kdl -->         the next block is this file
//! ```kdl
//! lab first
//! ```
//! ```console
//! $ topo check lab.kdl
//! ? 1                            the exit status, where it is not 0
//! ```
//! ````
//!
//! Output is both streams together. In what is expected, a line `...` stands for any lines and `[..]` for anything within a line;
//! times, dates, process ids and lines of the library never count. Every command is a `bash -c` of its own, in the test's own directory.
//! `BLESS=1` writes what was found into the document; name one mode then, since all have the same document.

use crate::remains::{self, Traces};
use crate::run::{run, until};
use crate::stage::{Actor, Mode};
use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// A document with commands in it.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    /// As whom it is run.
    pub(crate) modes: Vec<Mode>,
    document: PathBuf,
    acts: Vec<Act>,
    limit: Duration,
}

/// One thing that a reader would do.
#[derive(Clone, Debug)]
enum Act {
    /// Save a block as a file.
    Save { name: String, text: String },
    /// Type a command and compare what comes.
    Type(Command),
}

#[derive(Clone, Debug)]
struct Command {
    /// The line in the document, from 1.
    line: usize,
    text: String,
    output: Vec<String>,
    status: i32,
}

impl Transcript {
    /// Reads the document at `checkout`/`path`.
    pub(crate) fn read(checkout: &Path, path: &Path) -> Result<Self, String> {
        let document = checkout.join(path);
        let text =
            fs::read_to_string(&document).map_err(|error| format!("read {}: {error}", path.display()))?;
        let mut transcript =
            Self { modes: vec![Mode::Range], document, acts: Vec::new(), limit: Duration::from_secs(60) };
        transcript.parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(transcript)
    }

    /// Whether there is nothing to run.
    pub(crate) fn is_empty(&self) -> bool {
        !self.acts.iter().any(|act| matches!(act, Act::Type(_)))
    }

    fn parse(&mut self, text: &str) -> Result<(), String> {
        let mut file = None;
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if let Some(directive) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
                match directive.split_once(": ") {
                    Some(("as", modes)) => {
                        self.modes = modes.split(' ').map(mode).collect::<Result<_, _>>()?
                    }
                    Some(("limit", seconds)) => {
                        let seconds =
                            seconds.parse().map_err(|_| format!("no number of seconds: `{seconds}`"))?;
                        self.limit = Duration::from_secs(seconds);
                    }
                    Some(("file", name)) => file = Some(name.to_owned()),
                    _ => {}
                }
            } else if let Some(language) = line.strip_prefix("```") {
                let block: Vec<&str> =
                    lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
                if let Some(name) = file.take() {
                    self.acts.push(Act::Save { name, text: block.join("\n") + "\n" });
                } else if language == "console" {
                    self.acts.extend(commands(&block, number + 2).into_iter().map(Act::Type));
                }
            }
        }
        Ok(())
    }

    /// Does everything in order; afterwards nothing of it may be left.
    pub(crate) fn replay(&self, actor: &Actor) -> Result<(), String> {
        let links = remains::links();
        let mut seen = Traces::default();
        let mut result = Ok(());
        let mut blessed = Vec::new();
        for act in &self.acts {
            match act {
                Act::Save { name, text } => {
                    fs::write(actor.home.join(name), text)
                        .map_err(|error| format!("save {name}: {error}"))?;
                }
                Act::Type(command) => {
                    let performed = self.perform(actor, command);
                    seen.add(actor.traces());
                    match performed {
                        Ok(None) => {}
                        Ok(Some(found)) => blessed.push((command, found)),
                        Err(error) => {
                            result = Err(error);
                            break;
                        }
                    }
                }
            }
        }
        if !blessed.is_empty() {
            self.bless(&blessed)?;
        }
        let result = result.and_then(|()| {
            until(Duration::from_secs(2), || match seen.left(&actor.state) {
                left if left.is_empty() && remains::links() == links => Ok(()),
                left => Err(format!("at the end there is left:\n  {}", left.join("\n  "))),
            })
        });
        if result.is_err() {
            seen.kill();
        }
        result
    }

    /// Where `BLESS` is set, what was found instead of what was expected is no error but is given back.
    fn perform(&self, actor: &Actor, command: &Command) -> Result<Option<Vec<String>>, String> {
        let mut bash = actor.command("bash");
        bash.args(["-c", &format!("exec 2>&1\n{}", command.text)]);
        let outcome = run(bash, &command.text, self.limit)?;
        let (home, state) = (actor.home.to_string_lossy(), actor.state.to_string_lossy());
        let tidy = |line: &str| line.trim_end().replace(&*state, "~/.local/state/topo").replace(&*home, "~");
        let mut found: Vec<String> = outcome.stdout.lines().map(tidy).collect();
        if outcome.status == command.status && matches(&command.output, &found) {
            return Ok(None);
        }
        if std::env::var_os("BLESS").is_some() {
            if outcome.status != 0 {
                found.push(format!("? {}", outcome.status));
            }
            return Ok(Some(found));
        }
        Err(format!(
            "{}:{}: $ {}\n--- expected, with exit status {}\n{}\n--- found, with exit status {}\n{}",
            self.document.display(),
            command.line,
            command.text,
            command.status,
            command.output.join("\n"),
            outcome.status,
            found.join("\n"),
        ))
    }

    /// Writes what was found below the commands, from the end of the document, so that lines before stay where they are.
    fn bless(&self, found: &[(&Command, Vec<String>)]) -> Result<(), String> {
        let text = fs::read_to_string(&self.document).map_err(|error| error.to_string())?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (command, output) in found.iter().rev() {
            // The line that shows the command is counted from 1, so this is the one after it.
            let start = command.line + command.text.matches('\n').count();
            let end = lines[start..].iter().position(|line| line.starts_with("$ ") || line == "```");
            lines.splice(start..end.map_or(lines.len(), |end| start + end), output.iter().cloned());
        }
        fs::write(&self.document, lines.join("\n") + "\n").map_err(|error| error.to_string())
    }
}

/// The commands in a `console` block that begins at line `first`.
fn commands(block: &[&str], first: usize) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for (offset, line) in block.iter().enumerate() {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command {
                line: first + offset,
                text: text.to_owned(),
                output: Vec::new(),
                status: 0,
            });
        } else if let Some(command) = commands.last_mut() {
            if let Some(more) = line.strip_prefix("> ").filter(|_| command.output.is_empty()) {
                command.text.push('\n');
                command.text.push_str(more);
            } else if let Some(status) = line.strip_prefix("? ").and_then(|status| status.parse().ok()) {
                command.status = status;
            } else {
                command.output.push(line.trim_end().to_owned());
            }
        }
    }
    commands
}

fn mode(name: &str) -> Result<Mode, String> {
    let found = Mode::ALL.into_iter().find(|mode| mode.name() == name);
    found.ok_or_else(|| format!("expected `root`, `range` or `single`, found `{name}`"))
}

/// Whether `found` is what `expected` says.
fn matches<E: AsRef<str>, F: AsRef<str>>(expected: &[E], found: &[F]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line.as_ref() == "..." => {
            (0..=found.len()).any(|skip| matches(rest, &found[skip..]))
        }
        Some((line, rest)) => found.split_first().is_some_and(|(first, others)| {
            line_matches(line.as_ref(), first.as_ref()) && matches(rest, others)
        }),
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let (expected, found) = (timeless(expected), timeless(found));
    let pieces: Vec<&str> = expected.split("[..]").collect();
    let [start, middle @ .., end] = &pieces[..] else { return expected == found };
    let Some(mut rest) = found.strip_prefix(start) else { return false };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(end)
}

/// A line of a snippet without its number and margin, which may be the library's; where it is stands in another line.
fn without_line_number(line: &str) -> &str {
    let text = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
    if text.starts_with(['│', '╭', '╰', '⸬', '┬', '╴']) { text } else { line }
}

/// The line without what differs from run to run.
fn timeless(line: &str) -> String {
    static VARYING: OnceLock<BTreeMap<&str, Regex>> = OnceLock::new();
    let varying = VARYING.get_or_init(|| {
        let patterns = [
            ("<date>", r"\b\d\d/\d\d/\d\d(\d\d)? \d\d:\d\d:\d\d\b|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"),
            ("<pid>", r"\bpid \d+\b"),
            ("<std>", r"\bstd:[a-z]+:\d+(:\d+)?\b"),
            ("<time>", r"\b\d+(\.\d+)? ?(ms|s|min)\b"),
        ];
        patterns.into_iter().filter_map(|(name, pattern)| Some((name, Regex::new(pattern).ok()?))).collect()
    });
    let mut line = without_line_number(line.trim_end()).to_owned();
    for (name, pattern) in varying {
        line = pattern.replace_all(&line, *name).into_owned();
    }
    line
}
