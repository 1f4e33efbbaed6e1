//! Texts. Lengths and offsets count bytes, as in Nix; a cut within a character moves to its end.

use super::ere::{Found, Search};
use super::{Args, Builtin, row};
use crate::codes;
use crate::eval::val::{ThunkId, Val};
use crate::eval::{Evaluator, Raised};
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
        e.check_text(pattern.memory(&text), a.span)?;
        let Some(mut search) = Search::new(&pattern, &text, true) else { return Err(too_large(a)) };
        let Some(found) = search.match_at(0) else { return Ok(Val::Null) };
        Ok(groups(e, &text, &found))
    }),
    row("split", 2, |e, a| {
        let (pattern, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        let pattern = e.pattern(&pattern, a.span)?;
        e.check_text(pattern.memory(&text), a.span)?;
        let Some(mut search) = Search::new(&pattern, &text, false) else { return Err(too_large(a)) };
        let mut parts = Vec::new();
        let mut at = 0;
        for found in search.all() {
            parts.push(Val::Text(cut(&text, at, found.start).into()));
            parts.push(groups(e, &text, &found));
            at = found.end;
        }
        parts.push(Val::Text(cut(&text, at, text.len()).into()));
        e.spend(parts.len() * 32, a.span)?;
        Ok(e.list_of(parts))
    }),
];

/// What the groups of a pattern took.
fn groups(e: &mut Evaluator, text: &str, found: &Found) -> Val {
    let group = |group: &Option<(usize, usize)>| match group {
        Some((start, end)) => Val::Text(cut(text, *start, *end).into()),
        None => Val::Null,
    };
    let groups: Vec<Val> = found.groups.iter().map(group).collect();
    e.list_of(groups)
}

fn too_large(a: Args<'_>) -> Raised {
    Raised::new(
        codes::TOO_LARGE,
        a.span,
        format!("pattern and text of `{}` are too large for each other", a.name),
    )
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
