//! `topo stop`: stops daemons; links and files stay as they are. `plan` says so, and `apply` starts them again.

use crate::cli::Context;
use crate::daemons::{Daemons, Subject};
use crate::exit::{Exit, Failure};

/// Stop the daemons of a host
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    Daemons::find(context, &args.subject)?.stop(context)
}
