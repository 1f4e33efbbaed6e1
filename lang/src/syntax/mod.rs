//! Text to trees: the KDL document and the expressions within its strings.

mod balance;
mod chars;
mod cut_short;
pub mod expr;
mod format;
pub mod lexer;
mod mistakes;
mod names;
mod number;
mod parser;
mod print;
mod report;
mod string;
pub mod tree;

pub use format::format;
pub use parser::{MAX_DEPTH, parse};
pub use print::print;
