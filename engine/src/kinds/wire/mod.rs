//! A network without a bridge: the two ends of one veth pair, each in a host.

mod apply;
mod observe;
mod spec;

pub use spec::{End, Wire};
