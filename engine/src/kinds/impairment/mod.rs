//! What happens to packets on their way out of an interface, or, at the port it is plugged into, on their way in.

mod apply;
mod observe;
mod spec;

pub use spec::Impairment;
