//! `topo restart`: stops daemons and starts them again, in the order they need; links and files stay as they are.

use crate::cli::Context;
use crate::daemons::{Daemons, Subject};
use crate::exit::{Exit, Failure};

/// Stop the daemons of a host, start them, and wait until they answer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    Daemons::find(context, &args.subject)?.again(context, |_| true, "restarted")
}
