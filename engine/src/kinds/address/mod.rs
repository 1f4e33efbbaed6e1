//! The addresses of one family that an interface has. Others that somebody added by hand are left alone.

mod apply;
mod observe;
mod spec;

pub use spec::Address;
