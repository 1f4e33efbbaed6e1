//! A lab that lives as long as this process, for `topo run` and `topo apply --hold`: it is new, has a name of its own, and
//! is gone when its command ends, standard input closes, the process that started this one dies, or a signal comes.
//!
//! Signals are never handled but waited for, so that none interrupts the end. Should this process be killed, the lab's
//! supervisor ends it.

use crate::cli::{Context, Format, InputArgs};
use crate::exit::{Exit, Failure};
use crate::interrupt::{STATUS, Stop};
use crate::lab;
use crate::session::Prepared;
use crate::ui::progress::{Progress, Talk};
use crate::ui::{self, plural};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use serde_json::json;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};
use topo_engine::error::Error;
use topo_engine::event::Event;
use topo_engine::kinds::Kind;
use topo_engine::linux::process;
use topo_engine::session::{Held, Work};

/// How a lab is brought up and let go.
pub(crate) struct Terms<'a> {
    /// Which lab.
    pub(crate) lab: Option<&'a str>,
    /// What it is given.
    pub(crate) inputs: &'a InputArgs,
    /// Whether standard input is watched: it is read, and its end is the lab's.
    pub(crate) stdin: bool,
    /// How hosts are announced, where they are.
    pub(crate) announced: Option<Format>,
    /// How long its processes may take to end.
    pub(crate) grace: Duration,
}

/// What happened while a lab was held.
pub(crate) enum Came {
    /// The lab was ended by somebody else.
    LabEnded,
    /// What was waited for has ended.
    Ended,
    /// The time is up.
    Late,
    /// Standard input is closed.
    Closed,
    /// A process sent this, or the one that started us died.
    Signal(Signal),
    /// The terminal sent this, to our command as well.
    FromTerminal(Signal),
}

/// Brings the lab up, does `then` while it runs, and ends it.
pub(crate) fn hold(
    context: &Context,
    terms: &Terms<'_>,
    then: impl FnOnce(&Watch, &Prepared, &Held) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    if terms.announced.is_some() {
        // Whoever waits for the end of something that we were given by mistake should not wait for us.
        process::close_from(3).map_err(|error| Error::caused("hold a lab", error))?;
    }
    let watch = Watch::begin(terms.stdin)?;
    let file = lab::file(context, terms.lab)?;
    let name = terms.inputs.name.clone().unwrap_or_else(|| own_name(&lab::name_of(&file)));
    let prepared = Prepared::of_file(context, &file, terms.inputs, Some(&name))?;
    let (exit, held) = prepared.hold(context, |work| bring_up(context, terms, &name, work))?;
    let exit = match exit {
        Exit::Command(0) => {
            context.labs.remember(&name, &prepared.entry)?;
            then(&watch, &prepared, &held)
        }
        exit => Ok(exit),
    };
    held.end(terms.grace)?;
    exit
}

/// A name that no other run has.
fn own_name(name: &str) -> String {
    // A lab's name has a limit.
    let name: String = name.chars().take(50).collect();
    format!("{name}-{}", std::process::id())
}

/// In the lab: carries out the whole plan. Whoever wants the lab to end now ends this process at once.
fn bring_up(context: &Context, terms: &Terms<'_>, name: &str, work: Work) -> Result<Exit, Failure> {
    let stop = Stop::on_signals(|_| std::process::exit(STATUS));
    if terms.stdin {
        std::thread::spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            std::process::exit(STATUS)
        });
    }
    let progress = Progress::new(if context.verbose { Talk::All } else { Talk::Little }, context.look);
    let outcome = work.apply(
        &|event| {
            if let (Event::Done { id, .. }, Some(format)) = (&event, terms.announced)
                && id.kind == Kind::Netns
                && let Some(host) = &id.host
            {
                announce(format, "host", host.as_str());
            }
            progress.event(event);
        },
        &stop.asked,
    );
    progress.finish();
    let outcome = outcome?;
    if !outcome.is_complete() {
        let detail = format!("{} done, {} failed", plural(outcome.done, "step"), outcome.failed.len());
        return Err(Error::found("bring up the lab", detail).into());
    }
    if let Some(format) = terms.announced {
        announce(format, "ready", name);
    }
    Ok(Exit::Done)
}

/// One line, for whoever started us. One who does not read any more is heard of by other means.
fn announce(format: Format, event: &str, name: &str) {
    let line = match format {
        Format::Text => format!("{event} {name}\n"),
        Format::Json => format!("{}\n", json!({ "format": "topo.hold/1", "event": event, "name": name })),
    };
    let _ = ui::data(&line);
}

/// All that can end a lab that is held.
pub(crate) struct Watch {
    signals: SignalFd,
    before: SigSet,
    stdin: bool,
}

impl Watch {
    /// From now on signals wait to be asked for, and the death of the process that started us is one.
    fn begin(stdin: bool) -> Result<Self, Failure> {
        let failed = |errno| Failure::Engine(Error::caused("watch for signals", errno));
        let parent = nix::unistd::getppid();
        let mask: SigSet =
            [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT].into_iter().collect();
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), Some(&mut before)).map_err(failed)?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC).map_err(failed)?;
        nix::sys::prctl::set_pdeathsig(Signal::SIGTERM).map_err(failed)?;
        if nix::unistd::getppid() != parent {
            return Err(Failure::Interrupted {
                message: "the process that started this one is gone".to_owned(),
                help: Vec::new(),
            });
        }
        Ok(Self { signals, before, stdin })
    }

    /// In a forked process: signals as they were.
    pub(crate) fn restore_signals(&self) {
        // Cannot fail with a mask that the kernel gave.
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }

    /// Waits for the first thing that happens.
    pub(crate) fn wait(
        &self,
        held: &Held,
        process: Option<BorrowedFd<'_>>,
        deadline: Option<Instant>,
    ) -> Result<Came, Failure> {
        let stdin = std::io::stdin();
        loop {
            let mut watched = vec![
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
                PollFd::new(held.client().supervisor(), PollFlags::POLLIN),
            ];
            watched.extend(process.map(|process| PollFd::new(process, PollFlags::POLLIN)));
            if self.stdin {
                watched.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut watched, process::timeout(deadline)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::caused("wait for the end", errno).into()),
            }
            let happened = |number: usize| watched.get(number).is_some_and(|it| it.any() == Some(true));
            let input = 2 + usize::from(process.is_some());
            // A command that ends because its lab did has ended: its exit status counts.
            if process.is_some() && happened(2) {
                return Ok(Came::Ended);
            }
            if happened(0)
                && let Ok(Some(came)) = self.signals.read_signal()
                && let Ok(signal) = Signal::try_from(i32::try_from(came.ssi_signo).unwrap_or_default())
            {
                return Ok(if came.ssi_code > 0 { Came::FromTerminal(signal) } else { Came::Signal(signal) });
            }
            if happened(1) {
                return Ok(Came::LabEnded);
            }
            if self.stdin && happened(input) && stdin.lock().read(&mut [0; 4096]).unwrap_or(0) == 0 {
                return Ok(Came::Closed);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Came::Late);
            }
        }
    }
}
