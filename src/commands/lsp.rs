//! `topo lsp`: the language server, on stdin and stdout.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::lsp;

/// Answer an editor (the language server protocol, on stdin and stdout)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Taken and ignored: editors add it
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(crate) fn run(_: &Context, _: &Args) -> Result<Exit, Failure> {
    lsp::serve().map_err(|error| {
        Failure::input(
            format!("the editor left: {error}"),
            "`topo lsp` is started by an editor; see the book's chapter on editors",
        )
    })?;
    Ok(Exit::Done)
}
