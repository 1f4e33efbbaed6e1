//! A directory of a host. What is in it is not the lab's, so a directory that is not empty outlives its resource.

mod apply;
mod observe;
mod spec;

pub use spec::Directory;
pub(in crate::kinds) use spec::{access_attributes, below_directories};
