//! One file per command: its arguments, and what it does. The table of them is in `cli.rs`.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod destroy;
pub(crate) mod doc;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod eval;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod lsp;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod repl;
pub(crate) mod restart;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod why;
