//! Tables of functions: `NAME.nix` has for each one what it is for, its type, an example with its result, and the definition.
//!
//! ```text
//! # The whole numbers from the first to the second, both included.
//! # :: Int -> Int -> [Int]
//! # lib.range 1 3 => [ 1 2 3 ]
//! range = native;
//! ```
//!
//! Definitions have blank lines between them and none within. `native` is written in Rust; `inherit (builtins) a b;` are
//! builtins under the same name.

/// One function, or constant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Its name, without what is before the dot.
    pub(crate) name: &'static str,
    /// What is said of it, as it is written.
    pub(crate) comment: &'static str,
    /// Where it comes from.
    pub(crate) body: Body,
}

/// Where a function comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// It is written in Rust.
    Native,
    /// It is the builtin of this name, and what is said of that holds here too.
    Inherited,
    /// It is this expression.
    Expression(&'static str),
}

/// What is said of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    /// What it is for.
    pub(crate) doc: String,
    /// Its type.
    pub(crate) ty: String,
    /// An expression with it.
    pub(crate) example: String,
    /// What that comes to, as an expression; or `error: ` and the message.
    pub(crate) result: String,
}

/// The functions of a table, in order.
pub(crate) fn entries(text: &'static str) -> impl Iterator<Item = Entry> {
    text.split("\n\n").flat_map(|paragraph| {
        let mut end = 0;
        while paragraph[end..].starts_with('#') {
            end += paragraph[end..].find('\n').map_or(paragraph[end..].len(), |line| line + 1);
        }
        let (comment, definition) = paragraph.split_at(end);
        let definition = definition.trim_end().trim_end_matches(';');
        let inherited = definition.strip_prefix("inherit (builtins) ").unwrap_or_default().split(' ');
        let inherited = inherited.filter(|name| !name.is_empty());
        let defined = definition.split_once(" =").map(|(name, body)| Entry {
            name,
            comment,
            body: match body.trim() {
                "native" => Body::Native,
                body => Body::Expression(body),
            },
        });
        inherited.map(|name| Entry { name, comment: "", body: Body::Inherited }).chain(defined)
    })
}

impl Entry {
    /// What is said of it; nothing, where a part of that is missing.
    pub(crate) fn comment(&self) -> Option<Comment> {
        let lines: Vec<&str> = self.comment.lines().map(|line| line.trim_start_matches('#').trim()).collect();
        let at = lines.iter().position(|line| line.starts_with(":: "))?;
        let example = lines[at + 1..].join("\n");
        let (example, result) = example.rsplit_once(" => ")?;
        Some(Comment {
            doc: lines[..at].join(" "),
            ty: lines[at][3..].to_owned(),
            example: example.to_owned(),
            result: result.to_owned(),
        })
    }
}
