//! What codes mean, for the terminal: a section of the book without its Markdown.

use crate::ui::{Look, first_line, style, table::Table};
use std::fmt::Write;

/// The section about one code.
pub(crate) fn section(code: &str, text: &str) -> String {
    let mut out = format!("{}{code}{0:#}\n", style::HEADING);
    let mut in_block = false;
    for line in text.trim().lines().filter(|line| !line.starts_with("<!-- ")) {
        if line.starts_with("```") {
            in_block = !in_block;
            if in_block && !out.ends_with("\n\n") {
                out.push('\n');
            }
        } else if in_block && !line.is_empty() {
            let _ = writeln!(out, "    {line}");
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// A line for each code.
pub(crate) fn list(sections: impl Iterator<Item = (&'static str, &'static str)>, look: Look) -> String {
    let sections: Vec<_> = sections.collect();
    let widest = sections.iter().map(|(code, _)| code.len()).max().unwrap_or(0);
    let mut table = Table::new(["CODE", "MEANS"]);
    for (code, text) in sections {
        let paragraph = text.trim_start().split("\n\n").next().unwrap_or_default().replace('\n', " ");
        let end = paragraph.find(". ").into_iter().chain(paragraph.find(": ")).min();
        let sentence = paragraph[..end.unwrap_or(paragraph.len())].trim_end_matches('.');
        table.row([code.to_owned(), first_line(sentence, look.width.saturating_sub(widest + 4).max(30))]);
    }
    table.text()
}
