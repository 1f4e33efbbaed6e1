//! `topo status`: hosts, addresses and daemons of a lab, and what is not as the lab file says.

use crate::cli::{Context, Format};
use crate::exit::{Exit, Failure};
use crate::lab;
use crate::labs::Entry;
use crate::running::Running;
use crate::session::Prepared;
use crate::ui::progress::duration;
use crate::ui::{self, plural, style, table::Table};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use topo_engine::lab::{Host, Lab};
use topo_engine::plan::Plan;
use topo_engine::runtime::{DaemonState, DaemonStatus, HostTable, ProcessEntry};

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
    table: Vec<HostTable>,
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
    let detailed = args.format == Format::Json || context.verbose;
    let asked = running.as_ref().filter(|_| detailed).map(|running| running.client.table());
    let table = asked.transpose()?.unwrap_or_default();
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
            table,
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
        let cells: Vec<String> = host
            .daemons
            .iter()
            .map(|(daemon, spec)| cell(daemon.as_ref(), spec.skip, known, found.running))
            .collect();
        table.row([name.to_string(), addresses(host).join(" "), cells.join(", ")]);
    }
    out.push_str(&table.text());
    out.push('\n');
    if context.verbose && found.running {
        out.push_str(&processes(found));
        out.push('\n');
    }
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

/// What runs, with how long it has run and, where it may not for ever, how long it may yet.
fn processes(found: &Found<'_>) -> String {
    let mut table = Table::new(["HOST", "PID", "RUNS", "LEFT", "DAEMON", "COMMAND"]);
    for host in &found.table {
        for process in &host.processes {
            let status = found.daemons.iter().find(|status| Some(&status.id) == process.daemon.as_ref());
            let left = status.and_then(|status| match status.state {
                DaemonState::Running { left_ms, pid, .. } if pid == process.pid_in_lab => left_ms,
                _ => None,
            });
            table.row([
                host.name.clone(),
                process.pid.to_string(),
                duration(Duration::from_millis(process.ran_ms)),
                left.map(|left| duration(Duration::from_millis(left))).unwrap_or_default(),
                status.map(|status| short(status).to_owned()).unwrap_or_default(),
                // A script on the command line has many lines.
                process.command.split_whitespace().collect::<Vec<_>>().join(" "),
            ]);
        }
    }
    table.text()
}

fn addresses(host: &Host) -> Vec<String> {
    let all = host.interfaces.values().flat_map(|interface| &interface.addresses);
    all.map(|address| address.value.to_string()).collect()
}

/// A daemon by its name, with its state where that is not `running`.
fn cell(daemon: &str, skip: bool, known: &[&DaemonStatus], lab_runs: bool) -> String {
    let status = known.iter().find(|status| short(status) == daemon);
    match status.map(|status| &status.state) {
        Some(DaemonState::Running { .. } | DaemonState::Listening { connections: 0 }) => {
            format!("{}{daemon}{0:#}", style::GOOD)
        }
        Some(state @ DaemonState::Listening { .. }) => {
            format!("{}{daemon} ({}){0:#}", style::GOOD, describe(state))
        }
        Some(state) => format!("{}{daemon} ({}){0:#}", style::BAD, describe(state)),
        None if skip => format!("{daemon} (skipped)"),
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
        DaemonState::Listening { connections: 0 } => "listening".to_owned(),
        DaemonState::Listening { connections } => plural(*connections, "connection"),
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
/// restarts, log, noted, pid, seconds, seconds_left}], namespaces: {…}, processes: [{pid, seconds, daemon, command}]}],
/// differs: [{resource, action, reason}]}`. `state` is `running`, `listening`, `starting`, `stopping`, `backoff`, `exited`, `failed`,
/// `stopped`, `skipped` or `absent`. `namespaces` are the inodes by their words, `null` where the host is not there.
fn document(found: &Found<'_>, prepared: &Prepared) -> Json {
    let daemons = by_host(&found.daemons);
    let table: BTreeMap<&str, &HostTable> =
        found.table.iter().map(|host| (host.name.as_str(), host)).collect();
    let hosts: Vec<Json> = found
        .lab
        .hosts
        .iter()
        .map(|(name, host)| {
            let known = daemons.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            let there = table.get(name.as_str());
            let running = there.map_or(&[][..], |there| there.processes.as_slice());
            let of_host: Vec<Json> = host
                .daemons
                .iter()
                .map(|(daemon, spec)| {
                    let daemon: &str = daemon.as_ref();
                    match known.iter().find(|status| short(status) == daemon) {
                        Some(status) => {
                            let (pid, ran, left) = times(&status.state, running);
                            json!({
                                "name": daemon, "state": state_word(&status.state), "text": describe(&status.state),
                                "restarts": status.restarts, "log": status.log, "noted": status.noted,
                                "pid": pid, "seconds": ran, "seconds_left": left,
                            })
                        }
                        None => json!({
                            "name": daemon, "state": if spec.skip { "skipped" } else { "absent" },
                            "text": if spec.skip { "skipped" } else { "not started" }, "restarts": 0, "log": null,
                            "noted": null, "pid": null, "seconds": null, "seconds_left": null,
                        }),
                    }
                })
                .collect();
            let processes: Vec<Json> = running
                .iter()
                .map(|process| {
                    let daemon = process.daemon.as_deref().and_then(|id| id.rsplit('/').next());
                    json!({
                        "pid": process.pid, "seconds": seconds(process.ran_ms), "daemon": daemon,
                        "command": process.command,
                    })
                })
                .collect();
            json!({
                "name": name.as_str(), "fqdn": host.fqdn.as_str(), "addresses": addresses(host), "daemons": of_host,
                "namespaces": there.map(|there| &there.namespaces), "processes": processes,
            })
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

/// A running daemon's pid on its host, for how many seconds it has run and for how many it may yet.
fn times(state: &DaemonState, processes: &[ProcessEntry]) -> (Option<i32>, Option<f64>, Option<f64>) {
    let DaemonState::Running { pid, ran_ms, left_ms, .. } = state else { return (None, None, None) };
    let process = processes.iter().find(|process| process.pid_in_lab == *pid);
    (process.map(|process| process.pid), Some(seconds(*ran_ms)), left_ms.map(seconds))
}

fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

fn state_word(state: &DaemonState) -> &'static str {
    match state {
        DaemonState::Starting => "starting",
        DaemonState::Running { .. } => "running",
        DaemonState::Listening { .. } => "listening",
        DaemonState::Stopping { .. } => "stopping",
        DaemonState::Backoff { .. } => "backoff",
        DaemonState::Exited { .. } => "exited",
        DaemonState::Failed { .. } => "failed",
        DaemonState::Stopped => "stopped",
    }
}
