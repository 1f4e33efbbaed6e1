//! Lists.

use crate::codes;
use crate::eval::builtins::{Args, Builtin, merge_sort, row};
use crate::eval::thunk::Thunk;
use crate::eval::val::{ThunkId, Val};
use crate::eval::{Evaluator, Raised};
use std::collections::HashSet;
use std::sync::Arc;

pub(super) const TABLE: &[Builtin] = &[
    row("range", 2, |e, a| {
        let (first, last) = (e.arg_int(a, 0)?, e.arg_int(a, 1)?);
        if first > last {
            return Ok(Val::List(Vec::new().into()));
        }
        let count = usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(usize::MAX);
        e.check_length(count, a.span)?;
        e.spend(count * 32, a.span)?;
        Ok(e.list_of((first..=last).map(Val::Int)))
    }),
    row("foldr", 3, |e, a| {
        let items = e.arg_list(a, 2)?;
        // Lazy from the right: the rest of the list is a thunk that the function may leave alone.
        let mut rest = a.values[1];
        e.spend(items.len() * 96, a.span)?;
        for item in items.iter().rev() {
            rest = e.allocate(Thunk::Call2(Box::new((a.values[0], *item, rest, a.span))));
        }
        e.force(rest)
    }),
    row("foldl", 3, |e, a| {
        let items = e.arg_list(a, 2)?;
        // Lazy from the left: what came so far is a thunk that the function may leave alone.
        let mut so_far = a.values[1];
        e.spend(items.len() * 96, a.span)?;
        for item in items.iter() {
            so_far = e.allocate(Thunk::Call2(Box::new((a.values[0], so_far, *item, a.span))));
        }
        e.force(so_far)
    }),
    row("findFirst", 3, |e, a| {
        let function = e.arg_function(a, 0)?;
        for item in e.arg_list(a, 2)?.iter() {
            if e.test(a, &function, &[*item])? {
                return e.force(*item);
            }
        }
        e.arg(a, 1)
    }),
    row("count", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let mut count = 0;
        for item in e.arg_list(a, 1)?.iter() {
            count += i64::from(e.test(a, &function, &[*item])?);
        }
        Ok(Val::Int(count))
    }),
    row("optional", 2, |e, a| {
        let wanted = e.arg_bool(a, 0)?;
        Ok(Val::List(if wanted { [a.values[1]].into() } else { [].into() }))
    }),
    row("optionals", 2, |e, a| if e.arg_bool(a, 0)? { e.arg(a, 1) } else { Ok(Val::List([].into())) }),
    row("toList", 1, |e, a| {
        Ok(match e.arg(a, 0)? {
            Val::List(items) => Val::List(items),
            _ => Val::List([a.values[0]].into()),
        })
    }),
    row("replicate", 2, |e, a| {
        let count = e.arg_int(a, 0)?;
        let Ok(count) = usize::try_from(count) else {
            return Err(Raised::new(codes::OUT_OF_RANGE, a.span, format!("cannot repeat {count} times")));
        };
        e.check_length(count, a.span)?;
        Ok(Val::List(vec![a.values[1]; count].into()))
    }),
    row("last", 1, |e, a| match e.arg_list(a, 0)?.last() {
        Some(last) => e.force(*last),
        None => Err(Raised::new(codes::OUT_OF_RANGE, a.span, "`last` of an empty list")),
    }),
    row("init", 1, |e, a| match &*e.arg_list(a, 0)? {
        [rest @ .., _] => Ok(Val::List(rest.into())),
        [] => Err(Raised::new(codes::OUT_OF_RANGE, a.span, "`init` of an empty list")),
    }),
    row("take", 2, |e, a| slice(e, a, |count, _| (0, count))),
    row("drop", 2, |e, a| slice(e, a, |count, length| (count, length))),
    row("sublist", 3, |e, a| {
        let (start, count) = (e.arg_int(a, 0)?, e.arg_int(a, 1)?);
        let items = e.arg_list(a, 2)?;
        let start = usize::try_from(start).unwrap_or(0).min(items.len());
        let end = start.saturating_add(usize::try_from(count).unwrap_or(0)).min(items.len());
        Ok(Val::List(items[start..end].into()))
    }),
    row("reverseList", 1, |e, a| Ok(Val::List(e.arg_list(a, 0)?.iter().rev().copied().collect()))),
    row("imap0", 2, |e, a| numbered(e, a, 0)),
    row("imap1", 2, |e, a| numbered(e, a, 1)),
    row("flatten", 1, |e, a| {
        let mut flat = Vec::new();
        let mut left = vec![a.values[0]];
        let mut steps = 0;
        while let Some(item) = left.pop() {
            steps += 1;
            e.check_length(steps, a.span)?;
            match e.force(item)? {
                Val::List(items) => left.extend(items.iter().rev()),
                _ => flat.push(item),
            }
        }
        Ok(Val::List(flat.into()))
    }),
    row("unique", 1, |e, a| {
        let items = e.arg_list(a, 0)?;
        keep(e, &items, &[], true)
    }),
    row("subtractLists", 2, |e, a| {
        let (without, items) = (e.arg_list(a, 0)?, e.arg_list(a, 1)?);
        keep(e, &items, &without, false)
    }),
    row("intersectLists", 2, |e, a| {
        let (with, items) = (e.arg_list(a, 0)?, e.arg_list(a, 1)?);
        let mut known = Known::default();
        for item in with.iter() {
            known.add(e, *item)?;
        }
        let mut kept = Vec::new();
        for item in items.iter() {
            if known.has(e, *item)? {
                kept.push(*item);
            }
        }
        Ok(Val::List(kept.into()))
    }),
    row("sortOn", 2, |e, a| {
        let function = e.arg(a, 0)?;
        let items = e.arg_list(a, 1)?;
        let mut keys = Vec::with_capacity(items.len());
        for item in items.iter() {
            keys.push(e.call(&function, &[*item], a.span)?);
        }
        let positions = (0..items.len()).collect();
        let mut less =
            |e: &mut Evaluator, left: usize, right: usize| e.less(&keys[left], &keys[right], a.span);
        let sorted = merge_sort(e, positions, &mut less)?;
        Ok(Val::List(sorted.into_iter().map(|position| items[position]).collect()))
    }),
];

fn slice(e: &mut Evaluator, a: Args<'_>, range: fn(usize, usize) -> (usize, usize)) -> Result<Val, Raised> {
    let count = e.arg_int(a, 0)?;
    let items = e.arg_list(a, 1)?;
    let (start, end) = range(usize::try_from(count).unwrap_or(0).min(items.len()), items.len());
    Ok(Val::List(items[start..end].into()))
}

fn numbered(e: &mut Evaluator, a: Args<'_>, first: i64) -> Result<Val, Raised> {
    let items = e.arg_list(a, 1)?;
    e.spend(items.len() * 96, a.span)?;
    let mut mapped = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let index = e.value(Val::Int(index as i64 + first));
        mapped.push(e.allocate(Thunk::Call2(Box::new((a.values[0], index, *item, a.span)))));
    }
    Ok(Val::List(mapped.into()))
}

/// The items that `without` does not have, each once if `once`.
fn keep(e: &mut Evaluator, items: &[ThunkId], without: &[ThunkId], once: bool) -> Result<Val, Raised> {
    let mut known = Known::default();
    for item in without {
        known.add(e, *item)?;
    }
    let mut kept = Vec::new();
    for item in items {
        if !known.has(e, *item)? {
            kept.push(*item);
            if once {
                known.add(e, *item)?;
            }
        }
    }
    Ok(Val::List(kept.into()))
}

/// Values to look for: texts and integers by hash, anything else one by one.
#[derive(Default)]
struct Known {
    texts: HashSet<Arc<str>>,
    integers: HashSet<i64>,
    others: Vec<ThunkId>,
}

impl Known {
    fn add(&mut self, e: &mut Evaluator, item: ThunkId) -> Result<(), Raised> {
        match e.force(item)? {
            Val::Text(text) => _ = self.texts.insert(text),
            Val::Int(number) => _ = self.integers.insert(number),
            _ => self.others.push(item),
        }
        Ok(())
    }

    fn has(&self, e: &mut Evaluator, item: ThunkId) -> Result<bool, Raised> {
        match e.force(item)? {
            Val::Text(text) => return Ok(self.texts.contains(&text)),
            Val::Int(number) if self.integers.contains(&number) => return Ok(true),
            Val::Float(number) if number.fract() == 0.0 && self.integers.contains(&(number as i64)) => {
                return Ok(true);
            }
            _ => {}
        }
        for other in &self.others {
            if e.equal_parts(*other, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
