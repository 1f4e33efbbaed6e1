//! The functions that the language brings along, `builtins`, `lib` and `net`, and what is said of each.
//!
//! Made of the tables beside their definitions (see `eval/library/table.rs`); for `topo doc`, the book's chapter, the
//! editor and the conversation.

use crate::eval::table::{Body, Comment, Entry, entries};
use crate::eval::{BUILTINS, GLOBAL, NET, PARTS};
use std::sync::LazyLock;

/// A function, or a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDoc {
    /// How it is called in full, the usual way first: `lib.range`, `lib.lists.range`.
    pub paths: Vec<String>,
    /// The section it belongs to: `builtins`, `lib.lists`, `net`, …
    pub section: String,
    /// Its name alone.
    pub name: &'static str,
    /// Its type.
    pub ty: String,
    /// What it is for.
    pub doc: String,
    /// An expression with it.
    pub example: String,
    /// What that comes to, as an expression; or `error: ` and the message.
    pub result: String,
}

impl FunctionDoc {
    /// Its name in full.
    pub fn path(&self) -> &str {
        &self.paths[0]
    }

    /// The example and what it comes to.
    pub fn shown_example(&self) -> String {
        format!("{} → {}", self.example, self.result)
    }
}

/// All of them, section by section.
pub fn functions() -> &'static [FunctionDoc] {
    static ALL: LazyLock<Vec<FunctionDoc>> = LazyLock::new(all);
    &ALL
}

/// The sections, in order.
pub fn sections() -> impl Iterator<Item = String> {
    let parts = PARTS.iter().map(|part| format!("lib.{}", part.name));
    ["builtins".to_owned()].into_iter().chain(parts).chain(["net".to_owned()])
}

/// The function of this full name.
pub fn function(path: &str) -> Option<&'static FunctionDoc> {
    functions().iter().find(|function| function.paths.iter().any(|known| known == path))
}

/// Why Nix's `builtins` or nixpkgs' `lib` has the function of this full name, and this language does not.
pub fn left_out(path: &str) -> Option<&'static str> {
    match path.split_once('.')? {
        ("builtins", name) => crate::eval::builtin_left_out(name),
        ("lib", name) => crate::eval::left_out(name.rsplit('.').next()?),
        _ => None,
    }
}

fn all() -> Vec<FunctionDoc> {
    let mut all: Vec<FunctionDoc> = Vec::new();
    for entry in entries(BUILTINS) {
        let global = GLOBAL.contains(&entry.name).then(|| entry.name.to_owned());
        let paths = [format!("builtins.{}", entry.name)].into_iter().chain(global);
        all.extend(documented(entry, "builtins".to_owned(), paths.collect()));
    }
    for part in PARTS {
        for entry in entries(part.text) {
            let top = part.is_at_the_top(entry.name).then(|| format!("lib.{}", entry.name));
            let within = format!("lib.{}.{}", part.name, entry.name);
            let paths = top.into_iter().chain([within]);
            match entry.body {
                Body::Inherited => {
                    let same = all.iter_mut().find(|one| one.section == "builtins" && one.name == entry.name);
                    if let Some(same) = same {
                        same.paths.extend(paths);
                        same.paths.dedup();
                    }
                }
                _ => all.extend(documented(entry, format!("lib.{}", part.name), paths.collect())),
            }
        }
    }
    // What is inherited and then defined at the top is the definition.
    for at in 0..all.len() {
        if all[at].section.starts_with("lib.") {
            let path = all[at].paths[0].clone();
            all[..at].iter_mut().for_each(|one| one.paths.retain(|known| *known != path));
        }
    }
    for entry in entries(NET) {
        all.extend(documented(entry, "net".to_owned(), vec![format!("net.{}", entry.name)]));
    }
    all
}

fn documented(entry: Entry, section: String, paths: Vec<String>) -> Option<FunctionDoc> {
    let Comment { doc, ty, example, result } = entry.comment()?;
    Some(FunctionDoc { paths, section, name: entry.name, ty, doc, example, result })
}

#[cfg(test)]
mod tests {
    use super::{function, functions, sections};
    use crate::eval::{BUILTINS, NET, PARTS, json_of, table};
    use std::collections::BTreeSet;

    /// Every example comes to what is said of it.
    #[test]
    fn examples() {
        let mut wrong = Vec::new();
        for function in functions() {
            let found = match json_of(&function.example) {
                Ok(json) => json,
                Err(message) => format!("error: {message}"),
            };
            let said = match function.result.strip_prefix("error: ") {
                Some(_) => function.result.clone(),
                None => json_of(&function.result).unwrap_or_else(|wrong| format!("{wrong} in the result")),
            };
            if found != said {
                wrong.push(format!("{}\n  is   {found}\n  said {said}", function.example));
            }
            let called = function.example.contains(function.name) || function.name == "mkLuaInline";
            assert!(called, "the example of `{}` is about something else", function.path());
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Nothing is without documentation, and nothing is documented that is not there.
    #[test]
    fn everything_is_documented() {
        let mut names = BTreeSet::new();
        let mut list = |set: &str| {
            let json = json_of(&format!("builtins.attrNames {set}")).unwrap();
            let found: Vec<String> = serde_json::from_str(&json).unwrap();
            names.extend(found.into_iter().map(|name| format!("{set}.{name}")));
        };
        list("lib");
        sections().for_each(|section| list(&section));
        for part in PARTS {
            names.remove(&format!("lib.{}", part.name));
        }
        let documented: BTreeSet<String> = functions()
            .iter()
            .flat_map(|one| &one.paths)
            .filter(|path| path.contains('.'))
            .cloned()
            .collect();
        let missing: Vec<_> = names.difference(&documented).collect();
        let gone: Vec<_> = documented.difference(&names).collect();
        assert!(missing.is_empty(), "without documentation: {missing:?}");
        assert!(gone.is_empty(), "documented, but not there: {gone:?}");
    }

    #[test]
    fn paths() {
        assert_eq!(function("lib.lists.range").unwrap().paths, ["lib.range", "lib.lists.range"]);
        assert_eq!(function("map").unwrap().path(), "builtins.map");
        assert_eq!(function("lib.hasPrefix").unwrap().section, "lib.strings");
        assert_eq!(function("lib.isFunction").unwrap().section, "lib.trivial");
        assert!(function("lib.lists").is_none());
    }

    /// Sentences read alike, and the tables have no order of chance.
    #[test]
    fn style() {
        for function in functions() {
            let path = function.path();
            assert!(function.doc.ends_with('.'), "{path}: {}", function.doc);
            assert!(function.doc.chars().next().is_some_and(|c| !c.is_lowercase()), "{path}");
            assert!(function.example.chars().count() <= 200, "{path}: {}", function.example);
        }
        for text in [BUILTINS, NET] {
            let names: Vec<&str> = table::entries(text).map(|entry| entry.name).collect();
            assert!(names.is_sorted_by_key(|name| name.to_lowercase()), "{names:?}");
        }
    }
}
