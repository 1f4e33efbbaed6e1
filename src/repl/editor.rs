//! Lines from a terminal, through rustyline: editing, history, completion.

use super::{COMMANDS, Conversation, Next};
use crate::cli::Context;
use crate::exit::Failure;
use crate::ui;
use rustyline::completion::{Completer, FilenameCompleter};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Editor, Helper};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How many lines are remembered.
const REMEMBERED: usize = 5_000;

/// Asks for lines until Ctrl-D or `:quit`.
///
/// # Errors
/// The terminal does not do what it should, or an answer cannot be printed.
pub(crate) fn edit(context: &Context, conversation: Conversation<'_>) -> Result<(), Failure> {
    let conversation = Rc::new(RefCell::new(conversation));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .max_history_size(REMEMBERED)
        .map(|config| config.auto_add_history(true).build());
    let failed = |error: ReadlineError| Failure::input(format!("cannot read from the terminal: {error}"), "");
    let mut editor: Editor<Line<'_>, DefaultHistory> =
        config.and_then(Editor::with_config).map_err(failed)?;
    editor.set_helper(Some(Line { conversation: conversation.clone(), files: FilenameCompleter::new() }));
    let history = history_file();
    if let Some(file) = &history {
        // There is none the first time.
        let _ = editor.load_history(file);
    }
    loop {
        match editor.readline("topo> ") {
            Ok(line) => {
                let next = conversation.borrow_mut().line(&line)?;
                if let Some(file) = &history {
                    remember(context, &mut editor, file);
                }
                if next == Next::End {
                    return Ok(());
                }
            }
            // Ctrl-C empties the line.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Writes the last line to the history; that it cannot be written is said once to those who want to know more.
fn remember(context: &Context, editor: &mut Editor<Line<'_>, DefaultHistory>, file: &Path) {
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = made.map_err(ReadlineError::from).and_then(|()| editor.append_history(file));
    if let (Err(error), true) = (written, context.verbose) {
        ui::message(&format!("cannot write the history to `{}`: {error}", file.display()));
    }
}

/// `$XDG_STATE_HOME/topo/repl-history`, or the same below `~/.local/state`; only the user can read it.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("topo/repl-history"))
}

/// What the editor asks about the line that is being typed.
struct Line<'a> {
    conversation: Rc<RefCell<Conversation<'a>>>,
    files: FilenameCompleter,
}

impl Helper for Line<'_> {}
impl Highlighter for Line<'_> {}

impl Hinter for Line<'_> {
    type Hint = String;
}

impl Validator for Line<'_> {
    fn validate(&self, typed: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = typed.input();
        // An empty line ends what is unfinished.
        let goes_on = !text.ends_with('\n') && Conversation::is_unfinished(text);
        Ok(if goes_on { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Completer for Line<'_> {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..cursor];
        let Some(command) = before.strip_prefix(':') else { return Ok(self.names(before)) };
        match command.split_once(' ') {
            None => {
                let names = COMMANDS.iter().map(|command| command.name.to_owned());
                Ok((0, names.filter(|name| name.starts_with(before)).collect()))
            }
            Some(("l" | "load", _)) => {
                let (start, files) = self.files.complete_path(line, cursor)?;
                Ok((start, files.into_iter().map(|file| file.replacement).collect()))
            }
            Some(_) => Ok(self.names(before)),
        }
    }
}

impl Line<'_> {
    fn names(&self, before: &str) -> (usize, Vec<String>) {
        let found = self.conversation.borrow_mut().session.complete(before);
        (found.start, found.words)
    }
}
