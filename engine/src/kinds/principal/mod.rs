//! An identity in a KDC database, with a password or a random key.

mod apply;
mod observe;
mod spec;

pub use spec::Principal;
