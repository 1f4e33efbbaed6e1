//! Several interfaces as one: the others of its host see the bond, and its members carry the frames.

mod spec;
