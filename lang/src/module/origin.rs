//! From a path back to the definitions of what is there.

use super::machine::*;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, Raised};
use crate::evaluation::path_part;
use crate::why::{Considered, Reason};

impl Machine {
    /// The deepest option or map entry on a path.
    pub(crate) fn slot_at(&self, evaluator: &mut Evaluator, path: &[String]) -> Option<SlotId> {
        let mut instance = self.root();
        let mut walked = 0;
        let mut found = None;
        'instances: while walked < path.len() {
            let schema = self.program.schema(self.instances.get(instance.0).schema);
            let Some(option) = schema.by_name(&path[walked]) else { break };
            let mut slot = self.slot_of(instance, option);
            walked += 1;
            found = Some(slot);
            loop {
                let outcome = self.force_slot(evaluator, slot).ok()?;
                let next = match outcome.parts {
                    Parts::Plain => break 'instances,
                    Parts::Instance(inner) => {
                        instance = inner;
                        continue 'instances;
                    }
                    Parts::Map(entries) => path.get(walked).and_then(|key| {
                        let entries = self.maps.get(entries);
                        let found = entries.iter().find(|(name, _)| **evaluator.name(*name) == **key);
                        found.map(|(_, part)| *part)
                    }),
                    Parts::List(items) => path
                        .get(walked)
                        .and_then(|index| self.lists.get(items).get(index.parse::<usize>().ok()?))
                        .map(|(part, _)| *part),
                };
                match next {
                    None | Some(Part::Value(_)) => break 'instances,
                    Some(Part::Slot(inner)) => {
                        slot = inner;
                        walked += 1;
                        found = Some(slot);
                    }
                    Some(Part::Instance(inner)) => {
                        instance = inner;
                        walked += 1;
                        continue 'instances;
                    }
                }
            }
        }
        found
    }

    /// The type of what is at a path, if the path is that of an option, of an entry or of a submodule.
    pub(crate) fn type_at(&self, evaluator: &mut Evaluator, path: &[String]) -> Option<String> {
        let slot = self.slots.get(self.slot_at(evaluator, path)?.0);
        let parts: Vec<String> = path.iter().map(|key| path_part(key)).collect();
        let ty = self.type_of(slot).display(&self.program.schemas).to_string();
        let walked = self.slot_path(slot);
        let rest = parts.join(".").strip_prefix(&walked)?.to_owned();
        match (slot.outcome.get()?.parts, rest.strip_prefix('.')) {
            (_, None) => rest.is_empty().then_some(ty),
            (Parts::Map(entries), Some(key)) if key == *parts.last()? => {
                let last = path.last()?;
                let (_, part) =
                    self.maps.get(entries).iter().find(|(name, _)| **evaluator.name(*name) == **last)?;
                let Part::Instance(id) = part else { return None };
                let schema = self.instances.get(id.0).schema;
                Some(self.program.schema(schema).name.to_string())
            }
            (_, Some(_)) => None,
        }
    }

    pub(crate) fn reason(&self, evaluator: &mut Evaluator, id: SlotId) -> Option<Reason> {
        let slot = self.slots.get(id.0);
        self.force_slot(evaluator, id).ok()?;
        let declared = self.declaration(slot);
        let pieces = self.definitions(evaluator, slot).ok()?;
        let best = pieces.iter().map(|piece| piece.rank.priority).min().unwrap_or_default();
        let mut definitions: Vec<Considered> = Vec::new();
        for piece in &pieces {
            let nowhere: Raised = Diagnostic::without_place(Code::REPORTED, "").into();
            let trace = self.traced(evaluator, piece.block, nowhere).diagnostic().labels;
            definitions.push(Considered {
                span: piece.span,
                priority: piece.rank.priority,
                counts: piece.rank.priority == best,
                by_way_of: trace.into_iter().map(|label| (label.span, label.text)).collect(),
            });
        }
        definitions.sort_by_key(|one| one.priority);
        Some(Reason {
            path: self.slot_path(slot),
            ty: declared.ty.display(&self.program.schemas).to_string(),
            declared: declared.span,
            doc: declared.doc.clone(),
            definitions,
            inputs: Vec::new(),
        })
    }
}
