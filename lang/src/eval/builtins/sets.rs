//! Sets.

use super::{Builtin, row};
use crate::eval::thunk::Thunk;
use crate::eval::val::{Attribute, Place, Set, Symbol, ThunkId, Val};
use crate::eval::{Evaluator, Raised};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(super) const TABLE: &[Builtin] = &[
    row("attrNames", 1, |e, a| {
        let set = e.arg_set(a, 0)?;
        let names: Vec<_> = e.sorted(&set).into_iter().map(|entry| e.name(entry.name).clone()).collect();
        Ok(e.list_of(names.into_iter().map(Val::Text)))
    }),
    row("attrValues", 1, |e, a| {
        let set = e.arg_set(a, 0)?;
        Ok(Val::List(e.sorted(&set).into_iter().map(|entry| entry.value).collect()))
    }),
    row("hasAttr", 2, |e, a| {
        let name = e.arg_text(a, 0)?;
        let set = e.arg_set(a, 1)?;
        let symbol = e.symbol_of(&name);
        Ok(Val::Bool(set.get(symbol).is_some()))
    }),
    row("getAttr", 2, |e, a| {
        let name = e.arg_text(a, 0)?;
        let set = e.arg_set(a, 1)?;
        let symbol = e.symbol_of(&name);
        match set.get(symbol) {
            Some(attribute) => e.force(attribute.value),
            None => Err(e.missing(&set, symbol, a.span)),
        }
    }),
    row("removeAttrs", 2, |e, a| {
        let set = e.arg_set(a, 0)?;
        let mut removed: Vec<Symbol> = Vec::new();
        for name in e.arg_list(a, 1)?.iter() {
            let name = e.text_item(a, *name)?;
            removed.push(e.symbol_of(&name));
        }
        removed.sort();
        let kept = set.entries().iter().filter(|entry| removed.binary_search(&entry.name).is_err());
        Ok(Val::Set(Rc::new(Set::new(kept.copied().collect()))))
    }),
    row("intersectAttrs", 2, |e, a| {
        let (names, values) = (e.arg_set(a, 0)?, e.arg_set(a, 1)?);
        let kept: Vec<Attribute> = if names.len() < values.len() {
            names.entries().iter().filter_map(|entry| values.get(entry.name)).collect()
        } else {
            values.entries().iter().filter(|entry| names.get(entry.name).is_some()).copied().collect()
        };
        Ok(Val::Set(Rc::new(Set::new(kept))))
    }),
    row("catAttrs", 2, |e, a| {
        let name = e.arg_text(a, 0)?;
        let symbol = e.symbol_of(&name);
        let mut found = Vec::new();
        for item in e.arg_list(a, 1)?.iter() {
            let set = e.force(*item)?;
            let set = e.as_set(set, a.span, "each item given to `catAttrs`")?;
            found.extend(set.get(symbol).map(|attribute| attribute.value));
        }
        Ok(Val::List(found.into()))
    }),
    row("mapAttrs", 2, |e, a| {
        let set = e.arg_set(a, 1)?;
        e.spend(set.len() * 96, a.span)?;
        let mut entries = Vec::with_capacity(set.len());
        for entry in set.entries() {
            let name = e.name_thunk(entry.name);
            let value = e.allocate(Thunk::Call2(Box::new((a.values[0], name, entry.value, a.span))));
            entries.push(Attribute { value, ..*entry });
        }
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }),
    row("zipAttrsWith", 2, |e, a| {
        let mut groups: BTreeMap<Symbol, (Place, Vec<ThunkId>)> = BTreeMap::new();
        for item in e.arg_list(a, 1)?.iter() {
            let set = e.force(*item)?;
            let set = e.as_set(set, a.span, "each item given to `zipAttrsWith`")?;
            for entry in set.entries() {
                groups.entry(entry.name).or_insert((entry.place, Vec::new())).1.push(entry.value);
            }
        }
        let mut entries = Vec::with_capacity(groups.len());
        for (name, (place, values)) in groups {
            let key = e.name_thunk(name);
            let values = e.value(Val::List(values.into()));
            let value = e.allocate(Thunk::Call2(Box::new((a.values[0], key, values, a.span))));
            entries.push(Attribute { name, value, place });
        }
        Ok(Val::Set(Rc::new(Set::new(entries))))
    }),
    row("unsafeGetAttrPos", 2, |e, a| {
        let name = e.arg_text(a, 0)?;
        let set = e.arg_set(a, 1)?;
        let symbol = e.symbol_of(&name);
        let span = set.get(symbol).and_then(|attribute| e.span_of(attribute.place));
        Ok(e.position(span))
    }),
];

impl Evaluator {
    /// A name as a text.
    pub(in crate::eval) fn name_thunk(&mut self, name: Symbol) -> ThunkId {
        let name = self.name(name).clone();
        self.value(Val::Text(name))
    }

    /// An attribute by name, evaluated, if it is there.
    pub(in crate::eval) fn attribute_of(&mut self, set: &Set, name: &str) -> Result<Option<Val>, Raised> {
        let symbol = self.symbol(name);
        match set.get(symbol) {
            Some(attribute) => self.force(attribute.value).map(Some),
            None => Ok(None),
        }
    }
}
