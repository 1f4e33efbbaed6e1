//! The kernel, one function per operation. Every error names the operation and its object.
//!
//! This is the only place with `unsafe` and the only one that starts processes. What it deliberately lacks is any
//! idea of labs, hosts or kinds: `runtime/` and `kinds/` decide, this does. Netlink lives with the kinds that speak it.

#![expect(unsafe_code, reason = "fork, exec, raw system calls and ioctls have no safe form")]

pub mod capability;
mod error;
pub mod family;
pub mod files;
pub mod ids;
pub mod links;
pub mod machine;
pub mod mount;
pub mod namespace;
pub mod netlink;
pub mod netns;
pub mod place;
pub mod process;
pub mod seccomp;
pub mod socket;

pub use error::Error;

/// What a kernel operation gives.
pub type Result<T> = std::result::Result<T, Error>;
