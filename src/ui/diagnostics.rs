//! Diagnostics for people: whatever is miette's `Diagnostic`, drawn as rustc draws its own, by the same library.
//!
//! Deliberately absent: the wording. A diagnostic says what it says in whichever crate made it.

use crate::ui::report::Report;
use crate::ui::{Look, style};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use topo_lang::{Diagnostic, Severity, Sources};

/// What stands before each line of help.
const HELP_MARGIN: usize = "   = help: ".len();

/// Renders one diagnostic, snippets and all.
pub(crate) fn render(sources: &Sources, diagnostic: &Diagnostic, look: Look) -> String {
    draw(&Report::new(sources, diagnostic), look)
}

fn draw(report: &dyn miette::Diagnostic, look: Look) -> String {
    let level = match report.severity() {
        Some(miette::Severity::Warning | miette::Severity::Advice) => Level::WARNING,
        Some(miette::Severity::Error) | None => Level::ERROR,
    };
    let title = level.primary_title(report.to_string());
    let title = match report.code() {
        Some(code) => title.id(code.to_string()),
        None => title,
    };
    let related = report.related().into_iter().flatten();
    let snippets = std::iter::once(report).chain(related).filter_map(snippet);
    let help = report.help().map(|help| help.to_string()).unwrap_or_default();
    let help = help.lines().map(|help| Level::HELP.message(wrapped(help, look)));
    let group = Group::with_title(title).elements(snippets).elements(help);
    let mut drawn = renderer(look).render(&[group]);
    drawn.push('\n');
    drawn
}

/// The lines of a report's own source that its labels lie in.
fn snippet(report: &dyn miette::Diagnostic) -> Option<Snippet<'_, Annotation<'_>>> {
    let labels: Vec<_> = report.labels()?.collect();
    let start = labels.iter().map(|label| label.offset()).min()?;
    let end = labels.iter().map(|label| label.offset() + label.len()).max()?;
    let contents = report.source_code()?.read_span(&(start..end).into(), 0, 0).ok()?;
    let start = contents.span().offset();
    let annotations = labels.into_iter().map(|label| {
        let kind = if label.primary() { AnnotationKind::Primary } else { AnnotationKind::Context };
        let from = label.offset() - start;
        kind.span(from..from + label.len()).label(label.label().map(str::to_owned))
    });
    Some(
        Snippet::source(String::from_utf8_lossy(contents.data()))
            .line_start(contents.line() + 1)
            .path(contents.name().map(str::to_owned))
            .annotations(annotations),
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use topo_lang::codes::CONFLICT;
    use topo_lang::{Source, SourceId, Span};

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
