//! KDL's own test suite: what it accepts and how that prints, and what it rejects.
//!
//! The suite is not part of this repository. It is looked for where `TOPO_KDL_SUITE` says, then as
//! `shared/data/kdl-test-suite` in each folder above this one.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases should stop")]

use std::fs;
use std::path::{Path, PathBuf};
use topo_lang::codes;
use topo_lang::syntax::{parse, print};
use topo_lang::{Severity, SourceId};

fn suite() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("TOPO_KDL_SUITE") {
        return Some(PathBuf::from(path));
    }
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("shared/data/kdl-test-suite")).find(|suite| suite.is_dir())
}

fn cases(suite: &Path) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(suite.join("input")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn kdl_test_suite() {
    let Some(suite) = suite() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "KDL's test suite is missing: set TOPO_KDL_SUITE to its folder"
        );
        println!("skipped: KDL's test suite is missing (set TOPO_KDL_SUITE to its folder)");
        return;
    };
    let cases = cases(&suite);
    assert!(cases.len() > 300, "only {} cases in {}", cases.len(), suite.display());
    let mut failures = Vec::new();
    for (name, input) in &cases {
        let (document, diagnostics) = parse(SourceId(0), input);
        // KDL has integers of any size, this language has 64 bits: the one thing it refuses.
        let errors: Vec<&str> = diagnostics
            .iter()
            .filter(|diagnostic| {
                diagnostic.severity == Severity::Error && diagnostic.code != codes::INTEGER_OVERFLOW
            })
            .map(|diagnostic| diagnostic.message.as_str())
            .collect();
        if name.ends_with("_fail") {
            if errors.is_empty() {
                failures.push(format!("{name}: accepted, but must be rejected"));
            }
            continue;
        }
        let expected = fs::read_to_string(suite.join(format!("expected_kdl/{name}.kdl"))).unwrap();
        let printed = print(&document, input);
        if !errors.is_empty() {
            failures.push(format!("{name}: rejected: {}", errors.join("; ")));
        } else if printed != expected {
            failures.push(format!("{name}: printed {printed:?}, expected {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
