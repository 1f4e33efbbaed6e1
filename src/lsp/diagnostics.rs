//! Diagnostics by document, as an editor shows them.

use super::place::{Encoding, uri_of};
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position, Range, Uri,
};
use std::collections::BTreeMap;
use topo_lang::{Diagnostic, Label, Severity, Sources};

/// What is wrong with each document of a lab. Every source is there, so that what was wrong before is taken back.
pub(super) fn by_document(
    entry: &str,
    sources: &Sources,
    diagnostics: &[Diagnostic],
    encoding: Encoding,
) -> BTreeMap<String, Vec<lsp_types::Diagnostic>> {
    let own = sources.iter().filter(|source| !source.name.starts_with("std:"));
    let mut found: BTreeMap<String, Vec<lsp_types::Diagnostic>> =
        own.map(|source| (source.name.to_string(), Vec::new())).collect();
    for diagnostic in diagnostics {
        let place = Placed::of(diagnostic, sources);
        let path = place.label.map_or(entry, |label| &sources.get(label.span.source).name);
        found.entry(path.to_owned()).or_default().push(converted(diagnostic, &place, sources, encoding));
    }
    found
}

/// Where a diagnostic is shown: its own place, unless that is in the library and it has another in the author's files.
struct Placed<'d> {
    label: Option<&'d Label>,
    others: Vec<&'d Label>,
}

impl<'d> Placed<'d> {
    fn of(diagnostic: &'d Diagnostic, sources: &Sources) -> Self {
        let all: Vec<&Label> = diagnostic.primary.iter().chain(&diagnostic.labels).collect();
        let own = |label: &&&Label| !sources.get(label.span.source).name.starts_with("std:");
        let label = all.iter().find(own).or_else(|| all.first()).copied();
        let is_it = |other: &&Label| label.is_some_and(|label| std::ptr::eq(label, *other));
        Placed { label, others: all.iter().filter(|other| !is_it(other)).copied().collect() }
    }
}

fn converted(
    diagnostic: &Diagnostic,
    place: &Placed<'_>,
    sources: &Sources,
    encoding: Encoding,
) -> lsp_types::Diagnostic {
    let start = Position { line: 0, character: 0 };
    let range = match place.label {
        Some(label) => encoding.range(sources.get(label.span.source), label.span.start, label.span.end),
        None => Range { start, end: start },
    };
    let mut message = diagnostic.message.clone();
    if let Some(text) = place.label.map(|label| &label.text).filter(|text| !text.is_empty()) {
        message.push_str(&format!(" ({text})"));
    }
    for help in &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let related = place.others.iter().filter_map(|label| {
        let source = sources.get(label.span.source);
        let uri: Uri = uri_of(&source.name)?;
        let range = encoding.range(source, label.span.start, label.span.end);
        let message = if label.text.is_empty() { diagnostic.message.clone() } else { label.text.clone() };
        Some(DiagnosticRelatedInformation { location: Location { uri, range }, message })
    });
    let related: Vec<_> = related.collect();
    lsp_types::Diagnostic {
        range,
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.code.to_string())),
        source: Some("topo".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..lsp_types::Diagnostic::default()
    }
}
