//! Starting a lab's supervisor, seen from the command that starts it: the same binary again, given its id map from
//! outside, until it says that it listens. Removing a directory whose files belong to mapped ids goes the same way.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use super::client::Client;
use super::directory::LabDirectory;
use super::error::{Error, Result};
use super::idmap::IdMap;
use super::protocol::{Inbox, Progress};
use super::supervisor::{COMMAND, Ids, Task};
use crate::fault;
use crate::linux::{Error as KernelError, files, process, socket};

/// How many lines of a supervisor's log go into an error.
const LOG_LINES: usize = 10;

/// Connects to the lab's supervisor, which is started if the lab does not run. `exe` is a program that calls
/// [`super::supervisor::main`] for its command `supervise`, usually `/proc/self/exe`.
pub fn start(directory: &LabDirectory, exe: &Path, map: &IdMap) -> Result<Client> {
    if let Some(client) = Client::connect(directory)? {
        return Ok(client);
    }
    // It waits for us no more once this end is closed.
    drop(launch(directory, exe, map, Task::Run)?);
    Client::connect(directory)?.ok_or_else(|| ended(directory))
}

/// Keeps a lab running: when the last copy of this is closed, also by a process that is killed, the lab ends and its
/// directory goes.
#[derive(Debug)]
pub struct Tether(#[expect(dead_code, reason = "it is held, not used")] UnixStream);

/// The same for a lab that runs only as long as somebody holds it.
pub fn start_held(directory: &LabDirectory, exe: &Path, map: &IdMap) -> Result<(Client, Tether)> {
    let tether = launch(directory, exe, map, Task::Hold)?;
    let client = Client::connect(directory)?.ok_or_else(|| ended(directory))?;
    Ok((client, Tether(tether)))
}

/// Removes a lab's directory in a user namespace with this map.
pub(super) fn remove(directory: &LabDirectory, exe: &Path, map: &IdMap) -> Result<()> {
    launch(directory, exe, map, Task::Remove).map(drop)
}

/// Runs `exe supervise` until it is ready; gives the socket to it.
fn launch(directory: &LabDirectory, exe: &Path, map: &IdMap, task: Task) -> Result<UnixStream> {
    let (ours, theirs) =
        UnixStream::pair().map_err(|source| KernelError::new("make", "a pair of sockets", source))?;
    let child = spawn(directory, exe, map, task, theirs)?;
    fault::point("start: supervisor spawned");
    let mut inbox = Inbox::default();
    let outcome = attend(directory, map, &child, &ours, &mut inbox);
    let mut child = child;
    if outcome.is_err() {
        // It may wait for an answer.
        let _ = ours.shutdown(std::net::Shutdown::Both);
    }
    child.wait().map_err(|source| KernelError::new("wait for", "the supervisor", source))?;
    outcome.map(|()| ours)
}

fn spawn(directory: &LabDirectory, exe: &Path, map: &IdMap, task: Task, theirs: UnixStream) -> Result<Child> {
    let log = || match task {
        Task::Run | Task::Hold => files::open_log(&directory.supervisor_log()).map(Stdio::from),
        // Its log would be removed under its hands.
        Task::Remove => Ok(Stdio::null()),
    };
    process::command(exe)
        .arg0("topo")
        .args([COMMAND, task.word(), Ids::of(map).word(), directory.lab()])
        .arg(directory.path())
        .env_clear()
        .envs(fault::environment())
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(log()?)
        .stderr(log()?)
        .spawn()
        .map_err(|source| KernelError::new("execute", exe.display(), source).into())
}

/// Gives it its id map when it asks, until it is ready or has failed.
fn attend(
    directory: &LabDirectory,
    map: &IdMap,
    child: &Child,
    ours: &UnixStream,
    inbox: &mut Inbox,
) -> Result<()> {
    let gone = |source| Error::Gone { lab: directory.lab().to_string(), source };
    loop {
        match inbox.next_frame::<Progress>().map_err(gone)? {
            Some((Progress::Map, _)) => {
                fault::point("start: map asked for");
                map.give(child.id())?;
                socket::send(ours.as_fd(), &[1], &[]).map_err(|errno| gone(errno.into()))?;
            }
            Some((Progress::Ready, _)) => return Ok(()),
            Some((Progress::Failed { failure }, _)) => return Err(failure.into()),
            None => {
                if !inbox.fill(ours.as_fd()).map_err(gone)? {
                    return Err(ended(directory));
                }
            }
        }
    }
}

fn ended(directory: &LabDirectory) -> Error {
    // Without a log there is nothing more to tell.
    let text = fs::read(directory.supervisor_log()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<String> = text.lines().map(str::to_string).collect();
    let log = lines[lines.len().saturating_sub(LOG_LINES)..].to_vec();
    Error::Start { lab: directory.lab().to_string(), log }
}
