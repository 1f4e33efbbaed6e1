//! `topo status`: hosts, addresses and daemons of a lab, and what is not as the lab file says.

use crate::cli::{Context, Format};
use crate::exit::{Exit, Failure};
use crate::lab;
use crate::labs::Entry;
use crate::running::Running;
use crate::session::Prepared;
use crate::ui::{self, plural, style, table::Table};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use topo_engine::lab::{Host, Lab};
use topo_engine::plan::Plan;
use topo_engine::runtime::{DaemonState, DaemonStatus};

/// Show the hosts, addresses and daemons of a lab, and its drift
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lab file, or the name of a lab [default: the lab of this directory]
    #[arg(value_name = "LAB")]
    lab: Option<String>,
    /// The copy of the lab that runs under this name
    #[arg(long)]
    name: Option<String>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// A lab as it is found.
struct Found<'a> {
    name: &'a str,
    file: &'a str,
    running: bool,
    lab: &'a Lab,
    daemons: Vec<DaemonStatus>,
    plan: &'a Plan,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let name = lab::name(context, args.lab.as_deref(), args.name.as_deref())?;
    let entry = match context.labs.entry(&name) {
        Some(entry) => entry,
        None => {
            let file = lab::file(context, args.lab.as_deref())?;
            Entry::new(&file, &crate::cli::InputArgs::default())
        }
    };
    if !Path::new(&entry.file).exists() {
        let help = format!("`topo destroy {name}` needs no file; `topo list` shows whether it runs");
        return Err(Failure::input(format!("the file of lab `{name}` is gone: `{}`", entry.file), help));
    }
    let quiet = Context { quiet: true, ..context.clone() };
    let prepared = Prepared::of_file(&quiet, &entry.file, &entry.inputs(), Some(&name))?;
    let running = Running::open(context, &name)?;
    let daemons = running.as_ref().map(|running| running.client.status()).transpose()?.unwrap_or_default();
    let is_running = running.is_some();
    // The connection must not be shared with the child that looks from inside.
    drop(running);
    prepared.look(context, args.format == Format::Json, |work| {
        let found = Found {
            name: &name,
            file: &entry.file,
            running: is_running,
            lab: &prepared.lab,
            daemons,
            plan: &work.plan,
        };
        ui::data(&match args.format {
            Format::Json => ui::json::text(&document(&found, &prepared)),
            Format::Text => text(context, &found, &prepared),
        })?;
        Ok(if found.running && found.plan.is_empty() { Exit::Done } else { Exit::Changes })
    })
}

fn text(context: &Context, found: &Found<'_>, prepared: &Prepared) -> String {
    let state = if found.running {
        format!("{}running{0:#}", style::GOOD)
    } else {
        format!("{}not running{0:#}", style::BAD)
    };
    let mut out = format!("{}{}{0:#}: {state}, from {}\n\n", style::HEADING, found.name, found.file);
    let mut table = Table::new(["HOST", "ADDRESSES", "DAEMONS"]);
    let daemons = by_host(&found.daemons);
    for (name, host) in &found.lab.hosts {
        let known = daemons.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        let cells: Vec<String> =
            host.daemons.keys().map(|daemon| cell(daemon.as_ref(), known, found.running)).collect();
        table.row([name.to_string(), addresses(host).join(" "), cells.join(", ")]);
    }
    out.push_str(&table.text());
    out.push('\n');
    match found.plan.steps.len() {
        0 if !found.running => out.push_str("`topo apply` brings it up\n"),
        0 => out.push_str("everything is as the lab file says\n"),
        count if !found.running => {
            out.push_str(&format!("{} would bring it up: `topo apply`\n", plural(count, "step")));
        }
        _ => {
            out.push_str("not as the lab file says:\n");
            for step in &found.plan.steps {
                let reason = ui::told::reason(&step.reason, &prepared.sources);
                out.push_str(&format!("  {}  {dim}({reason}){dim:#}\n", step.id, dim = style::DIM));
            }
            let more =
                if context.verbose { "" } else { ": `topo plan` shows more, `topo apply` puts it right" };
            out.push_str(&format!("{}{more}\n", ui::plan::summary(found.plan)));
        }
    }
    out
}

fn addresses(host: &Host) -> Vec<String> {
    let all = host.interfaces.values().flat_map(|interface| &interface.addresses);
    all.map(|address| address.value.to_string()).collect()
}

/// A daemon by its name, with its state where that is not `running`.
fn cell(daemon: &str, known: &[&DaemonStatus], lab_runs: bool) -> String {
    let status = known.iter().find(|status| short(status) == daemon);
    match status.map(|status| &status.state) {
        Some(DaemonState::Running { .. }) => format!("{}{daemon}{0:#}", style::GOOD),
        Some(state) => format!("{}{daemon} ({}){0:#}", style::BAD, describe(state)),
        None if lab_runs => format!("{}{daemon} (not started){0:#}", style::BAD),
        None => daemon.to_owned(),
    }
}

/// The daemon's name on its host.
fn short(status: &DaemonStatus) -> &str {
    status.id.rsplit('/').next().unwrap_or(&status.id)
}

fn describe(state: &DaemonState) -> String {
    match state {
        DaemonState::Starting => "starting".to_owned(),
        DaemonState::Running { .. } => "running".to_owned(),
        DaemonState::Stopping { .. } => "stopping".to_owned(),
        DaemonState::Backoff { ending, again_in_ms } => {
            format!("{}, again in {:.1} s", ending.told(), *again_in_ms as f64 / 1000.0)
        }
        DaemonState::Exited { ending } => ending.told(),
        DaemonState::Failed { reason } => reason.clone(),
        DaemonState::Stopped => "stopped".to_owned(),
    }
}

fn by_host(daemons: &[DaemonStatus]) -> BTreeMap<&str, Vec<&DaemonStatus>> {
    let mut out: BTreeMap<&str, Vec<&DaemonStatus>> = BTreeMap::new();
    for daemon in daemons {
        out.entry(&daemon.host).or_default().push(daemon);
    }
    out
}

/// `topo.status/1`: `{format, lab, file, running, hosts: [{name, fqdn, addresses: […], daemons: [{name, state, text,
/// restarts, log}]}], differs: [{resource, action, reason}]}`. `state` is `running`, `starting`, `stopping`, `backoff`,
/// `exited`, `failed`, `stopped` or `absent`.
fn document(found: &Found<'_>, prepared: &Prepared) -> Json {
    let daemons = by_host(&found.daemons);
    let hosts: Vec<Json> = found
        .lab
        .hosts
        .iter()
        .map(|(name, host)| {
            let known = daemons.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            let of_host: Vec<Json> = host
                .daemons
                .keys()
                .map(|daemon| {
                    let daemon: &str = daemon.as_ref();
                    match known.iter().find(|status| short(status) == daemon) {
                        Some(status) => json!({
                            "name": daemon, "state": state_word(&status.state), "text": describe(&status.state),
                            "restarts": status.restarts, "log": status.log,
                        }),
                        None => json!({
                            "name": daemon, "state": "absent", "text": "not started", "restarts": 0, "log": null,
                        }),
                    }
                })
                .collect();
            json!({ "name": name.as_str(), "fqdn": host.fqdn.as_str(), "addresses": addresses(host), "daemons": of_host })
        })
        .collect();
    let differs: Vec<Json> = found
        .plan
        .steps
        .iter()
        .map(|step| {
            let reason = ui::told::reason(&step.reason, &prepared.sources);
            json!({ "resource": step.id.to_string(), "action": step.action, "reason": reason })
        })
        .collect();
    json!({
        "format": "topo.status/1", "lab": found.name, "file": found.file, "running": found.running,
        "hosts": hosts, "differs": differs,
    })
}

fn state_word(state: &DaemonState) -> &'static str {
    match state {
        DaemonState::Starting => "starting",
        DaemonState::Running { .. } => "running",
        DaemonState::Stopping { .. } => "stopping",
        DaemonState::Backoff { .. } => "backoff",
        DaemonState::Exited { .. } => "exited",
        DaemonState::Failed { .. } => "failed",
        DaemonState::Stopped => "stopped",
    }
}
