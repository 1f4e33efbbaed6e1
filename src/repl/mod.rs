//! The conversation of `topo repl`: what each line means, whoever reads it.

mod editor;
mod plain;

pub(crate) use editor::edit;
pub(crate) use plain::read;

use crate::cli::{Context, InputArgs};
use crate::commands::doc;
use crate::exit::Failure;
use crate::session::leases;
use crate::ui;
use crate::world::Files;
use crate::{evaluated, lab};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use topo_lang::{Bounds, Diagnostic, Ended, Interrupt, Session, Severity};

/// A command: what it is called, how short, what it takes, what it does.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    short: &'static str,
    takes: &'static str,
    help: &'static str,
}

/// Everything that begins with a colon.
pub(crate) const COMMANDS: &[Command] = &[
    command(":print", ":p", "EXPR", "show all of a value; a text as it is"),
    command(":type", ":t", "EXPR", "say what a value is, or the type of an option"),
    command(":doc", ":d", "NAME", "explain an option, a type or a function"),
    command(":why", ":w", "PATH", "show where the value of an option comes from"),
    command(":set", ":s", "PARAM=VALUE", "set a parameter of the lab"),
    command(":load", ":l", "FILE", "go over to another lab"),
    command(":reload", ":r", "", "read the lab's files again"),
    command(":help", ":h", "", "show this"),
    command(":quit", ":q", "", "leave, as Ctrl-D does"),
];

const fn command(
    name: &'static str,
    short: &'static str,
    takes: &'static str,
    help: &'static str,
) -> Command {
    Command { name, short, takes, help }
}

/// Whether there is more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next line.
    Line,
    /// The end.
    End,
}

/// A lab that is talked to, and who listens.
pub(crate) struct Conversation<'a> {
    context: &'a Context,
    /// What the command line and `:set` give.
    inputs: InputArgs,
    /// The lab's file, if there is a lab.
    file: Option<String>,
    pub(crate) session: Session<'static>,
    stop: Stop,
    /// Whether any line was wrong.
    pub(crate) wrong: bool,
}

impl<'a> Conversation<'a> {
    /// Starts with a lab, or without one.
    ///
    /// # Errors
    /// The parameters cannot be read.
    pub(crate) fn new(
        context: &'a Context,
        file: Option<String>,
        inputs: &InputArgs,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let stop = Stop { interrupted, begun: Rc::new(Cell::new(Instant::now())) };
        let given = given(context, file.as_deref(), inputs, &stop)?;
        let session = Session::start(&Files, file.as_deref(), given);
        let mut new = Self { context, inputs: inputs.clone(), file, session, stop, wrong: false };
        let found = new.session.take_diagnostics();
        new.complain(&found);
        Ok(new)
    }

    /// What the lab is called and where it is from.
    pub(crate) fn about(&self) -> String {
        match (self.session.lab(), &self.file) {
            (Some(lab), Some(file)) => format!("lab `{}` from {file}", lab.name),
            _ => "no lab; `:load FILE` reads one".to_owned(),
        }
    }

    /// Whether a line goes on in the next one.
    pub(crate) fn is_unfinished(text: &str) -> bool {
        let Some(rest) = text.trim_start().strip_prefix(':') else { return Session::is_unfinished(text) };
        match rest.split_once(char::is_whitespace) {
            Some(("p" | "print" | "t" | "type", expression)) => Session::is_unfinished(expression),
            _ => false,
        }
    }

    /// Does what a line says.
    ///
    /// # Errors
    /// The answer could not be printed.
    pub(crate) fn line(&mut self, line: &str) -> Result<Next, Failure> {
        self.stop.begin();
        let text = line.trim();
        if text.is_empty() || text.lines().all(|line| line.trim_start().starts_with('#')) {
            return Ok(Next::Line);
        }
        let Some(rest) = text.strip_prefix(':') else {
            self.evaluate(line, Bounds::SHALLOW)?;
            return Ok(Next::Line);
        };
        let (word, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match self.command(word, argument.trim()) {
            Ok(next) => Ok(next),
            Err(failure @ Failure::Output(_)) => Err(failure),
            Err(failure) => {
                self.wrong = true;
                ui::message(&ui::failure::render(&failure, self.context.look));
                Ok(Next::Line)
            }
        }
    }

    fn command(&mut self, word: &str, argument: &str) -> Result<Next, Failure> {
        let known = |command: &&Command| command.name[1..] == *word || command.short[1..] == *word;
        let Some(command) = COMMANDS.iter().find(known) else {
            let names = COMMANDS.iter().map(|command| &command.name[1..]);
            let help = match topo_lang::nearest::nearest(word, names) {
                Some(near) => format!("did you mean `:{near}`?"),
                None => "`:help` lists the commands".to_owned(),
            };
            return Err(Failure::input(format!("no command `:{word}`"), help));
        };
        if argument.is_empty() != command.takes.is_empty() {
            let usage = format!("{} {}", command.name, command.takes);
            let message = match command.takes {
                "" => format!("`{}` takes nothing, found `{argument}`", command.name),
                takes => format!("`{}` needs {takes}", command.name),
            };
            return Err(Failure::input(message, format!("write `{}`", usage.trim_end())));
        }
        match command.name {
            ":print" => self.evaluate(argument, Bounds::DEEP)?,
            ":type" => match self.session.type_of(argument) {
                Ok(ty) => ui::data(&ty)?,
                Err(wrong) => self.complain(&wrong),
            },
            ":doc" => {
                let types = self.session.documentation();
                let found = doc::find(&types, argument)?;
                ui::data(&ui::doc::text(&found, self.session.sources(), self.context.look))?;
            }
            ":why" => match self.session.why(argument, Bounds::SHALLOW) {
                Ok((value, reason)) => {
                    let shown = ui::glimpse::text(&value, self.context.look);
                    ui::data(&ui::why::text(
                        argument,
                        &shown,
                        &reason,
                        self.session.sources(),
                        self.context.look,
                    ))?;
                }
                Err(wrong) => self.complain(&wrong),
            },
            ":set" => self.set(argument)?,
            ":load" => {
                let file = lab::file(self.context, Some(argument))?;
                // Parameters belong to the lab they were given to.
                let inputs = InputArgs { limits: self.inputs.limits.clone(), ..InputArgs::default() };
                self.restart(Some(file), inputs)?;
                self.tell();
            }
            ":reload" => {
                self.restart(self.file.clone(), self.inputs.clone())?;
                self.tell();
            }
            ":help" => ui::data(&help())?,
            _ => return Ok(Next::End),
        }
        Ok(Next::Line)
    }

    fn evaluate(&mut self, text: &str, bounds: Bounds) -> Result<(), Failure> {
        let mut answer = self.session.line(text, bounds);
        let look = self.context.look;
        match &answer.value {
            // What is wrong with a part is said in its place.
            Some(value) if bounds.depth == Bounds::SHALLOW.depth => {
                answer.diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Warning);
                ui::data(&ui::glimpse::text(value, look))?;
            }
            Some(value) => ui::data(&ui::glimpse::bare(value, look))?,
            None => {}
        }
        self.complain(&answer.diagnostics);
        Ok(())
    }

    fn set(&mut self, argument: &str) -> Result<(), Failure> {
        let Some((name, value)) = argument.split_once('=') else {
            return Err(Failure::input("expected `PARAM=VALUE`", "such as `:set clients=3`"));
        };
        let mut inputs = self.inputs.clone();
        let name = name.trim().to_owned();
        inputs.set.retain(|(known, _)| *known != name);
        inputs.set.push((name, value.trim().to_owned()));
        let before = self.inputs.clone();
        self.restart(self.file.clone(), inputs)?;
        if self.session.is_wrong() {
            // It is not kept: the lab would be wrong from here on.
            self.restart(self.file.clone(), before)?;
        }
        Ok(())
    }

    fn restart(&mut self, file: Option<String>, inputs: InputArgs) -> Result<(), Failure> {
        let given = given(self.context, file.as_deref(), &inputs, &self.stop)?;
        self.session.restart(file.as_deref(), given);
        (self.file, self.inputs) = (file, inputs);
        let found = self.session.take_diagnostics();
        self.complain(&found);
        Ok(())
    }

    fn tell(&self) {
        if !self.context.quiet && !self.session.is_wrong() {
            ui::message(&self.about());
        }
    }

    fn complain(&mut self, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        self.wrong |= diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        ui::message(&ui::failure::render_diagnostics(self.session.sources(), diagnostics, self.context.look));
    }
}

fn given(
    context: &Context,
    file: Option<&str>,
    inputs: &InputArgs,
    stop: &Stop,
) -> Result<topo_lang::Inputs, Failure> {
    let leases = match file {
        Some(file) => {
            let name = inputs.name.clone().unwrap_or_else(|| lab::name_of(file));
            leases(context, &name)?
        }
        None => evaluated::Leases::new(),
    };
    evaluated::given(inputs, leases, stop.interrupt(inputs.limits.time()))
}

/// What ends the evaluation of a line before its own end.
#[derive(Clone)]
struct Stop {
    /// Whether Ctrl-C was pressed.
    interrupted: Arc<AtomicBool>,
    /// When the line began.
    begun: Rc<Cell<Instant>>,
}

impl Stop {
    fn begin(&self) {
        self.interrupted.store(false, Ordering::Relaxed);
        self.begun.set(Instant::now());
    }

    fn interrupt(&self, time: Option<Duration>) -> Interrupt {
        let stop = self.clone();
        Interrupt::new(move || match time {
            _ if stop.interrupted.load(Ordering::Relaxed) => Some(Ended::Interrupted),
            Some(time) if stop.begun.get().elapsed() >= time => Some(Ended::OutOfTime),
            _ => None,
        })
    }
}

fn help() -> String {
    let mut table = ui::table::Table::new(["LINE", "", "WHAT IT DOES"]);
    table.row([
        "EXPR".to_owned(),
        String::new(),
        "show the value of an expression, as far as it fits".to_owned(),
    ]);
    table.row(["NAME = EXPR".to_owned(), String::new(), "bind a name for the lines to come".to_owned()]);
    for command in COMMANDS {
        let line = format!("{} {}", command.name, command.takes);
        table.row([line.trim_end().to_owned(), command.short.to_owned(), command.help.to_owned()]);
    }
    format!(
        "{}\nAn unfinished expression goes on in the next line. Tab completes, Ctrl-C interrupts.\n",
        table.text()
    )
}
