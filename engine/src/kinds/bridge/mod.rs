//! The kernel switch of a network, in the lab's own network namespace.
//!
//! A bridge is made down and stays so: [`super::network`] sets it up when all its ports are plugged in.

mod apply;
mod observe;
mod spec;

pub use spec::Bridge;
