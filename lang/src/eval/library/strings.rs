//! Texts.

use crate::codes;
use crate::eval::builtins::{Args, Builtin, row};
use crate::eval::val::Val;
use crate::eval::{Evaluator, Raised};

pub(super) const TABLE: &[Builtin] = &[
    row("concatStrings", 1, |e, a| {
        let items = e.arg_list(a, 0)?;
        e.join(a, "", &items).map(Val::Text)
    }),
    row("concatMapStrings", 2, |e, a| {
        let items = e.arg_list(a, 1)?;
        map_join(e, a, "", 0, &items)
    }),
    row("concatMapStringsSep", 3, |e, a| {
        let separator = e.arg_text(a, 0)?;
        let items = e.arg_list(a, 2)?;
        map_join(e, a, &separator, 1, &items)
    }),
    row("concatLines", 1, |e, a| {
        let items = e.arg_list(a, 0)?;
        let text = e.join(a, "\n", &items)?;
        Ok(Val::Text(if items.is_empty() { text } else { format!("{text}\n").into() }))
    }),
    row("optionalString", 2, |e, a| if e.arg_bool(a, 0)? { e.arg(a, 1) } else { Ok(Val::Text("".into())) }),
    row("hasPrefix", 2, |e, a| {
        let (part, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        Ok(Val::Bool(text.starts_with(&*part)))
    }),
    row("hasSuffix", 2, |e, a| {
        let (part, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        Ok(Val::Bool(text.ends_with(&*part)))
    }),
    row("hasInfix", 2, |e, a| {
        let (part, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        Ok(Val::Bool(text.contains(&*part)))
    }),
    row("removePrefix", 2, |e, a| {
        let (part, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        Ok(Val::Text(text.strip_prefix(&*part).map_or(text.clone(), Into::into)))
    }),
    row("removeSuffix", 2, |e, a| {
        let (part, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        Ok(Val::Text(text.strip_suffix(&*part).map_or(text.clone(), Into::into)))
    }),
    row("splitString", 2, |e, a| {
        let (separator, text) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        if separator.is_empty() {
            return Err(Raised::new(
                codes::EXPRESSION_TYPE,
                a.span,
                "`splitString` needs a separator that is not empty",
            )
            .help("`lib.stringToCharacters` takes a text apart"));
        }
        e.spend(text.len(), a.span)?;
        let parts: Vec<Val> = text.split(&*separator).map(|part| Val::Text(part.into())).collect();
        Ok(e.list_of(parts))
    }),
    row("stringToCharacters", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        e.spend(text.len() * 64, a.span)?;
        let characters: Vec<Val> = text
            .chars()
            .map(|character| Val::Text(character.encode_utf8(&mut [0; 4]).to_string().into()))
            .collect();
        Ok(e.list_of(characters))
    }),
    row("charToInt", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        match text.as_bytes() {
            [byte] if byte.is_ascii() => Ok(Val::Int(i64::from(*byte))),
            _ => {
                let message = format!("`charToInt` needs one character of ASCII, found {text:?}");
                Err(Raised::new(codes::OUT_OF_RANGE, a.span, message))
            }
        }
    }),
    // Letters of ASCII alone, as in nixpkgs.
    row("toUpper", 1, |e, a| Ok(Val::Text(e.arg_text(a, 0)?.to_ascii_uppercase().into()))),
    row("toLower", 1, |e, a| Ok(Val::Text(e.arg_text(a, 0)?.to_ascii_lowercase().into()))),
    row("trim", 1, |e, a| Ok(Val::Text(e.arg_text(a, 0)?.trim_matches(BLANKS).into()))),
    row("trimWith", 2, |e, a| {
        let options = e.arg_set(a, 0)?;
        let mut text = e.arg_text(a, 1)?;
        if let Some(Val::Bool(true)) = e.attribute_of(&options, "start")? {
            text = text.trim_start_matches(BLANKS).into();
        }
        if let Some(Val::Bool(true)) = e.attribute_of(&options, "end")? {
            text = text.trim_end_matches(BLANKS).into();
        }
        Ok(Val::Text(text))
    }),
    row("fixedWidthNumber", 2, |e, a| {
        let (width, number) = (e.arg_int(a, 0)?, e.arg(a, 1)?);
        let text = e.text_of(&number, a.span)?;
        let width = usize::try_from(width).unwrap_or(0);
        e.check_text(width, a.span)?;
        if text.len() > width {
            return Err(Raised::new(
                codes::OUT_OF_RANGE,
                a.span,
                format!("`{text}` is wider than {width} digits"),
            ));
        }
        Ok(Val::Text(format!("{text:0>width$}").into()))
    }),
    row("toInt", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        let digits = text.trim();
        let number = digits.strip_prefix('-').unwrap_or(digits);
        let ambiguous = number.len() > 1 && number.starts_with('0');
        match digits.parse::<i64>() {
            Ok(number) if !ambiguous && !digits.starts_with('+') => Ok(Val::Int(number)),
            Ok(_) => {
                let message = format!("{text:?} could be octal or decimal");
                Err(Raised::new(codes::BAD_NUMBER, a.span, message)
                    .help("`lib.toIntBase10` reads it as decimal")
                    .catchable())
            }
            Err(_) => {
                Err(Raised::new(codes::BAD_NUMBER, a.span, format!("{text:?} is no whole number"))
                    .catchable())
            }
        }
    }),
    row("escapeShellArg", 1, |e, a| {
        let value = e.arg(a, 0)?;
        let text = e.text_of(&value, a.span)?;
        Ok(Val::Text(quote(&text).into()))
    }),
    row("escapeShellArgs", 1, |e, a| {
        let mut quoted = Vec::new();
        for item in e.arg_list(a, 0)?.iter() {
            let value = e.force(*item)?;
            quoted.push(quote(&e.text_of(&value, a.span)?));
        }
        Ok(Val::Text(quoted.join(" ").into()))
    }),
    row("escapeURL", 1, |e, a| {
        let text = e.arg_text(a, 0)?;
        let mut escaped = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        }
        Ok(Val::Text(escaped.into()))
    }),
    row("levenshtein", 2, |e, a| {
        let (left, right) = (e.arg_text(a, 0)?, e.arg_text(a, 1)?);
        e.check_text(left.len().saturating_mul(right.len()), a.span)?;
        // One row of the table at a time: the distance of `left[..i]` to each beginning of `right`.
        let mut distances: Vec<usize> = (0..=right.len()).collect();
        for (i, here) in left.bytes().enumerate() {
            let mut before = std::mem::replace(&mut distances[0], i + 1);
            for (j, there) in right.bytes().enumerate() {
                let replaced = before + usize::from(here != there);
                before = distances[j + 1];
                distances[j + 1] = replaced.min(before + 1).min(distances[j] + 1);
            }
        }
        Ok(Val::Int(distances[right.len()] as i64))
    }),
];

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// A word for a POSIX shell; one that needs no quotes gets none.
fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+:,@%/".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn map_join(
    e: &mut Evaluator,
    a: Args<'_>,
    separator: &str,
    function: usize,
    items: &[crate::eval::ThunkId],
) -> Result<Val, Raised> {
    if items.is_empty() {
        return Ok(Val::Text("".into()));
    }
    let function = e.arg_function(a, function)?;
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        let part = e.call(&function, &[*item], a.span)?;
        match &part {
            Val::Text(part) => text.push_str(part),
            Val::Set(_) => e.append_strictly(&mut text, &part, a.span)?,
            other => {
                return Err(e.expected(
                    "a text",
                    other,
                    a.span,
                    &format!("what the function given to `{}` returns", a.name),
                ));
            }
        }
        e.check_text(text.len(), a.span)?;
    }
    e.spend(text.len(), a.span)?;
    Ok(Val::Text(text.into()))
}
