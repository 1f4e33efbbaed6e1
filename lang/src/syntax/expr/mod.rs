//! Expressions of the Nix language, as written: a flat arena of nodes, each with its exact span.
//!
//! ```text
//! text ─ lexer, parser (Pratt) ─→ Expr          template: "…${ Expr }…" ─→ Template
//! ```
//!
//! An arena, so that no depth of nesting overflows the stack when a tree is dropped. Deliberately absent:
//! values, scopes and meaning (see `eval`), and paths and URL literals, which are refused here.

mod lexer;
mod names;
mod parser;
mod strings;
mod template;

pub use names::FreeName;
pub use template::{Part, Template};

use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use std::sync::Arc;

/// One expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    nodes: Vec<Node>,
    root: NodeId,
}

/// The number of a node within its [`Expr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub span: Span,
}

/// The name that stands for the place where it is written.
pub const CURRENT_POSITION: &str = "__curPos";

/// What a node is. `true`, `false` and `null` are names, as in Nix.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `1`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `"…"` or `''…''`; empty for the empty text.
    Text(Vec<Piece>),
    /// `name`
    Name(Arc<str>),
    /// `[ a b ]`
    List(Vec<NodeId>),
    /// `{ … }` or `rec { … }`
    Set {
        /// Whether the bindings see each other.
        recursive: bool,
        /// Nested paths are already nested sets.
        bindings: Vec<Binding>,
    },
    /// `from.path or default`
    Select {
        /// What is selected from.
        from: NodeId,
        /// At least one.
        path: Vec<Key>,
        /// After `or`.
        default: Option<NodeId>,
    },
    /// `from ? path`
    Has {
        /// What is asked.
        from: NodeId,
        /// At least one.
        path: Vec<Key>,
    },
    /// `parameter: body`
    Lambda {
        /// Its parameter.
        parameter: Parameter,
        /// Its body.
        body: NodeId,
    },
    /// `function argument …`
    Apply {
        /// What is called.
        function: NodeId,
        /// At least one.
        arguments: Vec<NodeId>,
    },
    /// `let … in body`
    Let {
        /// Mutually visible.
        bindings: Vec<Binding>,
        /// What it is for.
        body: NodeId,
    },
    /// `with set; body`
    With {
        /// Whose names become visible.
        set: NodeId,
        /// Where.
        body: NodeId,
    },
    /// `if condition then yes else no`
    If {
        /// A boolean.
        condition: NodeId,
        /// When true.
        yes: NodeId,
        /// When false.
        no: NodeId,
    },
    /// `assert condition; body`
    Assert {
        /// A boolean.
        condition: NodeId,
        /// When true.
        body: NodeId,
    },
    /// `!operand`
    Not(NodeId),
    /// `-operand`
    Negate(NodeId),
    /// `left operator right`
    Binary {
        /// Which.
        operator: Operator,
        /// Before it.
        left: NodeId,
        /// After it.
        right: NodeId,
    },
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `++`
    Concat,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `//`
    Update,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `->`
    Implies,
    /// `|>`
    PipeInto,
    /// `<|`
    PipeFrom,
}

/// A part of a text in an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// As it is, decoded.
    Literal(Arc<str>),
    /// `${…}`
    Interpolation(NodeId),
}

/// One step of an attribute path.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// `name` or `"name"`
    Static(Arc<str>, Span),
    /// `${…}` or `"a${…}"`
    Dynamic(NodeId, Span),
}

/// One line of a set or a `let`.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// `key = value;`
    Value {
        /// Its name.
        key: Key,
        /// Its value.
        value: NodeId,
    },
    /// `inherit name;`
    Inherit {
        /// Looked up outside.
        name: Arc<str>,
        /// The name.
        span: Span,
    },
    /// `inherit (from) names;`
    InheritFrom {
        /// What it is selected from.
        from: NodeId,
        /// Which.
        names: Vec<(Arc<str>, Span)>,
    },
}

/// What a lambda takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// `x:`
    Name(Arc<str>, Span),
    /// `{ a, b ? 1, ... }@all:`
    Pattern {
        /// In order of writing.
        fields: Vec<Field>,
        /// Whether `...` is there.
        open: bool,
        /// The name of the whole.
        all: Option<(Arc<str>, Span)>,
    },
}

/// One name of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub span: Span,
    /// After `?`.
    pub default: Option<NodeId>,
}

/// The end of the `}` that closes a `${` before `at`, if an expression stands between.
pub(super) fn end_of_interpolation(text: &str, at: usize) -> Option<usize> {
    let places = strings::Places::Source(SourceId(0));
    parser::interpolated(text, places, at).ok().map(|(_, end)| end)
}

impl Expr {
    /// The expression in `text`, whose first byte is the first byte of `source`.
    ///
    /// # Errors
    /// What keeps it from being an expression.
    pub fn parse(source: SourceId, text: &str) -> Result<Expr, Vec<Diagnostic>> {
        parser::whole(text, strings::Places::Source(source)).map_err(|diagnostic| vec![*diagnostic])
    }

    /// Whether a text that is no expression could become one if it went on. An empty text could, but need not.
    pub fn is_unfinished(text: &str) -> bool {
        parser::is_unfinished(text, strings::Places::Source(SourceId(0)))
    }

    /// The outermost node.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// All nodes, in no particular order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(at, node)| (NodeId(at as u32), node))
    }

    /// The span of the whole.
    pub fn span(&self) -> Span {
        self.node(self.root).span
    }
}

#[cfg(test)]
mod tests {
    use super::Expr;

    #[test]
    fn what_could_go_on() {
        for text in [
            "1 +",
            "{ a = 1;",
            "[ 1",
            "x:",
            "let a = 1; in",
            "\"a",
            "''a\n",
            "/* a",
            "f (",
            "a.",
            "\"${a",
            "if a then",
        ] {
            assert!(Expr::is_unfinished(text), "{text}");
        }
        for text in ["", " # a", "1", "1 + )", "{ a \"x\" }", "]", "a.b c", "\"a\" ]", "then"] {
            assert!(!Expr::is_unfinished(text), "{text}");
        }
    }
}
