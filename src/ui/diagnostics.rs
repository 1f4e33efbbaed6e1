//! Diagnostics for people, drawn as rustc draws its own, by the same library.
//!
//! Deliberately absent: the wording. A diagnostic says what it says in whichever crate made it.

use crate::ui::{Look, style};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use std::borrow::Cow;
use topo_lang::{Diagnostic, Label, Severity, Source, SourceId, Sources, Span};

/// A label over more lines than this underlines only the first of them.
const LINES_SHOWN: usize = 6;

/// What stands before each line of help.
const HELP_MARGIN: usize = "   = help: ".len();

/// Renders one diagnostic, snippets and all.
pub(crate) fn render(sources: &Sources, diagnostic: &Diagnostic, look: Look) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&*diagnostic.message).id(diagnostic.code.name());
    let snippets = texts(sources, diagnostic).into_iter().map(|text| text.snippet(diagnostic));
    let help = diagnostic.help.iter().map(|help| Level::HELP.message(wrapped(help, look)));
    let group = Group::with_title(title).elements(snippets).elements(help);
    let mut drawn = renderer(look).render(&[group]);
    drawn.push('\n');
    drawn
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

fn renderer(look: Look) -> Renderer {
    Renderer::styled()
        .error(style::BAD.bold())
        .warning(style::NOTE.bold())
        .help(style::HELP)
        .decor_style(if look.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii })
        .term_width(look.width)
        .no_graphics(!look.graphics)
}

/// A way out, in lines that go beside its margin. What stands between backticks stays in one piece.
fn wrapped(help: &str, look: Look) -> String {
    let most = look.width - HELP_MARGIN;
    let mut lines: Vec<String> = Vec::new();
    for line in help.lines() {
        let mut current = String::new();
        for word in line.split(' ') {
            let quoted = current.matches('`').count() % 2 == 1;
            if !quoted && !current.is_empty() && current.chars().count() + 1 + word.chars().count() > most {
                lines.push(std::mem::take(&mut current));
            } else if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// Every place of a diagnostic, the primary one first.
fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = (&Label, AnnotationKind)> {
    let primary = diagnostic.primary.iter().map(|label| (label, AnnotationKind::Primary));
    primary.chain(diagnostic.labels.iter().map(|label| (label, AnnotationKind::Context)))
}

/// The part of one source that a diagnostic's labels lie in, in whole lines.
struct Text<'s> {
    id: SourceId,
    source: &'s Source,
    /// Its text, without secrets.
    shown: Cow<'s, str>,
    start: usize,
    end: usize,
}

/// The sources one diagnostic names, in the order it names them.
fn texts<'s>(sources: &'s Sources, diagnostic: &Diagnostic) -> Vec<Text<'s>> {
    let mut texts: Vec<Text<'s>> = Vec::new();
    for (label, _) in places(diagnostic) {
        let id = label.span.source;
        let source = sources.get(id);
        let (start, end) = visible(source, label.span);
        let start = source.line_range(source.line_column(start as u32).0).start;
        let end = source.line_range(source.line_column(end as u32).0).end;
        match texts.iter_mut().find(|text| text.id == id) {
            Some(text) => (text.start, text.end) = (text.start.min(start), text.end.max(end)),
            None => texts.push(Text { id, source, shown: source.shown(), start, end }),
        }
    }
    texts
}

impl<'s> Text<'s> {
    fn snippet(self, diagnostic: &'s Diagnostic) -> Snippet<'s, Annotation<'s>> {
        let start = self.start.max(self.source.text_start());
        let own = places(diagnostic).filter(|(label, _)| label.span.source == self.id);
        let annotations = own.map(|(label, kind)| {
            let (from, to) = visible(self.source, label.span);
            let text = Some(&*label.text).filter(|text| !text.is_empty());
            kind.span(from - start..to - start).label(text)
        });
        Snippet::source(cut(self.shown, start, self.end))
            .line_start(self.source.line_column(start as u32).0 as usize)
            .path(&*self.source.name)
            .annotations(annotations)
    }
}

/// A part of a text.
fn cut(text: Cow<'_, str>, start: usize, end: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
        Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use topo_lang::codes::CONFLICT;

    const LOOK: Look = Look { unicode: false, graphics: true, width: 80 };

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
    fn labels_far_apart_show_nothing_between() {
        let mut sources = Sources::default();
        let id = sources.add(numbered("lab.kdl", 1000));
        let (early, late) = (at_line(id, &sources, 10), at_line(id, &sources, 900));
        let out = plain(&sources, &Diagnostic::error(CONFLICT, late, "two values").label(early, "first"));
        let expected = "error[conflict]: two values
   --> lab.kdl:900:1
    |
 10 | line 10
    | ---- first
...
900 | line 900
    | ^^^^
";
        assert_eq!(out, expected);
    }

    #[test]
    fn labels_in_two_files_show_both_names() {
        let mut sources = Sources::default();
        let lab = sources.add(numbered("lab.kdl", 3));
        let core = sources.add(numbered("std:core", 50));
        let diagnostic = Diagnostic::error(CONFLICT, at_line(lab, &sources, 3), "expected `int`")
            .label(at_line(core, &sources, 40), "declared here")
            .help("write a number");
        let expected = "error[conflict]: expected `int`
  --> lab.kdl:3:1
   |
 3 | line 3
   | ^^^^
   |
  ::: std:core:40:1
   |
40 | line 40
   | ---- declared here
   |
   = help: write a number
";
        assert_eq!(plain(&sources, &diagnostic), expected);
    }

    #[test]
    fn any_span_of_any_text_renders() {
        let texts = [
            "",
            "\n",
            "a",
            "a\n",
            "\r\n",
            "\u{feff}a\r\nb\r\n",
            "é\u{1f600}\tx\r\n\n\nlast",
            "\u{1b}[31mred\u{7f}\n",
            "a\nb\nc\nd\ne\nf\ng\nh\ni\n",
        ];
        for text in texts {
            for start in 0..=text.len() as u32 + 2 {
                for end in 0..=text.len() as u32 + 2 {
                    for look in [LOOK, Look { unicode: true, ..LOOK }, Look { graphics: false, ..LOOK }] {
                        let mut sources = Sources::default();
                        let id = sources.add(Source::new("x", text));
                        let span = Span::new(id, start, end);
                        let diagnostic =
                            Diagnostic::error(CONFLICT, span, "m").primary_text("here").label(span, "there");
                        let out = render(&sources, &diagnostic, look);
                        assert!(out.contains("here") && out.contains("there"), "{out}");
                        assert!(!out.contains("\u{1b}[31mred"), "{out:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_not_counted() {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("x", "\u{feff}abc\n"));
        let out = plain(&sources, &Diagnostic::error(CONFLICT, Span::new(id, 4, 5), "m"));
        assert!(out.contains("x:1:2\n") && out.contains("1 | abc\n  |  ^\n"), "{out}");
    }

    #[test]
    fn a_long_span_is_cut_to_its_first_line() {
        let mut sources = Sources::default();
        let id = sources.add(numbered("lab.kdl", 100));
        let end = sources.get(id).text.len() as u32;
        let out = plain(&sources, &Diagnostic::error(CONFLICT, Span::new(id, 0, end), "m"));
        assert!(!out.contains("line 5"), "{out}");
    }

    #[test]
    fn width_is_respected() {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("x", &format!("{} here {}\n", "a".repeat(300), "b".repeat(300))));
        let diagnostic = Diagnostic::error(CONFLICT, Span::new(id, 301, 305), "m").help("word ".repeat(40));
        let out = plain(&sources, &diagnostic);
        assert!(out.contains("here"), "{out}");
        for line in out.lines() {
            assert!(line.chars().count() <= LOOK.width, "{line}");
        }
    }
}
