//! The machine's own place on a network: a veth pair with one end at the network's bridge and the other in the network
//! namespace that the lab is applied from. Only root's labs have it.
//!
//! The kernel takes away both ends with the lab's network namespace, so nothing is left however a lab ends.

mod apply;
mod observe;
mod spec;

pub use spec::Uplink;
