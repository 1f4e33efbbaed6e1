//! Settings of a host's kernel: those below `/proc/sys/net`, which every network namespace has of its own.

mod apply;
mod observe;
mod spec;

pub use spec::Sysctl;
