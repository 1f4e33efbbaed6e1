//! The language's cases: `tests/lang/*/NAME.kdl` and, beside each, `NAME.out` with what must come of it.
//!
//! An `.out` has the diagnostics, rendered plainly and each with the option it is about, and the value as one line for each of its leaves. Comments at a
//! case's top say how it is run: `// without core` leaves the standard library's options out, `// --set a=1` sets a
//! param, `// --params x` reads the file `x`, `// --expr E` evaluates `E` instead, `// why PATH` asks for a reason,
//! `// with places` shows where each value is defined. A folder `NAME/` beside a case holds modules it imports, also
//! as `std:NAME/…`.
//! `TOPO_BLESS=1` writes the expectations.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use topo_lang::codes;
use topo_lang::{
    Data, Diagnostic, Ended, Evaluation, Input, Inputs, Interrupt, Label, Reason, Severity, Value, World,
    evaluate, evaluate_expression, why,
};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut trials = Vec::new();
    for group in sorted(&root.join("tests/lang")).into_iter().filter(|path| path.is_dir()) {
        for case in sorted(&group).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "kdl"))
        {
            let name = format!("{}/{}", name_of(&group), name_of(&case));
            let root = root.clone();
            trials.push(Trial::test(name, move || check(&root, &case)));
        }
    }
    let groups = root.join("tests/lang");
    trials.push(Trial::test("every code has a case", move || every_code(&groups)));
    for lab in sorted(&root.join("topologies"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ext| ext == "kdl"))
    {
        let root = root.clone();
        trials.push(Trial::test(format!("topologies/{}", name_of(&lab)), move || nothing_wrong(&root, &lab)));
    }
    assert!(trials.len() > 20, "only {} cases in tests/lang", trials.len());
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

fn check(root: &Path, case: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(case)?;
    let folder = case.parent().unwrap();
    let mut inputs = Inputs::default();
    let mut core = true;
    let mut expression = None;
    let mut path = None;
    let mut with_places = false;
    for line in text.trim_start_matches('\u{feff}').lines().map_while(|line| line.strip_prefix("// ")) {
        if line == "without core" {
            core = false;
        } else if line == "with places" {
            with_places = true;
        } else if line == "with small limits" {
            inputs.limits.memory = 10 << 20;
            inputs.limits.steps = 50_000;
        } else if line == "with an interrupt" {
            inputs.interrupt = Interrupt::new(|| Some(Ended::Interrupted));
        } else if line == "with no time left" {
            inputs.interrupt = Interrupt::new(|| Some(Ended::OutOfTime));
        } else if let Some(text) = line.strip_prefix("--expr ") {
            expression = Some(text);
        } else if let Some(text) = line.strip_prefix("why ") {
            path = Some(text);
        } else if let Some((name, value)) = line.strip_prefix("--set ").and_then(|set| set.split_once('=')) {
            inputs.set.push((name.into(), value.into()));
        } else if let Some(name) = line.strip_prefix("--params ") {
            inputs.params = Some((name.into(), fs::read_to_string(folder.join(name))?));
        }
    }
    let world = Folder { folder: folder.into(), library: root.join("stdlib"), core };
    let entry = case.file_name().unwrap().to_string_lossy();
    let found = match (expression, path) {
        (Some(text), _) => report(&evaluate_expression(&world, Some(&entry), text, &inputs)),
        (None, Some(path)) => match why(&world, &entry, path, 3, &inputs) {
            Ok((evaluation, reason)) => explain(&evaluation, &reason, path),
            Err(evaluation) => report(&evaluation),
        },
        (None, None) => {
            let evaluation = evaluate(&world, &entry, &inputs);
            let mut text = report(&evaluation);
            if let (true, Some(value)) = (with_places, &evaluation.value) {
                text.push_str("\ndefined at\n");
                places(&evaluation, value, "", &mut text);
            }
            text
        }
    };
    let expectation = case.with_extension("out");
    if std::env::var_os("TOPO_BLESS").is_some() {
        return Ok(write(&expectation, &found)?);
    }
    let expected = fs::read_to_string(&expectation).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    Err(format!("differs from {}:\n{}", expectation.display(), difference(&expected, &found)).into())
}

/// Every code of the language is what some case expects.
fn every_code(groups: &Path) -> Result<(), Failed> {
    let mut expected = String::new();
    for group in sorted(groups).into_iter().filter(|path| path.is_dir()) {
        for file in sorted(&group).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "out"))
        {
            expected.push_str(&fs::read_to_string(file)?);
        }
    }
    let missing: Vec<&str> = codes::ALL
        .iter()
        .map(|code| code.name())
        .filter(|code| {
            let written =
                [format!("error[{code}]: "), format!("warning[{code}]: "), format!("error: {code}: ")];
            !written.iter().any(|written| expected.contains(written))
        })
        .collect();
    match &missing[..] {
        [] => Ok(()),
        missing => Err(format!("no case in tests/lang expects {}", missing.join(", ")).into()),
    }
}

/// A complete lab has no diagnostics at all.
fn nothing_wrong(root: &Path, lab: &Path) -> Result<(), Failed> {
    let world = Folder { folder: root.join("topologies"), library: root.join("stdlib"), core: true };
    let evaluation = evaluate(&world, &lab.file_name().unwrap().to_string_lossy(), &Inputs::default());
    match (evaluation.value.is_some(), evaluation.diagnostics.is_empty()) {
        (true, true) => Ok(()),
        (_, _) => Err(report(&evaluation).into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "an expectation is not a file of a lab")]
fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

/// The lines that are only in one of two texts, with those around the first of them.
fn difference(expected: &str, found: &str) -> String {
    let same = expected.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    let show = |sign: char, text: &str| {
        let lines: Vec<String> =
            text.lines().skip(same).take(30).map(|line| format!("{sign} {line}")).collect();
        lines.join("\n")
    };
    format!("from line {}:\n{}\n{}", same + 1, show('-', expected), show('+', found))
}

/// Files beside a case; `std:` is the library.
struct Folder {
    folder: PathBuf,
    library: PathBuf,
    core: bool,
}

impl World for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        let file = match path.strip_prefix("std:") {
            Some("core") if !self.core => return Ok(String::new()),
            Some(module) if module.contains('/') => self.folder.join(format!("{module}.kdl")),
            Some(module) => self.library.join(format!("{module}.kdl")),
            None => self.folder.join(path),
        };
        String::from_utf8(fs::read(file)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn standard(&self) -> Vec<&str> {
        vec!["core", "kerberos", "samba", "ssh"]
    }
}

fn explain(evaluation: &Evaluation, reason: &Reason, path: &str) -> String {
    let mut text = String::new();
    if let Some(value) = evaluation.at(path) {
        leaves(value, path.to_owned(), &mut text);
    }
    let Reason { path, ty, declared, doc, definitions, inputs } = reason;
    writeln!(text, "{path}: {ty}, declared at {}", evaluation.sources.place(*declared)).unwrap();
    doc.iter().for_each(|doc| writeln!(text, "  {doc}").unwrap());
    for one in definitions {
        let place = evaluation.sources.place(one.span);
        let counts = if one.counts { "counts" } else { "gives way" };
        writeln!(text, "  {place} ({}) {counts}: {}", one.priority, evaluation.sources.shown(one.span))
            .unwrap();
        for (span, how) in &one.by_way_of {
            writeln!(text, "    {} {how}", evaluation.sources.place(*span)).unwrap();
        }
    }
    made_from(evaluation, inputs, 1, &mut text);
    text
}

/// What a value was made from, and that, and so on.
fn made_from(evaluation: &Evaluation, inputs: &[Input], depth: usize, text: &mut String) {
    for one in inputs {
        let place = evaluation.sources.place(one.span);
        let indent = "  ".repeat(depth);
        let value = &one.value;
        writeln!(text, "{indent}made from {} = {value:?} ({:?}), {place}", one.name, one.kind).unwrap();
        made_from(evaluation, &one.inputs, depth + 1, text);
    }
}

fn report(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    for diagnostic in &evaluation.diagnostics {
        render(evaluation, diagnostic, &mut text);
        text.push('\n');
    }
    match &evaluation.value {
        Some(value) => leaves(value, String::new(), &mut text),
        None => text.push_str("no value\n"),
    }
    text
}

fn render(evaluation: &Evaluation, diagnostic: &Diagnostic, text: &mut String) {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    writeln!(text, "{severity}[{}]: {}", diagnostic.code, diagnostic.message).unwrap();
    if let Some(path) = &diagnostic.path {
        writeln!(text, "  of {path}").unwrap();
    }
    if let Some(primary) = &diagnostic.primary {
        place(evaluation, primary, '^', text);
    }
    for label in &diagnostic.labels {
        place(evaluation, label, '-', text);
    }
    for help in &diagnostic.help {
        writeln!(text, "  help: {help}").unwrap();
    }
}

/// `file:line:column`, the line, and what of it is meant.
fn place(evaluation: &Evaluation, label: &Label, mark: char, text: &mut String) {
    let source = evaluation.sources.get(label.span.source);
    let (line, column) = source.line_column(label.span.start);
    let (last, end) = source.line_column(label.span.end);
    let all = source.shown();
    let shown = all[source.line_range(line)].trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
    let width = if last == line { end - column } else { shown.chars().count() as u32 + 1 - column };
    let marks: String = std::iter::repeat_n(mark, width.max(1) as usize).collect();
    writeln!(text, "  {}:{line}:{column}", source.name).unwrap();
    writeln!(text, "  | {shown}").unwrap();
    let marked = format!("  | {}{marks} {}", " ".repeat(column as usize - 1), label.text);
    writeln!(text, "{}", marked.trim_end()).unwrap();
}

/// Where each part of a value is defined.
fn places(evaluation: &Evaluation, value: &Value, path: &str, text: &mut String) {
    let parts: Vec<(String, &Value)> = match &value.data {
        Data::Set(entries) => entries.iter().map(|(key, part)| (key.to_string(), part)).collect(),
        Data::List(items) => items.iter().enumerate().map(|(at, part)| (at.to_string(), part)).collect(),
        _ => Vec::new(),
    };
    for (key, part) in parts {
        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
        writeln!(text, "{path}  {}", evaluation.sources.place(part.span)).unwrap();
        places(evaluation, part, &path, text);
    }
}

fn leaves(value: &Value, path: String, text: &mut String) {
    let inner = |key: &str| match (path.is_empty(), key.contains('.') || key.is_empty()) {
        (true, false) => key.to_owned(),
        (false, false) => format!("{path}.{key}"),
        (true, true) => format!("{key:?}"),
        (false, true) => format!("{path}.{key:?}"),
    };
    match &value.data {
        Data::Set(entries) if !entries.is_empty() => {
            entries.iter().for_each(|(key, value)| leaves(value, inner(key), text));
        }
        Data::List(items) if items.iter().any(|item| matches!(item.data, Data::Set(_) | Data::List(_))) => {
            items.iter().enumerate().for_each(|(at, value)| leaves(value, inner(&at.to_string()), text));
        }
        _ => writeln!(text, "{path} = {}", scalar(value)).unwrap(),
    }
}

fn scalar(value: &Value) -> String {
    match &value.data {
        Data::Null => "#null".into(),
        Data::Bool(value) => format!("#{value}"),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => format!("{value:?}"),
        Data::Text(value) => format!("{value:?}"),
        Data::Secret(_) => "<secret>".into(),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            format!("[{}]", items.join(", "))
        }
        Data::Set(_) => "{}".into(),
    }
}
