//! Sources and their imports: read once each, imported ones first.

use super::text_of;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::source::{Source, Sources, Span};
use crate::syntax::tree::{Document, Node};
use crate::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The module that every lab imports.
const CORE: &str = "std:core";

/// A source as read, with what it imports.
pub(crate) struct Loaded {
    /// The path it was read by.
    pub(crate) name: Arc<str>,
    pub(crate) document: Document,
    /// The `import` nodes that could be followed: which node, which module.
    pub(crate) imports: Vec<(usize, usize)>,
    /// Whether it is part of the standard library.
    pub(crate) standard: bool,
}

/// Everything an entry reaches; imported modules before their importers, so that the entry is the last.
pub(crate) fn load(
    world: &dyn World,
    entry: &str,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Loaded> {
    let mut loader =
        Loader { world, sources, diagnostics, done: Vec::new(), known: BTreeMap::new(), open: Vec::new() };
    if entry != CORE {
        loader.read(CORE, None);
    }
    loader.read(entry, None);
    loader.done
}

struct Loader<'a> {
    world: &'a dyn World,
    sources: &'a mut Sources,
    diagnostics: &'a mut Vec<Diagnostic>,
    done: Vec<Loaded>,
    known: BTreeMap<Arc<str>, Known>,
    /// The modules being read, outermost first, with the place of the import that led to each.
    open: Vec<(Arc<str>, Option<Span>)>,
}

/// What became of a path.
#[derive(Clone, Copy)]
enum Known {
    /// It is being read: where it is in `open`.
    Open(usize),
    /// Where it is in `done`.
    Done(usize),
    /// It could not be read.
    Unreadable,
}

impl Loader<'_> {
    fn read(&mut self, path: &str, from: Option<Span>) -> Option<usize> {
        match self.known.get(path) {
            Some(Known::Done(at)) => return Some(*at),
            Some(Known::Unreadable) => return None,
            Some(Known::Open(at)) => {
                let at = *at;
                self.cycle(at, from?);
                return None;
            }
            None => {}
        }
        let name: Arc<str> = path.into();
        self.known.insert(name.clone(), Known::Open(self.open.len()));
        let found = self.read_new(&name, from);
        self.known.insert(name, found.map_or(Known::Unreadable, Known::Done));
        found
    }

    fn read_new(&mut self, name: &Arc<str>, from: Option<Span>) -> Option<usize> {
        let text = match self.world.read(name) {
            Ok(text) => text,
            Err(error) => {
                self.unreadable(name, from, &error);
                return None;
            }
        };
        if text.len() >= u32::MAX as usize {
            let error = std::io::Error::other("it is larger than 4 GiB");
            self.unreadable(name, from, &error);
            return None;
        }
        let source = self.sources.add(Source::new(name, &text));
        let (document, mistakes) = crate::syntax::parse(source, &text);
        self.diagnostics.extend(mistakes);
        self.open.push((name.clone(), from));
        let imports = stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.imports(name, &document));
        self.open.pop();
        let standard = name.starts_with("std:");
        self.done.push(Loaded { name: name.clone(), document, imports, standard });
        Some(self.done.len() - 1)
    }

    fn imports(&mut self, importer: &str, document: &Document) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for (at, node) in document.nodes.iter().enumerate().filter(|(_, node)| *node.name.value == *"import")
        {
            let Some((path, span)) = self.path(node) else { continue };
            let path = resolve(importer, &path);
            if let Some(module) = self.read(&path, Some(span)) {
                found.push((at, module));
            }
        }
        found
    }

    fn path(&mut self, node: &Node) -> Option<(Arc<str>, Span)> {
        let mut arguments = node.entries.iter().filter(|entry| entry.name.is_none());
        let first = arguments.next();
        let Some(text) = first.and_then(|entry| text_of(&entry.value)) else {
            let span = first.map_or(node.head, |entry| entry.span);
            let wrong = Diagnostic::error(codes::IMPORT_PATH, span, "expected the path of a module").help(
                "write `import \"./other.kdl\"`, or `import \"std:kerberos\"` for the standard library",
            );
            self.diagnostics.push(wrong);
            return None;
        };
        if text.value.contains("${") || text.value.starts_with('$') {
            let wrong = Diagnostic::error(codes::IMPORT_PATH, text.span, "the path of an import cannot be computed")
                .help("what a lab is made of is known before anything is evaluated; import both modules, and choose with `if`");
            self.diagnostics.push(wrong);
            return None;
        }
        if let Some(second) = arguments.next() {
            let wrong = Diagnostic::error(codes::ARGUMENTS, second.span, "`import` takes one path")
                .help("write one `import` for each module");
            self.diagnostics.push(wrong);
        }
        Some((text.value.clone(), text.span))
    }

    fn cycle(&mut self, first: usize, span: Span) {
        let chain: Vec<Span> = self.open[first + 1..].iter().filter_map(|(_, from)| *from).collect();
        let mut diagnostic =
            Diagnostic::error(codes::IMPORT_CYCLE, span, format!("`{}` imports itself", self.open[first].0))
                .primary_text(if chain.is_empty() { "itself" } else { "and this the first again" });
        for (step, from) in chain.into_iter().enumerate() {
            let name = &self.open[first + 1 + step].0;
            diagnostic = diagnostic.label(from, format!("imports `{name}`"));
        }
        self.diagnostics.push(diagnostic.help("move what both need into a module of its own"));
    }

    fn unreadable(&mut self, name: &str, from: Option<Span>, error: &std::io::Error) {
        let (code, message) = match error.kind() {
            std::io::ErrorKind::NotFound => (codes::NOT_FOUND, format!("there is no `{name}`")),
            std::io::ErrorKind::InvalidData => (codes::UNREADABLE, format!("`{name}` is not UTF-8 text")),
            _ => (codes::UNREADABLE, format!("`{name}` cannot be read: {error}")),
        };
        let mut diagnostic = match from {
            Some(span) => Diagnostic::error(code, span, message),
            None => Diagnostic::without_place(code, message),
        };
        if let Some(module) = name.strip_prefix("std:") {
            let known = self.world.standard();
            let near = nearest(module, known.iter().copied());
            diagnostic = match near {
                Some(near) => diagnostic.help(format!("did you mean `std:{near}`?")),
                None if known.is_empty() => diagnostic,
                None => diagnostic.help(format!("the standard library has {}", known.join(", "))),
            };
        }
        self.diagnostics.push(diagnostic);
    }
}

/// A path as the world knows it: relative to its importer.
pub(crate) fn resolve(importer: &str, path: &str) -> String {
    if path.starts_with("std:") || path.starts_with('/') {
        return path.into();
    }
    let folder = match importer.rsplit_once('/') {
        Some((folder, _)) if !importer.starts_with("std:") => folder,
        _ => "",
    };
    let absolute = importer.starts_with('/') && !importer.starts_with("std:");
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn relative_to_the_importer() {
        let check =
            |importer: &str, path: &str, expected: &str| assert_eq!(resolve(importer, path), expected);
        check("lab.kdl", "./x.kdl", "x.kdl");
        check("labs/lab.kdl", "./x.kdl", "labs/x.kdl");
        check("labs/lab.kdl", "../x.kdl", "x.kdl");
        check("lab.kdl", "../x.kdl", "../x.kdl");
        check("../lab.kdl", "../x.kdl", "../../x.kdl");
        check("/a/b.kdl", "../../x.kdl", "/x.kdl");
        check("/a/b.kdl", "/x.kdl", "/x.kdl");
        check("a/b.kdl", "std:kerberos", "std:kerberos");
    }
}
