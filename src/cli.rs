//! The arguments all commands share, the table of commands, and the way from `main` to one of them and out again.

use crate::commands::{
    apply, check, completions, destroy, doc, doctor, env, eval, exec, explain, fmt, list, logs, lsp, man,
    plan, repl, restart, run, shell, start, status, stop, why,
};
use crate::exit::{Exit, Failure};
use crate::labs::Labs;
use crate::limits::LimitArgs;
use crate::ui::{self, Look};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use topo_engine::name::HostName;
use topo_engine::plan::Scope;

/// Network and Kerberos labs from one file
#[derive(Debug, Parser)]
#[command(name = "topo", version, disable_help_subcommand = false, propagate_version = true)]
pub(crate) struct Cli {
    /// Say only what went wrong
    #[arg(short, long, global = true, display_order = 900)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, display_order = 901)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

/// One row per command.
#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Eval(eval::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Destroy(destroy::Args),
    Status(status::Args),
    List(list::Args),
    Exec(exec::Args),
    Shell(shell::Args),
    Env(env::Args),
    Run(run::Args),
    Start(start::Args),
    Stop(stop::Args),
    Restart(restart::Args),
    Logs(logs::Args),
    Doctor(doctor::Args),
    Why(why::Args),
    Doc(doc::Args),
    Repl(repl::Args),
    Explain(explain::Args),
    Fmt(fmt::Args),
    Lsp(lsp::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Whether what is shown is for a program; then failures are too.
    fn is_for_programs(&self) -> bool {
        match self {
            Command::Check(args) => args.format == Format::Json,
            Command::Eval(args) => args.format == eval::EvalFormat::Json,
            Command::Plan(args) => args.format == plan::PlanFormat::Json,
            Command::Apply(args) => args.format == Format::Json,
            Command::Destroy(args) => args.format == Format::Json,
            Command::Status(args) => args.format == Format::Json,
            Command::Doctor(args) => args.format == Format::Json,
            Command::List(args) => args.format == Format::Json,
            Command::Why(args) => args.format == Format::Json,
            Command::Doc(args) => args.format == doc::DocFormat::Json,
            Command::Run(_) | Command::Start(_) | Command::Stop(_) | Command::Restart(_) => false,
            Command::Exec(_) | Command::Shell(_) | Command::Env(_) | Command::Logs(_) => false,
            Command::Completions(_)
            | Command::Explain(_)
            | Command::Fmt(_)
            | Command::Lsp(_)
            | Command::Man(_)
            | Command::Repl(_) => false,
        }
    }

    fn run(&self, context: &Context) -> Result<Exit, Failure> {
        match self {
            Command::Check(args) => check::run(context, args),
            Command::Eval(args) => eval::run(context, args),
            Command::Plan(args) => plan::run(context, args),
            Command::Apply(args) => apply::run(context, args),
            Command::Destroy(args) => destroy::run(context, args),
            Command::Status(args) => status::run(context, args),
            Command::List(args) => list::run(context, args),
            Command::Exec(args) => exec::run(context, args),
            Command::Shell(args) => shell::run(context, args),
            Command::Env(args) => env::run(context, args),
            Command::Run(args) => run::run(context, args),
            Command::Start(args) => start::run(context, args),
            Command::Stop(args) => stop::run(context, args),
            Command::Restart(args) => restart::run(context, args),
            Command::Logs(args) => logs::run(context, args),
            Command::Doctor(args) => doctor::run(context, args),
            Command::Why(args) => why::run(context, args),
            Command::Doc(args) => doc::run(context, args),
            Command::Repl(args) => repl::run(context, args),
            Command::Explain(args) => explain::run(context, args),
            Command::Fmt(args) => fmt::run(context, args),
            Command::Lsp(args) => lsp::run(context, args),
            Command::Completions(args) => completions::run(context, args),
            Command::Man(args) => man::run(context, args),
        }
    }
}

/// What every command may want to know of its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// How text for people looks.
    pub(crate) look: Look,
    /// The labs of this user.
    pub(crate) labs: Labs,
    /// Only what went wrong is said.
    pub(crate) quiet: bool,
    /// More is said.
    pub(crate) verbose: bool,
}

/// The form of what a command shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs, versioned
    Json,
}

/// Which lab, and its parameters.
#[derive(Debug, clap::Args)]
pub(crate) struct LabArgs {
    /// Lab file, or the name of a running lab [default: the one lab file in this directory]
    #[arg(value_name = "LAB")]
    pub(crate) lab: Option<String>,
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
}

/// What a lab is given.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct InputArgs {
    /// Run under this name: a second, isolated copy of the same lab
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Set a parameter of the lab
    #[arg(long = "set", value_name = "PARAM=VALUE", value_parser = assignment)]
    pub(crate) set: Vec<(String, String)>,
    /// Read parameters from a KDL file, one node each
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Which hosts of a lab.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct OnlyArgs {
    /// These hosts only, with what they need and what must not be left behind
    #[arg(long, value_name = "HOST", num_args = 1.., value_delimiter = ',')]
    pub(crate) only: Vec<String>,
}

impl OnlyArgs {
    /// The lab and the part of it that are meant: what comes last after `--only` and can be no host is the lab.
    ///
    /// # Errors
    /// Something else can be no host.
    pub(crate) fn with_lab(&self, lab: Option<&str>) -> Result<(Option<String>, Scope), Failure> {
        let mut names = self.only.clone();
        let mut lab = lab.map(str::to_owned);
        if lab.is_none() && names.len() > 1 && names.last().is_some_and(|last| Path::new(last).exists()) {
            lab = names.pop().filter(|last| HostName::try_from(last.as_str()).is_err());
            if lab.is_none() {
                names.clone_from(&self.only);
            }
        }
        if names.is_empty() {
            return Ok((lab, Scope::Lab));
        }
        let hosts = names.iter().map(|name| {
            HostName::try_from(name.as_str()).map_err(|_| {
                let help = "the lab comes before `--only`, or commas stand between hosts: `--only a,b`";
                Failure::input(format!("`{name}` is no host"), help)
            })
        });
        Ok((lab, Scope::Hosts(hosts.collect::<Result<_, _>>()?)))
    }
}

/// Parses the arguments, runs the command, says what went wrong.
pub(crate) fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| ui::message(&ui::bug(&panic.to_string()))));
    let status = std::panic::catch_unwind(main).unwrap_or(101);
    ExitCode::from(status)
}

fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come this way too; a reader that left is not worth a word.
            let _ = error.print();
            return u8::from(error.use_stderr());
        }
    };
    let context = Context {
        look: Look::of_terminal(),
        labs: Labs::of_this_user(),
        quiet: cli.quiet,
        verbose: cli.verbose,
    };
    conclude(&context, cli.command.is_for_programs(), || cli.command.run(&context))
}

/// Does it, says what went wrong, and gives the exit status.
pub(crate) fn conclude(
    context: &Context,
    for_programs: bool,
    work: impl FnOnce() -> Result<Exit, Failure>,
) -> u8 {
    match work() {
        Ok(exit) => exit.status(),
        Err(failure) => {
            if for_programs {
                // What cannot be printed can only be told by the exit status.
                let _ = ui::data(&ui::json::text(&ui::json::failure(&failure)));
            } else if !failure.is_silent() {
                ui::message(&ui::failure::render(&failure, context.look));
            }
            failure.status()
        }
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected `PARAM=VALUE`".to_owned()),
    }
}
