//! What we own and left behind: a versioned file that is replaced whole, and a journal beside it that is only appended to.
//!
//! Every step writes its intent before it begins and its result when it is done, so a kill at any instant loses nothing.
//! Deliberately absent: secrets; only their keyed digests are here.

use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::fault;
use crate::graph::{Dependency, ResourceId};
use crate::lab::Lab;
use crate::linux::files;
use crate::name::{HostName, NetworkName};
use crate::plan::{Action, Bookkeeping};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The form of the file that this version writes; it reads no other.
pub(crate) const VERSION: u32 = 1;

/// What was applied last.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The key under which secrets are digested.
    pub key: DigestKey,
    /// What we own.
    pub resources: BTreeMap<ResourceId, Recorded>,
    /// Per network, and per host and interface, the number of its address: handed out once, kept for good.
    pub leases: BTreeMap<NetworkName, BTreeMap<String, u32>>,
}

/// One thing we own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// What it was when we left it.
    pub attributes: Attributes,
    /// What it needed, in the order of [`Dependency::order`].
    #[serde(default)]
    pub depends_on: Vec<Dependency>,
    /// Whether an apply was interrupted while working on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

impl Recorded {
    /// A thing whose step is done.
    pub fn new(attributes: Attributes, depends_on: Vec<Dependency>) -> Self {
        let mut depends_on: Vec<Dependency> =
            depends_on.into_iter().map(|edge| Dependency { asked_at: None, ..edge }).collect();
        // In which order a lab says things is no part of what it says.
        depends_on.sort_by(Dependency::order);
        Self { attributes, depends_on, interrupted: false }
    }
}

/// What reading the state gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    /// The lab was never applied, or destroyed.
    Absent,
    /// What was applied last.
    Known(State),
    /// The file is of another version of topo, which may know what this one does not.
    Foreign {
        /// Where it is.
        path: PathBuf,
        /// The version of its form.
        version: u64,
    },
    /// The file cannot be made sense of. The lab can still be destroyed, and applied after that.
    Spoilt {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads the state and replays its journal. A torn last line is a step that was never begun.
pub fn load(directory: &Path) -> Result<Loaded, Error> {
    let path = directory.join(STATE);
    let Some(text) = read(&path)? else {
        return Ok(Loaded::Absent);
    };
    let file: StateFile = match serde_json::from_str(&text) {
        Ok(StateFile { version, .. }) if version != VERSION => {
            return Ok(Loaded::Foreign { path, version: version.into() });
        }
        Ok(file) => file,
        // Whatever else is in it: another version may have another form.
        Err(error) => {
            return Ok(match serde_json::from_str(&text) {
                Ok(Head { version }) if version != u64::from(VERSION) => Loaded::Foreign { path, version },
                _ => Loaded::Spoilt { path, reason: error.to_string() },
            });
        }
    };
    let mut state = State {
        key: file.key,
        resources: file.resources.into_iter().map(StateEntry::split).collect(),
        leases: file.leases,
    };
    let path = directory.join(JOURNAL);
    let journal = read(&path)?.unwrap_or_default();
    let lines: Vec<&str> = journal.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        match serde_json::from_str(line) {
            Ok(entry) => state.replay(entry),
            Err(_) if number + 1 == lines.len() => {}
            Err(error) => {
                return Ok(Loaded::Spoilt { path, reason: format!("line {}: {error}", number + 1) });
            }
        }
    }
    Ok(Loaded::Known(state))
}

impl State {
    /// The state of a lab that nothing was applied of.
    pub fn new(key: DigestKey) -> Self {
        Self { key, resources: BTreeMap::new(), leases: BTreeMap::new() }
    }

    /// Notes the number of every address that lies in its network's prefix, so that it stays the same.
    pub fn note_leases(&mut self, lab: &Lab) {
        self.leases = leases(lab);
    }

    fn replay(&mut self, entry: Entry) {
        match entry {
            Entry::Begin { id, action: _, recorded } => {
                self.resources.entry(id).or_insert(recorded).interrupted = true;
            }
            Entry::Done { id, recorded } => {
                self.resources.insert(id, recorded);
            }
            Entry::Gone { id } => {
                self.resources.remove(&id);
            }
        }
    }
}

/// The number of every address of a lab that lies in its network's prefix, per network and per `HOST/INTERFACE`.
pub fn leases(lab: &Lab) -> BTreeMap<NetworkName, BTreeMap<String, u32>> {
    let mut leases: BTreeMap<NetworkName, BTreeMap<String, u32>> = BTreeMap::new();
    for (host_name, host) in &lab.hosts {
        for (interface_name, interface) in &host.interfaces {
            let Some(name) = &interface.network else { continue };
            let Some(network) = lab.networks.get(&name.value) else { continue };
            let number = interface.addresses.iter().find_map(|address| {
                network.subnet.iter().find_map(|subnet| number_within(subnet.value, address.addr()))
            });
            if let Some(number) = number {
                let numbers = leases.entry(name.value.clone()).or_default();
                numbers.insert(format!("{host_name}/{interface_name}"), number);
            }
        }
    }
    leases
}

/// The number of an address within a prefix: 21 for 10.53.57.21 in 10.53.57.0/24.
fn number_within(subnet: ipnet::IpNet, address: std::net::IpAddr) -> Option<u32> {
    if !subnet.contains(&address) {
        return None;
    }
    let value = |address| match address {
        std::net::IpAddr::V4(address) => u128::from(u32::from(address)),
        std::net::IpAddr::V6(address) => u128::from(address),
    };
    u32::try_from(value(address) - value(subnet.network())).ok()
}

/// The state of a lab, open for change by one process at a time.
#[derive(Debug)]
pub struct Ledger {
    directory: PathBuf,
    state: Mutex<State>,
    journal: Mutex<Journal>,
    _lock: Flock<File>,
}

#[derive(Debug)]
struct Journal {
    file: File,
    /// How much of it is whole lines.
    length: u64,
}

impl Journal {
    /// Adds whole lines or nothing: where the disk is full, half a line would spoil what comes after it.
    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        if let Err(error) = self.file.write_all(lines) {
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    fn empty(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.length = 0;
        self.file.rewind()
    }
}

impl Ledger {
    /// Takes the lab's lock and opens its journal. `state` is what [`load`] gave; it is written whole first.
    pub fn open(directory: &Path, lock: Flock<File>, state: State) -> Result<Self, Error> {
        let path = directory.join(JOURNAL);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| Error::caused(format!("open `{}`", path.display()), source))?;
        let ledger = Self {
            directory: directory.to_owned(),
            state: Mutex::new(state),
            journal: Mutex::new(Journal { file, length: 0 }),
            _lock: lock,
        };
        ledger.settle()?;
        Ok(ledger)
    }

    /// The state as it is now.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that steps are about to begin.
    pub fn begin<'s>(
        &self,
        steps: impl IntoIterator<Item = (&'s ResourceId, Action, Recorded)>,
    ) -> Result<(), Error> {
        self.write(steps.into_iter().map(|(id, action, recorded)| Entry::Begin {
            id: id.clone(),
            action,
            recorded,
        }))
    }

    /// Notes that things are now as recorded here.
    pub fn done(&self, things: impl IntoIterator<Item = (ResourceId, Recorded)>) -> Result<(), Error> {
        self.write(things.into_iter().map(|(id, recorded)| Entry::Done { id, recorded }))
    }

    /// Notes that things are no more.
    pub fn gone(&self, things: impl IntoIterator<Item = ResourceId>) -> Result<(), Error> {
        self.write(things.into_iter().map(|id| Entry::Gone { id }))
    }

    /// Puts right what a plan found wrong with the state alone.
    pub fn correct(&self, bookkeeping: &[Bookkeeping]) -> Result<(), Error> {
        self.write(bookkeeping.iter().cloned().map(|entry| match entry {
            Bookkeeping::Record(id, recorded) => Entry::Done { id, recorded },
            Bookkeeping::Forget(id) => Entry::Gone { id },
        }))
    }

    /// Notes the numbers of the lab's addresses.
    pub fn note_leases(&self, lab: &Lab) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).note_leases(lab);
    }

    /// Writes the state whole and empties the journal.
    pub fn settle(&self) -> Result<(), Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let file = StateFile {
            version: VERSION,
            key: state.key.clone(),
            leases: state.leases.clone(),
            resources: state.resources.iter().map(|(id, recorded)| StateEntry::new(id, recorded)).collect(),
        };
        let path = self.directory.join(STATE);
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            Error::caused(format!("write `{}`", path.display()), source)
        };
        let text = serde_json::to_vec(&file).map_err(|error| failed(error.into()))?;
        files::replace(&path, &text, 0o600).map_err(|error| failed(error.into()))?;
        fault::point("state: written");
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.empty().map_err(|error| failed(error.into()))?;
        fault::point("state: journal emptied");
        Ok(())
    }

    fn write(&self, entries: impl Iterator<Item = Entry>) -> Result<(), Error> {
        let path = self.directory.join(JOURNAL);
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            Error::caused(format!("write `{}`", path.display()), source)
        };
        let mut lines = Vec::new();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            serde_json::to_writer(&mut lines, &entry).map_err(|error| failed(error.into()))?;
            lines.push(b'\n');
            state.replay(entry);
        }
        drop(state);
        if lines.is_empty() {
            return Ok(());
        }
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(&lines).map_err(|error| failed(error.into()))
    }
}

/// Takes the lock of a lab's directory, or says who has it. The kernel gives it back when its holder ends, however that
/// comes, so that it is never stale. Who took it is in the file, and when is the file's own time.
pub fn lock(directory: &Path) -> Result<Flock<File>, Error> {
    let path = directory.join(LOCK);
    let operation = || format!("lock `{}`", path.display());
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|source| Error::caused(operation(), source))?;
    let mut lock = lock_soon(file).map_err(|errno| match errno {
        nix::errno::Errno::EWOULDBLOCK => {
            Error::found("change the lab", holder(&path)).help("wait until it has ended, or end it")
        }
        errno => Error::caused(operation(), errno),
    })?;
    let command = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    let words: Vec<_> = command
        .split(|byte| *byte == 0)
        .skip(1)
        .filter(|word| !word.is_empty())
        .map(String::from_utf8_lossy)
        .collect();
    let note = format!("{}\ntopo {}\n", std::process::id(), words.join(" "));
    lock.set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| lock.write_all(note.as_bytes()))
        .map_err(|source| Error::caused(operation(), source))?;
    fault::point("state: locked");
    Ok(lock)
}

/// Who has a lock: `topo apply lab.kdl` (pid 42) is at work on it since 3 s.
fn holder(path: &Path) -> String {
    let note = std::fs::read(path).unwrap_or_default();
    let note = String::from_utf8_lossy(&note);
    let mut lines = note.lines();
    let pid = lines.next().filter(|pid| !pid.is_empty()).unwrap_or("unknown");
    let command = lines.next().unwrap_or("topo");
    let since =
        path.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
    let since = since.map(|since| format!(" since {} s", since.as_secs())).unwrap_or_default();
    format!("`{command}` (pid {pid}) is at work on it{since}")
}

/// Somebody who was killed keeps a lock for as long as it takes to die, so that the first refusal is not the last word.
fn lock_soon(mut file: File) -> nix::Result<Flock<File>> {
    let deadline = Instant::now() + Duration::from_millis(500);
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, nix::errno::Errno::EWOULDBLOCK)) if Instant::now() < deadline => file = back,
            Err((_, errno)) => return Err(errno),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The numbers recorded for a lab, for the language to keep addresses as they are.
pub fn leases_of(directory: &Path) -> Result<BTreeMap<NetworkName, BTreeMap<String, u32>>, Error> {
    /// The part of [`StateFile`] that this is about; the rest is passed over.
    #[derive(Default, Deserialize)]
    struct Leases {
        version: u32,
        leases: BTreeMap<NetworkName, BTreeMap<String, u32>>,
    }
    let text = read(&directory.join(STATE))?.unwrap_or_default();
    // What cannot be read is complained of when the lab is looked at.
    let found: Leases = serde_json::from_str(&text).unwrap_or_default();
    Ok(if found.version == VERSION { found.leases } else { BTreeMap::new() })
}

/// Whose address a lease is.
pub fn lease_name(host: &HostName, interface: &str) -> String {
    format!("{host}/{interface}")
}

const STATE: &str = "state.json";
const JOURNAL: &str = "state.journal";
const LOCK: &str = "lock";

/// What is in any version's file.
#[derive(Deserialize)]
struct Head {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct StateFile {
    version: u32,
    key: DigestKey,
    leases: BTreeMap<NetworkName, BTreeMap<String, u32>>,
    resources: Vec<StateEntry>,
}

/// The fields of [`Recorded`] beside the name: `flatten` would read each twice.
#[derive(Serialize, Deserialize)]
struct StateEntry {
    id: ResourceId,
    attributes: Attributes,
    #[serde(default)]
    depends_on: Vec<Dependency>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
}

impl StateEntry {
    fn new(id: &ResourceId, recorded: &Recorded) -> Self {
        let Recorded { attributes, depends_on, interrupted } = recorded.clone();
        Self { id: id.clone(), attributes, depends_on, interrupted }
    }

    fn split(self) -> (ResourceId, Recorded) {
        let Self { id, attributes, depends_on, interrupted } = self;
        (id, Recorded { attributes, depends_on, interrupted })
    }
}

/// One line of the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Entry {
    /// A step is about to begin; `recorded` is what it aims at, or for a removal what was there.
    Begin { id: ResourceId, action: Action, recorded: Recorded },
    /// It is as recorded here.
    Done { id: ResourceId, recorded: Recorded },
    /// It is no more.
    Gone { id: ResourceId },
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::caused(format!("read `{}`", path.display()), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;

    fn recorded(mtu: u32) -> Recorded {
        Recorded::new(Attributes::from([("mtu".into(), mtu.into())]), Vec::new())
    }

    fn bridge(name: &str) -> ResourceId {
        ResourceId::of_lab(Kind::Bridge, name)
    }

    /// A state with one thing, and the lines of a run that made another and removed it.
    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let lock = lock(directory.path()).unwrap();
        let ledger = Ledger::open(directory.path(), lock, State::new(DigestKey::new([7; 32]))).unwrap();
        ledger.done([(bridge("one"), recorded(1500))]).unwrap();
        ledger.settle().unwrap();
        ledger.begin([(&bridge("two"), Action::Create, recorded(1400))]).unwrap();
        ledger.done([(bridge("two"), recorded(1400))]).unwrap();
        directory
    }

    fn known(directory: &Path) -> State {
        match load(directory).unwrap() {
            Loaded::Known(state) => state,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_journal_that_ends_anywhere_is_read_as_far_as_it_goes() {
        let directory = directory();
        let path = directory.path().join(JOURNAL);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for end in 0..=whole.len() {
            files::replace(&path, &whole[..end], 0o600).unwrap();
            let state = known(directory.path());
            assert_eq!(state.resources.get(&bridge("one")), Some(&recorded(1500)), "cut at {end}");
            let two = state.resources.get(&bridge("two"));
            match end {
                // A line that lacks nothing but its end is whole.
                end if end + 1 >= whole.len() => assert_eq!(two, Some(&recorded(1400)), "cut at {end}"),
                end if end + 1 >= first => assert!(two.unwrap().interrupted, "cut at {end}"),
                end => assert_eq!(two, None, "cut at {end}"),
            }
        }
    }

    #[test]
    fn what_is_no_state_is_spoilt_and_another_versions_is_foreign() {
        let directory = directory();
        let path = directory.path().join(STATE);
        let good = std::fs::read(&path).unwrap();
        for bad in [&b""[..], b"{", b"[]", b"{\"version\":1}", b"\0\0\0\0", b"\xff\xfe\x80", b"true"] {
            files::replace(&path, bad, 0o600).unwrap();
            assert!(matches!(load(directory.path()).unwrap(), Loaded::Spoilt { .. }), "{bad:?}");
        }
        for end in 1..good.len() {
            files::replace(&path, &good[..end], 0o600).unwrap();
            assert!(matches!(load(directory.path()).unwrap(), Loaded::Spoilt { .. }), "cut at {end}");
        }
        for version in [0, 2, 999] {
            let text = format!("{{\"version\":{version},\"what\":[\"only it knows\"]}}");
            files::replace(&path, text.as_bytes(), 0o600).unwrap();
            assert!(matches!(load(directory.path()).unwrap(), Loaded::Foreign { .. }), "{text}");
        }
    }
}
