//! What `topo` prints for programs is what the schemas in `book/src/schema/` say, for all that needs no running lab; the
//! labs' own tests check the rest.

#![expect(clippy::disallowed_methods, reason = "the tests start the binary outside of any lab")]
#![expect(clippy::unwrap_used, reason = "what cannot be run or read is a failed test")]

mod documents;

use documents::{check, schemas};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `topo` prints on stdout, whatever comes of it.
fn topo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_topo"));
    command.args(arguments).current_dir(checkout()).stdin(Stdio::null());
    command.env("TOPO_STATE", checkout().join("tests/schemas/no-such-state"));
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Every command line prints a document of this format that its schema allows.
#[track_caller]
fn prints(format: &str, arguments: &[&str]) {
    let found = check(&schemas(checkout()).unwrap(), &topo(arguments));
    assert_eq!(found.as_deref(), Ok(format), "topo {}", arguments.join(" "));
}

#[test]
fn plans_of_every_lab() {
    let labs = labs();
    assert!(labs.len() > 3, "{labs:?}");
    for lab in &labs {
        prints("topo.plan/1", &["plan", lab, "--format", "json"]);
    }
    for pair in labs.windows(2) {
        prints("topo.plan/1", &["plan", &pair[0], "--base", &pair[1], "--format", "json"]);
    }
    let quickstart = "topologies/quickstart.kdl";
    prints("topo.plan/1", &["plan", quickstart, "--only", "srv1", "--format", "json"]);
    prints("topo.plan/1", &["plan", quickstart, "--base", quickstart, "--format", "json"]);
}

#[test]
fn mistakes_and_failures() {
    prints("topo.diagnostics/1", &["check", "topologies/quickstart.kdl", "--format", "json"]);
    let wrong = ["check", "topologies/quickstart.kdl", "--set", "clients=many", "--format", "json"];
    prints("topo.diagnostics/1", &wrong);
    prints("topo.failure/1", &["plan", "topologies/no-such-lab.kdl", "--format", "json"]);
    prints("topo.failure/1", &["plan", "topologies/quickstart.kdl", "--only", "nobody", "--format", "json"]);
}

#[test]
fn all_that_is_said_of_a_lab() {
    let quickstart = "topologies/quickstart.kdl";
    prints("topo.why/1", &["why", quickstart, "hosts.kdc1.interfaces.eth0.address", "--format", "json"]);
    prints("topo.why/1", &["why", quickstart, "hosts.client1.interfaces.eth0.mtu", "--format", "json"]);
    prints("topo.doc/1", &["doc", "--format", "json"]);
    prints("topo.doc/1", &["doc", "mtu", "--format", "json"]);
    prints("topo.doc/1", &["doc", "lib", "--format", "json"]);
    prints("topo.list/1", &["list", "--format", "json"]);
    prints("topo.doctor/1", &["doctor", quickstart, "--format", "json"]);
}

#[test]
fn a_document_that_is_none_is_noticed() {
    let schemas = schemas(checkout()).unwrap();
    let plan = topo(&["plan", "topologies/quickstart.kdl", "--format", "json"]);
    check(&schemas, &plan).unwrap();
    for (from, to) in [
        ("\"unchanged\": 0", "\"unchanged\": -1"),
        ("\"action\": \"create\"", "\"action\": \"make\""),
        ("\"only\": []", "\"only\": [], \"more\": 1"),
        ("topo.plan/1", "topo.plan/2"),
    ] {
        let spoilt = plan.replacen(from, to, 1);
        assert!(spoilt != plan && check(&schemas, &spoilt).is_err(), "{to} is let through");
    }
}

fn labs() -> Vec<String> {
    let entries = std::fs::read_dir(checkout().join("topologies")).unwrap();
    let paths = entries.map(|entry| PathBuf::from("topologies").join(entry.unwrap().file_name()));
    let mut labs: Vec<String> = paths.map(|path| path.to_string_lossy().into_owned()).collect();
    labs.retain(|lab| lab.ends_with(".kdl"));
    labs.sort();
    labs
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
