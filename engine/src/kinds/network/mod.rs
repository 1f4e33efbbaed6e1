//! A network in operation: its bridge set up.
//!
//! Apart from the bridge itself because it comes last: on a bridge that is up, each further port's IPv6 multicast goes to
//! all the others, so the cost of a host grows with their number.

mod apply;
mod observe;
mod spec;

pub use spec::Network;
