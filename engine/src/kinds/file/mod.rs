//! A file, of one host or of all.

mod apply;
mod observe;
mod spec;

pub use spec::File;
