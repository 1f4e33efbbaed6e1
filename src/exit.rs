//! How a command ends: its exit status, or why it could not do what was asked.

use std::io;
use topo_engine::machine::Missing;
use topo_lang::{Diagnostic, Sources};

/// How a command that ran to its end, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The lab or its input is wrong, or something failed; it was said.
    Wrong,
    /// There are changes and `--detailed-exitcode` asks, or something is not as it should be.
    Changes,
    /// The machine lacks something; it was said.
    Lacking,
    /// Ctrl-C; it was said.
    Interrupted,
    /// What `exec` and `shell` ran ended with this.
    Command(u8),
}

impl Exit {
    /// The exit status.
    pub(crate) fn status(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Wrong => 1,
            Exit::Changes => 2,
            Exit::Lacking => 3,
            Exit::Interrupted => 4,
            Exit::Command(status) => status,
        }
    }
}

/// Why a command could not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The lab says something wrong: exit status 1.
    Lab {
        /// The texts the diagnostics point into.
        sources: Sources,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// What was typed is wrong: exit status 1.
    Input {
        /// What, in one line.
        message: String,
        /// Ways out.
        help: Vec<String>,
    },
    /// The machine lacks something: exit status 3.
    Missing(Vec<Missing>),
    /// The machine said no: exit status 1.
    Engine(topo_engine::error::Error),
    /// The lab's supervisor said no, or does not answer: exit status 1.
    Runtime(topo_engine::runtime::Error),
    /// Ctrl-C: exit status 4.
    Interrupted {
        /// Where things stand.
        message: String,
        /// How to go on.
        help: Vec<String>,
    },
    /// Data could not be printed: exit status 1, or silently 0 where the reader left.
    Output(io::Error),
}

impl Failure {
    /// Something typed is wrong, and there is a way out.
    pub(crate) fn input(message: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Input { message: message.into(), help: vec![help.into()] }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Failure::Lab { .. } | Failure::Input { .. } | Failure::Engine(_) | Failure::Runtime(_) => 1,
            Failure::Missing(_) => 3,
            Failure::Interrupted { .. } => 4,
            Failure::Output(_) => u8::from(!self.is_silent()),
        }
    }

    /// Whether nobody wants to hear of it: the reader of our output left.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl From<topo_engine::error::Error> for Failure {
    fn from(error: topo_engine::error::Error) -> Self {
        Failure::Engine(error)
    }
}

impl From<topo_engine::runtime::Error> for Failure {
    fn from(error: topo_engine::runtime::Error) -> Self {
        Failure::Runtime(error)
    }
}
