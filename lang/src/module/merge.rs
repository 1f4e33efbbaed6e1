//! Definitions of one option become one value: by key, by concatenation, or by agreement.

use super::block::BlockId;
use super::finish::is_secret;
use super::machine::*;
use super::types::Type;
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, Raised, Symbol, ThunkId, Val};
use crate::resolve::program::*;
use crate::source::Span;
use crate::{Code, codes};
use std::borrow::Cow;

/// Whose definitions are merged.
pub(super) struct Merging<'a> {
    pub(super) id: SlotId,
    pub(super) slot: &'a Slot,
    pub(super) declared: Span,
}

/// A merged value, and what is known of it besides.
pub(super) struct Merged {
    pub(super) val: Val,
    pub(super) outcome: Outcome,
}

impl Merged {
    pub(super) fn plain(val: Val, span: Span) -> Merged {
        Merged { val, outcome: Outcome { span, parts: Parts::Plain } }
    }
}

impl Machine {
    /// What is known of an option's value, computed now if it was not yet.
    pub(super) fn force_slot(&self, evaluator: &mut Evaluator, id: SlotId) -> Result<&Outcome, Raised> {
        let slot = self.slots.get(id.0);
        if let Some(outcome) = slot.outcome.get() {
            return Ok(outcome);
        }
        // Through the thunk, so that a failure is remembered and a cycle is seen.
        evaluator.force(slot.thunk)?;
        match slot.outcome.get() {
            Some(outcome) => Ok(outcome),
            None => Err(Raised::new(Code::REPORTED, self.slot_span(id), "no outcome")),
        }
    }

    /// What a slot's thunk runs.
    pub(super) fn run_slot(&self, evaluator: &mut Evaluator, id: SlotId) -> Result<Val, Raised> {
        let slot = self.slots.get(id.0);
        let merged = self.merged(evaluator, id, slot).map_err(|raised| self.of_slot(raised, slot))?;
        let _ = slot.outcome.set(merged.outcome);
        Ok(merged.val)
    }

    /// Says which option a mistake is about; where it shows in the library, also whose.
    fn of_slot(&self, raised: Raised, slot: &Slot) -> Raised {
        if raised.has_path() {
            return raised;
        }
        let path = self.slot_path(slot);
        let within = self.instances.get(slot.instance.0).span;
        let foreign = raised.place().is_some_and(|span| self.program.of_user(span).is_none());
        match self.program.of_user(within).filter(|_| foreign) {
            Some(span) => raised.frame(span, format!("for `{path}`")),
            None => raised,
        }
        .about(|| path)
    }

    fn merged(&self, evaluator: &mut Evaluator, id: SlotId, slot: &Slot) -> Result<Merged, Raised> {
        let declaration = self.declaration(slot);
        let merging = Merging { id, slot, declared: declaration.ty_span };
        let key_cycle = |raised| self.key_cycle(raised, slot, declaration);
        match self.entry(slot) {
            Some(entry) => self.merge(evaluator, &entry.ty, &entry.pieces, &merging),
            None => {
                let mut pieces = self.spare.take();
                self.gather(evaluator, slot, &mut pieces).map_err(key_cycle)?;
                let merged = match self.constant_default(evaluator, slot, &pieces) {
                    Some(default) => default,
                    None => {
                        self.or_default(evaluator, slot, &mut pieces);
                        self.merge(evaluator, &declaration.ty, &pieces, &merging).map_err(key_cycle)?
                    }
                };
                pieces.clear();
                self.spare.replace(pieces);
                Ok(merged)
            }
        }
    }

    /// Every definition of a slot, the declared default among them where there is no other.
    pub(super) fn definitions(&self, evaluator: &mut Evaluator, slot: &Slot) -> Result<Vec<Piece>, Raised> {
        match self.entry(slot) {
            Some(entry) => Ok(entry.pieces.to_vec()),
            None => {
                let mut pieces = Vec::new();
                self.gather(evaluator, slot, &mut pieces)?;
                self.or_default(evaluator, slot, &mut pieces);
                Ok(pieces)
            }
        }
    }

    /// Every definition of an option of an instance.
    fn gather(&self, evaluator: &mut Evaluator, slot: &Slot, found: &mut Vec<Piece>) -> Result<(), Raised> {
        let (id, option) = (slot.instance, slot.option);
        let schema = self.schema_of(slot);
        let bodies = &self.program.schema(schema).bodies;
        if id == self.root() || bodies.iter().any(|(body, _)| self.program.body(*body).defines(option)) {
            for block in self.type_blocks(evaluator, id).iter() {
                self.collect(evaluator, block, option, found)?;
            }
        }
        for contribution in self.contributions(id) {
            match contribution {
                Contribution::Block(block) => self.collect(evaluator, block, option, found)?,
                Contribution::Set { thunk, rank, span, block } => {
                    let Val::Set(set) = evaluator.force(thunk)? else { continue };
                    let symbol = self.shapes[schema.0 as usize].names[option as usize];
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
        Ok(())
    }

    /// The declared default where there are no definitions.
    fn or_default(&self, evaluator: &mut Evaluator, slot: &Slot, pieces: &mut Vec<Piece>) {
        let declaration = self.declaration(slot);
        if let (true, Some(default)) = (pieces.is_empty(), &declaration.default) {
            let schema = self.schema_of(slot);
            pieces.push(Piece {
                content: PieceContent::Default { schema, option: slot.option },
                block: self.declaring(evaluator, slot.instance, declaration.body),
                rank: Rank::DECLARED,
                span: default.span(),
            });
        }
    }

    /// The value of an option that nothing defines, where the declaration has one that is the same for every
    /// instance: it is checked once.
    fn constant_default(&self, evaluator: &mut Evaluator, slot: &Slot, pieces: &[Piece]) -> Option<Merged> {
        let declaration = self.declaration(slot);
        let default = declaration.default.as_ref().filter(|_| pieces.is_empty())?;
        let span = default.span();
        let known = &self.shapes[self.schema_of(slot).0 as usize].defaults[slot.option as usize];
        if let Some(checked) = known.get() {
            return Some(Merged::plain(checked.clone(), span));
        }
        let value = self.constant(default).filter(|_| declaration.ty.is_checked_alone())?.ok()?;
        // What is wrong with it is said with the way that led here, by the caller.
        let checked = self.check(evaluator, &declaration.ty, value, span, declaration.ty_span, None).ok()?;
        let _ = known.set(checked.clone());
        Some(Merged::plain(checked, span))
    }

    /// The block of an instance's type that a declaration stands in.
    fn declaring(&self, evaluator: &mut Evaluator, instance: InstanceId, body: BodyId) -> BlockId {
        let blocks = self.type_blocks(evaluator, instance);
        let found = blocks.iter().find(|block| self.blocks.get(block.0).body == body);
        found.or(blocks.iter().next()).unwrap_or(BlockId(0))
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

    pub(super) fn written(&self, piece: &Piece) -> Option<&Content> {
        match piece.content {
            PieceContent::Written { body, item, depth } => self.content(body, item, depth),
            PieceContent::Computed(_) | PieceContent::Default { .. } => None,
        }
    }

    pub(super) fn merge(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Result<Merged, Raised> {
        match ty {
            Type::Map(inner) => self.merge_map(evaluator, inner, pieces, merging),
            Type::List(inner) => self.merge_list(evaluator, inner, pieces, merging),
            Type::Submodule(schema) => {
                let id = self.submodule(evaluator, *schema, merging.slot, None, pieces);
                let thunk = self.instance_value(evaluator, id);
                let span = self.instances.get(id.0).span;
                let outcome = Outcome { span, parts: Parts::Instance(id) };
                Ok(Merged { val: evaluator.force(thunk)?, outcome })
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
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        inner: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Result<Merged, Raised> {
        let null = |pieces: &[Piece]| {
            Merged::plain(Val::Null, pieces.first().map_or(merging.declared, |piece| piece.span))
        };
        if pieces.is_empty() {
            return Ok(null(pieces));
        }
        if !matches!(inner, Type::Map(_) | Type::List(_) | Type::Submodule(_)) {
            return self.merge_plain(evaluator, ty, pieces, merging);
        }
        let pieces = strongest(pieces);
        let mut kept = Vec::new();
        for piece in pieces.iter() {
            let single = match self.written(piece) {
                Some(Content::Values(terms)) => terms.len() == 1,
                Some(_) => false,
                None => true,
            };
            if !single || !matches!(self.value_of(evaluator, piece)?.0, Val::Null) {
                kept.push(*piece);
            }
        }
        if kept.is_empty() { Ok(null(&pieces)) } else { self.merge(evaluator, inner, &kept, merging) }
    }

    /// One value: the strongest definitions must agree.
    fn merge_plain(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Result<Merged, Raised> {
        if pieces.is_empty() {
            return Err(self.missing(merging));
        }
        let pieces = strongest(pieces);
        let [first, others @ ..] = &pieces[..] else { return Err(self.missing(merging)) };
        let (mut val, first) = self.checked_value(evaluator, ty, first, merging)?;
        let mut span = self.program.of_user(first);
        // All are checked before any two are compared.
        let others: Vec<(Val, Span)> = others
            .iter()
            .map(|piece| self.checked_value(evaluator, ty, piece, merging))
            .collect::<Result<_, _>>()?;
        for (other, other_span) in others {
            span = span.or_else(|| self.program.of_user(other_span));
            match (ty, &val, &other) {
                (Type::Any, Val::List(a), Val::List(b)) => {
                    val = Val::List(a.iter().chain(b.iter()).copied().collect())
                }
                (Type::Any, Val::Set(a), Val::Set(b)) => {
                    val = self.merge_sets(evaluator, a, b, merging, [first, other_span])?;
                }
                _ if evaluator.equal(&val, &other)? => {}
                _ => return Err(self.conflict(evaluator, ty, &pieces, merging)),
            }
        }
        Ok(Merged::plain(val, span.unwrap_or(first)))
    }

    /// The value of a definition in the form its type gives it, and where it stands.
    fn checked_value(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        piece: &Piece,
        merging: &Merging<'_>,
    ) -> Result<(Val, Span), Raised> {
        let (value, span) = self.value_of(evaluator, piece)?;
        let checked = self
            .check(evaluator, ty, value, span, merging.declared, Some(merging.id))
            .map_err(|raised| self.traced(evaluator, piece.block, raised))?;
        Ok((checked, span))
    }

    /// Sets without a type: by key; a key in both must have equal values.
    fn merge_sets(
        &self,
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
                return Err(
                    Raised::new(codes::CONFLICT, spans[1], message).label(spans[0], "and here the other")
                );
            }
        }
        Ok(evaluator.set(entries))
    }

    /// The value of a definition that is one, and where it stands.
    pub(super) fn value_of(&self, evaluator: &mut Evaluator, piece: &Piece) -> Result<(Val, Span), Raised> {
        match piece.content {
            PieceContent::Computed(thunk) => {
                let value =
                    evaluator.force(thunk).map_err(|raised| self.traced(evaluator, piece.block, raised))?;
                return Ok((value, piece.span));
            }
            PieceContent::Default { schema, option } => {
                if let Some(default) = &self.program.option(schema, option).default {
                    let value = self.term(evaluator, default, piece.block)?;
                    return Ok((value, self.defined_at(evaluator, default, piece.block)));
                }
            }
            PieceContent::Written { .. } => {}
        }
        match self.written(piece) {
            Some(Content::Values(terms)) => match &terms[..] {
                [one] => {
                    let value = self.term(evaluator, one, piece.block)?;
                    Ok((value, self.defined_at(evaluator, one, piece.block)))
                }
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
            _ => Err(Raised::new(Code::REPORTED, piece.span, "not a value")),
        }
    }

    fn missing(&self, merging: &Merging<'_>) -> Raised {
        let instance = self.instances.get(merging.slot.instance.0);
        let declaration = self.declaration(merging.slot);
        let broken = |block: BlockId| self.program.body(self.blocks.get(block.0).body).broken;
        let top = instance.parent.is_none() && self.tops().iter().any(broken);
        let refused = self.contributions(merging.slot.instance).any(|contribution| match contribution {
            Contribution::Block(block) => broken(block),
            Contribution::Set { .. } => false,
        });
        if declaration.broken || top || refused {
            return Raised::new(Code::REPORTED, instance.span, "missing, and something was refused");
        }
        let path = self.slot_path(merging.slot);
        let name = declaration.node.as_ref().unwrap_or(&declaration.name);
        let message = format!("option `{path}` has no value");
        let diagnostic = if instance.parent.is_none() {
            Diagnostic::error(codes::MISSING, declaration.span, message)
                .help(format!("add `{name} …` to the lab"))
        } else {
            let of = &self.program.schema(instance.schema).name;
            Diagnostic::error(codes::MISSING, instance.span, message)
                .label(declaration.span, "declared here, without a default")
                .help(format!("add `{name} …` to this `{of}`"))
        };
        diagnostic.into()
    }

    fn conflict(
        &self,
        evaluator: &mut Evaluator,
        ty: &Type,
        pieces: &[Piece],
        merging: &Merging<'_>,
    ) -> Raised {
        let path = self.slot_path(merging.slot);
        let mut places: Vec<(Span, String)> = Vec::new();
        for piece in pieces {
            let Ok((value, span)) = self.value_of(evaluator, piece) else { continue };
            let shown = match &value {
                Val::Text(_) if is_secret(ty) => "a secret".into(),
                _ => self.show(evaluator, &value),
            };
            if places.iter().all(|(known, _)| *known != span) {
                places.push((span, shown));
            }
        }
        let Some(((span, shown), rest)) = places.split_first() else { return self.missing(merging) };
        let count = if rest.len() == 1 { "two".to_owned() } else { (rest.len() + 1).to_string() };
        let mut diagnostic = Diagnostic::error(
            codes::CONFLICT,
            *span,
            format!("option `{path}` has {count} different values"),
        )
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
        if !keyed || raised.code() != codes::CYCLE {
            return raised;
        }
        let path = self.slot_path(slot);
        let mut diagnostic = raised.diagnostic();
        if diagnostic.message != format!("option `{path}` needs itself") {
            return raised;
        }
        diagnostic.code = codes::KEY_CYCLE;
        diagnostic.message = format!("the keys of `{path}` depend on `{path}`");
        diagnostic = diagnostic.primary_text("");
        diagnostic = diagnostic.label(declaration.span, "the collection");
        diagnostic.help = vec![format!(
            "which entries `{path}` has must be known before any of them is looked into: compute keys, conditions and \
             loops around them from something else, such as a `let`"
        )];
        diagnostic.into()
    }
}

/// The definitions with the lowest priority number.
pub(super) fn strongest(pieces: &[Piece]) -> Cow<'_, [Piece]> {
    let best = pieces.iter().map(|piece| piece.rank.priority).min().unwrap_or_default();
    let counts = |piece: &Piece| piece.rank.priority == best;
    match pieces.iter().all(counts) {
        true => Cow::Borrowed(pieces),
        false => pieces.iter().filter(|piece| counts(piece)).copied().collect(),
    }
}
