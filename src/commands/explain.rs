//! `topo explain`: what a diagnostic's code means, with an example. The book's chapter *Errors* is its text.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::ui;
use topo_lang::nearest::nearest;

/// The chapter, a section for each code.
const CHAPTER: &str = include_str!("../../book/src/errors.md");

/// Explain the code of a mistake, such as `unknown-option`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What stands in brackets after `error` or `warning` [default: a list of all]
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let text = match &args.code {
        None => ui::explain::list(sections(), context.look),
        Some(given) => {
            let asked = given.trim_start_matches("error").trim_start_matches("warning");
            let asked = asked.trim_matches(['[', ']', '`', ':']);
            match sections().find(|(code, _)| *code == asked) {
                Some((code, text)) => ui::explain::section(code, text),
                None => return Err(unknown(asked)),
            }
        }
    };
    ui::data(&text)?;
    Ok(Exit::Done)
}

/// Each code with what the chapter says of it.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    CHAPTER.split("\n## `").skip(1).filter_map(|section| section.split_once("`\n"))
}

fn unknown(asked: &str) -> Failure {
    let help = match nearest(asked, sections().map(|(code, _)| code)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`topo explain` lists them all".to_owned(),
    };
    Failure::input(format!("no mistake is called `{asked}`"), help)
}
