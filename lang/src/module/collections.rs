//! Collections: lists by concatenation, maps by key, and the submodules in them.

use super::machine::*;
use super::merge::{Merging, strongest};
use super::types::{SchemaId, Type};
use crate::codes;
use crate::eval::{Attribute, Evaluator, Place, Raised, Set, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use indexmap::IndexMap;
use std::rc::Rc;
use std::sync::Arc;

impl Machine {
    pub(super) fn merge_list(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        inner: &Type,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
    ) -> Result<Outcome, Raised> {
        let definitions = pieces.clone();
        let mut pieces = strongest(pieces);
        pieces.sort_by_key(|piece| piece.rank.order);
        let span = pieces.first().map_or(merging.declared, |piece| piece.span);
        let mut elements: Vec<(Part, Span)> = Vec::new();
        let mut wrong: Vec<Raised> = Vec::new();
        for piece in &pieces {
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
                        let outcome = self.merge(evaluator, inner, vec![piece], merging)?;
                        elements.push((Part::Value(evaluator.value(outcome.val)), outcome.span));
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
            wrong.into_iter().for_each(|raised| self.report(raised));
            return Err(last);
        }
        let first = elements.first().and_then(|(_, place)| self.program.of_user(*place));
        let span = self.program.of_user(span).or(first).unwrap_or(span);
        let mut items = Vec::with_capacity(elements.len());
        for (part, _) in &elements {
            items.push(self.part_thunk(evaluator, *part));
        }
        Ok(Outcome { val: Val::List(items.into()), span, parts: Parts::List(elements), definitions })
    }

    /// An argument of a list: one element, or all elements of a list.
    #[expect(clippy::too_many_arguments, reason = "an element with its place and its list")]
    fn element(
        self: &Rc<Self>,
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
            match self.check(evaluator, inner, value, span, merging.declared) {
                Ok(checked) => elements.push((Part::Value(evaluator.value(checked)), span)),
                Err(raised) => {
                    let raised = if many {
                        raised.help(format!("it is element {} of the list", at + 1))
                    } else {
                        raised
                    };
                    // The elements after it are looked at as well.
                    wrong.push(self.traced(evaluator, piece.block, raised));
                }
            }
        }
        Ok(())
    }

    pub(super) fn merge_map(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        inner: &Arc<Type>,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
    ) -> Result<Outcome, Raised> {
        let span = pieces.first().map_or(merging.declared, |piece| piece.span);
        let definitions = pieces.clone();
        let mut grouped: IndexMap<Arc<str>, Vec<Piece>> = IndexMap::new();
        self.entries(evaluator, inner, pieces, merging, &mut grouped)?;
        let mut parts: IndexMap<Arc<str>, Part> = IndexMap::with_capacity(grouped.len());
        let mut set: Vec<Attribute> = Vec::with_capacity(grouped.len());
        for (key, pieces) in grouped {
            let place = self.first_span(&pieces).map_or(Place::NONE, |span| evaluator.place(span));
            let part = match **inner {
                Type::Submodule(schema) => Part::Instance(self.submodule(
                    evaluator,
                    schema,
                    merging.slot,
                    Some(key.clone()),
                    &pieces,
                )),
                _ => Part::Slot(SlotId(self.slots.push(Slot {
                    instance: merging.slot.instance,
                    option: merging.slot.option,
                    entry: Some(Entry { key: key.clone(), ty: inner.clone(), pieces }),
                    thunk: Default::default(),
                    outcome: Default::default(),
                }))),
            };
            let value = self.part_thunk(evaluator, part);
            set.push(Attribute { name: evaluator.symbol_of(&key), value, place });
            parts.insert(key, part);
        }
        Ok(Outcome { val: Val::Set(Rc::new(Set::new(set))), span, parts: Parts::Map(parts), definitions })
    }

    /// The entries of a map, by key.
    fn entries(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        inner: &Type,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
        grouped: &mut IndexMap<Arc<str>, Vec<Piece>>,
    ) -> Result<(), Raised> {
        for piece in pieces {
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
                    grouped.entry(name).or_default().push(Piece { content, span, ..piece });
                }
                (PieceContent::Written { item, .. }, Some(Content::Entries(body))) => {
                    let block = self.entries_block(evaluator, piece.block, item, *body);
                    let mut found = Vec::new();
                    self.collect(evaluator, block, 0, &mut found)?;
                    self.entries(evaluator, inner, found, merging, grouped)?;
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
                        grouped.entry(key).or_default().push(Piece { content, span, ..piece });
                    }
                }
            }
        }
        Ok(())
    }

    /// A key as evaluated; `None` where it was wrong, which is reported and keeps no other key from being there.
    fn key(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        key: &Term,
        piece: &Piece,
        merging: &Merging<'_>,
    ) -> Result<Option<Arc<str>>, Raised> {
        let value = self.term(evaluator, key, piece.block)?;
        self.checked_key(evaluator, value, key.span(), piece, merging)
    }

    fn checked_key(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        value: Val,
        span: Span,
        piece: &Piece,
        merging: &Merging<'_>,
    ) -> Result<Option<Arc<str>>, Raised> {
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
        match self.check(evaluator, ty, value, span, declared) {
            Ok(Val::Text(key)) => Ok(Some(key)),
            Ok(_) => Ok(None),
            Err(raised) => {
                let raised = self.traced(evaluator, piece.block, raised);
                self.report(raised);
                Ok(None)
            }
        }
    }

    /// A submodule with these definitions.
    pub(super) fn submodule(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        schema: SchemaId,
        slot: &Slot,
        key: Option<Arc<str>>,
        pieces: &[Piece],
    ) -> InstanceId {
        let span = self.first_span(pieces).unwrap_or_else(|| self.instances.get(slot.instance.0).span);
        let id = self.instance(schema, Some(slot.instance), slot.option, key, Vec::new(), span);
        let mut contributions = Vec::new();
        for piece in pieces {
            match (piece.content, self.written(piece)) {
                (_, Some(Content::Block { head, body, open })) => {
                    let block = self.blocks.get(piece.block.0);
                    for body in [head, body].into_iter().flatten() {
                        let scope = block.scope.clone();
                        let made =
                            self.block(evaluator, *body, scope, Some(piece.block), Via::Nothing, id, None);
                        contributions.push(Contribution::Block(made));
                    }
                    if let (true, Some((body, from))) = (*open, block.extra) {
                        let scope = self.blocks.get(from.0).scope.clone();
                        let made = self.block(evaluator, body, scope, Some(from), Via::Nothing, id, None);
                        contributions.push(Contribution::Block(made));
                    }
                }
                (_, Some(Content::Values(terms))) => {
                    if let [term] = &terms[..] {
                        let thunk = self.term_thunk(evaluator, term, piece.block);
                        let Piece { rank, block, .. } = *piece;
                        contributions.push(Contribution::Set { thunk, rank, span: term.span(), block });
                    }
                }
                (PieceContent::Computed(thunk), _) => {
                    let Piece { rank, block, span, .. } = *piece;
                    contributions.push(Contribution::Set { thunk, rank, span, block });
                }
                (PieceContent::Default { schema, option }, _) => {
                    if let Some(default) = &self.program.option(schema, option).default {
                        let thunk = self.term_thunk(evaluator, default, piece.block);
                        let Piece { rank, block, span, .. } = *piece;
                        contributions.push(Contribution::Set { thunk, rank, span, block });
                    }
                }
                (PieceContent::Written { .. }, _) => {}
            }
        }
        *self.instances.get(id.0).contributions.borrow_mut() = contributions;
        id
    }

    pub(super) fn part_thunk(self: &Rc<Self>, evaluator: &mut Evaluator, part: Part) -> ThunkId {
        match part {
            Part::Slot(slot) => self.slot_thunk(evaluator, slot),
            Part::Instance(instance) => self.instance_value(evaluator, instance),
            Part::Value(thunk) => thunk,
        }
    }

    /// Where an entry is defined.
    pub(super) fn part_span(&self, part: Option<&Part>) -> Option<Span> {
        match part? {
            Part::Slot(slot) => Some(self.slot_span(*slot)),
            Part::Instance(instance) => Some(self.instances.get(instance.0).span),
            Part::Value(_) => None,
        }
    }
}
