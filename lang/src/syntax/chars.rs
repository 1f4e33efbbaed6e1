//! KDL's classes of characters.

/// What a byte can begin, or [`Class::Wide`] where the whole character decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// May stand in an unquoted string.
    Word,
    /// A blank that is no newline.
    Space,
    /// Ends a line.
    Newline,
    /// Has a meaning of its own: quotes, braces, `=`, …
    Punctuation,
    /// May not stand in a document, except as an escape.
    Forbidden,
    /// The first byte of a character outside ASCII.
    Wide,
}

const ASCII: [Class; 256] = {
    let mut table = [Class::Wide; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'\t' | b' ' => Class::Space,
            b'\n' | 0x0b | 0x0c | b'\r' => Class::Newline,
            0x00..=0x1f | 0x7f => Class::Forbidden,
            b'\\' | b'/' | b'(' | b')' | b'{' | b'}' | b';' | b'[' | b']' | b'"' | b'#' | b'=' => {
                Class::Punctuation
            }
            _ => Class::Word,
        };
        byte += 1;
    }
    table
};

/// The class of the byte alone.
pub(crate) fn class_of_byte(byte: u8) -> Class {
    ASCII[byte as usize]
}

/// The class of a character; never [`Class::Wide`].
pub(crate) fn class(character: char) -> Class {
    match character {
        '\0'..='\x7f' => ASCII[character as usize],
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Class::Space
        }
        '\u{85}' | '\u{2028}' | '\u{2029}' => Class::Newline,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
            Class::Forbidden
        }
        _ => Class::Word,
    }
}

/// The character at the byte offset `at`, which must be a boundary before the end.
pub(crate) fn char_at(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or('\0')
}

/// The length of the newline at the start of `text`, `\r\n` counting as one; 0 where there is none.
pub(crate) fn newline_length(text: &str) -> usize {
    match text.chars().next() {
        Some('\r') if text.as_bytes().get(1) == Some(&b'\n') => 2,
        Some(character) if class(character) == Class::Newline => character.len_utf8(),
        _ => 0,
    }
}

/// The offsets of all characters that may not stand in a document.
pub(crate) fn forbidden(text: &str) -> impl Iterator<Item = (usize, char)> {
    // Whole blocks without a suspicious byte are passed over quickly; nearly every block is one.
    const BLOCK: usize = 64;
    let bytes = text.as_bytes();
    let suspicious =
        |byte: &u8| (*byte < 0x20 && !(9..=13).contains(byte)) | matches!(*byte, 0x7f | 0xe2 | 0xef);
    (0..bytes.len().div_ceil(BLOCK)).flat_map(move |block| {
        let start = block * BLOCK;
        let end = (start + BLOCK).min(bytes.len());
        let any = bytes[start..end].iter().fold(false, |any, byte| any | suspicious(byte));
        let candidates = if any { start..end } else { start..start };
        candidates.filter(move |at| suspicious(&bytes[*at])).filter_map(move |at| {
            let character = char_at(text, at);
            let leading_mark = at == 0 && character == '\u{feff}';
            (class(character) == Class::Forbidden && !leading_mark).then_some((at, character))
        })
    })
}
