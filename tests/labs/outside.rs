//! A network namespace that plays the machine's own, for labs that reach out of themselves: so no test touches the real one.

use crate::run::{Outcome, run, until};
use crate::stage::Actor;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The namespace, as long as this is there.
#[derive(Debug)]
pub(crate) struct Outside {
    holder: Child,
}

impl Outside {
    /// Makes it, and has `sh -c` do `setup` there.
    pub(crate) fn new(actor: &Actor, setup: &str) -> Result<Self, String> {
        let mut command = Command::new("unshare");
        command
            .args(["--net", "sleep", "infinity"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let holder = command.spawn().map_err(|error| format!("start unshare: {error}"))?;
        let outside = Self { holder };
        let own = std::fs::read_link("/proc/self/ns/net").map_err(|error| error.to_string())?;
        until(Duration::from_secs(10), || match std::fs::read_link(outside.path()) {
            Ok(other) if other != own => Ok(()),
            _ => Err("the namespace that plays the machine's is not there".to_owned()),
        })?;
        match outside.does(actor, setup)? {
            done if done.status == 0 => Ok(outside),
            failed => Err(format!("setting up what plays the machine failed\n{failed}")),
        }
    }

    /// `program`, started there.
    pub(crate) fn command(&self, actor: &Actor, program: &str) -> Command {
        let mut command = actor.command("nsenter");
        command.arg(format!("--net={}", self.path())).arg(program);
        command
    }

    /// Runs a command there.
    pub(crate) fn does(&self, actor: &Actor, command: &str) -> Result<Outcome, String> {
        let mut shell = self.command(actor, "sh");
        shell.args(["-c", command]);
        run(shell, command, Duration::from_secs(60))
    }

    /// The names of links and the addresses there; whether they are up depends on what they are plugged into.
    pub(crate) fn contents(&self, actor: &Actor) -> Result<String, String> {
        Ok(self.does(actor, "ip -o link | cut -d: -f2; ip -o -4 address")?.stdout)
    }

    fn path(&self) -> String {
        Path::new("/proc").join(self.holder.id().to_string()).join("ns/net").display().to_string()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
