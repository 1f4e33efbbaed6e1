//! The candidates for a place.

use super::marked::{MARK, Range};
use super::{Completion, CompletionKind, Found, Given, Hints, Owned, Wanted};
use crate::analysis::Analysis;
use crate::analysis::hover::KEYWORDS;
use crate::analysis::scope::{Known, LocalKind, Scope, Target, structure};
use crate::analysis::seen::Shape;
use crate::module::format::{ENCTYPES, FORMATS, Format};
use crate::module::types::{PLAIN, SchemaId, Type};
use crate::resolve::program::OptionDecl;
use crate::syntax::lexer::{Kind, tokens};
use crate::value::Data;
use std::collections::BTreeSet;
use std::sync::Arc;

const ANNOTATIONS: [(&str, &str); 4] = [
    ("default", "gives way to plain definitions"),
    ("force", "goes before plain definitions"),
    ("before", "comes first in a list"),
    ("after", "comes last in a list"),
];

impl Analysis {
    pub(super) fn candidates(
        &self,
        found: &Found,
        module: usize,
        range: &Range,
        hints: Hints<'_>,
    ) -> Vec<Completion> {
        let of = Candidates { analysis: self, module, hints, quoted: range.quote.is_some() };
        let mut items = of.of(found);
        let mut seen = BTreeSet::new();
        items.retain(|item| !item.label.contains(MARK) && seen.insert(item.label.clone()));
        items
    }
}

struct Candidates<'a> {
    analysis: &'a Analysis,
    module: usize,
    hints: Hints<'a>,
    /// Whether quotes are there already.
    quoted: bool,
}

impl Candidates<'_> {
    fn of(&self, found: &Found) -> Vec<Completion> {
        match &found.wanted {
            Wanted::Nothing => Vec::new(),
            Wanted::Node { shape, top, type_block, templates, given } => {
                self.nodes(shape, *top, *type_block, templates, given)
            }
            Wanted::Annotation => ANNOTATIONS
                .iter()
                .map(|(word, meaning)| item(word, CompletionKind::Keyword, meaning))
                .collect(),
            Wanted::Property(owner, given) => self.properties(owner, given, ""),
            Wanted::Argument(ty, owner, given) => {
                let mut items = ty.as_ref().map_or_else(Vec::new, |ty| self.values(ty, &found.scope));
                if !self.quoted {
                    items.extend(self.properties(owner, given, "="));
                }
                items
            }
            Wanted::Key(ty, map) => {
                let mut items = map.as_ref().map_or_else(Vec::new, |map| self.keys(map));
                items.extend(ty.iter().flat_map(|ty| self.alike(ty)));
                items
            }
            Wanted::Value(ty) => self.values(ty, &found.scope),
            Wanted::Words(words) => {
                words.iter().map(|word| item(word, CompletionKind::Keyword, "")).collect()
            }
            Wanted::Type(reference) => self.types(*reference),
            Wanted::Import => self.imports(),
            Wanted::Name => self.names(&found.scope, ""),
            Wanted::Attribute(known) => self.attributes(known),
        }
    }

    fn nodes(
        &self,
        shape: &Shape,
        top: bool,
        type_block: bool,
        templates: &Scope,
        given: &Given,
    ) -> Vec<Completion> {
        let mut items = Vec::new();
        match shape {
            Shape::Options(schema) => {
                let of = &self.analysis.schemas[schema.0 as usize];
                for option in of.options.iter().filter(|option| !option.internal) {
                    // One value is given once in a node.
                    if !top && option.ty.is_scalar() && given.contains(&option.name) {
                        continue;
                    }
                    let name = option.node.as_ref().unwrap_or(&option.name);
                    items.push(Completion { distance: 1, ..self.option(option, name) });
                }
                items.extend(templates.all().into_iter().map(|name| self.named(name, "")));
            }
            Shape::Entries(_, key) => items.extend(key.iter().flat_map(|key| self.alike(key))),
            Shape::Words(words) => {
                return words.iter().map(|word| item(word, CompletionKind::Keyword, "")).collect();
            }
            Shape::Elements(_) => return vec![item("-", CompletionKind::Keyword, "an element")],
            Shape::Data => return items,
        }
        for (keyword, form, meaning) in KEYWORDS {
            let fits = match *keyword {
                "lab" | "import" | "param" | "type" => top,
                "option" => top || type_block,
                "else" => given.iter().any(|name| **name == *"if"),
                _ => true,
            };
            if fits {
                let doc = Some(Arc::from(*meaning));
                let kind = CompletionKind::Keyword;
                items.push(Completion { doc, distance: 3, ..item(keyword, kind, form) });
            }
        }
        items
    }

    fn option(&self, option: &OptionDecl, name: &str) -> Completion {
        let ty = option.ty.display(&self.analysis.schemas).to_string();
        Completion { doc: option.doc.clone(), ..item(name, CompletionKind::Option, &ty) }
    }

    fn properties(&self, owner: &Owned, given: &Given, after: &str) -> Vec<Completion> {
        let with = |item: Completion| {
            let insert = (!after.is_empty()).then(|| format!("{}{after}", item.label));
            Completion { insert, distance: 2, ..item }
        };
        match owner {
            Owned::Options(schema) => {
                let options = self.analysis.schemas[schema.0 as usize].options.iter();
                let plain = |ty: &Type| !matches!(structure(ty), Type::Map(_) | Type::Submodule(_));
                let fit = options.filter(|option| !option.internal && plain(&option.ty));
                let new = fit.filter(|option| !given.contains(&option.name));
                new.map(|option| with(self.option(option, &option.name))).collect()
            }
            Owned::Words(words) => {
                let new = words.iter().filter(|word| !given.iter().any(|given| **given == ***word));
                new.map(|word| with(item(word, CompletionKind::Keyword, ""))).collect()
            }
            Owned::Template(template) => {
                let new = template.params.iter().filter(|(name, ..)| !given.contains(name));
                new.map(|(name, _, optional)| {
                    let detail = if *optional { "parameter, may be left out" } else { "parameter" };
                    with(item(name, CompletionKind::Name, detail))
                })
                .collect()
            }
            Owned::Module(module) => {
                let params = &self.analysis.exports(*module).params;
                let mut items: Vec<Completion> =
                    params.iter().map(|name| with(self.named(name, ""))).collect();
                items.push(with(item("as", CompletionKind::Keyword, "a name for its `let`s")));
                items
            }
            Owned::Map(key) => key.iter().flat_map(|key| self.alike(key)).map(with).collect(),
            Owned::Free => Vec::new(),
        }
    }

    /// What a value of a type may be, and the names that may stand for one.
    fn values(&self, ty: &Type, scope: &Scope) -> Vec<Completion> {
        let mut items = Vec::new();
        self.constants(ty, &mut items);
        if !self.quoted {
            let lexical = scope.all().into_iter().filter(|name| matches!(name.target, Target::Local(..)));
            items.extend(lexical.map(|name| {
                let named = self.named(name, "");
                Completion { label: format!("${}", named.label), distance: 4, ..named }
            }));
        }
        items
    }

    fn constants(&self, ty: &Type, items: &mut Vec<Completion>) {
        match ty {
            Type::Bool if !self.quoted => {
                items.extend(["#true", "#false"].iter().map(|word| item(word, CompletionKind::Word, "bool")))
            }
            Type::Enum(words) => {
                items.extend(words.iter().map(|word| self.quote(item(word, CompletionKind::Word, ""))))
            }
            Type::Optional(inner) => {
                self.constants(inner, items);
                if !self.quoted && !items.is_empty() {
                    items.push(Completion { distance: 3, ..item("#null", CompletionKind::Word, "none") });
                }
            }
            Type::Union(types) => types.iter().for_each(|one| self.constants(one, items)),
            Type::List(inner) => self.constants(inner, items),
            Type::Ref(option) => items.extend(self.keys(std::slice::from_ref(option))),
            Type::Text(Format::Enctype) => {
                items.extend(ENCTYPES.iter().map(|word| self.quote(item(word, CompletionKind::Word, ""))));
            }
            Type::Text(_) => items.extend(self.alike(ty)),
            _ => {}
        }
    }

    /// The keys of a map: those that are written, and those that the lab came to.
    fn keys(&self, map: &[Arc<str>]) -> Vec<Completion> {
        let detail = match self.analysis.type_at(map) {
            Some(ty) => match structure(&ty) {
                Type::Map(inner) => inner.display(&self.analysis.schemas).to_string(),
                _ => String::new(),
            },
            None => String::new(),
        };
        let mut keys: BTreeSet<Arc<str>> = BTreeSet::new();
        let words = self.analysis.source_ids().flat_map(|source| self.analysis.words(source));
        for word in words.filter(|word| word.declares) {
            if let Some(Target::Key(path)) = &word.target
                && let Some((key, before)) = path.split_last()
                && before == map
            {
                keys.insert(key.clone());
            }
        }
        let path: Vec<&str> = map.iter().map(|key| &**key).collect();
        if let Some(Data::Set(entries)) =
            self.hints.value.and_then(|value| value.at(&path)).map(|value| &value.data)
        {
            keys.extend(entries.keys().cloned());
        }
        keys.iter().map(|key| self.quote(item(key, CompletionKind::Entry, &detail))).collect()
    }

    /// The keys of root options whose keys are of this type: hosts for a host name, realms for a realm.
    fn alike(&self, ty: &Type) -> Vec<Completion> {
        if matches!(ty, Type::Ref(_) | Type::Enum(_)) {
            let mut items = Vec::new();
            self.constants(ty, &mut items);
            return items;
        }
        let general = ["text", "string", "path", "secret"];
        let text = ty.display(&self.analysis.schemas).to_string();
        if general.contains(&text.as_str()) {
            return Vec::new();
        }
        let root = &self.analysis.schemas[SchemaId::ROOT.0 as usize].options;
        let same = root.iter().filter(|option| option.key.as_ref() == Some(ty));
        same.flat_map(|option| self.keys(std::slice::from_ref(&option.name))).collect()
    }

    fn quote(&self, item: Completion) -> Completion {
        let word = &item.label;
        let bare = tokens(word).map(|token| token.kind).eq([Kind::Word])
            && !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '$'))
            && !["true", "false", "null", "inf", "-inf", "nan"].contains(&word.as_str());
        let insert = (!self.quoted && !bare).then(|| format!("{word:?}"));
        Completion { insert, ..item }
    }

    /// Types; after `ref<`, the root options that have keys.
    fn types(&self, reference: bool) -> Vec<Completion> {
        let root = self.analysis.schemas[0].options.iter();
        let maps = root.filter(|option| matches!(option.ty, Type::Map(_)));
        if reference {
            return maps.map(|option| self.option(option, &option.name)).collect();
        }
        let plain = PLAIN.iter().map(|(name, _)| item(name, CompletionKind::Type, ""));
        let formats =
            FORMATS.iter().map(|(name, format)| item(name, CompletionKind::Type, format.describe()));
        let made =
            [("list", "list<T>"), ("map", "map<T>"), ("ref", "ref<OPTION>"), ("enum", "enum \"a\" \"b\"")];
        let made = made.iter().map(|(name, form)| item(name, CompletionKind::Type, form));
        let declared = self.analysis.schemas.iter().skip(1);
        let declared = declared.map(|schema| Completion {
            distance: 1,
            ..item(&schema.name, CompletionKind::Type, "declared type")
        });
        let references = maps.map(|option| Completion {
            distance: 2,
            ..item(&format!("ref<{}>", option.name), CompletionKind::Type, "a key of that map")
        });
        plain.chain(formats).chain(made).chain(declared).chain(references).collect()
    }

    fn imports(&self) -> Vec<Completion> {
        let standard = self.analysis.standard.iter().filter(|name| ***name != *"core");
        let standard =
            standard.map(|name| item(&format!("std:{name}"), CompletionKind::Module, "standard library"));
        let files = self.hints.files.iter().map(|file| item(file, CompletionKind::Module, "file"));
        let all = standard.chain(files).map(|item| {
            let insert = (!self.quoted).then(|| format!("\"{}\"", item.label));
            Completion { insert, ..item }
        });
        all.collect()
    }

    /// Every name in scope.
    fn names(&self, scope: &Scope, prefix: &str) -> Vec<Completion> {
        let mut items: Vec<Completion> =
            scope.all().into_iter().map(|name| self.named(name, prefix)).collect();
        for option in self.analysis.schemas[0].options.iter().filter(|option| self.may_read(option)) {
            items.push(Completion { distance: 2, ..self.option(option, &option.name) });
        }
        for name in self.analysis.library.globals() {
            items.push(Completion { distance: 3, ..function(name, name) });
        }
        items
    }

    /// Options for the engine's and the library's own use are shown in the library only.
    fn may_read(&self, option: &OptionDecl) -> bool {
        !option.internal || self.analysis.loaded[self.module].standard
    }

    fn named(&self, name: &crate::analysis::scope::Name, prefix: &str) -> Completion {
        if let Target::Builtin(path) = &name.target {
            return function(path, &name.name);
        }
        let kind = match name.target {
            Target::Local(_, LocalKind::Template) => CompletionKind::Template,
            Target::Local(_, LocalKind::Import) => CompletionKind::Module,
            _ => CompletionKind::Name,
        };
        let detail = match &name.target {
            Target::Local(_, LocalKind::Template) => "template".to_owned(),
            _ => self.analysis.written(&name.known).unwrap_or_default(),
        };
        item(&format!("{prefix}{}", name.name), kind, &detail)
    }

    fn attributes(&self, from: &Known) -> Vec<Completion> {
        match from {
            Known::Set(names) => names.iter().map(|name| self.named(name, "")).collect(),
            Known::Library(library) => {
                let names = self.analysis.library.names(library);
                names.map(|name| function(&format!("{library}.{name}"), &name)).collect()
            }
            Known::Value(ty, path) => match structure(ty) {
                Type::Submodule(schema) => {
                    let of = &self.analysis.schemas[schema.0 as usize];
                    let options = of.options.iter().filter(|option| self.may_read(option));
                    let mut items: Vec<Completion> =
                        options.map(|option| self.option(option, &option.name)).collect();
                    if of.keyed {
                        items.push(item("name", CompletionKind::Name, "its key"));
                    }
                    items
                }
                Type::Map(_) => {
                    let keys = path.as_ref().map_or_else(Vec::new, |path| self.keys(path));
                    let word = |key: &str| crate::resolve::is_name(key);
                    keys.into_iter()
                        .map(|key| {
                            let insert = (!word(&key.label)).then(|| format!("${{''{}''}}", key.label));
                            Completion { insert, ..key }
                        })
                        .collect()
                }
                _ => Vec::new(),
            },
            Known::Nothing | Known::List(_) | Known::Map(_) | Known::Function(_) | Known::Template(_) => {
                Vec::new()
            }
        }
    }
}

/// A function of the language by its full name, or a set of them.
fn function(path: &str, name: &str) -> Completion {
    match crate::functions::function(path) {
        Some(function) => {
            let doc = Some(format!("{}\n\n`{}`", function.doc, function.shown_example()).into());
            Completion { doc, ..item(name, CompletionKind::Function, &function.ty) }
        }
        None => item(name, CompletionKind::Module, ""),
    }
}

fn item(label: &str, kind: CompletionKind, detail: &str) -> Completion {
    Completion {
        label: label.to_owned(),
        insert: None,
        kind,
        detail: detail.to_owned(),
        doc: None,
        distance: 1,
    }
}
