//! Digests, and the ways to write one.

use super::{Args, Builtin, row};
use crate::codes;
use crate::eval::val::Val;
use crate::eval::{Evaluator, Raised};
use sha2::Digest;
use std::fmt::Write;

pub(super) const TABLE: &[Builtin] = &[
    row("hashString", 2, |e, a| {
        let (algorithm, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        let digest = digest(&algorithm, text.as_bytes()).ok_or_else(|| unknown(a, &algorithm))?;
        Ok(Val::Text(base16(&digest).into()))
    }),
    row("convertHash", 1, convert),
];

const BASE_32: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";
const BASE_64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn unknown(a: Args<'_>, algorithm: &str) -> Raised {
    Raised::new(codes::EXPRESSION_TYPE, a.span, format!("unknown hash `{algorithm}`"))
        .help("there are `md5`, `sha1`, `sha256` and `sha512`")
}

/// How many bytes a digest has.
fn size(algorithm: &str) -> Option<usize> {
    Some(match algorithm {
        "md5" => 16,
        "sha1" => 20,
        "sha256" => 32,
        "sha512" => 64,
        _ => return None,
    })
}

fn digest(algorithm: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(match algorithm {
        "md5" => md5::Md5::digest(bytes).to_vec(),
        "sha1" => sha1::Sha1::digest(bytes).to_vec(),
        "sha256" => sha2::Sha256::digest(bytes).to_vec(),
        "sha512" => sha2::Sha512::digest(bytes).to_vec(),
        _ => return None,
    })
}

fn convert(e: &mut Evaluator, a: Args<'_>) -> Result<Val, Raised> {
    let set = e.arg_set(a, 0)?;
    let mut texts = Vec::new();
    for name in ["hash", "toHashFormat", "hashAlgo"] {
        texts.push(match e.attribute_of(&set, name)? {
            Some(Val::Text(text)) => Some(text),
            Some(other) => {
                return Err(e.expected("a text", &other, a.span, &format!("`{name}` of `convertHash`")));
            }
            None => None,
        });
    }
    let [Some(hash), Some(format), algorithm] = &texts[..] else {
        let message = "`convertHash` needs `hash` and `toHashFormat`";
        return Err(Raised::new(codes::MISSING_ATTRIBUTE, a.span, message));
    };
    // `sha256:…` in any way of writing, or `sha256-…` in base 64.
    let (named, body, sri) = match (hash.split_once(':'), hash.split_once('-')) {
        (Some((named, body)), _) => (Some(named), body, false),
        (None, Some((named, body))) => (Some(named), body, true),
        (None, None) => (None, &**hash, false),
    };
    let bad = |message: String| Raised::new(codes::EXPRESSION_TYPE, a.span, message);
    let algorithm = match (named, algorithm.as_deref()) {
        (Some(named), Some(given)) if named != given => {
            return Err(bad(format!("the hash {hash:?} is a `{named}`, not a `{given}`")));
        }
        (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
        (None, None) => {
            return Err(bad(format!("the hash {hash:?} does not say which it is")).help("give `hashAlgo`"));
        }
    };
    let size = size(algorithm).ok_or_else(|| unknown(a, algorithm))?;
    let bytes = match body.len() {
        length if length == size * 2 && !sri => from_base16(body),
        length if length == base_32_length(size) && !sri => from_base32(body, size),
        length if length == size.div_ceil(3) * 4 => from_base64(body, size),
        _ => None,
    };
    let Some(bytes) = bytes else {
        return Err(bad(format!("{hash:?} is no `{algorithm}` in base 16, 32 or 64")));
    };
    let text = match &**format {
        "base16" => base16(&bytes),
        "nix32" | "base32" => base32(&bytes),
        "base64" => base64(&bytes),
        "sri" => format!("{algorithm}-{}", base64(&bytes)),
        other => {
            return Err(bad(format!("unknown way to write a hash: `{other}`"))
                .help("there are `base16`, `nix32`, `base64` and `sri`"));
        }
    };
    Ok(Val::Text(text.into()))
}

fn base16(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_base16(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    Some(digits?.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit) as u8).collect())
}

fn base_32_length(size: usize) -> usize {
    (size * 8).div_ceil(5)
}

/// Nix's own: the last digit is of the first five bits.
fn base32(bytes: &[u8]) -> String {
    let digit = |at: usize| {
        let (byte, bit) = (at * 5 / 8, at * 5 % 8);
        let low = u16::from(bytes[byte]);
        let high = u16::from(bytes.get(byte + 1).copied().unwrap_or(0));
        char::from(BASE_32[usize::from(((high << 8 | low) >> bit) & 31)])
    };
    (0..base_32_length(bytes.len())).rev().map(digit).collect()
}

fn from_base32(text: &str, size: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; size];
    for (at, character) in text.bytes().rev().enumerate() {
        let digit = BASE_32.iter().position(|known| *known == character)? as u16;
        let (byte, bit) = (at * 5 / 8, at * 5 % 8);
        let [high, low] = (digit << bit).to_be_bytes();
        bytes[byte] |= low;
        match bytes.get_mut(byte + 1) {
            Some(next) => *next |= high,
            None if high != 0 => return None,
            None => {}
        }
    }
    Some(bytes)
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= chunk.len() { char::from(BASE_64[value as usize]) } else { '=' });
        }
    }
    text
}

fn from_base64(text: &str, size: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size);
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let value = BASE_64.iter().position(|known| *known == character)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    (bytes.len() == size).then_some(bytes)
}
