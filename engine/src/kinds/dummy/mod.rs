//! An interface that leads nowhere: for addresses that a host has by itself.

mod spec;

pub use spec::Dummy;
