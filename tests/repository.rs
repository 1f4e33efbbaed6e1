//! What is made from the sources and kept beside them is up to date: the book's reference, and the layout of every lab.
//! `BLESS=1 cargo test --test repository` makes the reference anew; `topo fmt` the layout.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the binary outside of any lab, and bless the book"
)]

use std::path::Path;
use std::process::{Command, Output};

const CHAPTER: &str = "book/src/reference.md";
const BEGINNING: &str = "# Reference

Every option of the standard library: those of a lab, then those of each type in it. `topo doc` shows the same in a terminal, and
`topo doc --lab FILE` what a lab of yours declares itself. This chapter is made by `topo doc --format markdown`.

";

#[test]
fn the_reference_is_up_to_date() {
    let output = topo(&["doc", "--format", "markdown"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = format!("{BEGINNING}{}", String::from_utf8_lossy(&output.stdout));
    let path = checkout().join(CHAPTER);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, made).unwrap();
    } else {
        let found = std::fs::read_to_string(path).unwrap();
        let stale = made.lines().zip(found.lines()).find(|(made, found)| made != found);
        assert!(
            made == found,
            "{CHAPTER} is not what the declarations say: `BLESS=1 cargo test --test repository` makes it anew\n{stale:?}"
        );
    }
}

#[test]
fn labs_and_the_library_are_formatted() {
    let output = topo(&["fmt", "--check", "--diff", "stdlib", "topologies", "tests/kernel"]).unwrap();
    let difference = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`topo fmt` would change:\n{difference}{complaint}");
}

#[test]
fn every_code_is_explained() {
    const CHAPTER: &str = "book/src/errors.md";
    let chapter = std::fs::read_to_string(checkout().join(CHAPTER)).unwrap();
    let sections: Vec<(&str, &str)> =
        chapter.split("\n## `").skip(1).map(|section| section.split_once("`\n").unwrap()).collect();
    let mut codes: Vec<&str> =
        topo_lang::codes::ALL.iter().chain(topo_engine::codes::ALL).map(|code| code.name()).collect();
    codes.sort_unstable();
    let explained: Vec<&str> = sections.iter().map(|(code, _)| *code).collect();
    assert_eq!(explained, codes, "{CHAPTER} has a section for each code, in the order of the alphabet");
    for (code, text) in sections {
        // Nobody is there to press Ctrl-C; the language's own cases have it.
        let shown =
            text.contains(&format!("\nerror[{code}]: ")) || text.contains(&format!("\nwarning[{code}]: "));
        assert!(shown || code == "interrupted", "the section of `{code}` in {CHAPTER} has no example of it");
    }
}

fn topo(arguments: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_topo"));
    command.args(arguments).current_dir(checkout()).output()
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[cfg(not(feature = "faults"))]
#[test]
fn the_program_has_no_points_at_which_it_ends_itself() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_topo")).unwrap();
    assert!(!program.windows(10).any(|bytes| bytes == b"TOPO_FAULT"));
}
