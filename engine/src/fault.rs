//! Points at which a run can be killed: tests kill it at each of them, one after the other, and look at what comes of it.
//!
//! Without the feature `faults` a point is nothing, and nothing of this is in the program.

#[cfg(feature = "faults")]
mod armed;

#[cfg(feature = "faults")]
pub use armed::{environment, point};

/// A point that is called `what`.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(what: &'static str) {
    let _ = what;
}

/// What a supervisor needs of the environment to count on.
#[cfg(not(feature = "faults"))]
pub fn environment() -> Option<(&'static str, std::ffi::OsString)> {
    None
}
