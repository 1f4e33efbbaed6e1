//! A lab of one test, and the subcommands of the test binary that work in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command as Started, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use topo_engine::linux::{namespace, process};
use topo_engine::runtime::{
    Client, Command, DaemonSpec, DaemonState, DaemonStatus, IdMap, LabDirectory, LogSpec, Restart, enter,
    exec_in_host, start,
};

pub(crate) const LAB: &str = "test";
const LIMIT: Duration = Duration::from_secs(10);

/// A running lab in a directory of its own.
pub(crate) struct Lab {
    pub(crate) state_root: TempDir,
    pub(crate) directory: LabDirectory,
    pub(crate) client: Option<Client>,
}

impl Lab {
    pub(crate) fn start() -> Lab {
        let state_root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::create(state_root.path(), LAB).unwrap();
        let client = start(&directory, &exe(), &IdMap::detect()).unwrap();
        Lab { state_root, directory, client: Some(client) }
    }

    pub(crate) fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    pub(crate) fn open(&self, host: &str) -> OwnedFd {
        let view = self.directory.host_view(host, &format!("{host}.lab.test"));
        self.client().open_host(host, &view).unwrap()
    }

    /// A command on a host, through another process, as `topo exec` does it.
    pub(crate) fn exec(&self, host: &str, argv: &[&str]) -> Output {
        self.exec_command(host, argv).output().unwrap()
    }

    pub(crate) fn exec_command(&self, host: &str, argv: &[&str]) -> Started {
        let mut command = process::command(exe());
        command.arg("exec").arg(self.state_root.path()).arg(host).args(argv).stdin(Stdio::null());
        command
    }

    /// What a process inside the lab says about this task.
    pub(crate) fn inside(&self, task: &str, words: &[&str]) -> String {
        let mut command = process::command(exe());
        command.arg("inside").arg(self.state_root.path()).arg(task).args(words);
        let output = command.stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{task}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn status(&self, id: &str) -> Option<DaemonStatus> {
        self.client().status().unwrap().into_iter().find(|daemon| daemon.id == id)
    }

    /// Waits until the daemon's state is as wanted.
    pub(crate) fn until(&self, id: &str, wanted: impl Fn(&DaemonStatus) -> bool) -> DaemonStatus {
        let mut last = None;
        let found = eventually(|| {
            last = self.status(id);
            last.clone().filter(&wanted)
        });
        found.unwrap_or_else(|| panic!("daemon `{id}` stays {last:?}; log: {}", self.log(id)))
    }

    pub(crate) fn log(&self, id: &str) -> String {
        fs::read_to_string(self.directory.host("h").log(id)).unwrap_or_default()
    }

    /// A daemon on host `h`.
    pub(crate) fn daemon(&self, id: &str, argv: &[&str]) -> DaemonSpec {
        DaemonSpec {
            host: "h".into(),
            argv: argv.iter().map(ToString::to_string).collect(),
            env: environment(),
            cwd: "/".into(),
            uid: 0,
            gid: 0,
            stdin: None,
            log: LogSpec { path: self.directory.host("h").log(id), size: 1 << 20, count: 1 },
            limits: BTreeMap::new(),
            capabilities: None,
            seccomp: None,
            listen: None,
            notify: false,
            restart: Restart::No,
            stop_signal: 15,
            stop_timeout_ms: 5_000,
            lifetime_ms: None,
            digest: format!("digest of {id}"),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            client.kill(LIMIT).unwrap();
        }
        if let Some(directory) = LabDirectory::open(self.state_root.path(), LAB).unwrap() {
            directory.remove(&exe(), &IdMap::detect()).unwrap();
        }
    }
}

pub(crate) fn exe() -> PathBuf {
    std::env::current_exe().unwrap()
}

pub(crate) fn environment() -> BTreeMap<String, String> {
    [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C")]
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .into()
}

/// Asks again until there is an answer, at most ten seconds.
pub(crate) fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn is_running(state: &DaemonState) -> bool {
    matches!(state, DaemonState::Running { .. })
}

pub(crate) fn pid_of(status: &DaemonStatus) -> i32 {
    match status.state {
        DaemonState::Running { pid, .. } | DaemonState::Stopping { pid } => pid,
        _ => panic!("{status:?} has no pid"),
    }
}

/// `exec STATE_ROOT HOST PROGRAM ARGUMENT…`: as `topo exec`; 127 when it could not be executed.
pub(crate) fn exec(mut words: impl Iterator<Item = String>) -> ExitCode {
    let (client, _) = connect(words.next().unwrap());
    let host = words.next().unwrap();
    let view = client.directory().host_view(&host, &format!("{host}.lab.test"));
    let init = client.open_host(&host, &view).unwrap();
    let command = Command::new(words, environment());
    match exec_in_host(&client, &host, init.as_fd(), &command, namespace::HOST) {
        Ok(ending) => ExitCode::from(ending.shell_code()),
        Err(error) => {
            eprintln!("{error}: {}", std::error::Error::source(&error).unwrap());
            ExitCode::from(127)
        }
    }
}

/// `inside STATE_ROOT TASK WORD…`: does the task in the lab's namespaces and prints what it found.
pub(crate) fn inside(mut words: impl Iterator<Item = String>) -> ExitCode {
    let (client, _) = connect(words.next().unwrap());
    let task = words.next().unwrap();
    let words: Vec<String> = words.collect();
    let ending = enter(&client, || {
        println!("{}", crate::hosts::work(&client, &task, &words));
        0
    });
    ExitCode::from(ending.unwrap().shell_code())
}

/// `probes`: what the machine can do.
pub(crate) fn probes() -> ExitCode {
    println!("{:?}", topo_engine::linux::machine::probes().unwrap());
    ExitCode::SUCCESS
}

fn connect(state_root: String) -> (Client, PathBuf) {
    let directory = LabDirectory::open(Path::new(&state_root), LAB).unwrap().unwrap();
    (Client::connect(&directory).unwrap().unwrap(), state_root.into())
}
