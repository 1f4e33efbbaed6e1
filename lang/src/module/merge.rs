//! Definitions of one option become one value: by key, by concatenation, or by agreement.

use super::machine::*;
use super::terms::REPORTED;
use super::types::{SchemaId, Type};
use crate::diagnostic::{Diagnostic, Label};
use crate::eval::{Evaluator, Raised, Symbol, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use indexmap::IndexMap;
use std::rc::Rc;
use std::sync::Arc;

/// Whose definitions are merged.
struct Merging<'a> {
    slot: &'a Slot,
    declared: Span,
}

impl Machine {
    /// The value of an option, computed now if it was not yet.
    pub(super) fn force_slot(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        id: SlotId,
    ) -> Result<Rc<Outcome>, Raised> {
        let slot = self.slots.get(id.0);
        if let Some(outcome) = slot.outcome.get() {
            return Ok(outcome.clone());
        }
        // Through the thunk, so that a failure is remembered and a cycle is seen.
        let thunk = self.slot_thunk(evaluator, id);
        evaluator.force(thunk)?;
        match slot.outcome.get() {
            Some(outcome) => Ok(outcome.clone()),
            None => Err(Raised::new(REPORTED, self.slot_span(id), "no outcome")),
        }
    }

    /// What a slot's thunk runs.
    pub(super) fn run_slot(self: &Rc<Self>, evaluator: &mut Evaluator, id: SlotId) -> Result<Val, Raised> {
        let slot = self.slots.get(id.0);
        let declaration = self.declaration(&slot);
        let merging = Merging { slot: &slot, declared: declaration.ty_span };
        let outcome = match &slot.entry {
            Some(entry) => self.merge(evaluator, &entry.ty, entry.pieces.clone(), &merging)?,
            None => {
                let mut pieces = self
                    .gather(evaluator, slot.instance, slot.option)
                    .map_err(|raised| self.key_cycle(raised, &slot, declaration))?;
                if pieces.is_empty()
                    && let Some(default) = &declaration.default
                {
                    let schema = self.instances.get(slot.instance.0).schema;
                    pieces.push(Piece {
                        content: PieceContent::Default { schema, option: slot.option },
                        block: self.declaring(evaluator, slot.instance, declaration.body),
                        rank: Rank::DECLARED,
                        span: default.span(),
                    });
                }
                self.merge(evaluator, &declaration.ty, pieces, &merging)
                    .map_err(|raised| self.key_cycle(raised, &slot, declaration))?
            }
        };
        let val = outcome.val.clone();
        let _ = slot.outcome.set(Rc::new(outcome));
        Ok(val)
    }

    /// Every definition of an option of an instance.
    fn gather(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        id: InstanceId,
        option: u32,
    ) -> Result<Vec<Piece>, Raised> {
        let mut found = Vec::new();
        for block in self.type_blocks(evaluator, id) {
            self.collect(evaluator, block, option, &mut found)?;
        }
        let instance = self.instances.get(id.0);
        let contributions = instance.contributions.borrow().clone();
        for contribution in contributions {
            match contribution {
                Contribution::Block(block) => self.collect(evaluator, block, option, &mut found)?,
                Contribution::Set { thunk, rank, span, block } => {
                    let Val::Set(set) = evaluator.force(thunk)? else { continue };
                    let symbol = evaluator.symbol_of(&self.program.option(instance.schema, option).name);
                    if let Some(attribute) = set.get(symbol) {
                        let span = evaluator.span_of(attribute.place).unwrap_or(span);
                        found.push(Piece {
                            content: PieceContent::Computed(attribute.value),
                            block,
                            rank,
                            span,
                        });
                    }
                }
            }
        }
        Ok(found)
    }

    /// The block of an instance's type that a declaration stands in.
    fn declaring(self: &Rc<Self>, evaluator: &mut Evaluator, instance: InstanceId, body: BodyId) -> BlockId {
        let blocks = self.type_blocks(evaluator, instance);
        let found = blocks.iter().find(|block| self.blocks.get(block.0).body == body);
        found.or(blocks.first()).copied().unwrap_or(BlockId(0))
    }

    /// What a written definition says.
    fn content(&self, body: BodyId, item: u32, depth: u32) -> Option<&Content> {
        let Item::Define(definition) = &self.program.body(body).items[item as usize] else { return None };
        let mut content = &definition.content;
        for _ in 0..depth {
            content = match content {
                Content::Entry { content, .. } | Content::Element(content) => content,
                _ => return None,
            };
        }
        Some(content)
    }

    fn written(&self, piece: &Piece) -> Option<&Content> {
        match piece.content {
            PieceContent::Written { body, item, depth } => self.content(body, item, depth),
            PieceContent::Computed(_) | PieceContent::Default { .. } => None,
        }
    }

    fn merge(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        ty: &Type,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
    ) -> Result<Outcome, Raised> {
        match ty {
            Type::Map(inner) => self.merge_map(evaluator, inner, pieces, merging),
            Type::List(inner) => self.merge_list(evaluator, inner, pieces, merging),
            Type::Submodule(schema) => {
                let id = self.submodule(evaluator, *schema, merging.slot, None, &pieces);
                let thunk = self.instance_value(evaluator, id);
                Ok(Outcome {
                    val: evaluator.force(thunk)?,
                    span: self.instances.get(id.0).span,
                    parts: Parts::Instance(id),
                    definitions: pieces.clone(),
                })
            }
            Type::Optional(inner) => self.merge_optional(evaluator, ty, inner, pieces, merging),
            Type::Union(types) => {
                let structured = pieces.iter().any(|piece| {
                    matches!(
                        self.written(piece),
                        Some(
                            Content::Block { .. }
                                | Content::Entry { .. }
                                | Content::Entries(_)
                                | Content::Element(_)
                        )
                    )
                });
                let fits = |one: &&Type| match structured {
                    true => matches!(one, Type::Submodule(_) | Type::Map(_) | Type::List(_)),
                    false => false,
                };
                match types.iter().find(fits) {
                    Some(one) => self.merge(evaluator, one, pieces, merging),
                    None => self.merge_plain(evaluator, ty, pieces, merging),
                }
            }
            Type::Any
            | Type::Function
            | Type::Bool
            | Type::Int(..)
            | Type::Port
            | Type::Float(..)
            | Type::Text(_)
            | Type::Enum(_)
            | Type::Ref(_) => self.merge_plain(evaluator, ty, pieces, merging),
        }
    }

    fn merge_optional(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        ty: &Type,
        inner: &Type,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
    ) -> Result<Outcome, Raised> {
        let null = |pieces: &[Piece]| Outcome {
            val: Val::Null,
            span: pieces.first().map_or(merging.declared, |piece| piece.span),
            parts: Parts::Plain,
            definitions: pieces.to_vec(),
        };
        if pieces.is_empty() {
            return Ok(null(&pieces));
        }
        if !matches!(inner, Type::Map(_) | Type::List(_) | Type::Submodule(_)) {
            return self.merge_plain(evaluator, ty, pieces, merging);
        }
        let pieces = strongest(pieces);
        let mut kept = Vec::new();
        for piece in &pieces {
            let single = match self.written(piece) {
                Some(Content::Values(terms)) => terms.len() == 1,
                Some(_) => false,
                None => true,
            };
            if !single || !matches!(self.value_of(evaluator, piece)?.0, Val::Null) {
                kept.push(*piece);
            }
        }
        if kept.is_empty() { Ok(null(&pieces)) } else { self.merge(evaluator, inner, kept, merging) }
    }

    /// One value: the strongest definitions must agree.
    fn merge_plain(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        ty: &Type,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
    ) -> Result<Outcome, Raised> {
        if pieces.is_empty() {
            return Err(self.missing(merging));
        }
        let definitions = pieces.clone();
        let pieces = strongest(pieces);
        let mut values: Vec<(Val, Span)> = Vec::with_capacity(pieces.len());
        for piece in &pieces {
            let (value, span) = self.value_of(evaluator, piece)?;
            let checked = self
                .check(evaluator, ty, value, span, merging.declared)
                .map_err(|raised| self.traced(evaluator, piece.block, raised))?;
            values.push((checked, span));
        }
        let mut rest = values.into_iter();
        let Some((mut val, span)) = rest.next() else { return Err(self.missing(merging)) };
        let mut seen = vec![span];
        for (other, other_span) in rest {
            seen.push(other_span);
            match (ty, &val, &other) {
                (Type::Any, Val::List(a), Val::List(b)) => {
                    val = Val::List(a.iter().chain(b.iter()).copied().collect())
                }
                (Type::Any, Val::Set(a), Val::Set(b)) => {
                    val = self.merge_sets(evaluator, a, b, merging, [span, other_span])?;
                }
                _ if evaluator.equal(&val, &other)? => {}
                _ => return Err(self.conflict(evaluator, ty, &pieces, merging)),
            }
        }
        Ok(Outcome { val, span, parts: Parts::Plain, definitions })
    }

    /// Sets without a type: by key; a key in both must have equal values.
    fn merge_sets(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        a: &crate::eval::Set,
        b: &crate::eval::Set,
        merging: &Merging<'_>,
        spans: [Span; 2],
    ) -> Result<Val, Raised> {
        let mut entries: Vec<(Symbol, ThunkId)> =
            a.entries().iter().map(|one| (one.name, one.value)).collect();
        for one in b.entries() {
            let Some(known) = a.get(one.name) else {
                entries.push((one.name, one.value));
                continue;
            };
            let (left, right) = (evaluator.force(known.value)?, evaluator.force(one.value)?);
            if !evaluator.equal(&left, &right)? {
                let name = evaluator.name(one.name).clone();
                let path = self.slot_path(merging.slot);
                let message = format!("`{path}.{name}` has two values");
                return Err(Raised::new("conflict", spans[1], message).label(spans[0], "and here the other"));
            }
        }
        Ok(evaluator.set(entries))
    }

    /// The value of a definition that is one, and where it stands.
    fn value_of(self: &Rc<Self>, evaluator: &mut Evaluator, piece: &Piece) -> Result<(Val, Span), Raised> {
        match piece.content {
            PieceContent::Computed(thunk) => {
                let value =
                    evaluator.force(thunk).map_err(|raised| self.traced(evaluator, piece.block, raised))?;
                return Ok((value, piece.span));
            }
            PieceContent::Default { schema, option } => {
                if let Some(default) = &self.program.option(schema, option).default {
                    return Ok((self.term(evaluator, default, piece.block)?, default.span()));
                }
            }
            PieceContent::Written { .. } => {}
        }
        match self.written(piece) {
            Some(Content::Values(terms)) => match &terms[..] {
                [one] => Ok((self.term(evaluator, one, piece.block)?, one.span())),
                several => {
                    let items: Vec<ThunkId> =
                        several.iter().map(|one| self.term_thunk(evaluator, one, piece.block)).collect();
                    Ok((Val::List(items.into()), piece.span))
                }
            },
            Some(Content::Data(data)) => {
                let thunk = self.data(evaluator, data, piece.block);
                Ok((evaluator.force(thunk)?, piece.span))
            }
            _ => Err(Raised::new(REPORTED, piece.span, "not a value")),
        }
    }

    fn merge_list(
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
                        self.element(
                            evaluator,
                            inner,
                            value,
                            term.span(),
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

    fn merge_map(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        inner: &Arc<Type>,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
    ) -> Result<Outcome, Raised> {
        let span = pieces.first().map_or(merging.declared, |piece| piece.span);
        let definitions = pieces.clone();
        let mut grouped: IndexMap<Arc<str>, Vec<Piece>> = IndexMap::new();
        self.entries(evaluator, pieces, merging, &mut grouped)?;
        let mut parts: IndexMap<Arc<str>, Part> = IndexMap::with_capacity(grouped.len());
        let mut set: Vec<(Symbol, ThunkId)> = Vec::with_capacity(grouped.len());
        for (key, pieces) in grouped {
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
            set.push((evaluator.symbol_of(&key), self.part_thunk(evaluator, part)));
            parts.insert(key, part);
        }
        Ok(Outcome { val: evaluator.set(set), span, parts: Parts::Map(parts), definitions })
    }

    /// The entries of a map, by key.
    fn entries(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        pieces: Vec<Piece>,
        merging: &Merging<'_>,
        grouped: &mut IndexMap<Arc<str>, Vec<Piece>>,
    ) -> Result<(), Raised> {
        for piece in pieces {
            match (piece.content, self.written(&piece)) {
                (PieceContent::Written { body, item, depth }, Some(Content::Entry { key, .. })) => {
                    let content = PieceContent::Written { body, item, depth: depth + 1 };
                    let Some(key) = self.key(evaluator, key, &piece, merging)? else { continue };
                    grouped.entry(key).or_default().push(Piece { content, ..piece });
                }
                (PieceContent::Written { item, .. }, Some(Content::Entries(body))) => {
                    let block = self.entries_block(evaluator, piece.block, item, *body);
                    let mut inner = Vec::new();
                    self.collect(evaluator, block, 0, &mut inner)?;
                    self.entries(evaluator, inner, merging, grouped)?;
                }
                _ => {
                    let (value, span) = self.value_of(evaluator, &piece)?;
                    let Val::Set(set) = value else {
                        let found = self.show(evaluator, &value);
                        let declaration = self.declaration(merging.slot);
                        let expected = declaration.ty.describe(&self.program.schemas);
                        let raised =
                            Raised::new("type-mismatch", span, format!("expected {expected}, found {found}"))
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
    fn submodule(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        schema: SchemaId,
        slot: &Slot,
        key: Option<Arc<str>>,
        pieces: &[Piece],
    ) -> InstanceId {
        let span =
            pieces.first().map_or_else(|| self.instances.get(slot.instance.0).span, |piece| piece.span);
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

    fn missing(&self, merging: &Merging<'_>) -> Raised {
        let instance = self.instances.get(merging.slot.instance.0);
        let declaration = self.declaration(merging.slot);
        let broken = |block: BlockId| self.program.body(self.blocks.get(block.0).body).broken;
        let top = instance.parent.is_none() && self.tops.borrow().iter().copied().any(broken);
        let refused = instance.contributions.borrow().iter().any(|contribution| match contribution {
            Contribution::Block(block) => broken(*block),
            Contribution::Set { .. } => false,
        });
        if declaration.broken || top || refused {
            return Raised::new(REPORTED, instance.span, "missing, and something was refused");
        }
        let path = self.slot_path(merging.slot);
        let name = declaration.node.as_ref().unwrap_or(&declaration.name);
        let message = format!("option `{path}` has no value");
        let diagnostic = if instance.parent.is_none() {
            Diagnostic::error("missing", declaration.span, message).help(format!("add `{name} …` to the lab"))
        } else {
            let of = &self.program.schema(instance.schema).name;
            Diagnostic::error("missing", instance.span, message)
                .label(declaration.span, "declared here, without a default")
                .help(format!("add `{name} …` to this `{of}`"))
        };
        diagnostic.into()
    }

    fn conflict(
        self: &Rc<Self>,
        evaluator: &mut Evaluator,
        ty: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Raised {
        let path = self.slot_path(merging.slot);
        let mut places: Vec<(Span, String)> = Vec::new();
        for piece in pieces {
            let Ok((value, span)) = self.value_of(evaluator, piece) else { continue };
            let shown = match ty {
                Type::Text(super::format::Format::Secret) => "a secret".into(),
                _ => self.show(evaluator, &value),
            };
            if places.iter().all(|(known, _)| *known != span) {
                places.push((span, shown));
            }
        }
        let Some(((span, shown), rest)) = places.split_first() else { return self.missing(merging) };
        let count = if rest.len() == 1 { "two".to_owned() } else { (rest.len() + 1).to_string() };
        let mut diagnostic =
            Diagnostic::error("conflict", *span, format!("option `{path}` has {count} different values"))
                .primary_text(format!("{shown} here"));
        for (span, shown) in rest {
            diagnostic = diagnostic.label(*span, format!("{shown} here"));
        }
        let diagnostic = diagnostic.label(merging.declared, "declared here, with one value");
        diagnostic
            .help("mark the one that gives way with `(default)`, or the one that wins with `(force)`")
            .into()
    }

    /// A cycle through the keys of a collection has a message of its own.
    fn key_cycle(&self, raised: Raised, slot: &Slot, declaration: &OptionDecl) -> Raised {
        let keyed = matches!(declaration.ty, Type::Map(_)) && slot.entry.is_none();
        if !keyed || raised.code() != "cycle" {
            return raised;
        }
        let path = self.slot_path(slot);
        let mut diagnostic = raised.diagnostic();
        if diagnostic.message != format!("option `{path}` needs itself") {
            return raised;
        }
        diagnostic.code = "key-cycle";
        diagnostic.message = format!("the keys of `{path}` depend on `{path}`");
        // What asks for the collection while its keys are found is the mistake, not the first entry.
        if diagnostic.labels.len() > 1 {
            let asked = diagnostic.labels.remove(0);
            diagnostic.labels.pop();
            diagnostic.primary = Some(Label { text: String::new(), ..asked });
        }
        diagnostic = diagnostic.label(declaration.span, "the collection");
        diagnostic.help = vec![format!(
            "which entries `{path}` has must be known before any of them is looked into: compute keys, conditions and \
             loops around them from something else, such as a `let`"
        )];
        diagnostic.into()
    }
}

/// The definitions with the lowest priority number.
fn strongest(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let best = pieces.iter().map(|piece| piece.rank.priority).min().unwrap_or_default();
    pieces.retain(|piece| piece.rank.priority == best);
    pieces
}
