//! The difference of two texts, as `diff -u` and `patch` have it.

use crate::ui::style;
use similar::TextDiff;
use std::fmt::Write;
use std::time::Duration;

/// What turns `before` into `after`, both called `name`.
pub(crate) fn text(name: &str, before: &str, after: &str) -> String {
    // Where texts differ everywhere, a smaller difference is not worth the wait.
    let diff = TextDiff::configure().timeout(Duration::from_secs(2)).diff_lines(before, after);
    let unified = diff.unified_diff().context_radius(3).header(name, name).to_string();
    let mut out = String::with_capacity(unified.len());
    for line in unified.split_inclusive('\n') {
        let style = match line.as_bytes().first() {
            _ if line.starts_with("---") || line.starts_with("+++") => style::HEADING,
            Some(b'+') => style::GOOD,
            Some(b'-') => style::BAD,
            Some(b'@') => style::DIM,
            _ => {
                out.push_str(line);
                continue;
            }
        };
        let _ = writeln!(out, "{style}{}{style:#}", line.trim_end_matches('\n'));
    }
    out
}
