//! Diagnostics for people, through miette's renderers.
//!
//! miette labels one source per diagnostic and prints every line between two labels of it. [`Texts`] gives it one
//! source that is all of ours laid end to end, with a line index: labels in several files each get their own
//! snippet, and so do labels far apart in one file.

use crate::ui::Look;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    NarratableReportHandler, SourceCode, SourceSpan, SpanContents,
};
use std::borrow::Cow;
use std::fmt;
use topo_lang::{Diagnostic, Label, Severity, Source, SourceId, Sources, Span};

/// A label over more lines than this underlines only the first of them.
const LINES_SHOWN: usize = 6;

/// Renders one diagnostic, snippets and all.
pub(crate) fn render(sources: &Sources, diagnostic: &Diagnostic, look: Look) -> String {
    let texts = Texts::of(sources, diagnostic);
    let labels = places(diagnostic).map(|(label, primary)| texts.labeled(label, primary)).collect();
    let report = Report { diagnostic, labels, texts };
    let mut out = String::new();
    let rendered = if look.graphics {
        let theme = if look.unicode { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
        GraphicalReportHandler::new_themed(GraphicalTheme { styles: miette::ThemeStyles::ansi(), ..theme })
            .without_syntax_highlighting()
            .with_width(look.width)
            .render_report(&mut out, &report)
    } else {
        NarratableReportHandler::new().render_report(&mut out, &report)
    };
    if rendered.is_err() {
        // The renderer could not place a label: the message still counts.
        out = format!("{}\n\n  {}\n", diagnostic.code, diagnostic.message);
    }
    out
}

/// `2 errors and 1 warning`
pub(crate) fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    match (errors, warnings) {
        (errors, 0) => super::plural(errors, "error"),
        (0, warnings) => super::plural(warnings, "warning"),
        (errors, warnings) => {
            format!("{} and {}", super::plural(errors, "error"), super::plural(warnings, "warning"))
        }
    }
}

/// Every place of a diagnostic, the primary one first.
fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = (&Label, bool)> {
    let primary = diagnostic.primary.iter().map(|label| (label, true));
    primary.chain(diagnostic.labels.iter().map(|label| (label, false)))
}

#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    labels: Vec<LabeledSpan>,
    texts: Texts<'a>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
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
        match self.diagnostic.help.as_slice() {
            [] => None,
            help => Some(Box::new(help.join("\n"))),
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.texts)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }
}

/// The sources one diagnostic names, end to end in the order it names them.
#[derive(Debug)]
struct Texts<'a>(Vec<Text<'a>>);

#[derive(Debug)]
struct Text<'a> {
    id: SourceId,
    source: &'a Source,
    /// Without control characters, which could drive the reader's terminal; as long as the source.
    shown: Cow<'a, [u8]>,
    /// Where it begins among all texts.
    base: usize,
}

impl<'a> Texts<'a> {
    fn of(sources: &'a Sources, diagnostic: &Diagnostic) -> Self {
        let mut texts: Vec<Text<'a>> = Vec::new();
        for (label, _) in places(diagnostic) {
            let id = label.span.source;
            if texts.iter().any(|text| text.id == id) {
                continue;
            }
            // One byte between two texts, so that an offset at the end of one is not the start of the next.
            let base = texts.last().map_or(0, |last| last.base + last.source.text.len() + 1);
            let source = sources.get(id);
            texts.push(Text { id, source, shown: without_controls(&source.text), base });
        }
        Self(texts)
    }

    fn labeled(&self, label: &Label, primary: bool) -> LabeledSpan {
        let text = Some(label.text.clone()).filter(|text| !text.is_empty());
        let (start, end) = match self.0.iter().find(|text| text.id == label.span.source) {
            Some(found) => found.visible(label.span),
            None => (0, 0),
        };
        let new = if primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
        new(text, SourceSpan::new(start.into(), end - start))
    }
}

impl Text<'_> {
    /// The offsets, among all texts, of what is underlined.
    fn visible(&self, span: Span) -> (usize, usize) {
        let text = self.source.text.as_bytes();
        let mut start = (span.start as usize).min(text.len());
        let mut end = (span.end as usize).clamp(start, text.len());
        if start == text.len() && text.last() == Some(&b'\n') {
            // Nothing can be shown after the last newline: point at the end of the line before it.
            (start, end) = (start - 1, end);
        }
        let mut newlines = (start..end).filter(|at| text[*at] == b'\n');
        if let Some(first) = newlines.next()
            && newlines.nth(LINES_SHOWN - 2).is_some()
        {
            end = first;
        }
        (self.base + start, self.base + end)
    }
}

impl SourceCode for Texts<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let at = self.0.partition_point(|text| text.base <= span.offset());
        let text = at.checked_sub(1).and_then(|at| self.0.get(at)).ok_or(MietteError::OutOfBounds)?;
        let start = span.offset() - text.base;
        let end = start + span.len();
        if end > text.shown.len() {
            return Err(MietteError::OutOfBounds);
        }
        let line_of = |offset: usize| text.source.line_column(offset as u32).0;
        let first = line_of(start).saturating_sub(before as u32).max(1);
        let last = line_of(if end > start { end - 1 } else { end }) + after as u32;
        let (from, column) = if before == 0 {
            (start, text.source.line_column(start as u32).1 - 1)
        } else {
            (text.source.line_range(first).start, 0)
        };
        let (to, last) = if after == 0 {
            (end, last)
        } else {
            let last = last.min(text.source.line_count());
            (text.source.line_range(last).end, last)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            text.source.name.to_string(),
            &text.shown[from..to.max(end)],
            SourceSpan::new((text.base + from).into(), to.max(end) - from),
            first as usize - 1,
            column as usize,
            (last - first) as usize,
        )))
    }
}

fn without_controls(text: &str) -> Cow<'_, [u8]> {
    let is_control = |byte: &u8| (*byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t')) || *byte == 0x7f;
    if text.as_bytes().iter().any(is_control) {
        Cow::Owned(text.bytes().map(|byte| if is_control(&byte) { b'?' } else { byte }).collect())
    } else {
        Cow::Borrowed(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { unicode: true, graphics: true, width: 80 };

    fn plain(sources: &Sources, diagnostic: &Diagnostic) -> String {
        anstream::adapter::strip_str(&render(sources, diagnostic, LOOK)).to_string()
    }

    /// A source of `lines` lines `line 1`, `line 2`, …
    fn numbered(name: &str, lines: usize) -> Source {
        let text: String = (1..=lines).map(|line| format!("line {line}\n")).collect();
        Source::new(name, &text)
    }

    fn at_line(id: SourceId, sources: &Sources, line: u32) -> Span {
        let range = sources.get(id).line_range(line);
        Span::new(id, range.start as u32, range.start as u32 + 4)
    }

    #[test]
    fn labels_far_apart_get_a_snippet_each() {
        let mut sources = Sources::default();
        let id = sources.add(numbered("lab.kdl", 1000));
        let (early, late) = (at_line(id, &sources, 10), at_line(id, &sources, 900));
        let out = plain(&sources, &Diagnostic::error("conflict", late, "two values").label(early, "first"));
        assert!(out.contains("line 10\n") && out.contains("line 900\n"), "{out}");
        assert!(!out.contains("line 500"), "{out}");
        assert!(out.contains("[lab.kdl:900:1]") && out.contains("[lab.kdl:10:1]"), "{out}");
        assert!(out.lines().count() < 20, "{out}");
    }

    #[test]
    fn labels_in_two_files_show_both_names() {
        let mut sources = Sources::default();
        let lab = sources.add(numbered("lab.kdl", 3));
        let core = sources.add(numbered("std:core", 50));
        let diagnostic =
            Diagnostic::error("wrong-type", at_line(lab, &sources, 3), "expected `int`, found `text`")
                .label(at_line(core, &sources, 40), "declared here")
                .help("write a number");
        let out = plain(&sources, &diagnostic);
        assert!(out.contains("[lab.kdl:3:1]") && out.contains("[std:core:40:1]"), "{out}");
        assert!(out.contains("declared here") && out.contains("help: write a number"), "{out}");
    }

    #[test]
    fn any_span_of_any_text_renders() {
        let texts = [
            "",
            "\n",
            "a",
            "a\n",
            "\r\n",
            "é\u{1f600}\tx\r\n\n\nlast",
            "\u{1b}[31mred\u{7f}\n",
            "a\nb\nc\nd\ne\nf\ng\nh\ni\n",
        ];
        for text in texts {
            for start in 0..=text.len() as u32 + 2 {
                for end in 0..=text.len() as u32 + 2 {
                    for look in [LOOK, Look { graphics: false, ..LOOK }] {
                        let mut sources = Sources::default();
                        let id = sources.add(Source::new("x", text));
                        let span = Span::new(id, start, end);
                        let diagnostic =
                            Diagnostic::error("c", span, "m").primary_text("here").label(span, "there");
                        let out = render(&sources, &diagnostic, look);
                        assert!(out.contains('m'));
                        assert!(!out.contains("\u{1b}[31mred"), "{out:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_long_span_is_cut_to_its_first_line() {
        let mut sources = Sources::default();
        let id = sources.add(numbered("lab.kdl", 100));
        let end = sources.get(id).text.len() as u32;
        let out = plain(&sources, &Diagnostic::error("c", Span::new(id, 0, end), "m"));
        assert!(!out.contains("line 5"), "{out}");
    }
}
