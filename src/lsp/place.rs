//! Places as an editor writes them: files as URIs, offsets as line and column in the units agreed on.

use lsp_types::{Position, Range, Uri};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use topo_engine::linux::files;
use topo_lang::{Source, World};

use crate::world::Files;

/// What columns count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units of UTF-16.
    Utf16,
}

impl Encoding {
    /// Where a byte offset is.
    pub(super) fn position(self, source: &Source, offset: u32) -> Position {
        let offset = offset.min(source.text.len() as u32);
        let (line, _) = source.line_column(offset);
        let start = source.line_range(line).start;
        let before = source.text.get(start..offset as usize).unwrap_or_default();
        Position { line: line - 1, character: self.length(before) }
    }

    /// How long a text is.
    pub(super) fn length(self, text: &str) -> u32 {
        match self {
            Encoding::Utf8 => text.len() as u32,
            Encoding::Utf16 => text.chars().map(|c| c.len_utf16() as u32).sum(),
        }
    }

    pub(super) fn range(self, source: &Source, start: u32, end: u32) -> Range {
        Range { start: self.position(source, start), end: self.position(source, end) }
    }

    /// The byte offset of a position; one past the end of a line or the text is that end.
    pub(super) fn offset(self, source: &Source, position: Position) -> u32 {
        if position.line >= source.line_count() {
            return source.text.len() as u32;
        }
        let line = source.line(position.line + 1);
        let mut left = position.character;
        let mut at = source.line_range(position.line + 1).start;
        for c in line.chars() {
            let width = match self {
                Encoding::Utf8 => c.len_utf8(),
                Encoding::Utf16 => c.len_utf16(),
            } as u32;
            if left < width {
                break;
            }
            left -= width;
            at += c.len_utf8();
        }
        at as u32
    }
}

/// The path by which the language knows a document. What is no file keeps its URI.
pub(super) fn path_of(uri: &Uri) -> String {
    let text = uri.as_str();
    let Some(rest) = text.strip_prefix("file://") else { return text.to_owned() };
    let path = rest.find('/').map_or(rest, |slash| &rest[slash..]);
    let path = decoded(path);
    match Path::new(&path).strip_prefix(library()) {
        Ok(module) => format!("std:{}", module.with_extension("").display()),
        Err(_) => path,
    }
}

/// The document that the language knows by this path. A module of the standard library becomes a file that an editor can
/// open.
pub(super) fn uri_of(path: &str) -> Option<Uri> {
    if let Some(module) = path.strip_prefix("std:") {
        return uri_of(&written(module)?.to_string_lossy());
    }
    if !path.starts_with('/') {
        return Uri::from_str(path).ok();
    }
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(byte as char)
            }
            byte => write!(uri, "%{byte:02X}").ok()?,
        }
    }
    Uri::from_str(&uri).ok()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let escape = escape.and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                found.push(byte);
                at += 3;
            }
            None => {
                found.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&found).into_owned()
}

/// Where the modules of the standard library are written for editors: a directory of this version's own.
fn library() -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or(home).unwrap_or_else(std::env::temp_dir);
    cache.join("topo").join(format!("library-{}", env!("CARGO_PKG_VERSION")))
}

/// A module as a file that cannot be written to.
fn written(module: &str) -> Option<PathBuf> {
    let text = Files.read(&format!("std:{module}")).ok()?;
    let path = library().join(format!("{module}.kdl"));
    if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Some(path);
    }
    std::fs::create_dir_all(path.parent()?).ok()?;
    files::replace(&path, text.as_bytes(), 0o444).ok()?;
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_was_agreed_on() {
        let source = Source::new("x", "a\nü😀b\r\nlast");
        let check = |encoding: Encoding, offset: u32, line: u32, character: u32| {
            assert_eq!(encoding.position(&source, offset), Position { line, character }, "{offset}");
            assert_eq!(encoding.offset(&source, Position { line, character }), offset);
        };
        check(Encoding::Utf16, 2, 1, 0);
        check(Encoding::Utf16, 4, 1, 1);
        check(Encoding::Utf16, 8, 1, 3);
        check(Encoding::Utf8, 8, 1, 6);
        check(Encoding::Utf16, 11, 2, 0);
        // Within a character, past a line's end, past the text's end.
        assert_eq!(Encoding::Utf16.offset(&source, Position { line: 1, character: 2 }), 4);
        assert_eq!(Encoding::Utf16.offset(&source, Position { line: 1, character: 99 }), 9);
        assert_eq!(Encoding::Utf16.offset(&source, Position { line: 99, character: 0 }), 15);
    }

    #[test]
    fn a_path_and_its_uri() {
        for path in ["/a/b.kdl", "/with space/ü%.kdl", "untitled:Untitled-1"] {
            assert_eq!(path_of(&uri_of(path).unwrap()), path);
        }
        assert_eq!(path_of(&Uri::from_str("file://localhost/a%3Ab").unwrap()), "/a:b");
    }
}
