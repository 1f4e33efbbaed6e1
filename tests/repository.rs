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

const FUNCTIONS_CHAPTER: &str = "book/src/functions.md";
const FUNCTIONS_BEGINNING: &str = "# Functions

What an expression can call: `builtins`, Nix's own; `lib`, the everyday part of nixpkgs' library; and `net` for addresses. The functions
of most parts of `lib` are at its top too: `lib.range` is `lib.lists.range`. Some builtins need nothing in front: `map`, `toString`, `throw`.

Types are written as Nix's manual writes them: `[a]` is a list, `{a}` a set whose values are of type `a`, `a?` may be null, `Int -> Int -> Bool`
is a function of two whole numbers. `topo doc lib.range` shows the same in a terminal, and `topo doc lib` lists them. Every example here is run as a
test. This chapter is made by `topo doc --format markdown`.

";

#[test]
fn the_reference_is_up_to_date() {
    is_up_to_date(CHAPTER, BEGINNING, &[&["doc", "--format", "markdown"]]).unwrap();
}

#[test]
fn the_functions_are_up_to_date() {
    let sets = ["builtins", "lib", "net"];
    let commands = sets.map(|set| ["doc", "--format", "markdown", set]);
    is_up_to_date(FUNCTIONS_CHAPTER, FUNCTIONS_BEGINNING, &commands.each_ref().map(|command| &command[..]))
        .unwrap();
}

/// A chapter is what these commands print.
fn is_up_to_date(chapter: &str, beginning: &str, commands: &[&[&str]]) -> std::io::Result<()> {
    let mut printed = Vec::new();
    for command in commands {
        let output = topo(command)?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        printed.push(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let made = format!("{beginning}{}", printed.join("\n"));
    let path = checkout().join(chapter);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, made)?;
    } else {
        let found = std::fs::read_to_string(path)?;
        let stale = made.lines().zip(found.lines()).find(|(made, found)| made != found);
        assert!(
            made == found,
            "{chapter} is not what the declarations say: `BLESS=1 cargo test --test repository` makes it anew\n{stale:?}"
        );
    }
    Ok(())
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
