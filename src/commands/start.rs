//! `topo start`: starts daemons that do not run; links and files stay as they are.

use crate::cli::Context;
use crate::daemons::{Daemons, Subject};
use crate::exit::{Exit, Failure};
use topo_engine::runtime::DaemonState;
/// Start the daemons of a host that do not run, and wait until they answer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let idle = |state: Option<&DaemonState>| {
        !matches!(
            state,
            Some(DaemonState::Running { .. } | DaemonState::Listening { .. } | DaemonState::Starting)
        )
    };
    Daemons::find(context, &args.subject)?.again(context, idle, "started")
}
