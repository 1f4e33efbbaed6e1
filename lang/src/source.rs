//! Sources and spans: which text, and which bytes of it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A place in one source: byte offsets, end exclusive. Twelve bytes, copied freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The source the offsets count in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// The smallest span that covers both; both must be of one source.
    pub fn to(self, other: Span) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The number of a source within one [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// One text, with the line starts that turn an offset into a line and a column.
#[derive(Clone, Debug)]
pub struct Source {
    /// How the source is called in messages: a path, or `std:kerberos`.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    line_starts: Arc<[u32]>,
    /// What must not be shown, in order.
    hidden: Vec<(u32, u32)>,
}

impl Source {
    /// A source called `name`.
    pub fn new(name: &str, text: &str) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1))
            .collect();
        Self { name: name.into(), text: text.into(), line_starts, hidden: Vec::new() }
    }

    /// Its text as it may be shown: with asterisks for secrets, and as long as it is.
    pub fn shown(&self) -> Cow<'_, str> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut shown = String::with_capacity(self.text.len());
        let mut from = 0;
        for (start, end) in &self.hidden {
            let (start, end) = ((*start as usize).max(from), *end as usize);
            let (Some(before), Some(secret)) = (self.text.get(from..start), self.text.get(start..end)) else {
                continue;
            };
            shown.push_str(before);
            // As many bytes, so that every offset still means the same.
            shown.extend(
                secret.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { '*' }),
            );
            from = end;
        }
        shown.push_str(&self.text[from..]);
        Cow::Owned(shown)
    }

    /// Where the text begins: after the byte order mark that some editors write.
    pub fn text_start(&self) -> usize {
        if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// Line and column of a byte offset, both counted from 1; the column counts characters.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset) - 1;
        let start = (self.line_starts[line] as usize).max(self.text_start());
        let end = (offset as usize).min(self.text.len());
        let column =
            self.text.get(start..end).map_or(end.saturating_sub(start), |before| before.chars().count());
        (line as u32 + 1, column as u32 + 1)
    }

    /// A line counted from 1, without its newline and the byte order mark.
    pub fn line(&self, line: u32) -> &str {
        self.text[self.line_range(line)].trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r'])
    }

    /// The bytes of a line counted from 1, with its newline.
    pub fn line_range(&self, line: u32) -> Range<usize> {
        let start = self.line_starts[line as usize - 1] as usize;
        let end = self.line_starts.get(line as usize).map_or(self.text.len(), |next| *next as usize);
        start..end
    }

    /// How many lines there are; the empty one after a last newline counts.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }
}

/// All sources read for one evaluation.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a source and returns its number.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(self.0.len() as u32 - 1)
    }

    /// The source with this number.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0 as usize]
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The text a span covers as it may be shown: `<secret>` for each secret in it.
    pub fn shown(&self, span: Span) -> String {
        let source = self.get(span.source);
        let mut shown = String::new();
        let mut from = span.start;
        for (start, end) in source.hidden.iter().filter(|(start, end)| *start < span.end && span.start < *end)
        {
            if from < *start {
                shown.push_str(self.text(Span { start: from, end: *start, ..span }));
            }
            shown.push_str("<secret>");
            from = *end;
        }
        if from < span.end {
            shown.push_str(self.text(Span { start: from, ..span }));
        }
        shown
    }

    /// Says which places must not be shown.
    pub(crate) fn hide(&mut self, places: Vec<Span>) {
        for span in places {
            if let Some(source) = self.0.get_mut(span.source.0 as usize).filter(|_| span.start < span.end) {
                source.hidden.push((span.start, span.end));
            }
        }
        for source in &mut self.0 {
            source.hidden.sort_unstable();
            // One within another is hidden with it.
            source.hidden.dedup_by(|inner, outer| inner.1 <= outer.1);
        }
    }

    /// `lab.kdl:12`, as reasons in a plan name a place.
    pub fn place(&self, span: Span) -> String {
        let source = self.get(span.source);
        format!("{}:{}", source.name, source.line_column(span.start).0)
    }
}
