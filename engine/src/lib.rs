//! The engine of topo: from a typed value to a running lab, and back to nothing.
//!
//! ```text
//! Value ─ decode ─→ Lab ─ lower ─→ Graph (desired) ─┐
//!                          recorded State ──────────┤─ plan (pure) ─→ Plan ─ apply ─→ State
//!        kernel, files, daemons ─ observe ─→ Observed┘                  └─ events
//! ```
//!
//! Deliberately absent: printing, the environment, the clock of the day. What happens is said in [`event::Event`]s.

pub mod linux;
