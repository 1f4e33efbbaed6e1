//! Text to trees: the KDL document and the expressions within its strings.

pub mod tree;
