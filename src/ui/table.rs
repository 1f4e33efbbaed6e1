//! Columns as wide as what is in them.

use crate::ui::style;
use std::fmt::Write;

/// Rows under a heading.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    heading: [&'static str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table without rows.
    pub(crate) fn new(heading: [&'static str; COLUMNS]) -> Self {
        Self { heading, rows: Vec::new() }
    }

    /// Adds a row; its cells may be coloured.
    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells);
    }

    /// The table with its heading. A column in which nothing stands is left out.
    pub(crate) fn text(&self) -> String {
        let widths: [usize; COLUMNS] =
            std::array::from_fn(|column| self.rows.iter().map(|row| width(&row[column])).max().unwrap_or(0));
        let shown: Vec<usize> = (0..COLUMNS).filter(|column| widths[*column] > 0).collect();
        let mut out = String::new();
        let heading: Vec<String> = self.heading.iter().map(|title| (*title).to_owned()).collect();
        for (number, row) in std::iter::once(heading.as_slice())
            .chain(self.rows.iter().map(<[_; COLUMNS]>::as_slice))
            .enumerate()
        {
            let mut line = String::new();
            for column in &shown {
                let cell = &row[*column];
                let pad = widths[*column].max(self.heading[*column].len())
                    - width(cell).min(widths[*column].max(self.heading[*column].len()));
                let _ = write!(line, "{cell}{:pad$}  ", "");
            }
            let line = line.trim_end();
            let _ = if number == 0 {
                writeln!(out, "{}{line}{0:#}", style::DIM)
            } else {
                writeln!(out, "{line}")
            };
        }
        out
    }
}

/// Characters that are seen.
fn width(cell: &str) -> usize {
    anstream::adapter::strip_str(cell).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_empty_ones_go() {
        let mut table = Table::new(["A", "B", "LONG"]);
        table.row(["x".into(), String::new(), "1".into()]);
        table.row([format!("{}long{0:#}", style::GOOD), String::new(), "22".into()]);
        let text = anstream::adapter::strip_str(&table.text()).to_string();
        assert_eq!(text, "A     LONG\nx     1\nlong  22\n");
    }
}
