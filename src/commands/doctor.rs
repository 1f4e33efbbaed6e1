//! `topo doctor`: what this machine can do, and what cures what it cannot; with a lab, also what that lab needs.

use crate::cli::{Context, Format, LabArgs};
use crate::exit::{Exit, Failure};
use crate::session::Prepared;
use crate::ui::{self, style};
use serde_json::json;
use std::fmt::Write;
use topo_engine::digest::DigestKey;
use topo_engine::error::Error;
use topo_engine::linux::machine::{Outcome, Probe, probes};
use topo_engine::lower::lower;
use topo_engine::machine::Missing;
use topo_engine::session::missing;

/// Say what this machine can do, and what a lab needs of it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let probes = probes().map_err(|error| Error::caused("try what this machine can do", error))?;
    let missing = match &args.lab.lab {
        Some(_) => needs(context, &args.lab)?,
        None => Vec::new(),
    };
    let lacking = probes.iter().any(|probe| probe.outcome != Outcome::Works) || !missing.is_empty();
    match args.format {
        Format::Json => ui::data(&ui::json::text(&document(&probes, &missing)))?,
        Format::Text => {
            ui::data(&text(&probes, context.look.unicode))?;
            if !missing.is_empty() {
                ui::data(&format!("\n{}", ui::failure::render_missing(&missing)))?;
            } else if args.lab.lab.is_some() {
                ui::data("the lab needs nothing more")?;
            }
        }
    }
    Ok(if lacking { Exit::Lacking } else { Exit::Done })
}

/// What the lab needs and the machine lacks.
fn needs(context: &Context, args: &LabArgs) -> Result<Vec<Missing>, Failure> {
    let prepared = Prepared::new(context, args.lab.as_deref(), &args.inputs)?;
    // Nothing is compared, so any key will do.
    match lower(&prepared.lab, &DigestKey::new([0; 32])) {
        Ok(graph) => Ok(missing(&graph)),
        Err(diagnostics) => Err(Failure::Lab { sources: prepared.sources, diagnostics }),
    }
}

fn text(probes: &[Probe], unicode: bool) -> String {
    let (good, bad) = if unicode { ("✓", "×") } else { ("ok", "no") };
    let mut out = String::new();
    for probe in probes {
        match &probe.outcome {
            Outcome::Works => {
                let _ = writeln!(out, "  {}{good}{0:#} {}", style::GOOD, probe.name);
            }
            Outcome::Missing { found, cure, costs } => {
                let _ = writeln!(out, "  {}{bad}{0:#} {}: {found}", style::BAD, probe.name);
                let _ = writeln!(out, "      without it: no {costs}");
                if let Some(cure) = cure {
                    let _ = writeln!(out, "      {}help:{0:#} {cure}", style::HELP);
                }
            }
        }
    }
    out
}

/// `topo.doctor/1`: `{format, probes: [{name, works, found, cure, costs}], missing: [{what, needed_by, cure}]}`.
fn document(probes: &[Probe], missing: &[Missing]) -> serde_json::Value {
    let probes: Vec<_> = probes
        .iter()
        .map(|probe| match &probe.outcome {
            Outcome::Works => {
                json!({ "name": probe.name, "works": true, "found": null, "cure": null, "costs": null })
            }
            Outcome::Missing { found, cure, costs } => {
                json!({ "name": probe.name, "works": false, "found": found, "cure": cure, "costs": costs })
            }
        })
        .collect();
    json!({ "format": "topo.doctor/1", "probes": probes, "missing": ui::json::missing(missing) })
}
