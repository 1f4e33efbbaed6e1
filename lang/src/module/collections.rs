//! Collections: lists by concatenation, maps by key, and the submodules in them.

use super::block::Opening;
use super::machine::*;
use super::merge::{Merged, Merging, strongest};
use super::types::{SchemaId, Type};
use crate::codes;
use crate::eval::{Attribute, Evaluator, IN_A_LIST, Place, Raised, Set, Symbol, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;

/// How many keys are looked through one by one.
const FEW: usize = 8;

/// The definitions of a map's entries.
#[derive(Default)]
struct Grouped {
    /// Each with the number of its key.
    pieces: Vec<(u32, Piece)>,
    /// In the order they were first defined.
    keys: Vec<Symbol>,
    /// The number of each key, once there are more than a few.
    numbers: FxHashMap<Symbol, u32>,
}

impl Grouped {
    fn add(&mut self, key: Symbol, piece: Piece) {
        let known = match self.keys.len() {
            0..=FEW => self.keys.iter().position(|known| *known == key).map(|at| at as u32),
            _ => self.numbers.get(&key).copied(),
        };
        let number = known.unwrap_or_else(|| {
            self.keys.push(key);
            let new = self.keys.len() as u32 - 1;
            match self.keys.len() {
                0..=FEW => {}
                _ if self.numbers.is_empty() => self.numbers.extend(self.keys.iter().copied().zip(0..)),
                _ => _ = self.numbers.insert(key, new),
            }
            new
        });
        self.pieces.push((number, piece));
    }

    /// The keys, each with where its definitions end; and all definitions, those of each key side by side.
    fn by_key(mut self) -> (Vec<(Symbol, usize)>, Vec<Piece>) {
        if !self.pieces.is_sorted_by_key(|(number, _)| *number) {
            self.pieces.sort_by_key(|(number, _)| *number);
        }
        let mut ends: Vec<(Symbol, usize)> = self.keys.into_iter().map(|key| (key, 0)).collect();
        for (at, (number, _)) in self.pieces.iter().enumerate() {
            ends[*number as usize].1 = at + 1;
        }
        (ends, self.pieces.into_iter().map(|(_, piece)| piece).collect())
    }
}

impl Machine {
    pub(super) fn merge_list(
        &self,
        evaluator: &mut Evaluator,
        inner: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Result<Merged, Raised> {
        let mut pieces = strongest(pieces);
        if !pieces.is_sorted_by_key(|piece| piece.rank.order) {
            pieces.to_mut().sort_by_key(|piece| piece.rank.order);
        }
        let span = pieces.first().map_or(merging.declared, |piece| piece.span);
        let mut elements: Vec<(Part, Span)> = Vec::new();
        let mut wrong: Vec<Raised> = Vec::new();
        for piece in pieces.iter() {
            match (piece.content, self.written(piece)) {
                (_, Some(Content::Values(terms))) => {
                    for term in terms {
                        let value = self.term(evaluator, term, piece.block)?;
                        let span = self.defined_at(evaluator, term, piece.block);
                        self.element(
                            evaluator,
                            inner,
                            value,
                            span,
                            terms.len() == 1,
                            piece,
                            merging,
                            &mut elements,
                            &mut wrong,
                        )?;
                    }
                }
                (PieceContent::Written { body, item, depth }, Some(Content::Element(_))) => {
                    let content = PieceContent::Written { body, item, depth: depth + 1 };
                    let piece = Piece { content, ..*piece };
                    if let Some(schema) = inner.submodule() {
                        let id = self.submodule(evaluator, schema, merging.slot, None, &[piece]);
                        elements.push((Part::Instance(id), piece.span));
                    } else {
                        let merged = self.merge(evaluator, inner, &[piece], merging)?;
                        elements.push((Part::Value(evaluator.value(merged.val)), merged.outcome.span));
                    }
                }
                (_, Some(_)) => {}
                (_, None) => {
                    let (value, span) = self.value_of(evaluator, piece)?;
                    self.element(
                        evaluator,
                        inner,
                        value,
                        span,
                        true,
                        piece,
                        merging,
                        &mut elements,
                        &mut wrong,
                    )?;
                }
            }
        }
        if let Some(last) = wrong.pop() {
            let path = || self.slot_path(merging.slot);
            wrong.into_iter().for_each(|raised| self.report(raised.about(path)));
            return Err(last);
        }
        let first = elements.first().and_then(|(_, place)| self.program.of_user(*place));
        let span = self.program.of_user(span).or(first).unwrap_or(span);
        let mut items = Vec::with_capacity(elements.len());
        for (part, _) in &elements {
            items.push(self.part_thunk(evaluator, *part));
        }
        let outcome = Outcome { span, parts: Parts::List(self.lists.push(elements.into())) };
        Ok(Merged { val: Val::List(items.into()), outcome })
    }

    /// An argument of a list: one element, or all elements of a list.
    #[expect(clippy::too_many_arguments, reason = "an element with its place and its list")]
    fn element(
        &self,
        evaluator: &mut Evaluator,
        inner: &Type,
        value: Val,
        span: Span,
        alone: bool,
        piece: &Piece,
        merging: &Merging<'_>,
        elements: &mut Vec<(Part, Span)>,
        wrong: &mut Vec<Raised>,
    ) -> Result<(), Raised> {
        let spread = match (&value, inner) {
            (Val::List(items), Type::List(_)) => {
                let mut lists = alone;
                for item in items.iter() {
                    lists &= matches!(evaluator.force(*item)?, Val::List(_));
                }
                lists
            }
            (Val::List(_), Type::Any) => alone,
            (Val::List(_), _) => true,
            (_, _) => false,
        };
        let values = match (&value, spread) {
            (Val::List(items), true) => items.to_vec(),
            (_, _) => vec![evaluator.value(value.clone())],
        };
        let many = spread && values.len() > 1;
        for (at, thunk) in values.into_iter().enumerate() {
            if let Some(schema) = inner.submodule() {
                let piece = Piece { content: PieceContent::Computed(thunk), span, ..*piece };
                let id = self.submodule(evaluator, schema, merging.slot, None, &[piece]);
                elements.push((Part::Instance(id), span));
                continue;
            }
            let value =
                evaluator.force(thunk).map_err(|raised| self.traced(evaluator, piece.block, raised))?;
            let uncalled = many && matches!(value, Val::Function(_));
            match self.check(evaluator, inner, value, span, merging.declared, Some(merging.id)) {
                Ok(checked) => elements.push((Part::Value(evaluator.value(checked)), span)),
                Err(raised) => {
                    let raised = if many {
                        raised.help(format!("it is element {} of the list", at + 1))
                    } else {
                        raised
                    };
                    let raised = if uncalled { raised.help(IN_A_LIST) } else { raised };
                    // The elements after it are looked at as well.
                    wrong.push(self.traced(evaluator, piece.block, raised));
                }
            }
        }
        Ok(())
    }

    pub(super) fn merge_map(
        &self,
        evaluator: &mut Evaluator,
        inner: &Arc<Type>,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Result<Merged, Raised> {
        let span = pieces.first().map_or(merging.declared, |piece| piece.span);
        let mut grouped = Grouped::default();
        self.entries(evaluator, inner, pieces, merging, &mut grouped)?;
        let (keys, pieces) = grouped.by_key();
        let mut parts: Vec<(Symbol, Part)> = Vec::with_capacity(keys.len());
        let mut set: Vec<Attribute> = Vec::with_capacity(keys.len());
        let mut begin = 0;
        for (name, end) in keys {
            let key = evaluator.name(name).clone();
            let pieces = &pieces[begin..end];
            begin = end;
            let place = self.first_span(pieces).map_or(Place::NONE, |span| evaluator.place(span));
            let part = match **inner {
                Type::Submodule(schema) => {
                    Part::Instance(self.submodule(evaluator, schema, merging.slot, Some(key), pieces))
                }
                _ => {
                    let entry = Entry { key, ty: inner.clone(), pieces: pieces.into() };
                    Part::Slot(self.entry_slot(evaluator, merging.slot, entry))
                }
            };
            set.push(Attribute { name, value: self.part_thunk(evaluator, part), place });
            parts.push((name, part));
        }
        let outcome = Outcome { span, parts: Parts::Map(self.maps.push(parts.into())) };
        Ok(Merged { val: Val::Set(Rc::new(Set::new(set))), outcome })
    }

    /// The entries of a map, by key.
    fn entries(
        &self,
        evaluator: &mut Evaluator,
        inner: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
        grouped: &mut Grouped,
    ) -> Result<(), Raised> {
        for piece in pieces.iter().copied() {
            match (piece.content, self.written(&piece)) {
                (PieceContent::Written { body, item, depth }, Some(Content::Entry { key, .. })) => {
                    let content = PieceContent::Written { body, item, depth: depth + 1 };
                    let Some(name) = self.key(evaluator, key, &piece, merging)? else { continue };
                    // An entry of a map of plain values is asked for its own definitions.
                    let span = match (inner, self.program.of_user(piece.span)) {
                        (Type::Submodule(_), None) => {
                            self.referred(evaluator, key, piece.block).unwrap_or(piece.span)
                        }
                        (_, _) => piece.span,
                    };
                    grouped.add(name, Piece { content, span, ..piece });
                }
                (PieceContent::Written { item, .. }, Some(Content::Entries(body))) => {
                    let block = self.entries_block(evaluator, piece.block, item, *body);
                    let mut found = Vec::new();
                    self.collect(evaluator, block, 0, &mut found)?;
                    self.entries(evaluator, inner, &found, merging, grouped)?;
                }
                _ => {
                    let (value, span) = self.value_of(evaluator, &piece)?;
                    let Val::Set(set) = value else {
                        let found = self.show(evaluator, &value);
                        let declaration = self.declaration(merging.slot);
                        let expected = declaration.ty.describe(&self.program.schemas);
                        let raised = Raised::new(
                            codes::TYPE_MISMATCH,
                            span,
                            format!("expected {expected}, found {found}"),
                        )
                        .label(merging.declared, "declared here")
                        .help(format!(
                            "write its entries in a block: `{} {{ KEY VALUE }}`",
                            declaration.name
                        ));
                        return Err(self.traced(evaluator, piece.block, raised));
                    };
                    for entry in evaluator.sorted(&set) {
                        let key = Val::Text(evaluator.name(entry.name).clone());
                        let span = evaluator.span_of(entry.place).unwrap_or(span);
                        let Some(key) = self.checked_key(evaluator, key, span, &piece, merging)? else {
                            continue;
                        };
                        let content = PieceContent::Computed(entry.value);
                        grouped.add(key, Piece { content, span, ..piece });
                    }
                }
            }
        }
        Ok(())
    }

    /// A key as evaluated; `None` where it was wrong, which is reported and keeps no other key from being there.
    fn key(
        &self,
        evaluator: &mut Evaluator,
        key: &Term,
        piece: &Piece,
        merging: &Merging<'_>,
    ) -> Result<Option<Symbol>, Raised> {
        let value = self.term(evaluator, key, piece.block)?;
        self.checked_key(evaluator, value, key.span(), piece, merging)
    }

    fn checked_key(
        &self,
        evaluator: &mut Evaluator,
        value: Val,
        span: Span,
        piece: &Piece,
        merging: &Merging<'_>,
    ) -> Result<Option<Symbol>, Raised> {
        let declaration = self.declaration(merging.slot);
        let value = match value {
            Val::Int(number) => Val::Text(number.to_string().into()),
            other => other,
        };
        let text = Type::Text(super::format::Format::Text);
        let (ty, declared) = match (&declaration.key, &merging.slot.entry) {
            (Some(key), None) => (key, declaration.span),
            (_, _) => (&text, merging.declared),
        };
        match self.check(evaluator, ty, value, span, declared, Some(merging.id)) {
            Ok(Val::Text(key)) => Ok(Some(evaluator.symbol_of(&key))),
            Ok(_) => Ok(None),
            Err(raised) => {
                let raised = self.traced(evaluator, piece.block, raised);
                self.report(raised.about(|| self.slot_path(merging.slot)));
                Ok(None)
            }
        }
    }

    /// A submodule with these definitions.
    pub(super) fn submodule(
        &self,
        evaluator: &mut Evaluator,
        schema: SchemaId,
        slot: &Slot,
        key: Option<Arc<str>>,
        pieces: &[Piece],
    ) -> InstanceId {
        let span = self.first_span(pieces).unwrap_or_else(|| self.instances.get(slot.instance.0).span);
        let id = self.instance(evaluator, schema, Some(slot.instance), slot.option, key, span);
        let first = self.contributions.len();
        for piece in pieces {
            let Piece { rank, block, span, .. } = *piece;
            match (piece.content, self.written(piece)) {
                (_, Some(Content::Block { head, body, open })) => {
                    let outer = self.blocks.get(block.0);
                    let inside = [head, body].into_iter().flatten().map(|body| (*body, block));
                    let extra = outer.extra.filter(|_| *open);
                    for (body, within) in inside.chain(extra) {
                        let scope = &self.blocks.get(within.0).scope;
                        let opening = Opening { within: Some(within), ..Opening::of(body, scope, id) };
                        let made = self.block(evaluator, opening);
                        self.contributions.push(Contribution::Block(made));
                    }
                }
                (_, Some(Content::Values(terms))) => {
                    if let [term] = &terms[..] {
                        let thunk = self.term_thunk(evaluator, term, block);
                        self.contributions.push(Contribution::Set { thunk, rank, span: term.span(), block });
                    }
                }
                (PieceContent::Computed(thunk), _) => {
                    self.contributions.push(Contribution::Set { thunk, rank, span, block });
                }
                (PieceContent::Default { schema, option }, _) => {
                    if let Some(default) = &self.program.option(schema, option).default {
                        let thunk = self.term_thunk(evaluator, default, block);
                        self.contributions.push(Contribution::Set { thunk, rank, span, block });
                    }
                }
                (PieceContent::Written { .. }, _) => {}
            }
        }
        let made = (first, self.contributions.len() - first);
        let _ = self.instances.get(id.0).contributions.set(made);
        id
    }

    pub(super) fn part_thunk(&self, evaluator: &mut Evaluator, part: Part) -> ThunkId {
        match part {
            Part::Slot(slot) => self.slots.get(slot.0).thunk,
            Part::Instance(instance) => self.instance_value(evaluator, instance),
            Part::Value(thunk) => thunk,
        }
    }

    /// Where an entry is defined.
    pub(super) fn part_span(&self, part: Part) -> Option<Span> {
        match part {
            Part::Slot(slot) => Some(self.slot_span(slot)),
            Part::Instance(instance) => Some(self.instances.get(instance.0).span),
            Part::Value(_) => None,
        }
    }
}
