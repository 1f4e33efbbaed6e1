//! Every place of a lab's sources that means the same thing, and the word at a place.

use super::Analysis;
use super::scope::{Known, Target};
use super::seen::{Role, Seen, Sink, Slot};
use crate::source::{SourceId, Span};

/// A word of a document, with what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) span: Span,
    pub(super) target: Option<Target>,
    pub(super) declares: bool,
    pub(super) slot: Slot,
    pub(super) extent: Option<Span>,
    /// What is known of a name, where it was asked for.
    pub(super) known: Known,
    pub(super) stands: Stands,
}

/// How a word stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// As a token of the document.
    Token,
    /// As a value, which may also be any text.
    Value,
    /// As a key of a map.
    Key,
    /// In an expression.
    Expression,
    /// In an expression, selected from something.
    Attribute,
    /// In an expression, and a set takes it over under its name.
    Inherited,
    /// As part of a type.
    Type,
}

impl Word {
    pub(super) fn of(seen: &Seen<'_>) -> Word {
        let stands = match seen.role {
            Role::Value(_) | Role::Argument(..) | Role::Broken | Role::Import => Stands::Value,
            Role::Key(_) => Stands::Key,
            Role::Name => Stands::Expression,
            Role::Attribute(_) => Stands::Attribute,
            Role::Inherited => Stands::Inherited,
            Role::Type(_) => Stands::Type,
            Role::Node(_) | Role::Annotation | Role::Property(..) | Role::Words(_) | Role::New(_) => {
                Stands::Token
            }
        };
        Word {
            span: seen.span,
            target: seen.target.clone(),
            declares: seen.declares,
            slot: seen.slot.clone(),
            extent: seen.extent,
            known: Known::Nothing,
            stands,
        }
    }
}

/// What is known of a name, where it is declared or used.
fn known(seen: &Seen<'_>) -> Known {
    match (&seen.role, &seen.target) {
        (Role::New(known), _) => (*known).clone(),
        (Role::Name | Role::Inherited, Some(Target::Local(..) | Target::Bound(..))) => {
            let same = seen.scope.all().into_iter().find(|name| Some(&name.target) == seen.target.as_ref());
            same.map_or(Known::Nothing, |name| name.known.clone())
        }
        _ => Known::Nothing,
    }
}

/// Keeps the innermost word at an offset.
struct At {
    offset: u32,
    found: Option<Word>,
}

impl Sink for At {
    fn enters(&self, span: Span) -> bool {
        span.start <= self.offset && self.offset <= span.end
    }

    fn seen(&mut self, seen: Seen<'_>) {
        if !self.enters(seen.span) {
            return;
        }
        let length = |span: Span| span.end - span.start;
        // Between two words that touch, the one that means something.
        let better = self.found.as_ref().is_none_or(|found| {
            let (new, old) = (length(seen.span), length(found.span));
            new < old || (new == old && found.target.is_none())
        });
        if better && seen.span.start < seen.span.end {
            self.found = Some(Word { known: known(&seen), ..Word::of(&seen) });
        }
    }
}

/// Keeps every word.
#[derive(Default)]
struct All(Vec<Word>);

impl Sink for All {
    fn enters(&self, _: Span) -> bool {
        true
    }

    fn seen(&mut self, seen: Seen<'_>) {
        self.0.push(Word::of(&seen));
    }
}

impl Analysis {
    /// The word at an offset of a source; between two words, the one that means something.
    pub(super) fn word_at(&self, source: SourceId, offset: u32) -> Option<Word> {
        let mut sink = At { offset, found: None };
        self.walk_source(source, &mut sink);
        sink.found
    }

    /// Every word of a source, in order of writing; found once.
    pub(super) fn words(&self, source: SourceId) -> &[Word] {
        self.words[source.0 as usize].get_or_init(|| {
            let mut all = All::default();
            self.walk_source(source, &mut all);
            all.0.sort_by_key(|word| (word.span.start, std::cmp::Reverse(word.span.end)));
            all.0.into()
        })
    }

    /// Every source, by number.
    pub(super) fn source_ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..self.sources.iter().count() as u32).map(SourceId)
    }

    /// Every word of all sources with one of these meanings.
    pub(super) fn words_meaning(&self, targets: &[Target]) -> impl Iterator<Item = &Word> {
        let means = |word: &&Word| word.target.as_ref().is_some_and(|target| targets.contains(target));
        self.source_ids().flat_map(|source| self.words(source)).filter(means)
    }

    /// Every place that means what the word at an offset means, declarations included if they are asked for.
    pub fn references(&self, source: SourceId, offset: u32, declarations: bool) -> Vec<Span> {
        let Some(target) = self.word_at(source, offset).and_then(|word| word.target) else {
            return Vec::new();
        };
        if matches!(target, Target::Keyword(_)) {
            return Vec::new();
        }
        let targets = [target];
        let words = self.words_meaning(&targets).filter(|word| declarations || !word.declares);
        let mut found: Vec<Span> = words.map(|word| word.span).collect();
        found.dedup();
        found
    }

    /// The places in one source that mean what the word at an offset means.
    pub fn occurrences(&self, source: SourceId, offset: u32) -> Vec<Span> {
        let Some(target) = self.word_at(source, offset).and_then(|word| word.target) else {
            return Vec::new();
        };
        let words = self.words(source).iter().filter(|word| word.target.as_ref() == Some(&target));
        let mut found: Vec<Span> = words.map(|word| word.span).collect();
        found.dedup();
        found
    }
}
