//! Numbers as KDL writes them.

use std::ops::Range;

/// What a word that begins like a number is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
    /// A whole number outside the 64 bits there are.
    TooBig,
    /// Not a number.
    Wrong(Wrong),
}

/// Why not, and where in the word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    /// Whether it is a slip within a number rather than text such as `10.0.0.1`.
    pub(crate) slip: bool,
}

/// Whether KDL reads the word as a number (right or wrong) and not as a string.
pub(crate) fn begins_number(word: &str) -> bool {
    let bytes = word.as_bytes();
    let unsigned = match bytes.first() {
        Some(b'+' | b'-') => &bytes[1..],
        _ => bytes,
    };
    match unsigned {
        [b'.', digit, ..] => digit.is_ascii_digit(),
        [digit, ..] => digit.is_ascii_digit(),
        [] => false,
    }
}

/// Reads a word for which [`begins_number`] holds.
pub(crate) fn read(word: &str) -> Number {
    let (negative, digits) = match word.as_bytes().first() {
        Some(b'-') => (true, &word[1..]),
        Some(b'+') => (false, &word[1..]),
        _ => (false, word),
    };
    let sign = word.len() - digits.len();
    match digits.as_bytes() {
        [b'0', b'x', ..] => radix(digits, sign, negative, 16),
        [b'0', b'o', ..] => radix(digits, sign, negative, 8),
        [b'0', b'b', ..] => radix(digits, sign, negative, 2),
        _ => decimal(word, sign, negative),
    }
}

fn radix(digits: &str, sign: usize, negative: bool, radix: u32) -> Number {
    let kind = match radix {
        16 => "a hexadecimal",
        8 => "an octal",
        _ => "a binary",
    };
    let mut value = Some(0_i128);
    for (at, character) in digits.char_indices().skip(2) {
        match character.to_digit(radix) {
            Some(digit) => value = value.and_then(|value| push_digit(value, radix, digit)),
            None if character == '_' && at > 2 => {}
            None => {
                let at = sign + at..sign + at + character.len_utf8();
                return wrong(at, format!("`{character}` is not a digit of {kind} number"));
            }
        }
    }
    if digits.len() == 2 {
        return wrong(0..sign + 2, format!("expected the digits of {kind} number"));
    }
    whole(value, negative)
}

fn push_digit(value: i128, radix: u32, digit: u32) -> Option<i128> {
    value.checked_mul(i128::from(radix))?.checked_add(i128::from(digit))
}

fn whole(value: Option<i128>, negative: bool) -> Number {
    let signed = value.map(|value| if negative { -value } else { value });
    signed.and_then(|value| i64::try_from(value).ok()).map_or(Number::TooBig, Number::Int)
}

fn decimal(word: &str, sign: usize, negative: bool) -> Number {
    let bytes = word.as_bytes();
    let integer_end = end_of_digits(bytes, sign);
    if integer_end == sign {
        let number = &word[sign..];
        return wrong(sign..word.len(), format!("a number has a digit before its point: `0{number}`"));
    }
    if integer_end == bytes.len() {
        let mut digits = bytes[sign..].iter().filter(|byte| **byte != b'_');
        let value = digits.try_fold(0, |value, byte| push_digit(value, 10, u32::from(byte - b'0')));
        return whole(value, negative);
    }
    let mut at = integer_end;
    if bytes[at] == b'.' {
        let end = end_of_digits(bytes, at + 1);
        if end == at + 1 {
            return wrong(at..at + 1, "expected a digit after the point".to_owned());
        }
        at = end;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let digits = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = end_of_digits(bytes, digits);
        if end == digits && end == bytes.len() {
            return wrong(at..end, "expected the digits of an exponent".to_owned());
        }
        at = if end == digits { at } else { end };
    }
    if at < bytes.len() {
        let message = format!("`{word}` is neither a number nor, without quotes, text");
        return Number::Wrong(Wrong { at: 0..word.len(), message, slip: false });
    }
    let parsed = if word.contains('_') { word.replace('_', "").parse() } else { word.parse() };
    match parsed {
        Ok(value) => Number::Float(value),
        Err(_) => wrong(0..word.len(), format!("`{word}` is not a number")),
    }
}

fn wrong(at: Range<usize>, message: String) -> Number {
    Number::Wrong(Wrong { at, message, slip: true })
}

/// The end of a digit followed by digits and underscores at `start`, or `start`.
fn end_of_digits(bytes: &[u8], start: usize) -> usize {
    if !bytes.get(start).is_some_and(u8::is_ascii_digit) {
        return start;
    }
    let rest = bytes[start..].iter().position(|byte| !byte.is_ascii_digit() && *byte != b'_');
    rest.map_or(bytes.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let table = [
            ("0", Number::Int(0)),
            ("-0", Number::Int(0)),
            ("+1_000_", Number::Int(1000)),
            ("9223372036854775807", Number::Int(i64::MAX)),
            ("9223372036854775808", Number::TooBig),
            ("-9223372036854775808", Number::Int(i64::MIN)),
            ("-0x8000000000000000", Number::Int(i64::MIN)),
            ("0x8000000000000000", Number::TooBig),
            ("0o600", Number::Int(0o600)),
            ("-0b1_0", Number::Int(-2)),
            ("1.5e1_0", Number::Float(1.5e10)),
            ("1e3", Number::Float(1000.0)),
            ("1E400", Number::Float(f64::INFINITY)),
        ];
        for (word, expected) in table {
            assert!(begins_number(word), "{word}");
            assert_eq!(read(word), expected, "{word}");
        }
        assert_eq!(read(&"9".repeat(100_000)), Number::TooBig);
    }

    #[test]
    fn wrong_numbers_say_where() {
        let table = [
            ("0o9", 2..3, "`9` is not a digit of an octal number", true),
            ("-0x_1", 3..4, "`_` is not a digit of a hexadecimal number", true),
            ("0b", 0..2, "expected the digits of a binary number", true),
            (".5", 0..2, "a number has a digit before its point: `0.5`", true),
            ("1.", 1..2, "expected a digit after the point", true),
            ("1.e7", 1..2, "expected a digit after the point", true),
            ("1e", 1..2, "expected the digits of an exponent", true),
            ("1.0.0", 0..5, "`1.0.0` is neither a number nor, without quotes, text", false),
            ("5min", 0..4, "`5min` is neither a number nor, without quotes, text", false),
            ("4e-x", 0..4, "`4e-x` is neither a number nor, without quotes, text", false),
        ];
        for (word, at, message, slip) in table {
            assert_eq!(read(word), Number::Wrong(Wrong { at, message: message.to_owned(), slip }), "{word}");
        }
    }

    #[test]
    fn words_that_are_strings() {
        for word in ["-", "+", ".", "+.", "-a", "a1", "_1", "?15", "--1", "..5"] {
            assert!(!begins_number(word), "{word}");
        }
    }
}
