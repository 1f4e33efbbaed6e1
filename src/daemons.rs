//! The daemons that `HOST` or `HOST/DAEMON` means, for the commands that start and stop them.

use crate::cli::{Context, InputArgs};
use crate::exit::{Exit, Failure};
use crate::interrupt::Stop;
use crate::lab;
use crate::labs::Entry;
use crate::running::{Running, WhichLab};
use crate::session::Prepared;
use crate::ui::progress::{Progress, Talk, duration};
use crate::ui::{self, plural};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use topo_engine::error::Error;
use topo_engine::graph::ResourceId;
use topo_engine::kinds::Kind;
use topo_engine::name::HostName;
use topo_engine::runtime::DaemonState;

/// Which daemons.
#[derive(Debug, clap::Args)]
pub(crate) struct Subject {
    #[command(flatten)]
    which: WhichLab,
    /// Host, or one daemon of it
    #[arg(value_name = "HOST[/DAEMON]")]
    subject: String,
}

/// The daemons of a running lab that are meant.
pub(crate) struct Daemons {
    /// The lab.
    pub(crate) running: Running,
    /// Where they are.
    pub(crate) host: String,
    /// What each is doing, by name; those that the supervisor does not know do nothing.
    pub(crate) states: BTreeMap<String, DaemonState>,
    /// The one that is meant, if it is only one.
    only: Option<String>,
}

impl Daemons {
    /// Finds them.
    ///
    /// # Errors
    /// No running lab has the host.
    pub(crate) fn find(context: &Context, subject: &Subject) -> Result<Self, Failure> {
        let (host, only) = match subject.subject.split_once('/') {
            Some((host, daemon)) => (host, Some(daemon.to_owned())),
            None => (subject.subject.as_str(), None),
        };
        let running = Running::with_host(context, &subject.which, host)?;
        let states = running
            .client
            .status()?
            .into_iter()
            .filter(|status| status.host == host)
            .map(|status| (status.id.rsplit('/').next().unwrap_or_default().to_owned(), status.state));
        let states = states.filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)).collect();
        Ok(Self { running, host: host.to_owned(), states, only })
    }

    /// The complaint about a daemon that is not there.
    pub(crate) fn none(&self, known: &[&str]) -> Failure {
        let host = &self.host;
        let message = match &self.only {
            Some(daemon) => format!("host `{host}` has no daemon `{daemon}`"),
            None => format!("host `{host}` has no daemon"),
        };
        let near =
            self.only.as_ref().and_then(|only| topo_lang::nearest::nearest(only, known.iter().copied()));
        let help = match near {
            Some(near) => format!("did you mean `{host}/{near}`?"),
            None if known.is_empty() => "`topo status` shows who has which".to_owned(),
            None => format!("its daemons: `{}`", known.join("`, `")),
        };
        Failure::input(message, help)
    }

    /// Starts those that are `wanted` by what they are doing, as the lab's file says, and waits until they answer.
    ///
    /// # Errors
    /// There is none of this name, or one does not answer.
    pub(crate) fn again(
        self,
        context: &Context,
        wanted: impl Fn(Option<&DaemonState>) -> bool,
        done: &str,
    ) -> Result<Exit, Failure> {
        let name = self.running.name.clone();
        let entry = match context.labs.entry(&name) {
            Some(entry) => entry,
            None => Entry::new(&lab::file(context, None)?, &InputArgs::default()),
        };
        let quiet = Context { quiet: true, ..context.clone() };
        let prepared = Prepared::of_file(&quiet, &entry.file, &entry.inputs(), Some(&name))?;
        let host = prepared.lab.hosts.iter().find(|(name, _)| name.as_str() == self.host);
        let all: Vec<&str> =
            host.iter().flat_map(|(_, host)| host.daemons.keys().map(AsRef::as_ref)).collect();
        let meant: Vec<&str> =
            all.iter().copied().filter(|name| self.only.as_ref().is_none_or(|only| only == name)).collect();
        if meant.is_empty() {
            return Err(self.none(&all));
        }
        let id = |host: &HostName, daemon: &&str| ResourceId::of_host(Kind::Daemon, host, *daemon);
        let skipped = |name: &str| {
            host.iter()
                .any(|(_, host)| host.daemons.iter().any(|(known, spec)| known.as_str() == name && spec.skip))
        };
        let meant: Vec<&str> = meant.into_iter().filter(|name| !skipped(name)).collect();
        if meant.is_empty() {
            let message = format!(
                "the lab skips {}",
                told(&self.host, all.iter().copied().filter(|name| skipped(name)))
            );
            return Err(Failure::input(message, "take `skip` out of its file, and `topo apply`"));
        }
        let chosen: BTreeSet<ResourceId> = host
            .iter()
            .flat_map(|(host, _)| {
                meant.iter().filter(|name| wanted(self.states.get(**name))).map(|name| id(host, name))
            })
            .collect();
        if chosen.is_empty() {
            say(context, &format!("{} of `{}` already run", plural(meant.len(), "daemon"), self.host));
            return Ok(Exit::Done);
        }
        let what = told(&self.host, chosen.iter().map(|id| &*id.name));
        // The connection must not be shared with the child that works inside.
        drop(self);
        prepared.change(context, false, |work| {
            let stop = Stop::on_signals(|_| std::process::exit(crate::interrupt::STATUS));
            let progress = Progress::new(if context.quiet { Talk::Little } else { Talk::Some }, context.look);
            let outcome = work.again(&chosen).apply(&|event| progress.event(event), &stop.asked);
            progress.finish();
            let outcome = outcome?;
            if outcome.is_complete() {
                say(context, &format!("{done} {what} in {}", duration(outcome.took)));
                return Ok(Exit::Done);
            }
            let failed = plural(outcome.failed.len(), "daemon");
            Err(Error::found(format!("start {what}"), format!("{failed} failed")).into())
        })
    }

    /// Stops them.
    ///
    /// # Errors
    /// There is none of this name.
    pub(crate) fn stop(self, context: &Context) -> Result<Exit, Failure> {
        if self.states.is_empty() {
            let all = self.running.client.status()?;
            let prefix = format!("{}/", self.host);
            let known: Vec<&str> = all.iter().filter_map(|status| status.id.strip_prefix(&prefix)).collect();
            return Err(self.none(&known));
        }
        let begun = std::time::Instant::now();
        let client = &self.running.client;
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let stop = |name: &String| {
                let id = format!("{}/{name}", self.host);
                scope.spawn(move || client.stop(&id))
            };
            let threads: Vec<_> = self.states.keys().map(stop).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        outcomes.into_iter().collect::<Result<(), _>>()?;
        let what = told(&self.host, self.states.keys().map(String::as_str));
        let took: Duration = begun.elapsed();
        say(context, &format!("stopped {what} in {}", duration(took)));
        Ok(Exit::Done)
    }
}

/// `a/one, a/two`
fn told<'a>(host: &str, names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("{host}/{name}")).collect::<Vec<_>>().join(", ")
}

fn say(context: &Context, text: &str) {
    if !context.quiet {
        ui::message(text);
    }
}
