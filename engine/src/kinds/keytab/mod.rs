//! A file with the long-term keys of some principals, on any host.

mod apply;
mod format;
mod observe;
mod spec;

pub use spec::Keytab;
