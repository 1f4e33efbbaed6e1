//! Ways to elsewhere: the static ones of the lab, and the default routes that follow from its networks' gateways.

mod apply;
mod observe;
mod spec;

pub use spec::Route;
