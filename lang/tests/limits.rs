//! Labs and expressions made to hurt: without end, of a size beyond all memory, nested beyond all sense. Each has an
//! answer, a value or a diagnostic, from a thread with little stack, in little time and little memory.

#![expect(clippy::unwrap_used, reason = "a thread that cannot start or that panicked fails the test")]

use std::io;
use std::time::{Duration, Instant};
use topo_lang::{Evaluation, Inputs, Limits, World, codes, evaluate, evaluate_expression};

const LEVELS: usize = 10_000;

/// What needs more than linear time needs hours, not seconds.
const LONGEST: Duration = Duration::from_secs(60);

/// In bytes, for all tests together. A structure that is not shared any longer needs exabytes.
const MOST: usize = 2 << 30;

/// Small, so that what has no end ends soon.
const LIMITS: Limits = Limits { depth: 20_000, steps: 300_000, memory: 4 << 20 };

/// Sources by a function from their path.
struct Made<F>(F);

impl<F: Fn(&str) -> Option<String>> World for Made<F> {
    fn read(&self, path: &str) -> io::Result<String> {
        match path {
            "std:core" => Ok(String::new()),
            path => self.0(path).ok_or_else(|| io::ErrorKind::NotFound.into()),
        }
    }
}

/// Runs something that must have an answer; says what became of it: `None` for a value, else the first code.
fn answer(what: &str, run: impl FnOnce(&Inputs) -> Evaluation + Send + 'static) -> Option<&'static str> {
    let name: String = what.chars().take(60).collect();
    let work = move || {
        let start = Instant::now();
        let evaluation = run(&Inputs { limits: LIMITS, ..Inputs::default() });
        let errors: Vec<&'static str> =
            evaluation.diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect();
        assert!(evaluation.value.is_some() || !errors.is_empty(), "{name}: no value, and no reason why");
        drop(evaluation);
        assert!(start.elapsed() < LONGEST, "{name}: {:?}", start.elapsed());
        errors.first().copied()
    };
    let found = std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap();
    let peak = peak();
    assert!(peak.is_none_or(|peak| peak < MOST), "{what:.60}: {peak:?} bytes of memory");
    found
}

/// The most memory this process ever had, in bytes, where the system says so.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kibibytes| kibibytes * 1024)
}

fn expression(text: String) -> Option<&'static str> {
    let world = Made(|_: &str| None);
    answer(&text.clone(), move |inputs| evaluate_expression(&world, None, &text, inputs))
}

fn lab(text: String) -> Option<&'static str> {
    answer(&text.clone(), move |inputs| evaluate(&Made(move |_: &str| Some(text.clone())), "lab.kdl", inputs))
}

#[test]
fn ten_thousand_imports() {
    let chained = |inputs: &Inputs| {
        let world = Made(|path: &str| {
            let at: usize = path.trim_start_matches("./").strip_suffix(".kdl")?.parse().ok()?;
            Some(match at {
                LEVELS => "option last type=int default=7\n".to_owned(),
                at => format!("import \"./{}.kdl\"\n", at + 1),
            })
        });
        evaluate(&world, "0.kdl", inputs)
    };
    assert_eq!(answer("a chain of imports", chained), None);
    let round = |inputs: &Inputs| {
        let world = Made(|path: &str| {
            let at: usize = path.trim_start_matches("./").strip_suffix(".kdl")?.parse().ok()?;
            Some(format!("import \"./{}.kdl\"\n", (at + 1) % LEVELS))
        });
        evaluate(&world, "0.kdl", inputs)
    };
    assert_eq!(answer("a circle of imports", round), Some(codes::IMPORT_CYCLE.name()));
}

#[test]
fn types_within_types() {
    for (open, close) in [("list<", ">"), ("map<", ">"), ("", "?"), ("int|", "")] {
        let ty = format!("{}int{}", open.repeat(LEVELS), close.repeat(LEVELS));
        lab(format!("option a type=\"{ty}\"\na 1\n"));
        lab(format!("option a type=\"{}\"\na 1\n", open.repeat(LEVELS)));
    }
}

#[test]
fn what_is_shared_is_not_copied() {
    let shared = |more: &str| {
        format!(
            "let double = x: [ x x ]; big = builtins.foldl' (x: _: double x) 1 (builtins.genList (i: i) 60); in {more}"
        )
    };
    assert_eq!(expression(shared("builtins.deepSeq big 1")), None);
    assert_eq!(expression(shared("builtins.length (builtins.sort (a: b: true) big)")), None);
    for more in [
        "builtins.sort (a: b: a < b) big",
        "builtins.stringLength (builtins.toJSON big)",
        "builtins.stringLength (builtins.toXML big)",
        "builtins.stringLength (toString big)",
        "builtins.length (lib.flatten big)",
        "lib.unique big",
        "big == big",
        "big == builtins.foldl' (x: _: double x) 2 (builtins.genList (i: i) 60)",
        "big",
    ] {
        expression(shared(more));
        lab(format!("option a type=any default=\"${{{}}}\"\n", shared(more)));
    }
}

#[test]
fn more_than_there_is_memory() {
    for text in [
        "builtins.genList (i: i) 1000000000",
        "builtins.length (builtins.genList (i: i) 1000000000)",
        "lib.range 0 1000000000",
        "lib.replicate 1000000000 1",
        "lib.concatStrings (lib.replicate 1000000000 \"long\")",
        "builtins.foldl' (text: _: text + text) \"x\" (lib.range 1 60)",
        "builtins.foldl' (list: _: list ++ list) [ 1 ] (lib.range 1 60)",
        "builtins.concatMap (i: lib.range 0 1000000) (lib.range 0 1000000)",
        "lib.fixedWidthString 1000000000 \"0\" \"1\"",
        "let endless = x: [ x ] ++ endless (x + 1); in endless 0",
        "let endless = x: { inherit x; next = endless (x + 1); }; in endless 0",
        "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
    ] {
        assert!(expression(text.to_owned()).is_some(), "{text}");
    }
}

#[test]
fn expressions_within_expressions() {
    let nests = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{ a = ", "1", "; }"),
        ("rec { a = ", "1", "; }"),
        ("x: ", "1", ""),
        ("{ x ? ", "1", " }: x"),
        ("if true then ", "1", " else 2"),
        ("if ", "true", " then true else false"),
        ("if false then 1 else ", "1", ""),
        ("let a = ", "1", "; in a"),
        ("let a = 1; in ", "1", ""),
        ("with { a = 1; }; ", "1", ""),
        ("assert true; ", "1", ""),
        ("\"${", "\"x\"", "}\""),
        ("''${", "''x''", "}''"),
        ("{ a.${", "\"a\"", "} = 1; }"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("1 + ", "1", ""),
        ("[ ] ++ ", "[ ]", ""),
        ("{ } // ", "{ }", ""),
        ("true -> ", "true", ""),
        ("1 == 1 && ", "true", ""),
        ("(x: x) (", "1", ")"),
        ("builtins.seq 1 (", "1", ")"),
        ("", "{ }", ".a or { }"),
        ("", "{ }", " ? a"),
        ("", "1", " |> (x: x)"),
        ("(x: x) <| ", "1", ""),
        ("/* ", "1", " */"),
    ];
    for (open, inner, close) in nests {
        let whole = format!("{}{inner}{}", open.repeat(LEVELS), close.repeat(LEVELS));
        expression(whole.clone());
        expression(open.repeat(LEVELS));
        expression(format!("{inner}{}", close.repeat(LEVELS)));
        lab(format!("option a type=any default=#\"${{{whole}}}\"#\n"));
    }
}

#[test]
fn blocks_within_blocks() {
    let nests = [
        ("a {\n", "", "}\n"),
        ("a {\n", "x 1\n", "}\n"),
        ("for i in=\"${[ 1 ]}\" {\n", "", "}\n"),
        ("if #true {\n", "", "}\n"),
        ("if #false {\n} else {\n", "", "}\n"),
        ("let {\n", "x 1\n", "}\n"),
        ("template t {\n", "", "}\n"),
        ("type t {\n", "", "}\n"),
        ("option o type=any {\n", "", "}\n"),
        ("/-", "a\n", ""),
        ("/-a {\n", "", "}\n"),
        ("/-{", "", "}\n"),
        ("a /-{", "", "}\n"),
        ("(", "a", ")a\n"),
        ("/*", "", "*/"),
    ];
    for (open, inner, close) in nests {
        let whole = format!("{}{inner}{}", open.repeat(LEVELS), close.repeat(LEVELS));
        for text in [whole, open.repeat(LEVELS), close.repeat(LEVELS)] {
            lab(format!("option a type=any default=#null\n{text}"));
            lab(format!("type s {{\n option a type=\"s?\"\n}}\noption a type=\"s?\"\n{text}"));
        }
    }
}

#[test]
fn loops_and_templates_that_multiply() {
    let nested: String = (0..60).map(|i| format!("for i{i} in=\"${{[ 1 2 ]}}\" {{\n")).collect();
    lab(format!("option a type=\"list<int>\"\n{nested}a 1\n{}", "}\n".repeat(60)));
    let templates: String =
        (0..60).map(|i| format!("template t{i} {{\n t{}\n t{}\n}}\n", i + 1, i + 1)).collect();
    lab(format!("option a type=\"list<int>\"\ntemplate t60 {{\n a 1\n}}\n{templates}t0\n"));
}
