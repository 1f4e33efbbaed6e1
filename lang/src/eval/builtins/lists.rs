//! Lists.

use super::{Args, Builtin, row};
use crate::codes;
use crate::eval::thunk::Thunk;
use crate::eval::val::{Attribute, Function, Set, ThunkId, Val};
use crate::eval::{Evaluator, Raised};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(super) const TABLE: &[Builtin] = &[
    row("map", 2, |e, a| {
        let items = e.arg_list(a, 1)?;
        if items.is_empty() {
            return Ok(Val::List(items));
        }
        e.spend(items.len() * 32, a.span)?;
        Ok(Val::List(items.iter().map(|item| e.allocate(Thunk::Call(a.values[0], *item, a.span))).collect()))
    }),
    row("filter", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let mut kept = Vec::new();
        for item in e.arg_list(a, 1)?.iter() {
            if e.test(a, &function, &[*item])? {
                kept.push(*item);
            }
        }
        Ok(Val::List(kept.into()))
    }),
    row("length", 1, |e, a| Ok(Val::Int(e.arg_list(a, 0)?.len() as i64))),
    row("head", 1, |e, a| match e.arg_list(a, 0)?.first() {
        Some(first) => e.force(*first),
        None => Err(Raised::new(codes::OUT_OF_RANGE, a.span, "`head` of an empty list")),
    }),
    row("tail", 1, |e, a| match &*e.arg_list(a, 0)? {
        [_, rest @ ..] => Ok(Val::List(rest.into())),
        [] => Err(Raised::new(codes::OUT_OF_RANGE, a.span, "`tail` of an empty list")),
    }),
    row("elemAt", 2, |e, a| {
        let index = e.arg_int(a, 1)?;
        let items = e.arg_list(a, 0)?;
        match usize::try_from(index).ok().and_then(|index| items.get(index)) {
            Some(item) => e.force(*item),
            None => {
                let message = format!("no item {index} in a list of {}", items.len());
                Err(Raised::new(codes::OUT_OF_RANGE, a.span, message).help("items are counted from 0"))
            }
        }
    }),
    row("elem", 2, |e, a| {
        let items = e.arg_list(a, 1)?;
        for item in items.iter() {
            if e.equal_parts(a.values[0], *item)? {
                return Ok(Val::Bool(true));
            }
        }
        Ok(Val::Bool(false))
    }),
    row("all", 2, |e, a| quantify(e, a, true)),
    row("any", 2, |e, a| quantify(e, a, false)),
    row("concatLists", 1, |e, a| {
        let mut all = Vec::new();
        for list in e.arg_list(a, 0)?.iter() {
            let list = e.force(*list)?;
            all.extend_from_slice(&e.as_list(list, a.span, "each item given to `concatLists`")?);
            e.check_length(all.len(), a.span)?;
        }
        Ok(Val::List(all.into()))
    }),
    row("concatMap", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let mut all = Vec::new();
        for item in e.arg_list(a, 1)?.iter() {
            let list = e.call(&function, &[*item], a.span)?;
            all.extend_from_slice(&e.as_list(
                list,
                a.span,
                "what the function given to `concatMap` returns",
            )?);
            e.check_length(all.len(), a.span)?;
        }
        Ok(Val::List(all.into()))
    }),
    row("genList", 2, |e, a| {
        let count = e.arg_int(a, 1)?;
        let Ok(count) = usize::try_from(count) else {
            return Err(Raised::new(
                codes::OUT_OF_RANGE,
                a.span,
                format!("cannot make a list of {count} items"),
            ));
        };
        e.check_length(count.saturating_mul(2), a.span)?;
        e.spend(count * 64, a.span)?;
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            let index = e.value(Val::Int(index as i64));
            items.push(e.allocate(Thunk::Call(a.values[0], index, a.span)));
        }
        Ok(Val::List(items.into()))
    }),
    row("foldl'", 3, |e, a| {
        let function = e.arg_function(a, 0)?;
        let items = e.arg_list(a, 2)?;
        let mut result = a.values[1];
        for item in items.iter() {
            let value = e.call(&function, &[result, *item], a.span)?;
            result = e.value(value);
        }
        e.force(result)
    }),
    row("sort", 2, |e, a| {
        let items = e.arg_list(a, 1)?;
        let function = e.arg_function(a, 0)?;
        // Also where there is nothing to compare them with.
        for item in items.iter() {
            e.force(*item)?;
        }
        sort(e, a, &function, items.to_vec()).map(|items| Val::List(items.into()))
    }),
    row("partition", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for item in e.arg_list(a, 1)?.iter() {
            e.force(*item)?;
            if e.test(a, &function, &[*item])? { &mut right } else { &mut wrong }.push(*item);
        }
        let right = e.value(Val::List(right.into()));
        let wrong = e.value(Val::List(wrong.into()));
        let entries = vec![(e.symbol("right"), right), (e.symbol("wrong"), wrong)];
        Ok(e.set(entries))
    }),
    row("groupBy", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let mut groups: BTreeMap<_, Vec<ThunkId>> = BTreeMap::new();
        for item in e.arg_list(a, 1)?.iter() {
            match e.call(&function, &[*item], a.span)? {
                Val::Text(name) => groups.entry(e.symbol_of(&name)).or_default().push(*item),
                other => {
                    return Err(e.expected(
                        "a text",
                        &other,
                        a.span,
                        "what the function given to `groupBy` returns",
                    ));
                }
            }
        }
        let entries =
            groups.into_iter().map(|(name, items)| (name, e.value(Val::List(items.into())))).collect();
        Ok(e.set(entries))
    }),
    row("listToAttrs", 1, |e, a| {
        let (name_symbol, value_symbol) = (e.symbol("name"), e.symbol("value"));
        let items = e.arg_list(a, 0)?;
        let mut entries = Vec::with_capacity(items.len());
        for item in items.iter() {
            let pair = e.force(*item)?;
            let pair = e.as_set(pair, a.span, "each item given to `listToAttrs`")?;
            let name = match pair.get(name_symbol).map(|attribute| attribute.value) {
                Some(name) => e.force(name)?,
                None => {
                    return Err(Raised::new(
                        codes::MISSING_ATTRIBUTE,
                        a.span,
                        "an item given to `listToAttrs` has no `name`",
                    ));
                }
            };
            let Val::Text(name) = name else {
                return Err(e.expected("a text", &name, a.span, "`name` of an item given to `listToAttrs`"));
            };
            let Some(value) = pair.get(value_symbol) else {
                let message = format!("the item `{name}` given to `listToAttrs` has no `value`");
                return Err(Raised::new(codes::MISSING_ATTRIBUTE, a.span, message));
            };
            entries.push(Attribute { name: e.symbol_of(&name), value: value.value, place: value.place });
        }
        // Of equal names the first counts.
        entries.reverse();
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }),
    row("genericClosure", 1, |e, a| {
        let set = e.arg_set(a, 0)?;
        let find = |e: &mut Evaluator, name: &str| {
            let symbol = e.symbol(name);
            match set.get(symbol) {
                Some(attribute) => e.force(attribute.value),
                None => Err(Raised::new(
                    codes::MISSING_ATTRIBUTE,
                    a.span,
                    format!("`genericClosure` needs the attribute `{name}`"),
                )),
            }
        };
        let start = find(e, "startSet")?;
        let start = e.as_list(start, a.span, "`startSet` of `genericClosure`")?;
        if start.is_empty() {
            return Ok(Val::List(start));
        }
        let operator = find(e, "operator")?;
        let key = e.symbol("key");
        let mut queue: std::collections::VecDeque<ThunkId> = start.iter().copied().collect();
        let mut seen: Vec<Val> = Vec::new();
        let mut result = Vec::new();
        while let Some(item) = queue.pop_front() {
            let value = e.force(item)?;
            let attributes = e.as_set(value, a.span, "each item of `genericClosure`")?;
            let Some(at) = attributes.get(key).map(|attribute| attribute.value) else {
                return Err(Raised::new(
                    codes::MISSING_ATTRIBUTE,
                    a.span,
                    "an item of `genericClosure` has no `key`",
                ));
            };
            let at = e.force(at)?;
            if !insert_sorted(e, a, &mut seen, at)? {
                continue;
            }
            result.push(item);
            e.check_length(result.len(), a.span)?;
            let more = e.call(&operator, &[item], a.span)?;
            queue.extend(e.as_list(more, a.span, "what `operator` of `genericClosure` returns")?.iter());
        }
        Ok(Val::List(result.into()))
    }),
];

/// Whether the key is new; `seen` stays sorted by `<`.
fn insert_sorted(e: &mut Evaluator, a: Args<'_>, seen: &mut Vec<Val>, key: Val) -> Result<bool, Raised> {
    let (mut low, mut high) = (0, seen.len());
    while low < high {
        let middle = (low + high) / 2;
        if e.less(&seen[middle], &key, a.span)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if low < seen.len() && !e.less(&key, &seen[low], a.span)? {
        return Ok(false);
    }
    if seen.is_empty() {
        // Complains about keys that have no order.
        e.less(&key, &key, a.span)?;
    }
    seen.insert(low, key);
    Ok(true)
}

fn quantify(e: &mut Evaluator, a: Args<'_>, all: bool) -> Result<Val, Raised> {
    let function = e.arg_function(a, 0)?;
    let items = e.arg_list(a, 1)?;
    for item in items.iter() {
        if e.test(a, &function, &[*item])? != all {
            return Ok(Val::Bool(!all));
        }
    }
    Ok(Val::Bool(all))
}

/// A stable merge sort, since the order may raise.
fn sort(e: &mut Evaluator, a: Args<'_>, function: &Val, items: Vec<ThunkId>) -> Result<Vec<ThunkId>, Raised> {
    let plain = matches!(function, Val::Function(function)
        if matches!(&**function, Function::Builtin(builtin, known) if builtin.name == "lessThan" && known.is_empty()));
    let mut less = |e: &mut Evaluator, left: ThunkId, right: ThunkId| {
        if plain {
            let (left, right) = (e.force(left)?, e.force(right)?);
            e.less(&left, &right, a.span)
        } else {
            e.test(a, function, &[left, right])
        }
    };
    merge_sort(e, items, &mut less)
}

/// Sorts by an order that may raise.
pub(in crate::eval) fn merge_sort<T: Copy, F>(
    e: &mut Evaluator,
    mut items: Vec<T>,
    less: &mut F,
) -> Result<Vec<T>, Raised>
where
    F: FnMut(&mut Evaluator, T, T) -> Result<bool, Raised>,
{
    let mut width = 1;
    while width < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(width * 2) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                if less(e, *b, *a)? {
                    merged.push(*b);
                    right = right_rest;
                } else {
                    merged.push(*a);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        items = merged;
        width *= 2;
    }
    Ok(items)
}
