//! Renaming, where it is sound: the lab means the same afterwards, or the reason why not is the answer.
//!
//! Whether it is sound is not argued but tried: the edited texts are read again, and every word must mean what it meant.

use super::Analysis;
use super::references::{Stands, Word};
use super::scope::{Bound, LocalKind, Target, structure};
use crate::module::types::{SchemaId, Type};
use crate::resolve::is_name;
use crate::source::{SourceId, Span};
use crate::syntax::lexer::{Kind, tokens};
use crate::world::World;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// With this.
    pub text: String,
}

/// Words of the expression language that are no names.
const RESERVED: [&str; 10] = ["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"];

impl Analysis {
    /// The word at an offset, if it can be renamed.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn can_rename(&self, source: SourceId, offset: u32) -> Result<(Span, String), String> {
        let word = self.word_at(source, offset).ok_or("there is no name here")?;
        let (old, _) = self.renamed(&word)?;
        Ok((self.inner(word.span), old.to_string()))
    }

    /// What to change so that what is at an offset is called `new`.
    ///
    /// # Errors
    /// Why it cannot be done, or would change what the lab means.
    pub fn rename(&self, source: SourceId, offset: u32, new: &str) -> Result<Vec<Edit>, String> {
        let word = self.word_at(source, offset).ok_or("there is no name here")?;
        let (old, targets) = self.renamed(&word)?;
        if *old == *new {
            return Ok(Vec::new());
        }
        self.accepts(&targets[0], new)?;
        let mut words: Vec<&Word> = self.words_meaning(&targets).collect();
        words.dedup_by_key(|word| word.span);
        if let Some(shared) = words.iter().find(|word| word.stands == Stands::Inherited) {
            let place = self.sources.place(shared.span);
            return Err(format!(
                "`inherit {old}` at {place} makes an attribute of that name: rename it by hand"
            ));
        }
        if let Some(foreign) = words.iter().find(|word| self.is_standard(word.span.source)) {
            let place = self.sources.place(foreign.span);
            return Err(format!("`{old}` is used by the standard library ({place})"));
        }
        let edits = words.iter().map(|word| self.edit(word, new)).collect::<Result<Vec<_>, _>>()?;
        match &targets[0] {
            Target::Key(path) => self.no_mentions(path, &edits)?,
            Target::Local(..) => self.no_unknown_attributes(&old)?,
            _ => {}
        }
        self.same_meaning(&edits, &targets, new)?;
        Ok(edits)
    }

    /// The name of a word and what else is called so with it, if it may be renamed at all.
    fn renamed(&self, word: &Word) -> Result<(Arc<str>, Vec<Target>), String> {
        let text = || -> Arc<str> { self.sources.text(self.inner(word.span)).into() };
        match &word.target {
            None => Err("this has no other place that refers to it by name".to_owned()),
            Some(Target::Keyword(keyword)) => Err(format!("`{keyword}` belongs to the language")),
            Some(Target::Builtin(name)) => Err(format!("`{name}` belongs to the language")),
            Some(Target::Module(_)) => Err("a module is called as its file: rename the file".to_owned()),
            Some(Target::Option(schema, at)) => {
                let option = &self.schemas[schema.0 as usize].options[*at as usize];
                Err(match self.is_standard(option.span.source) {
                    true => format!("`{}` is an option of the standard library", option.name),
                    false => format!("`{}` is an option: other labs may use it", option.name),
                })
            }
            Some(Target::Bound(_, Bound::Own)) => Err("`self` belongs to the language".to_owned()),
            Some(Target::Bound(_, Bound::Key)) => Err("`name` belongs to the language".to_owned()),
            Some(Target::Local(_, LocalKind::Field)) => {
                Err("callers of the function use this name as well: rename it by hand".to_owned())
            }
            Some(Target::Local(span, _)) if self.is_standard(span.source) => {
                Err("this name belongs to the standard library".to_owned())
            }
            Some(target @ Target::Local(..)) => Ok((text(), vec![target.clone()])),
            Some(Target::Type(schema) | Target::Bound(schema, Bound::Around)) => {
                let target = Target::Type(*schema);
                let name = self.schemas[schema.0 as usize].name.clone();
                match self.declarations(&target).iter().any(|span| self.is_standard(span.source)) {
                    true => Err(format!("`{name}` is a type of the standard library")),
                    false => Ok((name, vec![target, Target::Bound(*schema, Bound::Around)])),
                }
            }
            Some(target @ Target::Key(path)) => {
                let Some(key) = path.last() else { return Err("there is no name here".to_owned()) };
                if self.declarations(target).is_empty() {
                    return Err(format!(
                        "nothing defines `{}` by that name: its key may be computed",
                        path.join(".")
                    ));
                }
                Ok((key.clone(), vec![target.clone()]))
            }
        }
    }

    /// Whether something may be called so.
    fn accepts(&self, target: &Target, new: &str) -> Result<(), String> {
        match target {
            Target::Key(path) => {
                let (_, map) = path.split_last().ok_or("there is no name here")?;
                let mut other: Vec<Arc<str>> = map.to_vec();
                other.push(new.into());
                if !self.declarations(&Target::Key(other.clone().into())).is_empty() {
                    return Err(format!(
                        "there is a `{}` already: the two would become one",
                        other.join(".")
                    ));
                }
                if new.is_empty() || new.contains('$') || new.chars().any(char::is_control) {
                    return Err(format!("{new:?} is no name"));
                }
                match self.key_type(map) {
                    Some(Type::Text(format)) => match format.check(new) {
                        Err(reason) => Err(format!("`{new}` is not {}: {reason}", format.describe())),
                        Ok(_) => Ok(()),
                    },
                    _ => Ok(()),
                }
            }
            Target::Type(_) if !is_name(new) => Err(format!("`{new}` cannot be the name of a type")),
            Target::Type(_) if Type::parse(new, &self.schemas).is_ok() => {
                Err(format!("there is a type `{new}` already"))
            }
            _ if !is_name(new) || RESERVED.contains(&new) => Err(format!("`{new}` cannot be a name")),
            _ => Ok(()),
        }
    }

    /// What the keys of the map at a path are.
    fn key_type(&self, map: &[Arc<str>]) -> Option<Type> {
        let (schema, at) = self.option_at(map)?;
        self.schemas[schema.0 as usize].options[at as usize].key.clone()
    }

    /// A span without the quotes of its text.
    fn inner(&self, span: Span) -> Span {
        let text = self.sources.text(span);
        let hashes = text.bytes().take_while(|byte| *byte == b'#').count();
        let quoted = text[hashes..].starts_with('"') && text.len() >= 2 * hashes + 2;
        let skip = if quoted { hashes as u32 + 1 } else { 0 };
        Span::new(span.source, span.start + skip, span.end - skip)
    }

    fn edit(&self, word: &Word, new: &str) -> Result<Edit, String> {
        let inner = self.inner(word.span);
        if inner != word.span {
            let plain = !new.contains(['"', '\\']);
            return plain
                .then(|| Edit { span: inner, text: new.to_owned() })
                .ok_or_else(|| format!("`{new}` needs escapes: rename it by hand"));
        }
        let bare = match word.stands {
            Stands::Expression | Stands::Attribute | Stands::Inherited => {
                is_name(new) && !RESERVED.contains(&new)
            }
            _ => tokens(new).map(|token| token.kind).eq([Kind::Word]) && !odd(new),
        };
        match (bare, word.stands) {
            (true, _) => Ok(Edit { span: word.span, text: new.to_owned() }),
            (false, Stands::Expression | Stands::Attribute | Stands::Inherited | Stands::Type) => {
                let place = self.sources.place(word.span);
                Err(format!("`{new}` cannot be written as a name in the expression at {place}"))
            }
            (false, _) if new.contains(['"', '\\']) => {
                Err(format!("`{new}` needs escapes: rename it by hand"))
            }
            (false, _) => Ok(Edit { span: word.span, text: format!("\"{new}\"") }),
        }
    }

    /// Refuses where a text has the name in it that may mean this: `service "host/srv1"`, or a map by host.
    fn no_mentions(&self, key: &[Arc<str>], edits: &[Edit]) -> Result<(), String> {
        let Some((old, map)) = key.split_last() else { return Ok(()) };
        let option = self.option_at(map);
        let mut mentions = Vec::new();
        for source in self.source_ids().filter(|source| !self.is_standard(*source)) {
            let may_mean = |word: &Word| match (&word.target, word.stands) {
                (None, Stands::Value) => true,
                // The key of another map of the same option is another thing of this name.
                (Some(Target::Key(other)), Stands::Key) if other.last() == Some(old) => {
                    let other = &other[..other.len() - 1];
                    self.option_at(other) != option && self.key_type(other) == self.key_type(map)
                }
                (_, Stands::Key) => true,
                _ => false,
            };
            let words = self.words(source);
            // What is part of an expression is known to be something else.
            let in_expression = |word: &&Word| {
                matches!(word.stands, Stands::Expression | Stands::Attribute | Stands::Inherited)
            };
            let named = words.iter().filter(in_expression);
            let edited = edits.iter().map(|edit| edit.span).filter(|span| span.source == source);
            let taken: Vec<Span> = named.map(|word| word.span).chain(edited).collect();
            for word in words.iter().filter(|word| may_mean(word)) {
                let text = self.sources.text(word.span);
                for (at, _) in text.match_indices(&**old).filter(|(at, _)| whole(text, *at, old.len())) {
                    let start = word.span.start + at as u32;
                    let is_taken = |span: &Span| span.start <= start && start < span.end;
                    if !taken.iter().any(is_taken) {
                        mentions.push(self.sources.place(word.span));
                    }
                }
            }
        }
        mentions.dedup();
        match &mentions[..] {
            [] => Ok(()),
            [one] => Err(format!("the text at {one} has `{old}` in it and may mean it: change that first")),
            several => {
                let several = several.join(", ");
                Err(format!("texts have `{old}` in them and may mean it: change those first, at {several}"))
            }
        }
    }

    /// The option that the map at a path is a value of.
    fn option_at(&self, map: &[Arc<str>]) -> Option<(SchemaId, u32)> {
        let (last, before) = map.split_last()?;
        let owner = match structure(&self.type_at(before)?) {
            Type::Submodule(schema) => *schema,
            _ => return None,
        };
        Some((owner, self.schemas[owner.0 as usize].by_name(last)?))
    }

    /// Refuses where something of this name is selected from what nobody can tell.
    fn no_unknown_attributes(&self, old: &str) -> Result<(), String> {
        for source in self.source_ids().filter(|source| !self.is_standard(*source)) {
            let unknown = |word: &&Word| {
                word.stands == Stands::Attribute
                    && word.target.is_none()
                    && self.sources.text(word.span) == old
            };
            if let Some(word) = self.words(source).iter().find(unknown) {
                let place = self.sources.place(word.span);
                return Err(format!(
                    "`.{old}` at {place} may mean it, which cannot be told: rename it by hand"
                ));
            }
        }
        Ok(())
    }

    /// Reads the edited texts, and compares what every word means.
    fn same_meaning(&self, edits: &[Edit], targets: &[Target], new: &str) -> Result<(), String> {
        let Some(entry) = self.loaded.last() else { return Ok(()) };
        let mut texts: BTreeMap<String, String> =
            self.sources.iter().map(|source| (source.name.to_string(), source.text.to_string())).collect();
        let mut ordered: Vec<&Edit> = edits.iter().collect();
        ordered.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        for edit in ordered {
            if let Some(text) = texts.get_mut(&*self.sources.get(edit.span.source).name) {
                text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
        }
        let after = Analysis::new(&Edited(texts), &entry.name);
        let renamed = |target: &Target| match (target, &targets[0]) {
            (Target::Key(path), Target::Key(old)) if path.starts_with(old) => {
                let mut path = path.to_vec();
                path[old.len() - 1] = new.into();
                Target::Key(path.into())
            }
            (other, _) => other.clone(),
        };
        // A module of the library knows no name of a lab's: it means what it meant.
        for source in self.source_ids().filter(|source| !self.is_standard(*source)) {
            let (old, new) = (self.words(source), after.words(source));
            let differs = |(old, new): &(&Word, &Word)| {
                let wanted = old.target.as_ref().map(|target| self.position(&renamed(target)));
                wanted != new.target.as_ref().map(|target| after.position(target))
            };
            let wrong =
                old.iter().zip(new).find(differs).map(|(old, _)| old).or_else(|| {
                    if old.len() == new.len() { None } else { old.get(new.len()).or(old.last()) }
                });
            if let Some(word) = wrong {
                let place = self.sources.place(word.span);
                let text = self.sources.text(word.span);
                return Err(format!(
                    "`{text}` at {place} would mean something else: `{new}` is taken there",
                    new = self.new_name(edits)
                ));
            }
        }
        Ok(())
    }

    fn new_name(&self, edits: &[Edit]) -> String {
        edits.first().map_or(String::new(), |edit| edit.text.trim_matches('"').to_owned())
    }

    /// What a word stands for, independent of how long the words before it are: a place counts by its line and by how
    /// many words are before it there.
    fn position(&self, target: &Target) -> (Option<Target>, Option<(SourceId, u32, usize)>) {
        match target {
            Target::Local(span, _) => {
                let source = self.sources.get(span.source);
                let (line, _) = source.line_column(span.start);
                let before = &source.text[source.line_range(line).start..span.start as usize];
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'');
                let words = before.split(|c| !is_word(c)).filter(|word| !word.is_empty()).count();
                (None, Some((span.source, line, words)))
            }
            other => (Some(other.clone()), None),
        }
    }
}

/// Texts instead of files.
struct Edited(BTreeMap<String, String>);

impl World for Edited {
    fn read(&self, path: &str) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Whether a match is a word of its own.
fn whole(text: &str, at: usize, length: usize) -> bool {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    !text[..at].ends_with(belongs) && !text[at + length..].starts_with(belongs)
}

/// Whether a bare word would be read as something else, or refused.
fn odd(word: &str) -> bool {
    let first = word.as_bytes().first().copied().unwrap_or_default();
    matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.' | b'$')
        || matches!(word, "true" | "false" | "null" | "inf" | "-inf" | "nan")
}
