//! The claims: each kind on the kernel, from nothing over drift and change back to nothing.

/// A claim and what it is called.
pub(crate) const CASES: &[(&str, fn())] = &[];
