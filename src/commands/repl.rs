//! `topo repl`: expressions one after another, with the names of a lab.

use crate::cli::{Context, InputArgs};
use crate::exit::{Exit, Failure};
use crate::interrupt::flag_on_ctrl_c;
use crate::repl::{Conversation, edit, read};
use crate::{lab, ui};
use std::io::{IsTerminal, stdin, stdout};
use std::sync::Arc;

/// Try expressions, with the names of a lab
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`:help` within lists the commands. Where stdin is no terminal, its lines are read one after \
                        another, and the exit status says whether any was wrong."
)]
pub(crate) struct Args {
    /// Lab file [default: the one lab file in this directory, if there is one]
    #[arg(value_name = "LAB")]
    lab: Option<String>,
    #[command(flatten)]
    inputs: InputArgs,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let file = match &args.lab {
        Some(given) => Some(lab::file(context, Some(given))?),
        None => match lab::lab_files(".").as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
    };
    let talk = |interrupted| Conversation::new(context, file, &args.inputs, interrupted);
    if stdin().is_terminal() && stdout().is_terminal() {
        let conversation = talk(flag_on_ctrl_c())?;
        if !context.quiet {
            ui::message(&format!("{}. `:help` lists the commands.", conversation.about()));
        }
        edit(context, conversation)?;
        return Ok(Exit::Done);
    }
    let mut conversation = talk(Arc::default())?;
    read(&mut conversation, stdin().lock())?;
    Ok(if conversation.wrong { Exit::Wrong } else { Exit::Done })
}
