//! Whether diagnostics point at text.

use topo_lang::{Diagnostic, Sources};

/// Every place that a diagnostic names lies in its source, and begins and ends between two characters.
pub fn check_places(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        for label in diagnostic.primary.iter().chain(&diagnostic.labels) {
            let text = &sources.get(label.span.source).text;
            let place = label.span.start as usize..label.span.end as usize;
            assert!(text.get(place).is_some(), "{diagnostic:?}");
        }
    }
}
