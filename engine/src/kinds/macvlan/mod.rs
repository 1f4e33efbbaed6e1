//! A further interface of another one, with a hardware address of its own.

mod spec;
