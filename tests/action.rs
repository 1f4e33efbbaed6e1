//! The action that comments on pull requests: its script is run with the real binary in a repository of its own, and with
//! a `gh` that writes down what it is asked and answers from a file.

#![expect(clippy::disallowed_methods, reason = "the tests start programs outside of any lab")]
#![expect(clippy::unwrap_used, reason = "what cannot be run or read is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const ACTION: &str = ".github/actions/topo-plan";

/// Comments are files: `comments/NUMBER`. Asked for all, it lists those that begin as `--jq` says.
const GH: &str = r##"#!/bin/bash
echo "$*" >>"$FAKE/asked"
for argument; do case $argument in body=@*) body=${argument#body=@} ;; esac; done
case "$*" in
    *"-X PATCH"*/issues/comments/*) all=$*; id=${all##*issues/comments/}; cp "$body" "$FAKE/comments/${id%% *}" ;;
    *"-X POST"*/issues/7/comments*) cp "$body" "$FAKE/comments/$(($(ls "$FAKE/comments" | wc -l) + 1))" ;;
    *--paginate*/issues/7/comments*)
        all=$*
        mark=${all#*startswith(\"}
        mark=${mark%%\"*}
        for comment in "$FAKE"/comments/*; do
            [ ! -e "$comment" ] || [[ "$(<"$comment")" != "$mark"* ]] || basename "$comment"
        done ;;
    *) echo "what is $*?" >&2; exit 1 ;;
esac
"##;

/// A repository with a lab, and the fake beside it.
struct Place {
    directory: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(directory.join("fake/comments")).unwrap();
        fs::create_dir_all(directory.join("repository/labs")).unwrap();
        let gh = directory.join("fake/gh");
        fs::write(&gh, GH).unwrap();
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).unwrap();
        let place = Self { directory };
        place.lab("10.0.0.1");
        place.git(&["init", "-q", "-b", "main"]);
        place.git(&["add", "."]);
        place.git(&["-c", "user.name=a", "-c", "user.email=a@test", "commit", "-q", "-m", "first"]);
        place
    }

    fn lab(&self, address: &str) {
        let text = format!(
            "lab one\nnetwork lan {{ subnet \"10.0.0.0/24\" }}\nhost a {{ interface eth0 network=lan address=\"{address}/24\" }}\n"
        );
        fs::write(self.directory.join("repository/labs/one.kdl"), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.directory.join("repository"));
        assert!(git.status().unwrap().success());
    }

    /// Runs the script; its exit status, and whether it said that a lab changes.
    fn run(&self) -> (i32, bool) {
        let fake = self.directory.join("fake");
        let path = format!("{}:{}", fake.display(), std::env::var("PATH").unwrap());
        let output = fake.join("output");
        let _ = fs::remove_file(&output);
        let mut script = Command::new(checkout().join(ACTION).join("comment"));
        script.current_dir(self.directory.join("repository"));
        for (name, value) in [
            ("PATH", path.as_str()),
            ("FAKE", &fake.to_string_lossy()),
            ("GITHUB_REPOSITORY", "alice/labs"),
            ("GITHUB_OUTPUT", &output.to_string_lossy()),
            ("TOPO", env!("CARGO_BIN_EXE_topo")),
            ("TOPO_STATE", &fake.join("state").to_string_lossy()),
            ("LABS", "labs/one.kdl\n\n"),
            ("BASE", "main"),
            ("COMMENT", "true"),
            ("PULL_REQUEST", "7"),
        ] {
            script.env(name, value);
        }
        let status = script.output().unwrap().status.code().unwrap();
        (status, fs::read_to_string(output).unwrap().contains("changes=true"))
    }

    fn comments(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.join("fake/comments")).unwrap();
        entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }
}

#[test]
fn one_comment_a_lab_is_kept_up_to_date() {
    let place = Place::new("action");
    assert_eq!(place.run(), (0, false));
    assert!(place.comments().is_empty(), "a lab that does not change has no comment");

    fs::write(place.directory.join("fake/comments/1"), "looks good to me").unwrap();
    place.lab("10.0.0.2");
    assert_eq!(place.run(), (0, true));
    let mut comments = place.comments();
    comments.sort();
    assert_eq!(comments.len(), 2);
    assert!(comments[0].starts_with("<!-- topo plan: labs/one.kdl -->\n### Change of `one` since `main`"));
    assert!(comments[0].contains("address 10.0.0.1/24 → 10.0.0.2/24"), "{}", comments[0]);

    place.lab("10.0.0.3");
    assert_eq!(place.run(), (0, true));
    assert_eq!(place.comments().len(), 2, "the comment is written over");
    assert!(place.comments().iter().any(|text| text.contains("→ 10.0.0.3/24")));

    place.lab("10.0.0.1");
    assert_eq!(place.run(), (0, false));
    assert!(place.comments().iter().any(|text| text.contains("Nothing to change")));
    assert!(place.comments().contains(&"looks good to me".to_owned()));
}

#[test]
fn a_lab_with_a_mistake_says_it_and_fails() {
    let place = Place::new("action-mistake");
    place.lab("10.0.0.300");
    assert_eq!(place.run(), (1, false));
    let comments = place.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("### `labs/one.kdl` cannot be planned"), "{}", comments[0]);
    assert!(comments[0].contains("10.0.0.300"), "{}", comments[0]);
}

/// What the action hands to its script is declared, and the script is there.
#[test]
fn the_action_is_whole() {
    let text = fs::read_to_string(checkout().join(ACTION).join("action.yml")).unwrap();
    assert!(!text.contains('\t'), "YAML has no tabs");
    let (declared, steps) = text.split_once("\nruns:\n").unwrap();
    for used in steps.split("inputs.").skip(1) {
        let name: String = used.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(declared.contains(&format!("\n  {name}:\n")), "the input `{name}` is not declared");
    }
    let script = fs::read_to_string(checkout().join(ACTION).join("comment")).unwrap();
    for variable in ["TOPO", "TOPO_BUILT", "LABS", "BASE", "ARGUMENTS", "COMMENT", "PULL_REQUEST"] {
        assert!(
            steps.contains(&format!("\n        {variable}: ")) && script.contains(variable),
            "{variable}"
        );
    }
    // Nothing that a pull request says is put into a shell's text; it comes as variables.
    let runs = steps.lines().filter(|line| line.trim_start().starts_with("run:"));
    assert!(runs.clone().count() == 2 && runs.clone().all(|run| !run.contains("inputs.")), "{runs:?}");
    let mode = fs::metadata(checkout().join(ACTION).join("comment")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
