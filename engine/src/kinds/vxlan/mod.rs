//! A network of its own over another one: frames in UDP packets.

mod spec;
