//! `topo list`: the labs of this user.

use crate::cli::{Context, Format};
use crate::exit::{Exit, Failure};
use crate::running::Running;
use crate::ui::{self, table::Table};
use serde_json::json;
use topo_engine::runtime::DaemonState;

/// List the labs of this user
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// One lab with state, running or not.
struct Row {
    name: String,
    state: &'static str,
    hosts: usize,
    running: usize,
    daemons: usize,
    file: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let rows: Vec<Row> = context.labs.names().into_iter().map(|name| row(context, name)).collect();
    match args.format {
        Format::Json => {
            let labs: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({
                        "name": row.name, "state": row.state, "hosts": row.hosts,
                        "daemons": row.daemons, "daemons_running": row.running, "file": row.file,
                    })
                })
                .collect();
            ui::data(&ui::json::text(&json!({ "format": "topo.list/1", "labs": labs })))?;
        }
        Format::Text if rows.is_empty() => {
            if !context.quiet {
                ui::message("no labs; `topo apply FILE` makes one");
            }
        }
        Format::Text => {
            let mut table = Table::new(["LAB", "STATE", "HOSTS", "DAEMONS", "FILE"]);
            for row in &rows {
                let daemons = match row.running == row.daemons {
                    true => row.daemons.to_string(),
                    false => format!("{} of {}", row.running, row.daemons),
                };
                let file = row.file.clone().unwrap_or_default();
                table.row([row.name.clone(), row.state.to_owned(), row.hosts.to_string(), daemons, file]);
            }
            ui::data(&table.text())?;
        }
    }
    Ok(Exit::Done)
}

fn row(context: &Context, name: String) -> Row {
    let file = context.labs.entry(&name).map(|entry| entry.file);
    let mut row = Row { name, state: "stopped", hosts: 0, running: 0, daemons: 0, file };
    match Running::open(context, &row.name) {
        Ok(None) => {}
        Err(_) => row.state = "unreachable",
        Ok(Some(running)) => {
            row.state = "running";
            row.hosts = running.hosts().map_or(0, |hosts| hosts.len());
            let daemons = running.client.status().unwrap_or_default();
            row.daemons = daemons.len();
            row.running = daemons
                .iter()
                .filter(|daemon| {
                    matches!(daemon.state, DaemonState::Running { .. } | DaemonState::Listening { .. })
                })
                .count();
        }
    }
    row
}
