//! `topo env`: the variables of a lab or of one host, for `source <(topo env client1)`.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::running::{Running, WhichLab};
use crate::{lab, ui};
use std::fs;
use std::path::PathBuf;
use topo_engine::error::Error;

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
    let path: PathBuf = match &args.host {
        Some(host) => {
            let running = Running::with_host(context, &args.which, host)?;
            running.client.directory().host(host).path().join("exports.sh")
        }
        None => {
            let name = lab::name(context, args.which.lab.as_deref(), args.which.name.as_deref())?;
            Running::named(context, &name)?.client.directory().path().join("exports.sh")
        }
    };
    let text = fs::read_to_string(&path)
        .map_err(|error| Error::caused(format!("read `{}`", path.display()), error))?;
    ui::data(&text)?;
    Ok(Exit::Done)
}
