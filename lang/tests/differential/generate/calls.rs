//! Operators, texts with interpolations and builtins, as templates: `(what it makes, how it is written)`.
//!
//! `i f b s n` are integers, floats, booleans, texts and null, `[T]` a list, `{T}` a set of values of one type,
//! `(T>U)` a function, and `A`, `B` any type. `«T»` is filled in as an operand, `‹T›` as an argument and `⟨T⟩` as
//! anything.

use super::{Bool, Float, Function, Int, List, Maker, Map, Null, Part, Text, Type};
use crate::tree::{Level, Tree};

/// Words that a broken expression may have anywhere.
pub(crate) const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ";",
    ":",
    ",",
    "@",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    "&&",
    "||",
    "->",
    "//",
    "++",
    "+",
    "-",
    "*",
    "/",
    " / ",
    "!",
    "?",
    ".",
    "...",
    "\"",
    "''",
    "${",
    " if ",
    " then ",
    " else ",
    " let ",
    " in ",
    " with ",
    " rec ",
    " inherit ",
    " assert ",
    " or ",
    " ",
    "\n",
    "#",
    "# c\n",
    "/* c */",
    "/*",
    "1",
    "1.",
    ".5",
    "01.5",
    "x",
    "a b",
    "$",
    "\\",
    "'",
    "é",
    "{ }",
    "[ ]",
    "x: ",
    "{ a, ... }: ",
    "a@{ }: ",
    " __curPos.column ",
    " __curPos.line ",
];

const TEMPLATES: &[(&str, &str)] = &[
    // Operators.
    ("i", "«i» + «i»"),
    ("i", "«i» - «i»"),
    ("i", "«i» * «i»"),
    ("i", "«i» / «i»"),
    ("i", "-«i»"),
    ("f", "«f» + «i»"),
    ("f", "«i» * «f»"),
    ("f", "«f» / «f»"),
    ("f", "«f» - «f»"),
    ("f", "-«f»"),
    ("s", "«s» + «s»"),
    ("b", "«i» < «i»"),
    ("b", "«f» <= «i»"),
    ("b", "«s» > «s»"),
    ("b", "«[i]» >= «[i]»"),
    ("b", "«[s]» < «[s]»"),
    ("b", "«A» == «A»"),
    ("b", "«A» != «A»"),
    ("b", "«A» == «B»"),
    ("b", "«b» && «b»"),
    ("b", "«b» || «b»"),
    ("b", "«b» -> «b»"),
    ("b", "!«b»"),
    ("b", "«{A}» ? a"),
    ("b", "«{A}» ? a.b"),
    ("b", "«A» ? ${⟨s⟩}"),
    ("b", "«{A}» ? \"${⟨s⟩}\".c"),
    ("b", "!«{A}» ? foo"),
    ("[A]", "«[A]» ++ «[A]»"),
    ("{A}", "«{A}» // «{A}»"),
    // Texts.
    ("s", "\"${⟨s⟩}\""),
    ("s", "\"a${⟨s⟩}b\""),
    ("s", "\"${⟨s⟩}${⟨s⟩}\""),
    ("s", "\"$${⟨s⟩}\""),
    ("s", "\"\\n${⟨s⟩}$\""),
    ("s", "''${⟨s⟩}''"),
    ("s", "''\n  ${⟨s⟩}\n    x\n  ''"),
    ("s", "'' ${⟨s⟩}  ''"),
    ("s", "''\n    a\n   ${⟨s⟩}b''"),
    ("s", "''\n  $${⟨s⟩} ''${a}\n ''"),
    ("s", "''\n   '''${⟨s⟩}''\\t\n''"),
    ("s", "\"${{ outPath = ⟨s⟩; }}\""),
    ("s", "\"${{ __toString = self: self.a; a = ⟨s⟩; }}\""),
    // Functions of sets and lists.
    ("A", "builtins.head ‹[A]›"),
    ("A", "builtins.elemAt ‹[A]› (builtins.bitAnd 3 ‹i›)"),
    ("A", "builtins.getAttr ‹s› ‹{A}›"),
    ("A", "(⟨{A}⟩).${⟨s⟩} or ‹A›"),
    ("A", "builtins.foldl' ‹(A>(B>A))› ‹A› ‹[B]›"),
    ("A", "(‹(B>A)› ‹B›)"),
    ("A", "‹(B>(i>A))› ‹B› ‹i›"),
    ("A", "builtins.trace ‹s› ‹A›"),
    ("A", "(builtins.tryEval ‹A›).value"),
    ("A", "builtins.elemAt [ ‹A› ‹A› ] 1"),
    ("A", "(builtins.listToAttrs [ { name = ⟨s⟩; value = ⟨A⟩; } ]).a or ‹A›"),
    ("b", "(builtins.tryEval ‹A›).success"),
    ("[A]", "builtins.tail ‹[A]›"),
    ("[A]", "map ‹(B>A)› ‹[B]›"),
    ("[A]", "builtins.filter ‹(A>b)› ‹[A]›"),
    ("[A]", "builtins.genList ‹(i>A)› 3"),
    ("[A]", "builtins.concatLists ‹[[A]]›"),
    ("[A]", "builtins.concatMap ‹(B>[A])› ‹[B]›"),
    ("[A]", "builtins.attrValues ‹{A}›"),
    ("[A]", "builtins.catAttrs ‹s› ‹[{A}]›"),
    ("[A]", "(builtins.partition ‹(A>b)› ‹[A]›).right"),
    ("[A]", "(builtins.partition ‹(A>b)› ‹[A]›).wrong"),
    ("[i]", "builtins.sort builtins.lessThan ‹[i]›"),
    ("[f]", "builtins.sort (a: b: a < b) ‹[f]›"),
    ("[s]", "builtins.sort (a: b: a > b) ‹[s]›"),
    ("[[i]]", "builtins.sort builtins.lessThan ‹[[i]]›"),
    ("[s]", "builtins.attrNames ‹{A}›"),
    ("[s]", "builtins.attrNames ‹A›"),
    ("[s]", "builtins.splitVersion ‹s›"),
    (
        "[i]",
        "map (x: x.key) (builtins.genericClosure { startSet = [ { key = ⟨i⟩; } ]; operator = x: if x.key > 3 || x.key < -2 then [ ] else [ { key = x.key + 1; } { key = x.key + 2; } ]; })",
    ),
    ("{A}", "builtins.mapAttrs ‹(s>(B>A))› ‹{B}›"),
    ("{A}", "builtins.removeAttrs ‹{A}› ‹[s]›"),
    ("{A}", "builtins.intersectAttrs ‹{B}› ‹{A}›"),
    ("{A}", "builtins.listToAttrs (map (x: { name = x; value = ⟨A⟩; }) ‹[s]›)"),
    ("{A}", "builtins.zipAttrsWith (name: values: builtins.head values) ‹[{A}]›"),
    ("{[A]}", "builtins.groupBy ‹(A>s)› ‹[A]›"),
    ("{[A]}", "builtins.zipAttrsWith (name: values: values) ‹[{A}]›"),
    ("{s}", "builtins.parseDrvName ‹s›"),
    ("{b}", "builtins.functionArgs ‹({i}>i)›"),
    ("{b}", "builtins.functionArgs ({ a, b ? ⟨i⟩, ... }: 1)"),
    ("{A}", "{ ${⟨s⟩} = ⟨A⟩; }"),
    ("{A}", "{ ${null} = 1; a = ⟨A⟩; }"),
    ("{A}", "{ \"a${⟨s⟩}\" = ⟨A⟩; b = ⟨A⟩; }"),
    ("{{A}}", "{ a.b = ⟨A⟩; a = { c = ⟨A⟩; }; x.y = ⟨A⟩; }"),
    ("{A}", "rec { a = ⟨A⟩; b = a; inherit (⟨{A}⟩) foo; }"),
    ("{A}", "let { body = ⟨{A}⟩; }"),
    ("{A}", "rec { __overrides = { b = ⟨A⟩; }; a = b; b = ⟨A⟩; }"),
    ("A", "(rec { x = ⟨A⟩; y = x; }).y"),
    ("A", "(let inherit (⟨{A}⟩) a b; in a)"),
    ("A", "({ a ? b, b ? ⟨A⟩ }: a) { }"),
    ("A", "({ a, ... }@args: args.b) { a = ⟨i⟩; b = ⟨A⟩; }"),
    // Questions.
    ("b", "builtins.all ‹(A>b)› ‹[A]›"),
    ("b", "builtins.any ‹(A>b)› ‹[A]›"),
    ("b", "builtins.elem ‹A› ‹[A]›"),
    ("b", "builtins.hasAttr ‹s› ‹{A}›"),
    ("b", "builtins.lessThan ‹A› ‹A›"),
    ("b", "builtins.isInt ‹A›"),
    ("b", "builtins.isString ‹A›"),
    ("b", "builtins.isAttrs ‹A›"),
    ("b", "builtins.isFunction ‹(A>B)›"),
    ("b", "builtins.hasContext ‹s›"),
    ("s", "builtins.typeOf ‹A›"),
    ("i", "builtins.length ‹[A]›"),
    // Numbers.
    ("i", "builtins.add ‹i› ‹i›"),
    ("i", "builtins.sub ‹i› ‹i›"),
    ("i", "builtins.mul ‹i› ‹i›"),
    ("i", "builtins.div ‹i› ‹i›"),
    ("i", "builtins.bitAnd ‹i› ‹i›"),
    ("i", "builtins.bitOr ‹i› ‹i›"),
    ("i", "builtins.bitXor ‹i› ‹i›"),
    ("i", "builtins.floor ‹f›"),
    ("i", "builtins.ceil ‹f›"),
    ("i", "builtins.stringLength ‹s›"),
    ("i", "builtins.compareVersions ‹s› ‹s›"),
    // Texts.
    ("s", "toString ‹A›"),
    // Nix 2.8 takes the length as a number of 32 bits.
    ("s", "builtins.substring (builtins.bitAnd 7 ‹i›) (builtins.bitAnd 65535 ‹i›) ‹s›"),
    ("s", "builtins.concatStringsSep ‹s› ‹[s]›"),
    // Later versions than 2.8 do not look at a replacement that is not needed.
    (
        "s",
        "builtins.replaceStrings [ ‹s› ‹s› ] (let to = [ (\"\" + ‹s›) (\"\" + ‹s›) ]; in builtins.deepSeq to to) ‹s›",
    ),
    ("s", "builtins.hashString \"sha256\" ‹s›"),
    ("s", "builtins.hashString \"md5\" ‹s›"),
    ("s", "baseNameOf ‹s›"),
    ("s", "dirOf ‹s›"),
    ("s", "baseNameOf (‹s› + \"/\" + ‹s›)"),
    ("s", "dirOf (‹s› + \"/\" + ‹s›)"),
    ("s", "builtins.unsafeDiscardStringContext ‹s›"),
    // Nix 2.8 writes a whole float as an integer.
    ("s", "builtins.toJSON (builtins.mapAttrs (n: x: builtins.bitAnd x x) ‹{i}›)"),
    ("s", "builtins.toJSON (map (x: \"\" + x) ‹[s]›)"),
    ("s", "builtins.toXML ‹A›"),
    ("[s]", "builtins.fromJSON (builtins.toJSON (map (x: \"\" + x) ‹[s]›))"),
    ("{s}", "builtins.fromTOML \"a = 'b'\""),
    ("s", "builtins.head (builtins.split \"b+\" ‹s›)"),
    // Functions.
    ("(A>A)", "(x: x)"),
    ("(A>i)", "(x: ⟨i⟩)"),
    ("(A>b)", "(x: ⟨b⟩)"),
    ("([A]>i)", "builtins.length"),
    ("(i>(i>b))", "builtins.lessThan"),
    ("(i>i)", "builtins.add ‹i›"),
    ("(s>s)", "(x: x + ⟨s⟩)"),
    ("(A>s)", "builtins.typeOf"),
    ("(A>s)", "toString"),
];

impl Maker<'_> {
    /// One of the templates that make what is wanted.
    pub(super) fn template(&mut self, wanted: &Type, depth: usize) -> Tree {
        let fits = |(makes, _): &&(&str, &str)| bind(&parse(makes).0, wanted, &mut Vec::new());
        let fitting: Vec<&(&str, &str)> = TEMPLATES.iter().filter(fits).collect();
        if fitting.is_empty() {
            return self.leaf(wanted, depth);
        }
        // Those that make this very type come before those that make any.
        let (makes, written) = *self.random.pick(&fitting);
        let mut bound = Vec::new();
        bind(&parse(makes).0, wanted, &mut bound);
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some(at) = rest.find(['«', '‹', '⟨']) {
            parts.push(Part::word(&rest[..at]));
            let open = rest[at..].chars().next().unwrap_or_default();
            let inner = &rest[at + open.len_utf8()..];
            let end = inner.find(['»', '›', '⟩']).unwrap_or(inner.len());
            let kind = self.filled(&parse(&inner[..end]).0, &mut bound);
            parts.push(match open {
                '«' => Part::Operand(kind),
                '‹' => Part::Argument(kind),
                _ => Part::Anything(kind),
            });
            rest = inner[end..].trim_start_matches(['»', '›', '⟩']);
        }
        parts.push(Part::word(rest));
        let closed = written.starts_with(['"', '\'', '{']) || written.starts_with("rec ");
        let level = if closed && !written.contains('«') { Level::Atom } else { Level::Operators };
        self.fill(parts, level, depth)
    }

    /// A pattern's type with what its variables stand for.
    fn filled(&mut self, pattern: &Pattern, bound: &mut Vec<(char, Type)>) -> Type {
        match pattern {
            Pattern::Plain(kind) => kind.clone(),
            Pattern::Variable(name) => match bound.iter().find(|(known, _)| known == name) {
                Some((_, kind)) => kind.clone(),
                None => {
                    let kind = self.data(1);
                    bound.push((*name, kind.clone()));
                    kind
                }
            },
            Pattern::List(item) => List(Box::new(self.filled(item, bound))),
            Pattern::Map(value) => Map(Box::new(self.filled(value, bound))),
            Pattern::Function(from, to) => {
                Function(Box::new(self.filled(from, bound)), Box::new(self.filled(to, bound)))
            }
        }
    }
}

enum Pattern {
    Plain(Type),
    Variable(char),
    List(Box<Pattern>),
    Map(Box<Pattern>),
    Function(Box<Pattern>, Box<Pattern>),
}

/// The type at the start of a text, and what is behind it.
fn parse(text: &str) -> (Pattern, &str) {
    let rest = &text[1..];
    match text.as_bytes()[0] {
        b'i' => (Pattern::Plain(Int), rest),
        b'f' => (Pattern::Plain(Float), rest),
        b'b' => (Pattern::Plain(Bool), rest),
        b's' => (Pattern::Plain(Text), rest),
        b'n' => (Pattern::Plain(Null), rest),
        b'[' => {
            let (item, rest) = parse(rest);
            (Pattern::List(Box::new(item)), &rest[1..])
        }
        b'{' => {
            let (value, rest) = parse(rest);
            (Pattern::Map(Box::new(value)), &rest[1..])
        }
        b'(' => {
            let (from, rest) = parse(rest);
            let (to, rest) = parse(&rest[1..]);
            (Pattern::Function(Box::new(from), Box::new(to)), &rest[1..])
        }
        name => (Pattern::Variable(char::from(name)), rest),
    }
}

/// Whether a pattern fits a type, and what its variables then stand for.
fn bind(pattern: &Pattern, kind: &Type, bound: &mut Vec<(char, Type)>) -> bool {
    match (pattern, kind) {
        (Pattern::Plain(plain), kind) => plain == kind,
        (Pattern::Variable(name), kind) => match bound.iter().find(|(known, _)| known == name) {
            Some((_, known)) => known == kind,
            None => {
                bound.push((*name, kind.clone()));
                true
            }
        },
        (Pattern::List(item), List(kind)) => bind(item, kind, bound),
        (Pattern::Map(value), Map(kind)) => bind(value, kind, bound),
        (Pattern::Function(from, to), Function(kind_from, kind_to)) => {
            bind(from, kind_from, bound) && bind(to, kind_to, bound)
        }
        _ => false,
    }
}
