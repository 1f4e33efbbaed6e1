//! Expressions made at random: over the whole grammar, and mostly well-typed, so that most have a value.

mod calls;

pub(crate) use calls::WORDS;

use crate::random::Random;
use crate::tree::{Level, Piece, Tree};

/// What an expression is meant to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Int,
    Float,
    Bool,
    Text,
    Null,
    List(Box<Type>),
    /// Attributes of one type, under any names.
    Map(Box<Type>),
    /// Attributes of known names.
    Record(Vec<(String, Type)>),
    Function(Box<Type>, Box<Type>),
}

use Type::{Bool, Float, Function, Int, List, Map, Null, Record, Text};

/// The names around an expression, and how much of it may still be made.
struct Maker<'a> {
    random: &'a mut Random,
    names: Vec<(String, Type)>,
    /// How many more inner expressions there may be.
    fuel: usize,
}

const NAMES: &[&str] = &["a", "b", "c", "x", "y", "foo", "a'", "a-b", "_x", "x1", "map", "or-not"];
const KEYS: &[&str] = &["a", "b", "c", "x", "foo", "bar", "a b", "", "if", "1", "é", "a.b", "or"];
const INTS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "10",
    "42",
    "100",
    "007",
    "4611686018427387904",
    "9223372036854775807",
    "(-1)",
    "(-5)",
    "2147483648",
];
const FLOATS: &[&str] = &[
    "0.0",
    "1.0",
    "1.5",
    "2.25",
    ".5",
    "0.1",
    "3.",
    "1.0e3",
    "1.5E-3",
    "123456.75",
    "(-0.5)",
    "1.0e20",
    "(-2.0)",
];
const TEXTS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"b\"",
    "\"foo\"",
    "\"a b\"",
    "\"1\"",
    "\"x=1;y\"",
    "\"\\n\"",
    "\"\\\"\\\\\\t\"",
    "\"\\${x}\"",
    "\"$x\"",
    "\"$$\"",
    "\"$${a}\"",
    "\"é☃\"",
    "\"1.2.3\"",
    "\"a-1.0\"",
    "\"/a/b\"",
    "\"FOO\"",
    "''''",
    "''a''",
    "''$''",
    "'' x''",
    "''\n  a\n    b\n''",
    "''\n  a\n\n  b''",
    "''\n\ta\n  b\n''",
    "''  a\n b\n   c''",
    "'''''''",
    "''''$x''",
    "''''\\n''",
    "''a\\n''",
    "'' ''\\t a\n  b ''",
    "\"a\n b\"",
    "''\n   ''",
    "''   \n  a''",
    "\"\\a\\q\"",
    "\"a\\\nb\"",
];

/// An expression of any type.
pub(crate) fn expression(random: &mut Random) -> Tree {
    let fuel = 4 + random.below(36);
    let mut maker = Maker { random, names: Vec::new(), fuel };
    let wanted = maker.data(2);
    maker.of(&wanted, 0)
}

impl Maker<'_> {
    /// A type that is data all through.
    fn data(&mut self, depth: usize) -> Type {
        match self.random.below(if depth == 0 { 6 } else { 10 }) {
            0 | 1 => Int,
            2 => Float,
            3 => Bool,
            4 => Text,
            5 => {
                if self.random.percent(20) {
                    Null
                } else {
                    Text
                }
            }
            6 | 7 => List(Box::new(self.data(depth - 1))),
            8 => Map(Box::new(self.data(depth - 1))),
            _ => {
                let count = self.random.below(4);
                let mut fields: Vec<(String, Type)> = Vec::new();
                for _ in 0..count {
                    let key = self.random.pick(KEYS).to_string();
                    if fields.iter().all(|(known, _)| *known != key) {
                        fields.push((key, self.data(depth - 1)));
                    }
                }
                Record(fields)
            }
        }
    }

    fn of(&mut self, wanted: &Type, depth: usize) -> Tree {
        // Now and then something else than what is wanted.
        let other;
        let wanted = if self.random.percent(1) {
            other = self.data(1);
            &other
        } else {
            wanted
        };
        if self.fuel == 0 || depth > 12 {
            return self.leaf(wanted, depth);
        }
        self.fuel -= 1;
        match self.random.below(20) {
            0..=4 => self.leaf(wanted, depth),
            5 | 6 => self.variable(wanted, depth),
            7 => self.bind(wanted, depth),
            8 => self.choose(wanted, depth),
            9 => self.guard(wanted, depth),
            10 => self.call(wanted, depth),
            11 => self.select(wanted, depth),
            12 => self.with(wanted, depth),
            _ => self.template(wanted, depth),
        }
    }

    /// Words, with `«type»`, `‹type›` and `<type>` in them filled in: as an operand, as an argument, as anything.
    fn fill(&mut self, parts: Vec<Part>, level: Level, depth: usize) -> Tree {
        let mut pieces = Vec::new();
        for part in parts {
            pieces.push(match part {
                Part::Word(word) => Piece::Word(word),
                Part::Anything(wanted) => Piece::Tree(self.of(&wanted, depth + 1)),
                Part::Operand(wanted) => {
                    let tree = self.of(&wanted, depth + 1);
                    let wrap = match tree.level {
                        Level::Atom => 2,
                        Level::Operators => 70,
                        Level::Open => 98,
                    };
                    Piece::Tree(if self.random.percent(wrap) { tree.parenthesized() } else { tree })
                }
                Part::Argument(wanted) => {
                    let tree = self.of(&wanted, depth + 1);
                    let wrap = if tree.level == Level::Atom { 2 } else { 99 };
                    Piece::Tree(if self.random.percent(wrap) { tree.parenthesized() } else { tree })
                }
            });
        }
        Tree { pieces, level }
    }

    /// The shortest expressions of a type.
    fn leaf(&mut self, wanted: &Type, depth: usize) -> Tree {
        let known: Vec<String> =
            self.names.iter().filter(|(_, kind)| kind == wanted).map(|(name, _)| name.clone()).collect();
        if !known.is_empty() && self.random.percent(60) {
            return Tree::atom(self.random.pick(&known));
        }
        match wanted {
            Int => {
                let small = self.random.percent(70);
                Tree::atom(self.random.pick(if small { &INTS[..7] } else { INTS }))
            }
            Float => Tree::atom(self.random.pick(FLOATS)),
            Bool => Tree::atom(self.random.pick(&["true", "false"])),
            Text if self.random.percent(15) => Tree::atom(self.indented()),
            Text => Tree::atom(self.random.pick(TEXTS)),
            Null => Tree::atom("null"),
            List(item) => self.list(item, depth),
            Map(value) => {
                let count = if self.fuel == 0 { 0 } else { self.random.below(4) };
                let mut fields: Vec<(String, Type)> = Vec::new();
                for _ in 0..count {
                    let key = self.random.pick(KEYS).to_string();
                    if fields.iter().all(|(known, _)| *known != key) {
                        fields.push((key, (**value).clone()));
                    }
                }
                self.set(&fields, depth)
            }
            Record(fields) => self.set(fields, depth),
            Function(from, to) => self.lambda(from, to, depth),
        }
    }

    /// A text whose indentation goes.
    fn indented(&mut self) -> String {
        const PARTS: &[&str] = &[
            " ",
            "  ",
            "   ",
            "\n",
            "\n",
            "\n",
            "a",
            "b c",
            "\t",
            "$",
            "$$",
            "''$",
            "'''",
            "''\\n",
            "''\\t",
            "''\\ ",
            "\"",
            "\\",
            "${\"\"}",
            "${\"x\"}",
            "${\"y\\nz\"}",
            "'",
            "\r\n",
        ];
        let parts: Vec<&str> = (0..self.random.below(12)).map(|_| self.random.pick(PARTS)).collect();
        format!("''{}''", parts.concat())
    }

    fn list(&mut self, item: &Type, depth: usize) -> Tree {
        let mut parts = vec![Part::word("[")];
        let count = if self.fuel == 0 { self.random.below(2) } else { self.random.below(5) };
        for _ in 0..count {
            parts.extend([Part::word(" "), Part::Argument(item.clone())]);
        }
        parts.push(Part::word(" ]"));
        self.fill(parts, Level::Atom, depth)
    }

    /// A key as it is written in a set or a selection.
    fn key(&mut self, key: &str) -> String {
        let plain = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && key.chars().all(|next| next.is_ascii_alphanumeric() || "_'-".contains(next))
            && key != "if"
            && key != "or";
        match self.random.below(10) {
            0 => format!("${{\"{key}\"}}"),
            1 => format!("\"${{\"{key}\"}}\""),
            2 => format!("${{\"\" + \"{key}\"}}"),
            3..=9 if plain => key.into(),
            _ => format!("\"{key}\""),
        }
    }

    fn set(&mut self, fields: &[(String, Type)], depth: usize) -> Tree {
        let recursive = self.random.percent(20);
        let mut parts = vec![Part::word(if recursive { "rec { " } else { "{ " })];
        let count = self.names.len();
        if recursive {
            let bound = fields.iter().filter(|(name, _)| NAMES.contains(&&**name)).cloned();
            // Only a name that comes later may be used: else it would need itself.
            self.names.retain(|(name, _)| fields.iter().all(|(field, _)| field != name));
            let bound: Vec<_> = bound.skip(1).take(1).collect();
            self.names.extend(bound);
        }
        for (name, kind) in fields {
            if recursive && self.names.last().is_some_and(|(last, _)| last == name) {
                self.names.pop();
            }
            match kind {
                // Nested paths merge.
                Record(inner) if !inner.is_empty() && self.random.percent(50) => {
                    let key = self.key(name);
                    for (inner, kind) in inner {
                        let inner = self.key(inner);
                        parts.push(Part::Word(format!("{key}.{inner} = ")));
                        parts.extend([Part::Anything(kind.clone()), Part::word("; ")]);
                    }
                }
                _ => {
                    let known =
                        self.names.iter().any(|(known, known_kind)| known == name && known_kind == kind);
                    if known && !recursive && self.random.percent(40) {
                        parts.push(Part::Word(format!("inherit {name}; ")));
                    } else if self.random.percent(4) && NAMES.contains(&&**name) {
                        parts.push(Part::word("inherit ("));
                        parts.push(Part::Anything(Record(vec![(name.clone(), kind.clone())])));
                        parts.push(Part::Word(format!(") {name}; ")));
                    } else {
                        let key = self.key(name);
                        parts.extend([
                            Part::Word(format!("{key} = ")),
                            Part::Anything(kind.clone()),
                            Part::word("; "),
                        ]);
                    }
                }
            }
        }
        parts.push(Part::word("}"));
        let tree = self.fill(parts, Level::Atom, depth);
        self.names.truncate(count);
        tree
    }

    fn lambda(&mut self, from: &Type, to: &Type, depth: usize) -> Tree {
        let count = self.names.len();
        let mut parts = Vec::new();
        match from {
            Record(fields)
                if fields.iter().all(|(name, _)| NAMES.contains(&&**name)) && self.random.percent(80) =>
            {
                let all = self.random.percent(30);
                let open = self.random.percent(30);
                let before = all && self.random.percent(50);
                if before {
                    parts.push(Part::word("all@"));
                }
                parts.push(Part::word("{ "));
                for (index, (name, kind)) in fields.iter().enumerate() {
                    parts.push(Part::Word(format!("{}{name}", if index > 0 { ", " } else { "" })));
                    if self.random.percent(20) {
                        parts.extend([Part::word(" ? "), Part::Anything(kind.clone())]);
                    }
                }
                let comma = if fields.is_empty() { "" } else { ", " };
                if self.random.percent(10) {
                    // An argument that is never given.
                    parts.extend([Part::Word(format!("{comma}extra ? ")), Part::Anything(Int)]);
                    parts.push(Part::word(if open { ", ... }" } else { " }" }));
                } else {
                    parts.push(Part::Word(if open { format!("{comma}... }}") } else { " }".into() }));
                }
                if all && !before {
                    parts.push(Part::word(" @ all"));
                }
                self.names.extend(fields.iter().cloned());
                if all {
                    self.names.push(("all".into(), from.clone()));
                }
                parts.push(Part::word(": "));
            }
            _ => {
                let name = self.random.pick(NAMES).to_string();
                parts.push(Part::Word(format!("{name}: ")));
                self.names.retain(|(known, _)| *known != name);
                self.names.push((name, from.clone()));
            }
        }
        let mut tree = self.fill(parts, Level::Open, depth);
        let body = self.of(to, depth + 1);
        tree.pieces.push(Piece::Tree(body));
        let kept = count.min(self.names.len());
        self.names.truncate(kept);
        tree
    }

    /// A variable of the type, or a part of one.
    fn variable(&mut self, wanted: &Type, depth: usize) -> Tree {
        let mut found = Vec::new();
        for (name, kind) in &self.names {
            if kind == wanted {
                found.push(name.clone());
            }
            if let Record(fields) = kind {
                for (field, inner) in fields {
                    if inner == wanted {
                        found.push(format!("{name}.\"{field}\""));
                    }
                }
            }
            if let Function(from, to) = kind
                && **to == *wanted
                && **from == Int
            {
                found.push(format!("({name} 1)"));
            }
        }
        if found.is_empty() { self.leaf(wanted, depth) } else { Tree::atom(self.random.pick(&found)) }
    }

    fn bind(&mut self, wanted: &Type, depth: usize) -> Tree {
        let count = self.names.len();
        let before = self.names.clone();
        let (mut bound, mut parts) = (Vec::new(), vec![Part::word("let ")]);
        for _ in 0..1 + self.random.below(2) {
            let name = self.random.pick(NAMES).to_string();
            if bound.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let kind = if self.random.percent(25) {
                Function(Box::new(self.data(1)), Box::new(self.data(1)))
            } else {
                self.data(2)
            };
            // In its own definition the name is itself, and needs itself.
            self.names.retain(|(known, _)| *known != name);
            parts.extend([Part::Word(format!("{name} = ")), Part::Anything(kind.clone()), Part::word("; ")]);
            bound.push((name, kind));
        }
        parts.push(Part::word("in "));
        let mut tree = self.fill(parts, Level::Open, depth);
        self.names = before;
        self.names.retain(|(known, _)| bound.iter().all(|(name, _)| name != known));
        self.names.extend(bound);
        let body = self.of(wanted, depth + 1);
        tree.pieces.push(Piece::Tree(body));
        let kept = count.min(self.names.len());
        self.names.truncate(kept);
        tree
    }

    fn choose(&mut self, wanted: &Type, depth: usize) -> Tree {
        let parts = vec![
            Part::word("if "),
            Part::Anything(Bool),
            Part::word(" then "),
            Part::Anything(wanted.clone()),
            Part::word(" else "),
            Part::Anything(wanted.clone()),
        ];
        self.fill(parts, Level::Open, depth)
    }

    fn guard(&mut self, wanted: &Type, depth: usize) -> Tree {
        let word = |word: &str| Part::word(word);
        let any = self.data(1);
        let parts = match self.random.below(6) {
            0 => vec![word("assert "), Part::Anything(Bool), word("; "), Part::Anything(wanted.clone())],
            1 => vec![word("builtins.seq "), Part::Argument(any), word(" "), Part::Argument(wanted.clone())],
            2 => vec![
                word("builtins.deepSeq "),
                Part::Argument(any),
                word(" "),
                Part::Argument(wanted.clone()),
            ],
            3 => vec![word("throw "), Part::Argument(Text)],
            4 => vec![word("(builtins.tryEval "), Part::Argument(wanted.clone()), word(").value")],
            _ => vec![
                word("builtins.addErrorContext "),
                Part::Argument(Text),
                word(" "),
                Part::Argument(wanted.clone()),
            ],
        };
        let level = if matches!(&parts[0], Part::Word(word) if word == "assert ") {
            Level::Open
        } else {
            Level::Operators
        };
        self.fill(parts, level, depth)
    }

    fn call(&mut self, wanted: &Type, depth: usize) -> Tree {
        let from = if self.random.percent(50) { self.data(1) } else { self.arguments() };
        let function = Function(Box::new(from.clone()), Box::new(wanted.clone()));
        let parts = match self.random.below(8) {
            0 => vec![
                Part::word("{ __functor = self: "),
                Part::Anything(function),
                Part::word("; } "),
                Part::Argument(from),
            ],
            _ => vec![Part::Argument(function), Part::word(" "), Part::Argument(from)],
        };
        self.fill(parts, Level::Operators, depth)
    }

    /// A set that a pattern can take.
    fn arguments(&mut self) -> Type {
        let mut fields: Vec<(String, Type)> = Vec::new();
        for _ in 0..self.random.below(3) {
            let name = self.random.pick(NAMES).to_string();
            if fields.iter().all(|(known, _)| *known != name) {
                fields.push((name, self.data(1)));
            }
        }
        Record(fields)
    }

    fn select(&mut self, wanted: &Type, depth: usize) -> Tree {
        let key = self.random.pick(KEYS).to_string();
        let other = self.random.pick(KEYS).to_string();
        let set = Record(vec![(key.clone(), wanted.clone())]);
        let word = |word: String| Part::Word(word);
        let (key, other) = (self.key(&key), self.key(&other));
        let parts = match self.random.below(5) {
            0 => vec![Part::Argument(set), word(format!(".{key}"))],
            1 => vec![Part::Argument(set), word(format!(".{other} or ")), Part::Argument(wanted.clone())],
            2 => vec![
                Part::Argument(Map(Box::new(wanted.clone()))),
                word(format!(".{other} or ")),
                Part::Argument(wanted.clone()),
            ],
            3 => vec![Part::Argument(Record(vec![("a".into(), set)])), word(format!(".a.{key}"))],
            _ => vec![
                Part::Argument(Map(Box::new(Map(Box::new(wanted.clone()))))),
                word(format!(".{other}.{key} or ")),
                Part::Argument(wanted.clone()),
            ],
        };
        self.fill(parts, Level::Atom, depth)
    }

    fn with(&mut self, wanted: &Type, depth: usize) -> Tree {
        let set = self.arguments();
        let fields = if let Record(fields) = &set { fields.clone() } else { Vec::new() };
        let mut tree =
            self.fill(vec![Part::word("with "), Part::Anything(set), Part::word("; ")], Level::Open, depth);
        let count = self.names.len();
        // An outer name, but for those of another `with`, wins.
        let new: Vec<_> = fields
            .into_iter()
            .filter(|(name, _)| self.names.iter().all(|(known, _)| known != name) && name != "map")
            .collect();
        self.names.extend(new);
        let body = self.of(wanted, depth + 1);
        tree.pieces.push(Piece::Tree(body));
        self.names.truncate(count);
        tree
    }
}

/// Part of what is to be filled in.
#[derive(Clone)]
enum Part {
    Word(String),
    /// Between operators.
    Operand(Type),
    /// Beside a function, in a list, before a dot.
    Argument(Type),
    /// Where anything may stand.
    Anything(Type),
}

impl Part {
    fn word(word: &str) -> Self {
        Part::Word(word.into())
    }
}
