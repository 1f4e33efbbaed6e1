//! `topo env`: the variables of a lab or of one host, for `source <(topo env client1)`.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::running::{Running, WhichLab};
use crate::{lab, ui};
use std::fs;
use topo_engine::error::Error;
use topo_engine::exports;

/// Print the variables of a lab or a host: `source <(topo env client1)`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: WhichLab,
    /// Host [default: what is common to the lab]
    #[arg(value_name = "HOST")]
    host: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let text = match &args.host {
        Some(host) => {
            let running = Running::with_host(context, &args.which, host)?;
            let known = exports::known(running.client.directory(), host)?.unwrap_or_default();
            exports::script(&known.variables)
        }
        None => {
            let name = lab::name(context, args.which.lab.as_deref(), args.which.name.as_deref())?;
            let path = Running::named(context, &name)?.client.directory().path().join("exports.sh");
            fs::read_to_string(&path)
                .map_err(|error| Error::caused(format!("read `{}`", path.display()), error))?
        }
    };
    ui::data(&text)?;
    Ok(Exit::Done)
}
