//! A command that is run once for its inputs.

mod apply;
mod spec;

pub use spec::Step;
