//! The engine of topo: from a typed value to a running lab, and back to nothing.
//!
//! ```text
//! Value ─ decode ─→ Lab ─ lower ─→ Graph (desired) ─┐
//!                          recorded State ──────────┤─ plan (pure) ─→ Plan ─ apply ─→ State
//!        kernel, files, daemons ─ observe ─→ Observed┘                  └─ events
//! ```
//!
//! Deliberately absent: printing, the environment, the clock of the day. What happens is said in [`event::Event`]s.

pub mod apply;
pub mod attribute;
mod check;
pub mod codes;
pub mod decode;
pub mod digest;
pub mod environment;
pub mod error;
pub mod event;
pub mod exports;
pub mod fault;
pub mod graph;
pub mod kinds;
pub mod lab;
pub mod linux;
pub mod lower;
pub mod machine;
pub mod name;
pub mod observe;
pub mod plan;
pub mod runtime;
pub mod session;
pub mod state;
pub mod watch;
