//! A running lab: one supervisor that holds its namespaces and its daemons, and how the command line starts it, asks it,
//! and enters what it holds. It knows hosts and processes; kinds, plans and the files' contents are not its business.

mod client;
mod command;
mod directory;
mod enter;
mod error;
mod exec;
mod idmap;
mod isolation;
mod log;
pub mod protocol;
mod report;
mod run;
mod spec;
mod start;
pub mod supervisor;

pub use client::{Client, netns_name};
pub use command::Command;
pub use directory::{HostDirectory, LabDirectory};
pub use enter::enter;
pub use error::{Error, Failure, Result};
pub use exec::exec_in_host;
pub use idmap::IdMap;
pub use isolation::{Clocks, Isolation};
pub use log::LogReader;
pub use run::{Output, on_host, run_in_host};
pub use spec::{
    DaemonSpec, DaemonState, DaemonStatus, Ending, HostTable, HostView, Limit, Listen, LogSpec, Overlay,
    ProcessEntry, Restart, Seccomp, SeccompAction,
};
pub use start::{Tether, start, start_held};
