//! A long-running process, started by the lab's supervisor.

mod apply;
mod observe;
mod ready;
mod spec;

pub use spec::Daemon;
