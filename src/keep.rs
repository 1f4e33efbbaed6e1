//! `topo apply --watch`: a lab is kept as its file says. Whatever changes is put right at once, also when it is the file.

use crate::applied;
use crate::cli::{Context, Format};
use crate::exit::{Exit, Failure};
use crate::interrupt::Stop;
use crate::session::Prepared;
use crate::ui::progress::{Progress, Talk, duration};
use crate::ui::{self, plural};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use topo_engine::apply::Outcome;
use topo_engine::plan::Plan;
use topo_engine::session::Keeper;
use topo_engine::watch::Reason;
use topo_lang::Sources;

/// What tells nobody that it has changed (kernel settings, databases) is looked at this often.
const LOOK: Duration = Duration::from_secs(5);

/// How soon a request to end is heard.
const HEAR: Duration = Duration::from_millis(100);

/// Keeps the lab until somebody asks to stop. It runs on after that.
pub(crate) fn keep(
    context: &Context,
    format: Format,
    prepared: &Prepared,
    mut keeper: Keeper,
    stop: &Stop,
) -> Result<Exit, Failure> {
    context.labs.remember(prepared.name.as_str(), &prepared.entry)?;
    let mut files = files(&prepared.sources, prepared);
    let mut sources = prepared.sources.clone();
    if !context.quiet && format == Format::Text {
        ui::message("watching; Ctrl-C ends that, and the lab runs on");
    }
    let mut watcher = keeper.watcher(&files)?;
    let mut since = Instant::now();
    let mut file_changed = false;
    loop {
        // What changed before it was watched is found by looking again, except the lab's file.
        while let Some((plan, outcome)) = look(context, &mut keeper, stop)? {
            say(context, format, &plan, &outcome, &sources, since.elapsed());
            let next = keeper.watcher(&files)?;
            file_changed |= watcher.heard_of_files();
            watcher = next;
            if !outcome.is_complete() {
                break;
            }
        }
        let next = Instant::now() + LOOK;
        let reason = loop {
            if stop.asked.load(Ordering::Relaxed) {
                return Ok(Exit::Done);
            }
            if std::mem::take(&mut file_changed) {
                break Reason::File;
            }
            let reason = watcher.wait(next.min(Instant::now() + HEAR))?;
            if reason != Reason::Time || Instant::now() >= next {
                break reason;
            }
        };
        since = Instant::now();
        if reason == Reason::File
            && let Some(changed) = read_again(context, prepared)
        {
            match keeper.want(&changed.lab) {
                Ok(()) => {
                    applied::remember(&keeper, &changed)?;
                    files = self::files(&changed.sources, prepared);
                    sources = changed.sources;
                }
                Err(diagnostics) => {
                    complain(context, &Failure::Lab { sources: changed.sources, diagnostics })
                }
            }
            let next = keeper.watcher(&files)?;
            file_changed |= watcher.heard_of_files();
            watcher = next;
        }
    }
}

fn look(
    context: &Context,
    keeper: &mut Keeper,
    stop: &Stop,
) -> Result<Option<(std::sync::Arc<Plan>, Outcome)>, Failure> {
    let progress = Progress::new(Talk::Little, context.look);
    let found = keeper.repair(&|event| progress.event(event), &stop.asked);
    progress.finish();
    Ok(found?)
}

/// The lab as its file says now; one with mistakes is no reason to leave the one that runs.
fn read_again(context: &Context, prepared: &Prepared) -> Option<Prepared> {
    let Prepared { entry, name, .. } = prepared;
    match Prepared::of_file(context, &entry.file, &entry.inputs(), Some(name.as_str())) {
        Ok(changed) => Some(changed),
        Err(failure) => {
            complain(context, &failure);
            None
        }
    }
}

fn complain(context: &Context, failure: &Failure) {
    ui::message(&ui::failure::render(failure, context.look));
}

/// The files of the machine that the lab comes from.
fn files(sources: &Sources, prepared: &Prepared) -> Vec<PathBuf> {
    let own = sources.iter().map(|source| &*source.name).filter(|name| !name.starts_with("std:"));
    // A file is watched in its directory, which a bare name does not have.
    let absolute = own.filter_map(|name| std::path::absolute(name).ok());
    absolute.chain(prepared.entry.params.clone()).collect()
}

/// One line for each repair, or one object: `{format: "topo.watch/1", event: "repaired", steps: [{resource, action, reason}],
/// failed, seconds}`.
fn say(context: &Context, format: Format, plan: &Plan, outcome: &Outcome, sources: &Sources, took: Duration) {
    let reason = |step: &topo_engine::plan::Step| ui::told::reason(&step.reason, sources);
    if format == Format::Json {
        let steps: Vec<_> = plan
            .steps
            .iter()
            .map(|step| json!({ "resource": step.id.to_string(), "action": step.action, "reason": reason(step) }))
            .collect();
        let line = json!({
            "format": "topo.watch/1", "event": "repaired", "steps": steps,
            "failed": outcome.failed.len(), "seconds": took.as_secs_f64(),
        });
        // A reader that left is no reason to leave the lab.
        let _ = ui::data(&format!("{line}\n"));
        return;
    }
    if context.quiet {
        return;
    }
    let shown: Vec<String> =
        plan.steps.iter().take(3).map(|step| format!("{} ({})", step.id, reason(step))).collect();
    let more = plan.steps.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {}", plural(more, "more step")) } else { String::new() };
    let verb = if outcome.is_complete() { "put right" } else { "not all put right:" };
    ui::message(&format!("{verb} {}{more} in {}", shown.join(", "), duration(took)));
}
