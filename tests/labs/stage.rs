//! Who the tests run as, and the place where they run: `/home/topo-test`, with a home for each mode, a copy of the
//! binary and of the labs that everyone can read. Root's labs have their state below `/var`, as they do by default, which
//! is a path that hosts cover. Made when the first test needs it, removed at the end;
//! what a killed run left is removed first.

use crate::remains::{self, Traces};
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{Gid, Uid, User, chown};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = "/home/topo-test";
const ROOT_STATE: &str = "/var/lib/topo-test";
const LOCK: &str = "/run/lock/topo-test.lock";
const RANGE_USER: &str = "topo-test-range";
const SINGLE_USER: &str = "topo-test-single";

/// As whom a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// The machine's root: no user namespace.
    Root,
    /// An ordinary user with a range in `/etc/subuid`.
    Range,
    /// An ordinary user with one id only.
    Single,
}

impl Mode {
    /// Every mode.
    pub(crate) const ALL: [Mode; 3] = [Mode::Root, Mode::Range, Mode::Single];

    /// The end of a test's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Root => "root",
            Mode::Range => "range",
            Mode::Single => "single",
        }
    }
}

/// The place, and the right to it: one run at a time on a machine.
pub(crate) struct Stage {
    _lock: Flock<File>,
}

impl Stage {
    /// Makes the users and the place.
    pub(crate) fn set(binary: &Path, checkout: &Path) -> Result<Self, String> {
        let file = File::create(LOCK).map_err(|error| format!("create {LOCK}: {error}"))?;
        let lock = Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, error)| format!("lock {LOCK}: {error}"))?;
        clear()?;
        tool("mkdir", &["-p", &format!("{ROOT}/bin"), &format!("{ROOT}/tests")])?;
        fs::copy(binary, format!("{ROOT}/bin/topo")).map_err(|error| format!("copy the binary: {error}"))?;
        for from in ["topologies", "tests/kernel"] {
            if checkout.join(from).is_dir() {
                tool("cp", &["-r", &checkout.join(from).to_string_lossy(), &format!("{ROOT}/{from}")])?;
            }
        }
        // System users get no id range of their own accord.
        for user in [RANGE_USER, SINGLE_USER] {
            tool(
                "useradd",
                &[
                    "--system",
                    "--user-group",
                    "--no-create-home",
                    "--home-dir",
                    ROOT,
                    "--shell",
                    "/bin/bash",
                    user,
                ],
            )?;
        }
        let first = free_range()?;
        let range = format!("{first}-{}", first + 65535);
        tool("usermod", &["--add-subuids", &range, "--add-subgids", &range, RANGE_USER])?;
        tool("chmod", &["-R", "a+rX,u+w", ROOT])?;
        Ok(Self { _lock: lock })
    }

    /// Removes the users and the place.
    pub(crate) fn strike(self) -> Result<(), String> {
        clear()
    }
}

/// Removes whatever a run made, a killed one's labs included.
fn clear() -> Result<(), String> {
    remains::kill_marked(&[Path::new(ROOT), Path::new(ROOT_STATE)]);
    for user in [RANGE_USER, SINGLE_USER] {
        if let Ok(Some(user)) = User::from_name(user) {
            remains::kill_user(user.uid);
            tool("userdel", &[&user.name])?;
        }
    }
    tool("rm", &["-rf", "--one-file-system", ROOT, ROOT_STATE])
}

/// The first of 65536 ids above every range that is given out. Makes the files where nobody has a range yet.
fn free_range() -> Result<u32, String> {
    let mut first = 1_000_000;
    for path in ["/etc/subuid", "/etc/subgid"] {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.is_empty() {
            tool("touch", &[path])?;
        }
        for line in text.lines() {
            let numbers: Vec<u32> =
                line.split(':').skip(1).filter_map(|number| number.parse().ok()).collect();
            if let [start, count] = numbers[..] {
                first = first.max(start.saturating_add(count));
            }
        }
    }
    Ok(first)
}

/// Runs one of the machine's own tools.
fn tool(name: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(name)
        .args(arguments)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .map_err(|error| format!("start {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

/// One test's own home, user and environment.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// As whom.
    pub(crate) mode: Mode,
    /// The test's own directory: its home and its working directory.
    pub(crate) home: PathBuf,
    /// Where the test's labs keep their state.
    pub(crate) state: PathBuf,
    ids: (Uid, Gid),
}

impl Actor {
    /// The actor of the test named `test`.
    pub(crate) fn new(mode: Mode, test: &str) -> Result<Self, String> {
        let user = match mode {
            Mode::Root => "root",
            Mode::Range => RANGE_USER,
            Mode::Single => SINGLE_USER,
        };
        let user = User::from_name(user).ok().flatten().ok_or_else(|| format!("no user {user}"))?;
        let short = test.replace(['/', ':', '.', ' '], "-");
        let home = Path::new(ROOT).join(&short);
        fs::create_dir(&home).map_err(|error| format!("create {}: {error}", home.display()))?;
        fs::set_permissions(&home, Permissions::from_mode(0o700)).map_err(|error| error.to_string())?;
        chown(&home, Some(user.uid), Some(user.gid)).map_err(|error| error.to_string())?;
        std::os::unix::fs::symlink(format!("{ROOT}/topologies"), home.join("topologies"))
            .map_err(|error| error.to_string())?;
        let state = match mode {
            Mode::Root => Path::new(ROOT_STATE).join(&short),
            Mode::Range | Mode::Single => home.join(".local/state/topo"),
        };
        Ok(Self { mode, home, state, ids: (user.uid, user.gid) })
    }

    /// Where the lab file that is `path` in the checkout can be read.
    pub(crate) fn lab(path: &Path) -> PathBuf {
        Path::new(ROOT).join(path)
    }

    /// What is there of the test's labs.
    pub(crate) fn traces(&self) -> Traces {
        Traces::of(&[&self.home, &self.state])
    }

    /// `program` as this actor, with an ordinary Debian login's environment and nothing of ours.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = self.environment(Command::new(program));
        if self.mode != Mode::Root {
            command.uid(self.ids.0.as_raw()).gid(self.ids.1.as_raw());
        }
        command
    }

    /// The same, started by a command that enters somewhere and needs root for that.
    #[cfg(feature = "faults")]
    pub(crate) fn command_within(&self, entrance: &[String], program: &str) -> Command {
        let mut command = self.environment(Command::new(&entrance[0]));
        let (uid, gid) = self.owner();
        command
            .args(&entrance[1..])
            .arg("setpriv")
            .arg(format!("--reuid={uid}"))
            .arg(format!("--regid={gid}"));
        command.args(["--clear-groups", "--"]);
        // Whoever enters loses its working directory.
        command.arg("env").arg("--chdir").arg(&self.home).arg(program);
        command
    }

    /// Whose files the actor's are.
    #[cfg(feature = "faults")]
    pub(crate) fn owner(&self) -> (u32, u32) {
        (self.ids.0.as_raw(), self.ids.1.as_raw())
    }

    fn environment(&self, mut command: Command) -> Command {
        let path = match self.mode {
            Mode::Root => "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            // An ordinary user's has no sbin, where most daemons are.
            Mode::Range | Mode::Single => "/usr/local/bin:/usr/bin:/bin",
        };
        command
            .env_clear()
            .env("PATH", format!("{ROOT}/bin:{path}"))
            .env("HOME", &self.home)
            .env("LC_ALL", "C.UTF-8")
            .env("COLUMNS", "100")
            .env("LAB_STATE", &self.state)
            .current_dir(&self.home);
        if self.mode == Mode::Root {
            // `/var/lib/topo` is for the machine's own labs.
            command.env("TOPO_STATE", &self.state);
        }
        command
    }
}
