//! Types: how they are written, and how they are called in messages.
//!
//! ```text
//! "map<text|int 1..9>?" ─ parse ─→ Type
//! ```
//!
//! Deliberately absent: checking a value against a type (`check.rs`).

use super::format::{FORMATS, Format};
use crate::nearest::nearest;
use std::fmt;
use std::sync::Arc;

/// What an option may hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    /// Anything but a function.
    Any,
    /// A function.
    Function,
    /// `#true` or `#false`
    Bool,
    /// A whole number within bounds, both included.
    Int(i64, i64),
    /// `port`: an `int 1..65535` with a better name.
    Port,
    /// A number within bounds.
    Float(f64, f64),
    /// A text of a format.
    Text(Format),
    /// One of these texts.
    Enum(Arc<[Arc<str>]>),
    /// `list<T>`
    List(Arc<Type>),
    /// `map<T>`
    Map(Arc<Type>),
    /// `T?`
    Optional(Arc<Type>),
    /// `T|U`: the first that fits.
    Union(Arc<[Type]>),
    /// The key of a root option.
    Ref(Arc<str>),
    /// A declared type.
    Submodule(SchemaId),
}

/// The number of a declared type; 0 is the root, which has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SchemaId(pub(crate) u32);

impl SchemaId {
    /// The root's options.
    pub(crate) const ROOT: SchemaId = SchemaId(0);
}

/// Why a text is not a type: the bytes of it that are wrong, the reason, and maybe the name that was meant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TypeError {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Types that take no parameter, by name.
pub(crate) const PLAIN: [(&str, Type); 6] = [
    ("any", Type::Any),
    ("bool", Type::Bool),
    ("float", Type::Float(f64::NEG_INFINITY, f64::INFINITY)),
    ("function", Type::Function),
    ("int", Type::Int(i64::MIN, i64::MAX)),
    ("port", Type::Port),
];

impl Type {
    /// The type that `text` writes; `named` finds declared types.
    pub(crate) fn parse(text: &str, named: &impl Named) -> Result<Type, TypeError> {
        let mut parser = Parser { text, at: 0, named, depth: 0 };
        let whole = parser.union()?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.wrong(parser.at, text.len(), "a type ends before this"));
        }
        Ok(whole)
    }

    /// The submodule that this is, or is unless it is null.
    pub(crate) fn submodule(&self) -> Option<SchemaId> {
        match self {
            Type::Submodule(schema) => Some(*schema),
            Type::Optional(inner) => inner.submodule(),
            Type::Union(types) => types.iter().find_map(Type::submodule),
            _ => None,
        }
    }

    /// Whether it has one value, so that two definitions must agree.
    pub(crate) fn is_scalar(&self) -> bool {
        match self {
            Type::Any | Type::List(_) | Type::Map(_) | Type::Submodule(_) => false,
            Type::Optional(inner) => inner.is_scalar(),
            Type::Union(types) => types.iter().all(Type::is_scalar),
            Type::Function
            | Type::Bool
            | Type::Int(..)
            | Type::Port
            | Type::Float(..)
            | Type::Text(_)
            | Type::Enum(_)
            | Type::Ref(_) => true,
        }
    }

    /// Whether it has one value, and checking that value looks at nothing else.
    pub(crate) fn is_checked_alone(&self) -> bool {
        match self {
            Type::Ref(_) => false,
            Type::Optional(inner) => inner.is_checked_alone(),
            Type::Union(types) => types.iter().all(Type::is_checked_alone),
            other => other.is_scalar(),
        }
    }

    /// As it is written, with declared types by name.
    pub(crate) fn display<'a>(&'a self, named: &'a impl Named) -> impl fmt::Display + 'a {
        Written { this: self, named }
    }

    /// What a value of it is, for `expected …`.
    pub(crate) fn describe(&self, named: &impl Named) -> String {
        match self {
            Type::Any => "any value but a function".into(),
            Type::Function => "a function".into(),
            Type::Bool => "`#true` or `#false`".into(),
            Type::Int(i64::MIN, i64::MAX) => "a whole number".into(),
            Type::Int(low, i64::MAX) => format!("a whole number from {low}"),
            Type::Int(i64::MIN, high) => format!("a whole number up to {high}"),
            Type::Int(low, high) => format!("a whole number from {low} to {high}"),
            Type::Port => "a port from 1 to 65535".into(),
            Type::Float(low, high) if low.is_infinite() && high.is_infinite() => "a number".into(),
            Type::Float(low, high) => format!("a number from {low} to {high}"),
            Type::Text(format) => format.describe().into(),
            Type::Enum(words) => match &words[..] {
                [one] => format!("`{one}`"),
                [some @ .., last] => {
                    let some: Vec<String> = some.iter().map(|word| format!("`{word}`")).collect();
                    format!("{} or `{last}`", some.join(", "))
                }
                [] => "nothing".into(),
            },
            Type::List(of) => format!("a list of {}", of.display(named)),
            Type::Map(of) => format!("a map of {}", of.display(named)),
            Type::Optional(inner) => inner.describe(named),
            Type::Union(types) => {
                let all: Vec<String> = types.iter().map(|one| one.describe(named)).collect();
                all.join(", or ")
            }
            Type::Ref(option) => format!("a key of `{option}`"),
            Type::Submodule(schema) => crate::nearest::with_article(named.name(*schema)),
        }
    }
}

/// Declared types by name.
pub(crate) trait Named {
    /// The type called so.
    fn find(&self, name: &str) -> Option<SchemaId>;
    /// How a type is called.
    fn name(&self, schema: SchemaId) -> &str;
    /// All names, for suggestions.
    fn names(&self) -> Vec<&str>;
}

struct Written<'a, N> {
    this: &'a Type,
    named: &'a N,
}

impl<N: Named> fmt::Display for Written<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |this| Written { this, named: self.named };
        match self.this {
            Type::Int(i64::MIN, i64::MAX) => f.write_str("int"),
            Type::Int(low, i64::MAX) => write!(f, "int {low}.."),
            Type::Int(i64::MIN, high) => write!(f, "int ..{high}"),
            Type::Int(low, high) => write!(f, "int {low}..{high}"),
            Type::Float(low, high) if low.is_infinite() && high.is_infinite() => f.write_str("float"),
            Type::Float(low, high) => write!(f, "float {low}..{high}"),
            Type::Any => f.write_str("any"),
            Type::Function => f.write_str("function"),
            Type::Bool => f.write_str("bool"),
            Type::Port => f.write_str("port"),
            Type::Text(format) => write!(f, "{format}"),
            Type::Enum(words) => {
                f.write_str("enum")?;
                words.iter().try_for_each(|word| write!(f, " {word:?}"))
            }
            Type::List(of) => write!(f, "list<{}>", inner(of)),
            Type::Map(of) => write!(f, "map<{}>", inner(of)),
            Type::Optional(of) if matches!(**of, Type::Union(_)) => write!(f, "({})?", inner(of)),
            Type::Optional(of) => write!(f, "{}?", inner(of)),
            Type::Union(types) => types.iter().enumerate().try_for_each(|(at, one)| {
                let between = if at == 0 { "" } else { "|" };
                write!(f, "{between}{}", inner(one))
            }),
            Type::Ref(option) => write!(f, "ref<{option}>"),
            Type::Submodule(schema) => f.write_str(self.named.name(*schema)),
        }
    }
}

struct Parser<'a, N> {
    text: &'a str,
    at: usize,
    named: &'a N,
    depth: u32,
}

impl<'a, N: Named> Parser<'a, N> {
    fn union(&mut self) -> Result<Type, TypeError> {
        self.depth += 1;
        if self.depth > 64 {
            return Err(self.wrong(0, self.text.len(), "this type is nested too deeply"));
        }
        let mut types = vec![self.optional()?];
        while self.accept('|') {
            types.push(self.optional()?);
        }
        self.depth -= 1;
        match types.len() {
            1 => Ok(types.remove(0)),
            _ => Ok(Type::Union(types.into())),
        }
    }

    fn optional(&mut self) -> Result<Type, TypeError> {
        let mut one = self.one()?;
        while self.accept('?') {
            // What may be null twice over may be null.
            if !matches!(one, Type::Optional(_)) {
                one = Type::Optional(Arc::new(one));
            }
        }
        Ok(one)
    }

    fn one(&mut self) -> Result<Type, TypeError> {
        if self.accept('(') {
            let inner = self.union()?;
            self.expect(')')?;
            return Ok(inner);
        }
        self.space();
        let start = self.at;
        let word = self.word();
        match word {
            "" => Err(self.wrong(start, self.text.len(), "a type is missing here")),
            "list" => Ok(Type::List(Arc::new(self.parameter()?))),
            "map" => Ok(Type::Map(Arc::new(self.parameter()?))),
            "ref" => {
                self.expect('<')?;
                self.space();
                let start = self.at;
                let option = self.word();
                if option.is_empty() {
                    return Err(self.wrong(
                        start,
                        self.text.len(),
                        "the option that has the keys is missing here",
                    ));
                }
                self.expect('>')?;
                Ok(Type::Ref(option.into()))
            }
            "enum" => self.words(),
            "int" => self.int_bounds(),
            "float" => self.float_bounds(),
            _ => self.by_name(start, word),
        }
    }

    fn by_name(&self, start: usize, word: &str) -> Result<Type, TypeError> {
        // A declared type comes first: it is nearer than what the language has.
        if let Some(schema) = self.named.find(word) {
            return Ok(Type::Submodule(schema));
        }
        if let Some((_, plain)) = PLAIN.iter().find(|(name, _)| *name == word) {
            return Ok(plain.clone());
        }
        if let Some((_, format)) = FORMATS.iter().find(|(name, _)| *name == word) {
            return Ok(Type::Text(*format));
        }
        let own = PLAIN.iter().map(|(name, _)| *name).chain(FORMATS.iter().map(|(name, _)| *name));
        let known = own.chain(["list", "map", "ref", "enum"]).chain(self.named.names());
        let mut error = self.wrong(start, start + word.len(), &format!("there is no type `{word}`"));
        error.help = nearest(word, known).map(|near| format!("did you mean `{near}`?"));
        Err(error)
    }

    fn parameter(&mut self) -> Result<Type, TypeError> {
        self.expect('<')?;
        let inner = self.union()?;
        self.expect('>')?;
        Ok(inner)
    }

    fn words(&mut self) -> Result<Type, TypeError> {
        let start = self.at;
        let mut words: Vec<Arc<str>> = Vec::new();
        while self.accept('"') {
            let open = self.at;
            let Some(length) = self.text[open..].find('"') else {
                return Err(self.wrong(open - 1, self.text.len(), "the closing `\"` is missing"));
            };
            words.push(self.text[open..open + length].into());
            self.at = open + length + 1;
        }
        if words.is_empty() {
            return Err(self.wrong(
                start,
                self.text.len(),
                "`enum` needs its words, as in `enum \"a\" \"b\"`",
            ));
        }
        Ok(Type::Enum(words.into()))
    }

    fn int_bounds(&mut self) -> Result<Type, TypeError> {
        let Some((start, low, high)) = self.range() else { return Ok(Type::Int(i64::MIN, i64::MAX)) };
        let number = |text: &str, open: i64| if text.is_empty() { Some(open) } else { text.parse().ok() };
        match (number(low, i64::MIN), number(high, i64::MAX)) {
            (Some(low), Some(high)) if low <= high => Ok(Type::Int(low, high)),
            _ => Err(self.wrong(start, self.at, "this is not a range of whole numbers, such as `1..65535`")),
        }
    }

    fn float_bounds(&mut self) -> Result<Type, TypeError> {
        let Some((start, low, high)) = self.range() else {
            return Ok(Type::Float(f64::NEG_INFINITY, f64::INFINITY));
        };
        let number = |text: &str, open: f64| if text.is_empty() { Some(open) } else { text.parse().ok() };
        match (number(low, f64::NEG_INFINITY), number(high, f64::INFINITY)) {
            (Some(low), Some(high)) if low <= high => Ok(Type::Float(low, high)),
            _ => Err(self.wrong(start, self.at, "this is not a range of numbers, such as `0..1`")),
        }
    }

    /// `low..high` as written, if one follows.
    fn range(&mut self) -> Option<(usize, &'a str, &'a str)> {
        self.space();
        let start = self.at;
        let length = self.text[start..].find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')));
        let range = &self.text[start..length.map_or(self.text.len(), |length| start + length)];
        let (low, high) = range.split_once("..")?;
        self.at = start + range.len();
        Some((start, low, high))
    }

    fn word(&mut self) -> &'a str {
        self.space();
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
        let word = &rest[..length.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn accept(&mut self, c: char) -> bool {
        self.space();
        let found = self.text[self.at..].starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), TypeError> {
        if self.accept(c) {
            return Ok(());
        }
        let end = self.text[self.at..].chars().next().map_or(self.at, |found| self.at + found.len_utf8());
        Err(self.wrong(self.at, end, &format!("`{c}` is missing here")))
    }

    fn wrong(&self, start: usize, end: usize, message: &str) -> TypeError {
        TypeError { start: start as u32, end: end.max(start) as u32, message: message.into(), help: None }
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, SchemaId, Type};

    struct Host;

    impl Named for Host {
        fn find(&self, name: &str) -> Option<SchemaId> {
            (name == "host").then_some(SchemaId(1))
        }

        fn name(&self, _: SchemaId) -> &str {
            "host"
        }

        fn names(&self) -> Vec<&str> {
            vec!["host"]
        }
    }

    #[test]
    fn written_as_parsed() {
        let types = [
            "bool",
            "int",
            "int 1..65535",
            "int ..5",
            "int -5..",
            "float 0..1",
            "map<text|int>",
            "list<int 1..65535>?",
            "(text|ip)?",
            "enum \"a\" \"b c\"",
            "ref<hosts>?",
            "map<host>",
            "interface-name",
        ];
        for text in types {
            let parsed = Type::parse(text, &Host).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert_eq!(parsed.display(&Host).to_string(), text);
        }
    }

    #[test]
    fn refused() {
        #[track_caller]
        fn check(text: &str, wrong: &str) {
            let error = Type::parse(text, &Host).expect_err(text);
            assert_eq!(&text[error.start as usize..error.end as usize], wrong, "{error:?}");
        }
        check("map<hots>", "hots");
        check("list<text", "");
        check("list", "");
        check("int 5..1", "5..1");
        check("text text", "text");
        check("enum", "");
        check("", "");
        check(&"(".repeat(100_000), &"(".repeat(100_000));
        let error = Type::parse("map<hots>", &Host).expect_err("no such type");
        assert_eq!(error.help.as_deref(), Some("did you mean `host`?"));
    }
}
