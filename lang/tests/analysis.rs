//! What an editor is told: `tests/lsp/FEATURE/NAME.kdl` with `<|>` wherever a cursor is, and beside each `NAME.out` with
//! the answer at every cursor. A folder `NAME/` beside a case holds modules it imports. `TOPO_BLESS=1` writes the answers.
//!
//! Comments at a case's top say what is asked: `// rename to NEW`.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]
#![expect(clippy::disallowed_methods, reason = "expectations are written outside of any lab")]

use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use topo_lang::analysis::{Analysis, Hints, Outline, folds, outline};
use topo_lang::{Asked, Inputs, SourceId, Span, World};

const CURSOR: &str = "<|>";

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut trials = Vec::new();
    for feature in sorted(&root.join("tests/lsp")).into_iter().filter(|path| path.is_dir()) {
        for case in
            sorted(&feature).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "kdl"))
        {
            let name = format!("{}/{}", name_of(&feature), name_of(&case));
            let root = root.clone();
            let feature = name_of(&feature);
            trials.push(Trial::test(name, move || check(&root, &feature, &case)));
        }
    }
    assert!(trials.len() > 20, "only {} cases in tests/lsp", trials.len());
    libtest_mimic::run(&arguments, trials).exit();
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn check(root: &Path, feature: &str, case: &Path) -> Result<(), Failed> {
    let marked = fs::read_to_string(case)?;
    let mut text = String::new();
    let mut cursors = Vec::new();
    let mut rest = &*marked;
    while let Some((before, after)) = rest.split_once(CURSOR) {
        text.push_str(before);
        cursors.push(text.len() as u32);
        rest = after;
    }
    text.push_str(rest);
    let entry = case.file_name().unwrap().to_string_lossy().into_owned();
    let world = Folder {
        entry: entry.clone(),
        text: text.clone(),
        folder: case.parent().unwrap().into(),
        library: root.join("stdlib"),
    };
    let analysis = Analysis::new(&world, &entry);
    let source = analysis.source(&entry).unwrap();
    let found = match feature {
        "outline" => outlined(&text),
        "folding" => folded(&text),
        "tokens" => painted(&analysis, source, &text),
        _ => {
            if cursors.is_empty() {
                return Err(format!("no `{CURSOR}` in it").into());
            }
            let at = |cursor: &u32| text[..*cursor as usize].matches('\n').count();
            let unfinished = cursors.iter().filter_map(|cursor| text.lines().nth(at(cursor))).collect();
            let ask =
                Ask { analysis: &analysis, source, world: &world, entry: &entry, text: &text, unfinished };
            let answers = cursors.iter().map(|cursor| ask.answer(feature, *cursor));
            without_library_lines(&answers.collect::<Vec<String>>().join("\n"))
        }
    };
    let expectation = case.with_extension("out");
    if std::env::var_os("TOPO_BLESS").is_some() {
        fs::write(&expectation, &found)?;
        return Ok(());
    }
    let expected = fs::read_to_string(&expectation).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    Err(format!("expected\n{expected}\nfound\n{found}").into())
}

struct Ask<'a> {
    analysis: &'a Analysis,
    source: SourceId,
    world: &'a Folder,
    entry: &'a str,
    text: &'a str,
    /// The lines with a cursor.
    unfinished: Vec<&'a str>,
}

impl Ask<'_> {
    fn answer(&self, feature: &str, cursor: u32) -> String {
        let mut out = format!("at {}\n", self.place(Span::new(self.source, cursor, cursor)));
        let answer = match feature {
            "hover" => self.hover(cursor),
            "completion" => self.completion(cursor),
            "definition" => self.places(&self.analysis.definitions(self.source, cursor)),
            "references" => self.places(&self.analysis.references(self.source, cursor, true)),
            "rename" => self.rename(cursor),
            other => format!("nobody knows the feature `{other}`\n"),
        };
        out.push_str(&answer);
        out
    }

    fn hover(&self, cursor: u32) -> String {
        let Some(hover) = self.analysis.hover(self.source, cursor) else { return "nothing\n".to_owned() };
        let mut out = format!("{}  [{}]\n", hover.title, self.analysis.sources().text(hover.span));
        out.extend(hover.doc.iter().map(|doc| format!("  {doc}\n")));
        out.extend(hover.facts.iter().map(|fact| format!("  {fact}\n")));
        out.extend(hover.defined.iter().map(|span| format!("  defined at {}\n", self.place(*span))));
        let (mut asked, _) = Asked::new(self.world, self.entry, &Inputs::default());
        let values = match (&hover.path, hover.defines) {
            (Some(path), _) => asked.value(path).map(|value| (path.join("."), value)).into_iter().collect(),
            (None, Some(span)) => asked.defined_at(&self.place_of(span)),
            (None, None) => Vec::new(),
        };
        for (path, value) in values {
            let value = topo_lang::print::arguments(&value).unwrap_or_else(|| "…".to_owned());
            writeln!(out, "  value of {path}: {value}").unwrap();
        }
        if let Some(reason) = hover.path.and_then(|path| asked.reason(&path)) {
            for one in reason.definitions {
                let counts = if one.counts { "counts" } else { "loses" };
                let place = asked.sources().place(one.span);
                writeln!(out, "  {counts}, priority {}: {place}", one.priority).unwrap();
            }
        }
        out
    }

    fn place_of(&self, span: Span) -> (String, u32, u32) {
        (self.analysis.sources().get(span.source).name.to_string(), span.start, span.end)
    }

    fn completion(&self, cursor: u32) -> String {
        // What is being typed is rarely right: an editor remembers what the lab came to before.
        let finished: Vec<&str> = self.text.lines().filter(|line| !self.unfinished.contains(line)).collect();
        let world = Folder { text: finished.join("\n"), ..self.world.clone() };
        let (_, evaluation) = Asked::new(&world, self.entry, &Inputs::default());
        let hints = Hints { value: evaluation.value.as_ref(), files: &[] };
        let found = self.analysis.complete(self.source, cursor, hints);
        let typed = &self.text[found.start as usize..cursor as usize];
        let replaced = &self.text[found.start as usize..found.end as usize];
        let mut out = format!("replaces [{replaced}]\n");
        let fits: Vec<_> = found.items.iter().filter(|item| item.label.starts_with(typed)).collect();
        for item in fits.iter().take(14) {
            let insert = item.insert.as_ref().map_or(String::new(), |insert| format!(" → {insert}"));
            let detail = if item.detail.is_empty() { String::new() } else { format!(": {}", item.detail) };
            writeln!(out, "  {:?} {}{detail}{insert}", item.kind, item.label).unwrap();
        }
        if fits.len() > 14 {
            writeln!(out, "  and {} more", fits.len() - 14).unwrap();
        }
        out
    }

    fn rename(&self, cursor: u32) -> String {
        let new = self.text.lines().find_map(|line| line.strip_prefix("// rename to ")).unwrap();
        let edits = match self.analysis.rename(self.source, cursor, new) {
            Ok(edits) => edits,
            Err(reason) => return format!("refused: {reason}\n"),
        };
        let mut out = String::new();
        for edit in edits {
            let line = self.analysis.sources().get(edit.span.source);
            let text = line.line(line.line_column(edit.span.start).0).trim();
            let old = self.analysis.sources().text(edit.span);
            writeln!(out, "{}: {old} → {}  [{text}]", self.place(edit.span), edit.text).unwrap();
        }
        out
    }

    fn places(&self, spans: &[Span]) -> String {
        let mut out = String::new();
        for span in spans {
            let source = self.analysis.sources().get(span.source);
            let line = source.line(source.line_column(span.start).0).trim();
            let standard = source.name.starts_with("std:");
            let place = if standard { source.name.to_string() } else { self.place(*span) };
            let line: String = line.chars().take(90).collect();
            writeln!(out, "{place}: {}  [{line}]", self.analysis.sources().text(*span)).unwrap();
        }
        if out.is_empty() { "nothing\n".to_owned() } else { out }
    }

    fn place(&self, span: Span) -> String {
        let source = self.analysis.sources().get(span.source);
        let (line, column) = source.line_column(span.start);
        format!("{}:{line}:{column}", source.name)
    }
}

/// The library's lines move, and no answer is about that.
fn without_library_lines(answer: &str) -> String {
    let mut parts = answer.split("std:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = part.find(|c: char| !c.is_alphanumeric()).unwrap_or(part.len());
        let (name, rest) = part.split_at(name);
        let rest =
            rest.strip_prefix(':').map_or(rest, |line| line.trim_start_matches(|c: char| c.is_ascii_digit()));
        write!(out, "std:{name}{rest}").unwrap();
    }
    out
}

fn outlined(text: &str) -> String {
    fn lines(out: &mut String, all: &[Outline], depth: usize) {
        for one in all {
            writeln!(out, "{}{:?} {} {}", "  ".repeat(depth), one.kind, one.name, one.detail).unwrap();
            lines(out, &one.children, depth + 1);
        }
    }
    let mut out = String::new();
    lines(&mut out, &outline(SourceId(0), text), 0);
    out
}

fn folded(text: &str) -> String {
    let line = |offset: u32| text[..offset as usize].matches('\n').count() + 1;
    let folds = folds(text);
    folds.iter().map(|fold| format!("{:?} {}-{}\n", fold.kind, line(fold.start), line(fold.end))).collect()
}

fn painted(analysis: &Analysis, source: SourceId, text: &str) -> String {
    let tokens = analysis.tokens(source);
    tokens
        .iter()
        .map(|token| {
            let line = text[..token.start as usize].matches('\n').count() + 1;
            format!("{line} {:?} {}\n", token.kind, &text[token.start as usize..token.end as usize])
        })
        .collect()
}

/// The case without its cursors, the files beside it, and the standard library.
#[derive(Clone)]
struct Folder {
    entry: String,
    text: String,
    folder: PathBuf,
    library: PathBuf,
}

impl World for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        match path.strip_prefix("std:") {
            _ if path == self.entry => Ok(self.text.clone()),
            Some(name) => fs::read_to_string(self.library.join(format!("{name}.kdl"))),
            None => fs::read_to_string(self.folder.join(path)),
        }
    }

    fn standard(&self) -> Vec<&str> {
        vec!["core", "kerberos", "samba", "ssh"]
    }
}
