//! Texts. Lengths and offsets count bytes, as in Nix; a cut within a character moves to its end.

use super::{Args, Builtin, row};
use crate::codes;
use crate::eval::val::{ThunkId, Val};
use crate::eval::{Evaluator, Raised};
use sha2::Digest;
use std::fmt::Write;
use std::sync::Arc;

pub(super) const TABLE: &[Builtin] = &[
    row("toString", 1, |e, a| {
        let value = e.arg(a, 0)?;
        e.text_of(&value, a.span).map(Val::Text)
    }),
    row("stringLength", 1, |e, a| {
        let text = to_text_argument(e, a, 0)?;
        Ok(Val::Int(text.len() as i64))
    }),
    row("substring", 3, |e, a| {
        let (start, length) = (e.arg_int(a, 0)?, e.arg_int(a, 1)?);
        let text = to_text_argument(e, a, 2)?;
        let Ok(start) = usize::try_from(start) else {
            return Err(Raised::new(
                codes::OUT_OF_RANGE,
                a.span,
                format!("`substring` cannot start at {start}"),
            ));
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Val::Text(cut(&text, start, start.saturating_add(length)).into()))
    }),
    row("concatStringsSep", 2, |e, a| {
        let separator = e.arg_text(a, 0)?;
        let items = e.arg_list(a, 1)?;
        e.join(a, &separator, &items).map(Val::Text)
    }),
    row("replaceStrings", 3, |e, a| {
        let (from, to) = (e.arg_list(a, 0)?, e.arg_list(a, 1)?);
        if from.len() != to.len() {
            let message = format!(
                "`replaceStrings` needs as many replacements as texts, found {} and {}",
                to.len(),
                from.len()
            );
            return Err(Raised::new(codes::EXPRESSION_TYPE, a.span, message));
        }
        let mut patterns = Vec::with_capacity(from.len());
        for item in from.iter() {
            patterns.push(e.text_item(a, *item)?);
        }
        let text = e.arg_text(a, 2)?;
        replace(e, a, &patterns, &to, &text)
    }),
    row("hashString", 2, |e, a| {
        let (algorithm, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        hash(&algorithm, text.as_bytes()).map(Val::Text).ok_or_else(|| {
            Raised::new(codes::EXPRESSION_TYPE, a.span, format!("unknown hash `{algorithm}`"))
                .help("there are `md5`, `sha1`, `sha256` and `sha512`")
        })
    }),
    row("baseNameOf", 1, |e, a| {
        let text = to_text_argument(e, a, 0)?;
        // One slash at the end does not count.
        let path = text.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(&text);
        let path = if &*text == "/" { "" } else { path };
        Ok(Val::Text(path.rsplit('/').next().unwrap_or_default().into()))
    }),
    row("dirOf", 1, |e, a| {
        let text = to_text_argument(e, a, 0)?;
        Ok(Val::Text(match text.rfind('/') {
            None => ".".into(),
            Some(0) => "/".into(),
            Some(at) => text[..at].into(),
        }))
    }),
    row("toPath", 1, |e, a| {
        let text = to_text_argument(e, a, 0)?;
        if text.starts_with('/') {
            return Ok(Val::Text(text));
        }
        Err(Raised::new(codes::EXPRESSION_TYPE, a.span, format!("{text:?} is no absolute path")))
    }),
    row("match", 2, |e, a| {
        let (pattern, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        let pattern = e.pattern(&pattern, a.span)?;
        let Some(found) = pattern.whole.captures(&text) else { return Ok(Val::Null) };
        let groups = found.iter().skip(1).map(|group| group_value(group.map(|group| group.as_str())));
        let groups: Vec<Val> = groups.collect();
        Ok(e.list_of(groups))
    }),
    row("split", 2, |e, a| {
        let (pattern, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        let pattern = e.pattern(&pattern, a.span)?;
        let mut parts = Vec::new();
        let mut at = 0;
        for found in pattern.part.captures_iter(&text) {
            let Some(whole) = found.get(0) else { continue };
            parts.push(Val::Text(text[at..whole.start()].into()));
            let groups: Vec<Val> =
                found.iter().skip(1).map(|group| group_value(group.map(|group| group.as_str()))).collect();
            parts.push(e.list_of(groups));
            at = whole.end();
        }
        parts.push(Val::Text(text[at..].into()));
        e.spend(parts.len() * 32, a.span)?;
        Ok(e.list_of(parts))
    }),
];

fn group_value(group: Option<&str>) -> Val {
    group.map_or(Val::Null, |text| Val::Text(text.into()))
}

/// An argument that `toString` may turn into a text, as `stringLength` and `substring` take it.
fn to_text_argument(e: &mut Evaluator, a: Args<'_>, index: usize) -> Result<Arc<str>, Raised> {
    match e.arg(a, index)? {
        Val::Text(text) => Ok(text),
        Val::Set(_) => e.arg_text(a, index),
        other => Err(e.bad_argument(a, index, "a text", &other)),
    }
}

/// The bytes `start..end`, both moved to the end of a character they are in, so that pieces cut side by side
/// make the whole again.
fn cut(text: &str, start: usize, end: usize) -> &str {
    let up = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at += 1;
        }
        at
    };
    &text[up(start)..up(end)]
}

/// As in Nix: at every place the first text that fits; an empty one fits everywhere.
fn replace(
    e: &mut Evaluator,
    a: Args<'_>,
    from: &[Arc<str>],
    to: &[ThunkId],
    text: &str,
) -> Result<Val, Raised> {
    let mut result = String::with_capacity(text.len());
    let mut replacements: Vec<Option<Arc<str>>> = vec![None; to.len()];
    let mut at = 0;
    while at <= text.len() {
        let found = from.iter().position(|pattern| text[at..].starts_with(&**pattern));
        let next = text[at..].chars().next();
        match found {
            Some(index) => {
                let replacement = match &replacements[index] {
                    Some(replacement) => replacement.clone(),
                    None => {
                        let replacement = e.text_item(a, to[index])?;
                        replacements[index] = Some(replacement.clone());
                        replacement
                    }
                };
                result.push_str(&replacement);
                if from[index].is_empty() {
                    result.extend(next);
                    at += next.map_or(1, char::len_utf8);
                } else {
                    at += from[index].len();
                }
            }
            None => {
                result.extend(next);
                at += next.map_or(1, char::len_utf8);
            }
        }
        if result.len() > text.len() * 2 + (1 << 20) {
            e.check_text(result.len(), a.span)?;
        }
    }
    e.spend(result.len(), a.span)?;
    Ok(Val::Text(result.into()))
}

/// A digest in hexadecimal digits.
pub(in crate::eval) fn hash(algorithm: &str, bytes: &[u8]) -> Option<Arc<str>> {
    Some(match algorithm {
        "md5" => hex(&md5::Md5::digest(bytes)),
        "sha1" => hex(&sha1::Sha1::digest(bytes)),
        "sha256" => hex(&sha2::Sha256::digest(bytes)),
        "sha512" => hex(&sha2::Sha512::digest(bytes)),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> Arc<str> {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        _ = write!(text, "{byte:02x}");
    }
    text.into()
}

impl Evaluator {
    /// Texts with a separator between them.
    pub(in crate::eval) fn join(
        &mut self,
        a: Args<'_>,
        separator: &str,
        items: &[ThunkId],
    ) -> Result<Arc<str>, Raised> {
        let mut text = String::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push_str(separator);
            }
            text.push_str(&self.text_item(a, *item)?);
            self.check_text(text.len(), a.span)?;
        }
        self.spend(text.len(), a.span)?;
        Ok(text.into())
    }
}
