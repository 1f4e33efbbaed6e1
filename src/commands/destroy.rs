//! `topo destroy`: ends a lab and removes all it left. It needs neither the lab file nor a readable state: the supervisor
//! ends, the kernel takes everything with it, and the lab's directory goes.

use crate::cli::{Context, Format, OnlyArgs};
use crate::exit::{Exit, Failure};
use crate::interrupt::Stop;
use crate::running::Running;
use crate::session::EXE;
use crate::ui::plan::Detail;
use crate::ui::progress::{Progress, Talk};
use crate::ui::told::Told;
use crate::ui::{self, plural, progress, style};
use crate::{lab, session, timeout};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};
use topo_engine::error::Error;
use topo_engine::fault;
use topo_engine::name::LabName;
use topo_engine::plan::Scope;
use topo_engine::runtime::{IdMap, LabDirectory};
use topo_lang::Sources;

/// End a lab and remove all of it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lab file, or the name of a lab [default: the one lab file in this directory]
    #[arg(value_name = "LAB")]
    lab: Option<String>,
    /// The copy of the lab that runs under this name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    only: OnlyArgs,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// How long daemons may take to end, such as `30s`; then they are killed
    #[arg(long, value_name = "DURATION", value_parser = timeout::parse, default_value = "30s")]
    timeout: Duration,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (given, scope) = args.only.with_lab(args.lab.as_deref())?;
    let name = lab::name(context, given.as_deref(), args.name.as_deref())?;
    LabDirectory::sweep(context.labs.root(), &name, Path::new(EXE), &IdMap::detect())?;
    let Some(directory) = LabDirectory::open(context.labs.root(), &name)? else {
        return say(context, args, &name, None);
    };
    if scope != Scope::Lab {
        return remove_hosts(context, args, &name, scope);
    }
    let running = Running::open(context, &name)?;
    if !args.yes {
        if !ui::can_ask() {
            return Err(Failure::input("nobody can be asked here", "`--yes` destroys without asking"));
        }
        if !ui::ask(&question(&name, running.as_ref())) {
            return Ok(Exit::Wrong);
        }
    }
    let begun = Instant::now();
    if let Some(running) = running {
        running.client.shutdown(args.timeout)?;
        fault::point("destroy: supervisor ended");
    }
    directory.remove(Path::new(EXE), &IdMap::detect())?;
    say(context, args, &name, Some(begun.elapsed()))
}

/// Removes some hosts and what lives in them. The rest of the lab goes on.
fn remove_hosts(context: &Context, args: &Args, name: &str, scope: Scope) -> Result<Exit, Failure> {
    let name = LabName::try_from(name).map_err(|error| Failure::input(error.to_string(), String::new()))?;
    let for_programs = args.format == Format::Json;
    let hosts: Vec<String> = match &scope {
        Scope::Lab => Vec::new(),
        Scope::Hosts(hosts) => hosts.iter().map(ToString::to_string).collect(),
    };
    session::remove(context, &name, scope, for_programs, |work| {
        let plan = work.plan.clone();
        if !context.quiet && !for_programs {
            let detail = if context.verbose { Detail::Full } else { Detail::Brief };
            let sources = Sources::default();
            let text = ui::plan::render(&Told::new(&plan, &work.graph, &sources), context.look, detail);
            ui::message(&format!("{text}\n"));
        }
        if !args.yes {
            if !ui::can_ask() {
                return Err(Failure::input("nobody can be asked here", "`--yes` destroys without asking"));
            }
            if !ui::ask(&format!("remove this from lab {}{name}{0:#}?", style::HEADING)) {
                return Ok(Exit::Wrong);
            }
        }
        let stop = Stop::on_signals(|_| ui::message("stopping after the steps under way"));
        let talk = if context.quiet || for_programs { Talk::Little } else { Talk::Some };
        let progress = Progress::new(talk, context.look);
        let outcome = work.apply(&|event| progress.event(event), &stop.asked);
        progress.finish();
        let outcome = outcome?;
        if for_programs {
            let mut document = ui::json::outcome(name.as_str(), &plan, &outcome);
            document["format"] = json!("topo.destroy/1");
            document["destroyed"] = json!(false);
            document["hosts"] = json!(hosts);
            ui::data(&ui::json::text(&document))?;
        }
        if outcome.is_complete() {
            if !context.quiet && !for_programs {
                ui::message(&format!(
                    "removed {} from lab `{name}` in {}",
                    plural(hosts.len(), "host"),
                    progress::duration(outcome.took)
                ));
            }
            return Ok(Exit::Done);
        }
        if for_programs {
            return Ok(Exit::Wrong);
        }
        let help = format!("`topo destroy {name}` removes all of it");
        let stands =
            format!("{} done, {} not", plural(outcome.done, "step"), plan.steps.len() - outcome.done);
        Err(Failure::Engine(Error::found("remove hosts", stands).help(help)))
    })
}

fn question(name: &str, running: Option<&Running>) -> String {
    let contents = running.map_or_else(
        || "which does not run".to_owned(),
        |running| {
            let hosts = running.hosts().map_or(0, |hosts| hosts.len());
            let daemons = running.client.status().map_or(0, |daemons| daemons.len());
            format!("with {} and {}", plural(hosts, "host"), plural(daemons, "daemon"))
        },
    );
    format!("destroy lab {}{name}{0:#}, {contents}?", style::HEADING)
}

fn say(context: &Context, args: &Args, name: &str, took: Option<Duration>) -> Result<Exit, Failure> {
    match (args.format, took) {
        (Format::Json, took) => {
            let document = json!({ "format": "topo.destroy/1", "lab": name, "destroyed": took.is_some() });
            ui::data(&ui::json::text(&document))?;
        }
        (Format::Text, _) if context.quiet => {}
        (Format::Text, Some(took)) => {
            ui::message(&format!("destroyed lab `{name}` in {}", progress::duration(took)));
        }
        (Format::Text, None) => ui::message(&format!("lab `{name}` is not there: nothing to destroy")),
    }
    Ok(Exit::Done)
}
