//! `topo apply`: plans, shows, asks, does, and says how to enter.

use crate::applied::{self, Before};
use crate::cli::{Context, Format, LabArgs, OnlyArgs};
use crate::exit::{Exit, Failure};
use crate::hold::{Came, Terms, Watch, hold};
use crate::interrupt::{Stop, Urgency};
use crate::keep::keep;
use crate::saved::{self, SavedFile};
use crate::session::Prepared;
use crate::timeout;
use crate::ui::plan::Detail;
use crate::ui::progress::{Progress, Talk, duration};
use crate::ui::told::Told;
use crate::ui::{self, plural, style};
use serde_json::json;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use topo_engine::apply::Outcome;
use topo_engine::error::Error;
use topo_engine::kinds::Kind;
use topo_engine::linux::process;
use topo_engine::plan::{Action, Scope, Step};
use topo_engine::runtime::Ending;
use topo_engine::session::{Held, Undone, Work};

/// Make the running lab what the file says, or do what a saved plan says
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
    #[command(flatten)]
    only: OnlyArgs,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Make a new lab under a name of its own, say `host NAME` of each host and `ready LAB`, and end it when standard
    /// input closes, a signal comes, or the process that started this one dies
    #[arg(long, conflicts_with = "only")]
    hold: bool,
    /// Stay, and put right at once whatever changes: links, addresses, routes, files, daemons, and the lab file itself
    #[arg(long, conflicts_with_all = ["hold", "only"])]
    watch: bool,
    /// With `--hold`: how long processes may take to end; then they are killed
    #[arg(long, value_name = "DURATION", value_parser = timeout::parse, default_value = "500ms", requires = "hold")]
    grace: Duration,
    /// Begin no further step after this long, such as `2min`
    #[arg(long, value_name = "DURATION", value_parser = timeout::parse)]
    timeout: Option<Duration>,
    /// Undo what was done where not all of it can be done, also when it is interrupted: the lab is as it was before
    #[arg(long, conflicts_with_all = ["hold", "watch"])]
    rollback: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.hold {
        let terms = Terms {
            lab: args.lab.lab.as_deref(),
            inputs: &args.lab.inputs,
            stdin: true,
            announced: Some(args.format),
            grace: args.grace,
        };
        return hold(context, &terms, |watch, _, held| until_the_end(watch, held));
    }
    let (lab, scope) = args.only.with_lab(args.lab.lab.as_deref())?;
    let for_programs = args.format == Format::Json;
    if let Some(path) = lab.as_deref().filter(|lab| saved::is_plan(lab)) {
        return saved_plan(context, args, path);
    }
    let prepared = Prepared::new(context, lab.as_deref(), &args.lab.inputs)?.only(scope);
    let before = before(context, args, &prepared)?;
    let exit = prepared
        .change(context, for_programs, |work| change(context, args, &prepared, before.as_ref(), work))?;
    note(context, args, &prepared, exit)
}

/// What to go back to, where that is asked for.
fn before(context: &Context, args: &Args, prepared: &Prepared) -> Result<Option<Before>, Failure> {
    if args.rollback { applied::before(context, prepared).map(Some) } else { Ok(None) }
}

/// Notes where the lab is from now on applied from, unless all went back.
fn note(context: &Context, args: &Args, prepared: &Prepared, exit: Exit) -> Result<Exit, Failure> {
    if !args.rollback || exit.status() == 0 {
        context.labs.remember(prepared.name.as_str(), &prepared.entry)?;
    }
    Ok(exit)
}

/// Does exactly what is in a plan that was saved, or nothing.
fn saved_plan(context: &Context, args: &Args, path: &str) -> Result<Exit, Failure> {
    if !args.only.only.is_empty() || args.lab.inputs.params.is_some() {
        let message = "`--only` and `--params` belong to `topo plan`: a saved plan is applied as it is";
        return Err(Failure::input(message, "leave them away"));
    }
    let file = SavedFile::read(path)?;
    let inputs = file.entry(path, &args.lab.inputs)?;
    let mut prepared = Prepared::of_file(context, &inputs.file, &inputs.inputs(), Some(file.lab.as_str()))?
        .only(file.scope());
    if let Some(key) = file.key() {
        prepared = prepared.with_key(key);
    }
    let before = before(context, args, &prepared)?;
    let exit = prepared.change(context, args.format == Format::Json, |work| {
        file.check(path, &work, &prepared.sources)?;
        change(context, args, &prepared, before.as_ref(), work)
    })?;
    note(context, args, &prepared, exit)
}

/// Holds a lab that is up. Whoever reads what was said finds its end.
fn until_the_end(watch: &Watch, held: &Held) -> Result<Exit, Failure> {
    let close = || Error::found("close", "standard output");
    let null = std::fs::File::options().write(true).open("/dev/null").map_err(|_| close())?;
    process::redirect(null.as_fd(), 1).map_err(|_| close())?;
    match watch.wait(held, None, None)? {
        Came::Signal(signal) | Came::FromTerminal(signal) => {
            Ok(Exit::Command(Ending::Signal(signal as i32).shell_code()))
        }
        Came::Closed | Came::Ended | Came::Late => Ok(Exit::Done),
        Came::LabEnded => Err(Error::found("hold the lab", "somebody else ended it").into()),
    }
}

fn change(
    context: &Context,
    args: &Args,
    prepared: &Prepared,
    before: Option<&Before>,
    work: Work,
) -> Result<Exit, Failure> {
    let plan = work.plan.clone();
    if !plan.is_empty() {
        if !context.quiet && args.format == Format::Text {
            let detail = if context.verbose { Detail::Full } else { Detail::Brief };
            let told = Told::new(&plan, &work.graph, &prepared.sources);
            ui::message(&format!("{}\n", ui::plan::render(&told, context.look, detail)));
        }
        if !args.yes {
            if !ui::can_ask() {
                return Err(Failure::input("nobody can be asked here", "`--yes` applies without asking"));
            }
            if !ui::ask(&format!("apply this to lab {}{}{0:#}?", style::HEADING, prepared.name)) {
                ui::message("nothing was changed");
                return Ok(Exit::Wrong);
            }
        }
    }
    let talk = match (context.quiet || args.format == Format::Json, context.verbose) {
        (true, _) => Talk::Little,
        (false, true) => Talk::All,
        (false, false) => Talk::Some,
    };
    let progress = Arc::new(Progress::new(talk, context.look));
    let (said, rollback) = (progress.clone(), before.is_some());
    let stop = Stop::on_signals(move |urgency| match urgency {
        Urgency::Soon if rollback => said.line("undoing after the steps under way; again to stop at once"),
        Urgency::Soon => said.line("stopping after the steps under way; again to stop at once"),
        Urgency::AtOnce => {
            said.finish();
            said.line("stopped at once: `topo apply` does the steps that were under way again");
        }
    });
    if let Some(limit) = args.timeout {
        stop.after(limit);
    }
    let applied = work.apply_and_keep(&|event| progress.event(event), &stop.asked);
    progress.finish();
    let (outcome, mut keeper) = applied?;
    if outcome.is_complete() && *prepared.session.scope() == Scope::Lab {
        applied::remember(&keeper, prepared)?;
    }
    let undone = match before.filter(|_| !outcome.is_complete()) {
        Some(before) => {
            let undone = keeper.undo(
                before.lab.as_ref(),
                &outcome,
                &|event| progress.event(event),
                &Default::default(),
            );
            progress.finish();
            Some((before, undone?))
        }
        None => None,
    };
    if args.format == Format::Json {
        let mut document = ui::json::outcome(prepared.name.as_str(), &plan, &outcome);
        if let Some((_, undone)) = &undone {
            document["undone"] = json!(undone.outcome.is_complete());
        }
        ui::data(&ui::json::text(&document))?;
        if args.watch && outcome.is_complete() {
            return keep(context, args.format, prepared, keeper, &stop);
        }
        return Ok(match (outcome.is_complete(), outcome.left > 0 && !stop.is_late()) {
            (true, _) => Exit::Done,
            (false, true) => Exit::Interrupted,
            (false, false) => Exit::Wrong,
        });
    }
    if outcome.is_complete() {
        if !context.quiet {
            let is_new_host = |step: &Step| step.action == Action::Create && step.id.kind == Kind::Netns;
            ui::message(&done(&outcome, prepared, plan.steps.iter().any(is_new_host)));
        }
        if args.watch {
            return keep(context, args.format, prepared, keeper, &stop);
        }
        return Ok(Exit::Done);
    }
    incomplete(context, &outcome, undone, prepared, &stop)
}

/// What is said when all went well; of a lab that has new hosts, how to get there.
fn done(outcome: &Outcome, prepared: &Prepared, new_hosts: bool) -> String {
    if outcome.done == 0 {
        return "nothing to change".to_owned();
    }
    let mut text = format!("applied {} in {}", plural(outcome.done, "step"), duration(outcome.took));
    let hosts: Vec<&str> = prepared.lab.hosts.keys().map(|host| host.as_str()).collect();
    let example = hosts.iter().find(|host| host.starts_with("client")).or(hosts.last());
    if let (true, Some(host)) = (new_hosts, example) {
        let ways = [
            (format!("topo shell {host}"), "a shell on a host"),
            (format!("topo exec {host} -- COMMAND"), "a command there"),
            (format!("source <(topo env {host})"), "its variables in this shell"),
            ("topo status".to_owned(), "what runs"),
        ];
        let width = ways.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        text.push('\n');
        for (command, what) in ways {
            text.push_str(&format!("\n  {}{command:width$}{0:#}   {what}", style::HEADING));
        }
        text.push('\n');
    }
    text
}

fn incomplete(
    context: &Context,
    outcome: &Outcome,
    undone: Option<(&Before, Undone)>,
    prepared: &Prepared,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let mut parts = vec![format!("{} done", plural(outcome.done, "step"))];
    for (count, what) in [
        (outcome.failed.len(), "failed"),
        (outcome.skipped.len(), "left out because of that"),
        (outcome.left, "not begun"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let name = &prepared.name;
    let mut help = vec![format!("`topo apply` goes on from here, `topo destroy {name}` removes all of it")];
    if let Some((before, undone)) = undone {
        if !context.quiet && !undone.plan.is_empty() {
            let told = Told::new(&undone.plan, &undone.graph, &before.sources);
            ui::message(&format!("\n{}\n", ui::plan::render(&told, context.look, Detail::Brief)));
        }
        if undone.outcome.is_complete() {
            help.clear();
            parts.push(match &before.lab {
                Some(_) => "all of it undone: the lab is as it was before".to_owned(),
                None => "all of it undone: there is no lab, as before".to_owned(),
            });
        } else {
            parts.push(format!("{} of {} to undo that", undone.outcome.done, undone.plan.steps.len()));
        }
    }
    let stands = parts.join(", ");
    if outcome.left > 0 && !stop.is_late() {
        return Err(Failure::Interrupted { message: format!("interrupted: {stands}"), help });
    }
    let operation = if stop.is_late() { "apply the lab in time" } else { "apply the lab" };
    Err(Failure::Engine(Error { help, ..Error::found(operation, stands) }))
}
