//! The language of topo: text in, one typed value out.
//!
//! ```text
//! source ─ syntax ─→ tree ─ resolve, module ─→ options and definitions ─ eval ─→ Value
//! ```
//!
//! Deliberately absent: the kernel, anything about networks beyond the arithmetic of addresses,
//! printing, the clock, the environment. Files are read through [`World`] alone.

pub mod analysis;
mod asked;
pub mod code;
pub mod codes;
pub mod diagnostic;
mod documentation;
pub mod eval;
mod evaluation;
mod functions;
mod module;
pub mod nearest;
pub mod print;
mod resolve;
mod session;
pub mod source;
pub mod syntax;
pub mod value;
mod why;
pub mod world;

pub use asked::Asked;
pub use code::Code;
pub use diagnostic::{Diagnostic, Label, Severity};
pub use documentation::{OptionDoc, TypeDoc};
pub use eval::{Ended, Interrupt, Limits};
pub use evaluation::{
    Evaluation, Inputs, LabName, evaluate, evaluate_at_last, evaluate_expression, path_part, why,
};
pub use functions::{FunctionDoc, function, functions, left_out, sections};
pub use session::{Answer, Bounds, Completion, Glimpse, Session};
pub use source::{Source, SourceId, Sources, Span};
pub use value::{Data, Entries, Value};
pub use why::{Considered, Input, InputKind, Reason};
pub use world::World;
