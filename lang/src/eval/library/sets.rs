//! Sets.

use crate::codes;
use crate::eval::builtins::{Builtin, row};
use crate::eval::thunk::Thunk;
use crate::eval::val::{Attribute, Place, Set, Val};
use crate::eval::{Evaluator, Raised};
use crate::source::Span;
use std::rc::Rc;

pub(super) const TABLE: &[Builtin] = &[
    row("filterAttrs", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let set = e.arg_set(a, 1)?;
        let mut kept = Vec::new();
        for entry in set.entries() {
            let name = e.name_thunk(entry.name);
            if e.test(a, &function, &[name, entry.value])? {
                kept.push(*entry);
            }
        }
        Ok(Val::Set(Rc::new(Set::new(kept))))
    }),
    row("mapAttrsToList", 2, |e, a| {
        let set = e.arg_set(a, 1)?;
        e.spend(set.len() * 96, a.span)?;
        let mut items = Vec::with_capacity(set.len());
        for entry in e.sorted(&set) {
            let name = e.name_thunk(entry.name);
            items.push(e.allocate(Thunk::Call2(Box::new((a.values[0], name, entry.value, a.span)))));
        }
        Ok(Val::List(items.into()))
    }),
    row("mapAttrs'", 2, |e, a| {
        let function = e.arg_function(a, 0)?;
        let set = e.arg_set(a, 1)?;
        let (name_symbol, value_symbol) = (e.symbol("name"), e.symbol("value"));
        let mut entries = Vec::with_capacity(set.len());
        for entry in e.sorted(&set) {
            let name = e.name_thunk(entry.name);
            let pair = e.call(&function, &[name, entry.value], a.span)?;
            let pair = e.as_set(pair, a.span, "what the function given to `mapAttrs'` returns")?;
            let (Some(name), Some(value)) = (pair.get(name_symbol), pair.get(value_symbol)) else {
                let message = "the function given to `mapAttrs'` must return `name` and `value`";
                return Err(Raised::new(codes::MISSING_ATTRIBUTE, a.span, message)
                    .help("`lib.nameValuePair` makes such a set"));
            };
            let name = match e.force(name.value)? {
                Val::Text(name) => e.symbol_of(&name),
                other => {
                    return Err(e.expected(
                        "a text",
                        &other,
                        a.span,
                        "`name` from the function given to `mapAttrs'`",
                    ));
                }
            };
            entries.push(Attribute { name, value: value.value, place: entry.place });
        }
        // Of equal names the first counts, as with `listToAttrs`.
        entries.reverse();
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }),
    row("nameValuePair", 2, |e, a| {
        let entries = vec![(e.symbol("name"), a.values[0]), (e.symbol("value"), a.values[1])];
        Ok(e.set(entries))
    }),
    row("genAttrs", 2, |e, a| {
        let names = e.arg_list(a, 0)?;
        e.spend(names.len() * 64, a.span)?;
        let mut entries = Vec::with_capacity(names.len());
        for name in names.iter() {
            let text = e.text_item(a, *name)?;
            let value = e.allocate(Thunk::Call(a.values[1], *name, a.span));
            entries.push(Attribute { name: e.symbol_of(&text), value, place: Place::NONE });
        }
        entries.reverse();
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }),
    row("optionalAttrs", 2, |e, a| if e.arg_bool(a, 0)? { e.arg(a, 1) } else { Ok(e.set(Vec::new())) }),
    row("recursiveUpdate", 2, |e, a| {
        let (left, right) = (e.arg_set(a, 0)?, e.arg_set(a, 1)?);
        update(e, &left, &right, a.span).map(|set| Val::Set(Rc::new(set)))
    }),
];

/// `left // right`, where sets on both sides are updated too, each when it is asked for.
fn update(e: &mut Evaluator, left: &Set, right: &Set, span: Span) -> Result<Set, Raised> {
    let mut entries = left.update(right).entries().to_vec();
    for entry in &mut entries {
        if let (Some(left), Some(right)) = (left.get(entry.name), right.get(entry.name)) {
            entry.value = e.native(
                span,
                || "`lib.recursiveUpdate`".into(),
                move |e| match (e.force(right.value)?, e.force(left.value)?) {
                    (Val::Set(right), Val::Set(left)) => {
                        update(e, &left, &right, span).map(|set| Val::Set(Rc::new(set)))
                    }
                    (right, _) => Ok(right),
                },
            );
        }
    }
    Ok(Set::new(entries))
}
