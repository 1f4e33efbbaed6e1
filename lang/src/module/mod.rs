//! Options, types, definitions: how a lab's modules become one configuration.
//!
//! ```text
//! Program ─ machine: submodules, options, blocks (all lazy)
//!         ─ expand: loops, conditions, calls → definitions ─ merge, check → one value each ─ finish → Value
//! ```

mod arena;
mod block;
mod check;
mod collections;
mod expand;
pub(crate) mod finish;
pub(crate) mod format;
mod inputs;
pub(crate) mod machine;
mod merge;
mod origin;
mod outside;
mod reference;
mod terms;
pub(crate) mod types;
