//! `lab ROOT (plan | apply) FILE`, `lab ROOT (destroy | kill)`, `lab ROOT on HOST COMMAND…`: what the cases ask of the engine.
//! A plan is printed as one line per step: action, resource, changes, reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use topo_engine::decode::decode;
use topo_engine::error::Error;
use topo_engine::event::Event;
use topo_engine::exports;
use topo_engine::kinds::Kind;
use topo_engine::lab::Lab;
use topo_engine::name::LabName;
use topo_engine::plan::{Plan, Reason};
use topo_engine::runtime::{self, Client, Command, IdMap, LabDirectory};
use topo_engine::session::{Refused, Session, Work};
use topo_lang::{Inputs, World};

const NAME: &str = "lab";

pub(crate) fn run(words: impl Iterator<Item = String>) -> ExitCode {
    let words: Vec<String> = words.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let code = match words.as_slice() {
        [root, "plan", file] => with_lab(root, file, |session, lab| session.look(lab, |work| show(work).1)),
        [root, "apply", file] => with_lab(root, file, |session, lab| session.change(lab, carry_out)),
        [root, "kill"] => kill(Path::new(root)),
        [root, "destroy"] => destroy(Path::new(root)),
        [root, "on", host, argv @ ..] => on(Path::new(root), host, argv),
        _ => 64,
    };
    ExitCode::from(code)
}

fn with_lab(root: &str, file: &str, work: impl FnOnce(&Session, &Lab) -> Result<u8, Refused>) -> u8 {
    let begun = Instant::now();
    let evaluation = topo_lang::evaluate(&Files, file, &Inputs::default());
    let Some(value) = evaluation.value else {
        eprintln!("{:#?}", evaluation.diagnostics);
        return 1;
    };
    let name = LabName::try_from(NAME).unwrap();
    let decoded = decode(&value, &name);
    eprintln!("evaluated and decoded in {:?}", begun.elapsed());
    let session = Session::new(Path::new(root), &name, &std::env::current_exe().unwrap());
    let wrong = match decoded {
        Ok(lab) => match work(&session, &lab) {
            Ok(code) => {
                eprintln!("all in {:?}", begun.elapsed());
                return code;
            }
            Err(Refused::Wrong(wrong)) => wrong,
            Err(Refused::Missing(missing)) => {
                println!("{missing:?}");
                return 3;
            }
            Err(Refused::NoHost { host, .. }) => {
                return fail(&Error::found("look at a host", format!("no host `{host}`")));
            }
            Err(Refused::Failed(error)) => return fail(&error),
        },
        Err(wrong) => wrong,
    };
    for diagnostic in wrong {
        let place =
            diagnostic.primary.as_ref().map(|label| evaluation.sources.text(label.span)).unwrap_or_default();
        println!(
            "{}: {} [{}]",
            diagnostic.code,
            diagnostic.message,
            place.lines().next().unwrap_or_default()
        );
    }
    1
}

fn show(work: Result<Work, Error>) -> (Option<Work>, u8) {
    match work {
        Ok(work) => {
            if let Some(spoilt) = &work.spoilt {
                eprintln!("{}", spoilt.reason);
            }
            print!("{}", text(&work.plan));
            (Some(work), 0)
        }
        Err(error) => (None, fail(&error)),
    }
}

fn carry_out(work: Result<Work, Error>) -> u8 {
    let begun = Instant::now();
    let (Some(work), _) = show(work) else { return 1 };
    let took: Mutex<BTreeMap<Kind, Duration>> = Mutex::default();
    let events = |event: Event<'_>| {
        if let Event::Done { id, took: one, .. } = event {
            let mut took = took.lock().unwrap();
            let longest = took.entry(id.kind).or_default();
            *longest = (*longest).max(one);
        }
    };
    match work.apply(&events, &AtomicBool::new(false)) {
        Ok(outcome) => {
            eprintln!("{:?}", took.lock().unwrap());
            for (id, error) in &outcome.failed {
                println!("failed {id}");
                fail(error);
            }
            eprintln!("applied in {:?} ({:?})", outcome.took, begun.elapsed());
            u8::from(!outcome.is_complete())
        }
        Err(error) => fail(&error),
    }
}

fn text(plan: &Plan) -> String {
    let mut lines = String::new();
    for step in &plan.steps {
        let changes = step.changes.iter().map(|change| match &change.from {
            Some(from) => format!(" {}={from}→{}", change.attribute, change.to.as_ref().unwrap()),
            None => String::new(),
        });
        let reason = match &step.reason {
            Reason::New(_) => "new".to_owned(),
            Reason::Changed(_) => "changed".to_owned(),
            Reason::Reads(id) => format!("reads {id}"),
            Reason::Inside(id) => format!("inside {id}"),
            other => format!("{other:?}").to_lowercase(),
        };
        lines += &format!("{:?} {}{} ({reason})\n", step.action, step.id, changes.collect::<String>())
            .to_lowercase();
    }
    lines
}

fn destroy(root: &Path) -> u8 {
    let Some(directory) = LabDirectory::open(root, NAME).unwrap() else { return 0 };
    let begun = Instant::now();
    if let Some(client) = Client::connect(&directory).unwrap() {
        client.shutdown(Duration::from_secs(10)).unwrap();
    }
    directory.remove(&std::env::current_exe().unwrap(), &IdMap::detect()).unwrap();
    eprintln!("destroyed in {:?}", begun.elapsed());
    0
}

fn kill(root: &Path) -> u8 {
    let directory = LabDirectory::open(root, NAME).unwrap().unwrap();
    Client::connect(&directory).unwrap().unwrap().kill(Duration::from_secs(10)).unwrap();
    0
}

fn on(root: &Path, host: &str, argv: &[&str]) -> u8 {
    let directory = LabDirectory::open(root, NAME).unwrap().unwrap();
    let client = Client::connect(&directory).unwrap().unwrap();
    let known = exports::known(&directory, host).unwrap().unwrap();
    let init = client.open_host(host, &known.view).unwrap();
    let path = BTreeMap::from([("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())]);
    let command = Command::new(argv.iter().copied(), path);
    let init = std::os::fd::AsFd::as_fd(&init);
    let namespaces = topo_engine::linux::namespace::HOST;
    runtime::exec_in_host(&client, host, init, &command, namespaces).unwrap().shell_code()
}

fn fail(error: &Error) -> u8 {
    println!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        println!("  because: {deeper}");
        cause = deeper.source();
    }
    1
}

/// The library from the repository, labs from where they are.
struct Files;

impl World for Files {
    fn read(&self, path: &str) -> std::io::Result<String> {
        let library = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../stdlib"));
        match path.strip_prefix("std:") {
            Some(name) => std::fs::read_to_string(library.join(name).with_extension("kdl")),
            None => std::fs::read_to_string(path),
        }
    }
}
