//! Every lab in `topologies/` and `tests/kernel/`, and every transcript in the book, `tests/cli/` and `tests/scenarios/`,
//! run with the real binary on the real kernel: as root, as an ordinary user with an id range, and as one without.
//! One named test each: `cargo test --test labs -- quickstart::range`.
//!
//! A lab that needs more than the running kernel has is refused by name here, and runs in a virtual machine: `vm::…`.
//!
//! It needs root, to become other users. Started by somebody else it asks `sudo`; where that does not answer, the tests
//! are skipped by name, and fail where `CI` is set.

#![expect(clippy::print_stderr, reason = "a test program's own words go to the terminal")]
#![expect(clippy::disallowed_methods, reason = "the tests start programs outside of any lab")]

mod case;
mod claims;
#[path = "../schemas/documents.rs"]
mod documents;
#[cfg(feature = "faults")]
mod faults;
mod outside;
mod remains;
mod run;
#[cfg(feature = "faults")]
mod sandbox;
mod soak;
mod stage;
mod transcript;
mod vm;

use case::Case;
use libtest_mimic::{Arguments, Failed, Trial};
use stage::{Actor, Mode, Stage};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use transcript::Transcript;
use vm::Guest;

/// What one test runs.
#[derive(Clone, Debug)]
enum Subject {
    /// A lab and the claims in it.
    Lab(Arc<Case>),
    /// A lab that this kernel has too little for.
    Refused(Arc<Case>),
    /// A document and the commands in it.
    Transcript(Arc<Transcript>),
    /// A lab that is edited at random.
    Soak,
    /// A command that is killed at its points.
    #[cfg(feature = "faults")]
    Fault(faults::Story, faults::Extent),
}

/// The beginning of the names of tests that run in the virtual machine.
const IN_VM: &str = "vm::";

/// Set by the first test that runs.
static STAGE: OnceLock<Result<Mutex<Option<Stage>>, String>> = OnceLock::new();

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = nix::unistd::geteuid().is_root();
    if !root && !arguments.list && sudo_answers() {
        let error = again_as_root();
        eprintln!("error: run the tests through sudo: {error}");
        return ExitCode::FAILURE;
    }
    let only = vm::only();
    let patience = if only.is_some() { vm::SLOWER } else { 1 };
    let subjects = match subjects(&checkout(), patience) {
        Ok(subjects) => subjects,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let must_run = std::env::var_os("CI").is_some();
    let mut trials = Vec::new();
    let mut elsewhere = Vec::new();
    for (name, modes, subject) in subjects {
        let subject = if root && only.is_none() { as_far_as_possible(subject) } else { subject };
        for mode in modes {
            let test = format!("{name}::{}", mode.name());
            if only.as_ref().is_some_and(|only| !only.contains(&test)) {
                continue;
            }
            // Emulation is slow, and what a kernel has differs little for a user with a range of ids and one without.
            if let (Subject::Refused(_), Mode::Root | Mode::Single) = (&subject, mode) {
                elsewhere.push(test.clone());
            }
            let subject = subject.clone();
            let name = test.clone();
            trials.push(
                Trial::test(test, move || perform(root, &name, mode, &subject).map_err(Failed::from))
                    .with_ignored_flag(!root && !must_run),
            );
        }
    }
    trials.extend(in_vm(&arguments, elsewhere));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(Ok(stage)) = STAGE.get()
        && let Ok(mut stage) = stage.lock()
        && let Some(Err(error)) = stage.take().map(Stage::strike)
    {
        eprintln!("error: clean up: {error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// A lab that this kernel has too little for is one to be refused.
fn as_far_as_possible(subject: Subject) -> Subject {
    match subject {
        Subject::Lab(case) if case.kernel.as_deref().is_some_and(|probe| !vm::kernel_can(probe)) => {
            Subject::Refused(case)
        }
        other => other,
    }
}

/// These tests once more, in the virtual machine.
fn in_vm(arguments: &Arguments, tests: Vec<String>) -> Vec<Trial> {
    let name = |test: &str| format!("{IN_VM}{test}");
    let asked_for = |test: &String| !arguments.is_filtered_out(&Trial::test(name(test), || Ok(())));
    let guest = Arc::new(Guest::new(tests.iter().filter(|test| asked_for(test)).cloned().collect()));
    let trial = |test: String| {
        let guest = guest.clone();
        Trial::test(name(&test), move || {
            guest.outcome(&test, &checkout(), Path::new(env!("CARGO_BIN_EXE_topo"))).map_err(Failed::from)
        })
    };
    tests.into_iter().map(trial).collect()
}

fn perform(root: bool, test: &str, mode: Mode, subject: &Subject) -> Result<(), String> {
    if !root {
        return Err(
            "needs root, or a `sudo` that asks nothing, to become the users it runs labs as".to_owned()
        );
    }
    let stage = STAGE.get_or_init(|| {
        Stage::set(Path::new(env!("CARGO_BIN_EXE_topo")), &checkout()).map(|stage| Mutex::new(Some(stage)))
    });
    stage.as_ref().map_err(Clone::clone)?;
    let actor = Actor::new(mode, test)?;
    match subject {
        Subject::Lab(case) => claims::hold(&actor, case),
        Subject::Refused(case) => claims::refused(&actor, case),
        Subject::Transcript(transcript) => transcript.replay(&actor),
        Subject::Soak => soak::soak(&actor),
        #[cfg(feature = "faults")]
        Subject::Fault(story, extent) => faults::tell(test, mode, story, *extent),
    }
}

/// Every test's name, modes and subject.
fn subjects(checkout: &Path, patience: u32) -> Result<Vec<(String, Vec<Mode>, Subject)>, String> {
    let mut subjects = Vec::new();
    let mut labs = files(checkout, "topologies", "kdl");
    for kind in directories(&checkout.join("tests/kernel")) {
        labs.append(&mut files(checkout, &format!("tests/kernel/{kind}"), "kdl"));
    }
    for path in labs {
        let case = Case::read(checkout, &path, patience)?;
        subjects.push((name(&path), Mode::ALL.to_vec(), Subject::Lab(Arc::new(case))));
    }
    for directory in ["book/src", "tests/cli", "tests/scenarios"] {
        for path in files(checkout, directory, "md") {
            let transcript = Transcript::read(checkout, &path)?;
            if !transcript.is_empty() {
                subjects.push((
                    name(&path),
                    transcript.modes.clone(),
                    Subject::Transcript(Arc::new(transcript)),
                ));
            }
        }
    }
    subjects.push(("soak".to_owned(), vec![Mode::Range], Subject::Soak));
    #[cfg(feature = "faults")]
    for (extent, word) in [(faults::Extent::Every, "every"), (faults::Extent::Some, "some")] {
        let tests = faults::STORIES.iter().map(|story| {
            let modes = vec![Mode::Root, Mode::Range];
            (format!("faults::{word}::{}", story.name), modes, Subject::Fault(*story, extent))
        });
        subjects.extend(tests);
    }
    Ok(subjects)
}

/// `topologies/routed.kdl` is `topologies::routed`.
fn name(path: &Path) -> String {
    let path = path.with_extension("");
    let path = path.to_string_lossy();
    path.trim_start_matches("tests/").replace("/src/", "/").replace('/', "::")
}

/// The files with `extension` in `directory`, relative to the checkout, sorted.
fn files(checkout: &Path, directory: &str, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(checkout.join(directory)) else { return Vec::new() };
    let names = entries.flatten().map(|entry| Path::new(directory).join(entry.file_name()));
    let mut paths: Vec<PathBuf> =
        names.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    paths.sort();
    paths
}

fn directories(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn checkout() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sudo_answers() -> bool {
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    sudo.status().is_ok_and(|status| status.success())
}

/// Becomes this very test program, as root. Comes back only with an error.
fn again_as_root() -> std::io::Error {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    Command::new("sudo")
        .args(["-n", "--preserve-env=CI,BLESS,SOAK_ROUNDS,SOAK_SEED"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .exec()
}
