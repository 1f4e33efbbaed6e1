//! The engine of topo: from a typed value to a running lab, and back to nothing.
