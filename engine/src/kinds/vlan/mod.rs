//! A VLAN of another interface of its host: its frames go through that one, with a tag.

mod spec;
