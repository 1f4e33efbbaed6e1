//! Interfaces with a routing table of their own, apart from the host's other ones.

mod spec;
