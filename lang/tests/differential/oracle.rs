//! Nix's answers: one `nix repl` for thousands of expressions, since a mistake does not end it.

#![expect(clippy::disallowed_methods, reason = "the oracle is no process of a lab")]

use std::io::{Read, Seek, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long Nix may be silent.
const PATIENCE: Duration = Duration::from_secs(15);

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Value(serde_json::Value),
    Fails {
        code: String,
        message: String,
    },
    /// Nix itself came to an end, since recursion without end overflows its stack, or was ended.
    None,
}

/// Nix's answers to expressions, in their order.
pub(crate) fn answers(expressions: &[String]) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in expressions.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.nix")), text).unwrap();
    }
    let mut found = Vec::new();
    while found.len() < expressions.len() {
        let said = run(folder.path(), found.len()..expressions.len());
        let answers = read(&said, found.len());
        found.extend(answers);
        if found.len() < expressions.len() {
            found.push(Answer::None);
        }
    }
    found
}

fn run(folder: &std::path::Path, numbers: std::ops::Range<usize>) -> String {
    let mut input = String::new();
    for number in numbers {
        let path = folder.join(format!("{number}.nix"));
        // A file that ends too early would make it wait for more: the `)` is a mistake that ends this.
        input.push_str(&format!("builtins.toJSON (import {})\n)\n\"@@{number}\"\n", path.display()));
    }
    let mut stdin = tempfile::tempfile().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    stdin.rewind().unwrap();
    // Both outputs go to one file, in the order in which they were written.
    let mut output = tempfile::tempfile().unwrap();
    let child = Command::new("nix")
        .env("NIX_STORE_DIR", folder.join("store"))
        .env("NIX_CONF_DIR", folder)
        .env("HOME", folder)
        .args(["--extra-experimental-features", "nix-command", "repl", "--store", "dummy://"])
        .stdin(stdin)
        .stdout(output.try_clone().unwrap())
        .stderr(Stdio::from(output.try_clone().unwrap()))
        .spawn();
    let Ok(mut child) = child else {
        panic!("`nix` is missing: install the package nix-bin (scripts/install-packages)");
    };
    // A regular expression may take Nix for ever: it is ended once it has said nothing for a while.
    let (mut length, mut since) = (0, Instant::now());
    while child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
        let now = output.metadata().unwrap().len();
        if now > length {
            (length, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            break;
        }
    }
    output.rewind().unwrap();
    let mut said = Vec::new();
    output.read_to_end(&mut said).unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

/// The answers in what `nix repl` said, up to where it ended.
fn read(said: &str, first: usize) -> Vec<Answer> {
    let mut found = Vec::new();
    let (mut value, mut complaint) = (None, String::new());
    for line in said.lines() {
        let line = plain(line);
        if line.starts_with("nix-repl>") || line.is_empty() {
            continue;
        }
        if line == format!("\"@@{}\"", first + found.len()) {
            found.push(match value.take() {
                Some(value) => Answer::Value(value),
                None => Answer::Fails { code: String::new(), message: complaint.trim().to_string() },
            });
            complaint.clear();
        } else if let Some(text) = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            value = serde_json::from_str(&unquote(text)).ok();
        } else {
            complaint.push_str(&line);
            complaint.push(' ');
        }
    }
    found
}

/// Without the escape sequences that colour it.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

/// The text that Nix prints so.
fn unquote(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, characters.clone().next()) {
            ('\\', Some(escaped)) => {
                characters.next();
                plain.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
            }
            _ => plain.push(character),
        }
    }
    plain
}
