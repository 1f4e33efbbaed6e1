//! Options, types, definitions: how a lab's modules become one configuration.

pub(crate) mod format;
pub(crate) mod types;
