//! Packets in packets, to one other host.

mod spec;
