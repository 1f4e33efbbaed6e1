//! A pattern made into states: each says what it takes and where it leads.

use std::collections::HashMap;

/// As many states as the library that Nix uses allows.
const MOST_STATES: usize = 100_000;

/// How deep groups and repetitions may nest.
const DEEPEST: usize = 200;

/// A pattern made ready.
pub(in crate::eval) struct Program {
    pub(super) states: Vec<State>,
    pub(super) start: u32,
    /// How many groups it has.
    pub(super) groups: usize,
    /// How many [`State::Repeat`] and [`State::Either`] it has.
    pub(super) choices: usize,
    pub(super) classes: Vec<[bool; 256]>,
}

/// What is done, and where it goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Takes this byte.
    Byte(u8, u32),
    /// Takes any byte but NUL.
    Any(u32),
    /// Takes a byte of that class.
    Class(u32, u32),
    Open {
        group: u32,
        next: u32,
    },
    Close {
        group: u32,
        next: u32,
    },
    LineStart(u32),
    LineEnd(u32),
    /// Tries `body`, and `next` if that leads nowhere.
    Repeat {
        body: u32,
        next: u32,
        /// The number of this choice.
        choice: u32,
        /// Whether the body may take nothing, so that it may come back here at the same place.
        empty: bool,
    },
    /// The one that leads further; `first` if both lead as far.
    Either {
        first: u32,
        second: u32,
        choice: u32,
    },
    Accept,
}

/// What is wrong with a pattern.
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

type Compiled<T> = Result<T, Wrong>;

fn wrong<T>(message: impl Into<String>) -> Compiled<T> {
    Err(Wrong { message: message.into(), help: None })
}

/// A pattern as it is written.
#[derive(Debug)]
enum Node {
    Byte(u8),
    Any,
    Class(u32),
    LineStart,
    LineEnd,
    Group(u32, Box<Node>),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat {
        inner: Box<Node>,
        least: usize,
        most: Option<usize>,
        /// Whether `inner` may take nothing.
        empty: bool,
    },
}

impl Node {
    fn may_be_empty(&self) -> bool {
        match self {
            Node::LineStart | Node::LineEnd => true,
            Node::Byte(_) | Node::Any | Node::Class(_) => false,
            Node::Group(_, inner) => inner.may_be_empty(),
            Node::Sequence(items) => items.iter().all(Node::may_be_empty),
            Node::Either(alternatives) => alternatives.iter().any(Node::may_be_empty),
            Node::Repeat { least, empty, .. } => *least == 0 || *empty,
        }
    }
}

pub(super) fn compile(pattern: &str) -> Compiled<Program> {
    let mut parser = Parser {
        bytes: pattern.as_bytes(),
        at: 0,
        groups: 0,
        depth: 0,
        classes: Vec::new(),
        known: HashMap::new(),
    };
    let node = parser.alternatives()?;
    if parser.at < parser.bytes.len() {
        return match parser.bytes[parser.at] {
            b')' => wrong("a `)` without its `(`"),
            _ => wrong("nothing to repeat"),
        };
    }
    let program = Program {
        states: vec![State::Accept],
        start: 0,
        groups: parser.groups as usize,
        choices: 0,
        classes: parser.classes,
    };
    let mut writer = Writer { program };
    writer.program.start = writer.write(&node, 0)?;
    Ok(writer.program)
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    groups: u32,
    depth: usize,
    classes: Vec<[bool; 256]>,
    known: HashMap<Vec<u8>, u32>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn alternatives(&mut self) -> Compiled<Node> {
        let first = self.sequence()?;
        if self.peek() != Some(b'|') {
            return Ok(first);
        }
        let mut alternatives = vec![first];
        while self.take(b'|') {
            alternatives.push(self.sequence()?);
        }
        Ok(Node::Either(alternatives))
    }

    fn sequence(&mut self) -> Compiled<Node> {
        let mut items = Vec::new();
        loop {
            let item = match self.peek() {
                None | Some(b'|' | b')' | b'*' | b'+' | b'?' | b'{') => return Ok(Node::Sequence(items)),
                // Nothing repeats these.
                Some(b'^') => {
                    self.at += 1;
                    items.push(Node::LineStart);
                    continue;
                }
                Some(b'$') => {
                    self.at += 1;
                    items.push(Node::LineEnd);
                    continue;
                }
                Some(b'(') => self.group()?,
                Some(b'.') => {
                    self.at += 1;
                    Node::Any
                }
                Some(b'[') => self.class()?,
                Some(b'\\') => self.escaped()?,
                Some(byte) => {
                    self.at += 1;
                    Node::Byte(byte)
                }
            };
            let item = self.repeated(item)?;
            items.push(item);
        }
    }

    fn group(&mut self) -> Compiled<Node> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return wrong("too deep");
        }
        let group = self.groups;
        self.groups += 1;
        let inner = self.alternatives()?;
        match self.peek() {
            Some(b')') => self.at += 1,
            None => return wrong("a `(` without its `)`"),
            Some(_) => return wrong("nothing to repeat"),
        }
        self.depth -= 1;
        Ok(Node::Group(group, Box::new(inner)))
    }

    fn escaped(&mut self) -> Compiled<Node> {
        self.at += 1;
        let Some(byte) = self.peek() else { return wrong("a backslash at its end") };
        if b".[\\()*+?{|^$".contains(&byte) {
            self.at += 1;
            return Ok(Node::Byte(byte));
        }
        let character = String::from_utf8_lossy(&self.bytes[self.at..]).chars().next().unwrap_or_default();
        let help = match character {
            'd' => "write `[0-9]` for a digit",
            's' => "write `[[:space:]]` for a blank",
            'w' => "write `[[:alnum:]_]` for a letter or digit",
            'n' | 't' | 'r' => "write it with one backslash less, so that the text has the character itself",
            '0'..='9' => "back references are no part of POSIX extended regular expressions",
            _ => "without a backslash it stands for itself",
        };
        Err(Wrong { message: format!("`\\{character}` means nothing"), help: Some(help) })
    }

    fn repeated(&mut self, item: Node) -> Compiled<Node> {
        let mut item = item;
        for _ in 0..DEEPEST {
            let (least, most) = match self.peek() {
                Some(b'*') => (0, None),
                Some(b'+') => (1, None),
                Some(b'?') => (0, Some(1)),
                Some(b'{') => self.bounds()?,
                _ => return Ok(item),
            };
            self.at += 1;
            let empty = item.may_be_empty();
            item = Node::Repeat { inner: Box::new(item), least, most, empty };
        }
        wrong("too deep")
    }

    /// What is between `{` and `}`, up to but not including the latter.
    fn bounds(&mut self) -> Compiled<(usize, Option<usize>)> {
        self.at += 1;
        let Some(least) = self.number()? else { return wrong("a `{` without its number") };
        let most = if self.take(b',') { self.number()? } else { Some(least) };
        if self.peek() != Some(b'}') {
            return wrong("a `{` without its number and `}`");
        }
        match most {
            Some(most) if most < least => wrong(format!("`{{{least},{most}}}` is the wrong way round")),
            most => Ok((least, most)),
        }
    }

    fn number(&mut self) -> Compiled<Option<usize>> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            self.at += 1;
            let next = number.unwrap_or(0) * 10 + usize::from(digit - b'0');
            if next > MOST_STATES {
                return wrong("too large");
            }
            number = Some(next);
        }
        Ok(number)
    }

    /// A bracket expression: within it a backslash is itself.
    fn class(&mut self) -> Compiled<Node> {
        const OPEN: &str = "a `[` without its `]`";
        let begin = self.at;
        self.at += 1;
        let negated = self.take(b'^');
        let mut class = [false; 256];
        let mut last = Last::Nothing;
        let mut first = true;
        loop {
            let Some(byte) = self.peek() else { return wrong(OPEN) };
            match byte {
                b']' if !first => {
                    self.at += 1;
                    break;
                }
                b'-' if first => {
                    self.at += 1;
                    last = Last::Byte(b'-');
                }
                b'-' => {
                    self.at += 1;
                    match (self.peek(), last) {
                        (None, _) => return wrong(OPEN),
                        (Some(b']'), _) => {
                            self.at += 1;
                            class[usize::from(b'-')] = true;
                            break;
                        }
                        (Some(_), Last::Byte(from)) => {
                            let to = match self.element(&mut class)? {
                                Some(to) => to,
                                None => return wrong("a range needs a character at its end"),
                            };
                            // As C++ orders them: bytes beyond ASCII come before it.
                            let (from, to) = (from as i8, to as i8);
                            if from > to {
                                return wrong("a range is the wrong way round");
                            }
                            for byte in from..=to {
                                class[usize::from(byte as u8)] = true;
                            }
                            last = Last::Range;
                        }
                        (Some(_), Last::Nothing | Last::Range | Last::Class) => {
                            return Err(Wrong {
                                message: "a `-` that is no range".into(),
                                help: Some("within `[…]` put a `-` that stands for itself last"),
                            });
                        }
                    }
                }
                _ => {
                    last = match self.element(&mut class)? {
                        Some(byte) => {
                            class[usize::from(byte)] = true;
                            Last::Byte(byte)
                        }
                        None => Last::Class,
                    };
                }
            }
            if let (true, Last::Byte(byte)) = (first, last) {
                class[usize::from(byte)] = true;
            }
            first = false;
        }
        if negated {
            class.iter_mut().for_each(|member| *member = !*member);
        }
        let number = self.classes.len() as u32;
        let number = *self.known.entry(self.bytes[begin..self.at].to_vec()).or_insert(number);
        if number as usize == self.classes.len() {
            self.classes.push(class);
        }
        Ok(Node::Class(number))
    }

    /// One byte of a bracket expression, or a named class, which is added at once.
    fn element(&mut self, class: &mut [bool; 256]) -> Compiled<Option<u8>> {
        let byte = self.bytes[self.at];
        self.at += 1;
        let Some(kind @ (b':' | b'.' | b'=')) = self.peek().filter(|_| byte == b'[') else {
            return Ok(Some(byte));
        };
        let inner = &self.bytes[self.at + 1..];
        let length = inner.iter().position(|next| *next == kind);
        let Some(length) = length.filter(|length| inner.get(length + 1) == Some(&b']')) else {
            return wrong(format!("a `[{0}` without its `{0}]`", char::from(kind)));
        };
        self.at += length + 3;
        let name = String::from_utf8_lossy(&inner[..length]).to_ascii_lowercase();
        if kind != b':' {
            let [letter] = inner[..length] else {
                return wrong(format!("`{name}` is the name of no character"));
            };
            if !letter.is_ascii_alphanumeric() {
                return wrong(format!("`{name}` is the name of no character"));
            }
            if kind == b'.' {
                return Ok(Some(letter));
            }
            class[usize::from(letter.to_ascii_lowercase())] = true;
            class[usize::from(letter.to_ascii_uppercase())] = true;
            return Ok(None);
        }
        let member: fn(u8) -> bool = match &*name {
            "alnum" => |byte| byte.is_ascii_alphanumeric(),
            "w" => |byte| byte.is_ascii_alphanumeric() || byte == b'_',
            "alpha" => |byte| byte.is_ascii_alphabetic(),
            "blank" => |byte| matches!(byte, b' ' | b'\t'),
            "cntrl" => |byte| byte.is_ascii_control(),
            "d" | "digit" => |byte| byte.is_ascii_digit(),
            "graph" => |byte| byte.is_ascii_graphic(),
            "lower" => |byte| byte.is_ascii_lowercase(),
            "print" => |byte| byte.is_ascii_graphic() || byte == b' ',
            "punct" => |byte| byte.is_ascii_punctuation(),
            "s" | "space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
            "upper" => |byte| byte.is_ascii_uppercase(),
            "xdigit" => |byte| byte.is_ascii_hexdigit(),
            _ => return wrong(format!("there is no class `[:{name}:]`")),
        };
        for byte in 0..=255 {
            class[usize::from(byte)] |= member(byte);
        }
        Ok(None)
    }
}

/// What came last in a bracket expression: only a single byte begins a range.
#[derive(Clone, Copy)]
enum Last {
    Nothing,
    Byte(u8),
    Range,
    Class,
}

struct Writer {
    program: Program,
}

impl Writer {
    fn state(&mut self, state: State) -> Compiled<u32> {
        if self.program.states.len() >= MOST_STATES {
            return wrong("too large");
        }
        self.program.states.push(state);
        Ok(self.program.states.len() as u32 - 1)
    }

    fn repeat(&mut self, body: u32, next: u32, empty: bool) -> Compiled<u32> {
        let choice = self.program.choices as u32;
        self.program.choices += 1;
        self.state(State::Repeat { body, next, choice, empty })
    }

    /// The state that a node begins with, when `next` is what comes after it.
    fn write(&mut self, node: &Node, next: u32) -> Compiled<u32> {
        Ok(match node {
            Node::Byte(byte) => self.state(State::Byte(*byte, next))?,
            Node::Any => self.state(State::Any(next))?,
            Node::Class(class) => self.state(State::Class(*class, next))?,
            Node::LineStart => self.state(State::LineStart(next))?,
            Node::LineEnd => self.state(State::LineEnd(next))?,
            Node::Group(group, inner) => {
                let close = self.state(State::Close { group: *group, next })?;
                let inner = self.write(inner, close)?;
                self.state(State::Open { group: *group, next: inner })?
            }
            Node::Sequence(items) => {
                let mut next = next;
                for item in items.iter().rev() {
                    next = self.write(item, next)?;
                }
                next
            }
            Node::Either(alternatives) => {
                let mut starts = Vec::with_capacity(alternatives.len());
                for alternative in alternatives {
                    starts.push(self.write(alternative, next)?);
                }
                let mut starts = starts.into_iter();
                let mut first = starts.next().unwrap_or(next);
                for second in starts {
                    let choice = self.program.choices as u32;
                    self.program.choices += 1;
                    first = self.state(State::Either { first, second, choice })?;
                }
                first
            }
            Node::Repeat { inner, least, most: None, empty } => {
                let repeat = self.repeat(0, next, *empty)?;
                let start = self.write(inner, repeat)?;
                if let State::Repeat { body, .. } = &mut self.program.states[repeat as usize] {
                    *body = start;
                }
                // `x+` begins with its `x`, not with the choice.
                let mut next = if *least == 0 { repeat } else { start };
                for _ in 1..*least {
                    next = self.write(inner, next)?;
                }
                next
            }
            Node::Repeat { inner, least, most: Some(most), empty } => {
                let end = next;
                let mut next = next;
                for _ in *least..*most {
                    let body = self.write(inner, next)?;
                    next = self.repeat(body, end, *empty)?;
                }
                for _ in 0..*least {
                    next = self.write(inner, next)?;
                }
                next
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn mistakes() {
        let check = |pattern: &str, expected: &str| {
            let found = compile(pattern).map_or_else(|wrong| wrong.message, |_| "sound".into());
            assert_eq!(found, expected, "{pattern}");
        };
        check("(a|b)*[]a-c-]{2,3}$", "sound");
        check("(a", "a `(` without its `)`");
        check("a)", "a `)` without its `(`");
        check("*a", "nothing to repeat");
        check("(|*a)", "nothing to repeat");
        check("a{3,2}", "`{3,2}` is the wrong way round");
        check("a{", "a `{` without its number");
        check("[z-a]", "a range is the wrong way round");
        check("[a", "a `[` without its `]`");
        check("[[:digits:]]", "there is no class `[:digits:]`");
        check(r"(a)\\1", "sound");
        check(r"(a)\1", r"`\1` means nothing");
        check("((a{1000}){1000}){1000}", "too large");
        check(&"a*".replace('*', &"*".repeat(1_000)), "too deep");
        check(&"(".repeat(1_000), "too deep");
    }
}
