//! Policy rules: which packets are looked up in which routing table.

mod apply;
mod observe;
mod spec;

pub use spec::Rule;
