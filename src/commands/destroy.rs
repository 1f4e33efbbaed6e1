//! `topo destroy`: ends a lab and removes all it left. It needs neither the lab file nor a readable state: the supervisor
//! ends, the kernel takes everything with it, and the lab's directory goes.

use crate::cli::{Context, Format};
use crate::exit::{Exit, Failure};
use crate::running::Running;
use crate::ui::{self, plural, progress, style};
use crate::{lab, timeout};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};
use topo_engine::runtime::{IdMap, LabDirectory};

/// End a lab and remove all of it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lab file, or the name of a lab [default: the one lab file in this directory]
    #[arg(value_name = "LAB")]
    lab: Option<String>,
    /// The copy of the lab that runs under this name
    #[arg(long)]
    name: Option<String>,
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
    let name = lab::name(context, args.lab.as_deref(), args.name.as_deref())?;
    let Some(directory) = LabDirectory::open(context.labs.root(), &name)? else {
        return say(context, args, &name, None);
    };
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
    }
    directory.remove(Path::new("/proc/self/exe"), &IdMap::detect())?;
    say(context, args, &name, Some(begun.elapsed()))
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
