//! Entering a lab: the process that works there is a grandchild. Its parent enters, because a pid namespace takes only
//! children; the command itself stays outside. Both wait, hand signals on and end as it ended.

use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

use super::client::Client;
use super::error::Result;
use super::report;
use super::spec::Ending;
use crate::linux::namespace::{self, Namespaces};
use crate::linux::process::{self, Fork};
use crate::linux::{Error as KernelError, Result as KernelResult};

/// Runs `work` in the namespaces of the lab, as its root, in a process of its own; gives how that ended. This process must
/// have one thread and stays outside, so that it can end the lab and remove what is left of it; the other may start as
/// many threads as it likes. Its working directory is the same path, where there is one. It is killed when this process is.
pub fn enter(client: &Client, work: impl FnOnce() -> u8) -> Result<Ending> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    process::raise_open_files()?;
    let (reading, mut report) = report::channel()?;
    let signals = Forwarded::block()?;
    match process::fork()? {
        Fork::Parent(child) => {
            drop(report);
            let failure = reading.wait()?;
            let ending = signals.wait(child)?;
            failure.map_or(Ok(ending), |failure| Err(failure.into()))
        }
        Fork::Child => {
            drop(reading);
            // A pid namespace takes only children: this process is between the two.
            match enter_and_fork(client) {
                Ok(Fork::Parent(child)) => {
                    drop(report);
                    process::exit_now(
                        signals.wait(child).map_or(i32::from(u8::MAX), |ending| ending.shell_code().into()),
                    )
                }
                Ok(Fork::Child) => {
                    drop(report);
                    signals.restore();
                    // A directory that only the outside has is no reason to fail: paths are given absolute.
                    let _ = std::env::set_current_dir(here);
                    let code = process::die_with_parent().map_or(u8::MAX, |()| work());
                    std::process::exit(i32::from(code))
                }
                Err(error) => {
                    report.fail(error.into());
                    process::exit_now(127)
                }
            }
        }
    }
}

fn enter_and_fork(client: &Client) -> KernelResult<Fork> {
    let user = if client.user_namespace() { namespace::USER } else { Namespaces::empty() };
    namespace::enter(client.supervisor(), namespace::HOST | user)?;
    // After entering: the kernel forgets it when a process gains rights.
    process::die_with_parent()?;
    process::fork()
}

/// The signals that a waiting parent hands on to its child.
pub(super) struct Forwarded {
    signals: SignalFd,
    before: SigSet,
}

impl Forwarded {
    /// Blocks them, before the fork, so that none is lost.
    pub(super) fn block() -> Result<Forwarded> {
        let mut mask = SigSet::empty();
        for signal in [
            Signal::SIGCHLD,
            Signal::SIGHUP,
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTERM,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
            Signal::SIGWINCH,
        ] {
            mask.add(signal);
        }
        let failed = |errno| KernelError::new("block", "the signals of a waiting process", errno);
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), Some(&mut before)).map_err(failed)?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC).map_err(failed)?;
        Ok(Forwarded { signals, before })
    }

    /// In the child: the signals as they were.
    pub(super) fn restore(&self) {
        // Cannot fail with a mask that the kernel gave.
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }

    /// In the parent: waits for the child, hands signals on to it, and stops and goes on with it. A signal that was
    /// blocked before is also waited for by whoever blocked it, and is pending again afterwards: the child may have
    /// ended before it heard of it.
    pub(super) fn wait(self, child: Pid) -> Result<Ending> {
        let mut awaited = SigSet::empty();
        let ending = loop {
            match process::wait_for(child, WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)? {
                WaitStatus::Exited(_, code) => break Ending::Code(code),
                WaitStatus::Signaled(_, signal, _) => break Ending::Signal(signal as i32),
                WaitStatus::Stopped(..) => {
                    let _ = raise(Signal::SIGSTOP);
                    let _ = nix::sys::signal::kill(child, Signal::SIGCONT);
                }
                _ => awaited.extend(self.hand_on(child)?.filter(|signal| self.before.contains(*signal))),
            }
        };
        self.restore();
        for signal in &awaited {
            let _ = nix::sys::signal::kill(Pid::this(), signal);
        }
        Ok(ending)
    }

    /// Waits for a signal, and says which of those that the child hears of it was.
    fn hand_on(&self, child: Pid) -> Result<Option<Signal>> {
        match self.signals.read_signal() {
            Ok(Some(information)) => {
                // What the terminal sends (code SI_KERNEL) it sends to the child as well.
                let from_a_process = information.ssi_code <= 0;
                let number = i32::try_from(information.ssi_signo).unwrap_or_default();
                let signal = Signal::try_from(number).ok().filter(|signal| *signal != Signal::SIGCHLD);
                if let Some(signal) = signal
                    && from_a_process
                {
                    let _ = nix::sys::signal::kill(child, signal);
                }
                Ok(signal)
            }
            Ok(None) | Err(Errno::EINTR) => Ok(None),
            Err(errno) => Err(KernelError::new("wait for", "signals", errno).into()),
        }
    }
}
