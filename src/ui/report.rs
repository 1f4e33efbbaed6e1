//! A diagnostic together with the texts it points into, as miette's `Diagnostic`.
//!
//! miette's diagnostics label one source each. Ours name any number: the first belongs to the report itself, and each
//! other one to a related report that has nothing but its labels.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::borrow::Cow;
use std::fmt;
use topo_lang::{Diagnostic, Label, Severity, Source, SourceId, Sources, Span};

/// A label over more lines than this underlines only the first of them.
const LINES_SHOWN: usize = 6;

/// A diagnostic with its texts.
#[derive(Debug)]
pub(super) struct Report<'s> {
    diagnostic: &'s Diagnostic,
    first: Option<Labeled<'s>>,
    others: Vec<Labeled<'s>>,
}

/// A text and the labels in it.
#[derive(Debug)]
struct Labeled<'s> {
    id: SourceId,
    text: Text<'s>,
    labels: Vec<LabeledSpan>,
}

/// A source as it may be shown: without secrets.
#[derive(Debug)]
struct Text<'s> {
    source: &'s Source,
    shown: Cow<'s, str>,
}

impl<'s> Report<'s> {
    /// The texts are those that the labels lie in, in their order.
    pub(super) fn new(sources: &'s Sources, diagnostic: &'s Diagnostic) -> Self {
        let mut texts: Vec<Labeled<'s>> = Vec::new();
        let primary = diagnostic.primary.iter().map(|label| (label, true));
        for (label, primary) in primary.chain(diagnostic.labels.iter().map(|label| (label, false))) {
            let id = label.span.source;
            let at = texts.iter().position(|text| text.id == id).unwrap_or_else(|| {
                let source = sources.get(id);
                texts.push(Labeled { id, text: Text { source, shown: source.shown() }, labels: Vec::new() });
                texts.len() - 1
            });
            let labeled = texts[at].text.labeled(label, primary);
            texts[at].labels.push(labeled);
        }
        let mut texts = texts.into_iter();
        Self { diagnostic, first: texts.next(), others: texts.collect() }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let help = &self.diagnostic.help;
        (!help.is_empty()).then(|| Box::new(help.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.first.as_ref()?.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.first.as_ref()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

impl fmt::Display for Labeled<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text.source.name)
    }
}

impl std::error::Error for Labeled<'_> {}

impl miette::Diagnostic for Labeled<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl Text<'_> {
    fn labeled(&self, label: &Label, primary: bool) -> LabeledSpan {
        let (start, end) = visible(self.source, label.span);
        let text = Some(label.text.clone()).filter(|text| !text.is_empty());
        let new = if primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
        new(text, SourceSpan::new(start.into(), end - start))
    }
}

impl SourceCode for Text<'_> {
    /// The whole lines that a span lies in, and those around it.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let source = self.source;
        if span.offset() + span.len() > self.shown.len() {
            return Err(MietteError::OutOfBounds);
        }
        let line_at = |offset: usize| source.line_column(offset as u32).0;
        let first = line_at(span.offset()).saturating_sub(before as u32).max(1);
        let last = line_at(span.offset() + span.len()).saturating_add(after as u32).min(source.line_count());
        let start = source.line_range(first).start.max(source.text_start());
        let end = source.line_range(last).end;
        Ok(Box::new(MietteSpanContents::new_named(
            source.name.to_string(),
            &self.shown.as_bytes()[start..end],
            SourceSpan::new(start.into(), end - start),
            first as usize - 1,
            0,
            (last - first) as usize + 1,
        )))
    }
}

/// The offsets of what is underlined: within the text, between characters, and not too many lines.
fn visible(source: &Source, span: Span) -> (usize, usize) {
    let text = &source.text;
    let mut start = boundary(text, span.start).max(source.text_start());
    let mut end = boundary(text, span.end).max(start);
    if start == text.len() && text.ends_with('\n') {
        // Nothing can be shown after the last newline: point at the end of the line before it.
        start -= if text.ends_with("\r\n") { 2 } else { 1 };
        end = start;
    }
    let mut newlines = text[start..end].match_indices('\n').map(|(at, _)| start + at);
    if let Some(first) = newlines.next()
        && newlines.nth(LINES_SHOWN - 2).is_some()
    {
        end = first;
    }
    (start, end)
}

/// The offset itself, or the last one before it that is in the text and begins a character.
fn boundary(text: &str, offset: u32) -> usize {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
