//! A host: its network namespace, its hostname, and what of the file system it may change.

mod apply;
mod observe;
mod spec;

pub use spec::Netns;
