//! The texts that are open in the editor, laid over the files.

use super::place::Encoding;
use crate::world::Files;
use lsp_types::TextDocumentContentChangeEvent;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use topo_lang::{Source, World};

/// Open texts by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers(BTreeMap<String, Arc<str>>);

impl Buffers {
    pub(super) fn open(&mut self, path: String, text: &str) {
        self.0.insert(path, text.into());
    }

    pub(super) fn close(&mut self, path: &str) {
        self.0.remove(path);
    }

    pub(super) fn get(&self, path: &str) -> Option<&Arc<str>> {
        self.0.get(path)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Changes a text as the editor says; a change without a range is the whole text.
    pub(super) fn change(
        &mut self,
        path: &str,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        let Some(text) = self.0.get_mut(path) else { return };
        for change in changes {
            let Some(range) = change.range else {
                *text = change.text.into();
                continue;
            };
            let source = Source::new(path, text);
            let start = encoding.offset(&source, range.start) as usize;
            let end = encoding.offset(&source, range.end) as usize;
            let mut changed = text.to_string();
            changed.replace_range(start.min(end)..end, &change.text);
            *text = changed.into();
        }
    }
}

impl World for Buffers {
    fn read(&self, path: &str) -> io::Result<String> {
        match self.0.get(path) {
            // A module of the library that is open is the library's own text.
            Some(text) if !path.starts_with("std:") => Ok(text.to_string()),
            _ => Files.read(path),
        }
    }

    fn standard(&self) -> Vec<&str> {
        Files.standard()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    #[test]
    fn changes_follow_each_other() {
        let mut buffers = Buffers::default();
        buffers.open("a".to_owned(), "one\ntwü\nthree");
        let change = |range: Option<(u32, u32, u32, u32)>, text: &str| TextDocumentContentChangeEvent {
            range: range.map(|(line, character, end_line, end)| Range {
                start: Position { line, character },
                end: Position { line: end_line, character: end },
            }),
            range_length: None,
            text: text.to_owned(),
        };
        let changes = vec![
            change(Some((1, 2, 1, 3)), "o"),
            change(Some((0, 0, 1, 0)), ""),
            change(Some((9, 0, 9, 9)), "!"),
        ];
        buffers.change("a", changes, Encoding::Utf16);
        assert_eq!(buffers.get("a").map(|text| &**text), Some("two\nthree!"));
        buffers.change("a", vec![change(None, "x")], Encoding::Utf16);
        assert_eq!(buffers.read("a").unwrap(), "x");
    }
}
