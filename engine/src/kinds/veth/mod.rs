//! An interface of a host and the port of the bridge it is plugged into: the two ends of a veth pair.

mod apply;
mod observe;
mod spec;

pub use spec::Veth;
pub(crate) use spec::port_name;
