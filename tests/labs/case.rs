//! A lab file with its claims, written as comments in it:
//!
//! ```text
//! // check: client1: ping -c 1 10.0.0.2            must end with 0
//! // check-fails: client1: ping -c 1 10.0.9.9      must not
//! // drift: client1: ip link set eth0 down => veth client1/eth0     by hand; then the plan has exactly these steps
//! // machine: ip link add br0 type bridge      sets up a namespace that plays the machine's; only root's labs reach it
//! // needs: id-range                               refused, by name, to a user who has none
//! // kernel: ip link add d0 type dummy            where this fails, refused by name, and run in the virtual machine
//! // set: hosts=20                                 for `plan` and `apply`
//! // limit: 120                                    seconds for one command
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

/// One lab file and what it claims.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The file, relative to the checkout.
    pub(crate) path: PathBuf,
    /// Commands on hosts, in order.
    pub(crate) checks: Vec<Check>,
    /// Things done by hand, and what the plan then says.
    pub(crate) drifts: Vec<Drift>,
    /// What `sh -c` does first in a network namespace that plays the machine's own; then a check may be on `machine`.
    pub(crate) machine: Option<String>,
    /// Whether one id is not enough.
    pub(crate) needs_range: bool,
    /// What the kernel must be able to do, for `sh -c` in a network namespace that is thrown away.
    pub(crate) kernel: Option<String>,
    /// `name=value` for `--set`.
    pub(crate) set: Vec<String>,
    /// For one command.
    pub(crate) limit: Duration,
}

/// A command on a host that must succeed, or must not.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Where.
    pub(crate) host: String,
    /// What, for `sh -c`.
    pub(crate) command: String,
    /// Whether it must end with 0.
    pub(crate) succeeds: bool,
}

/// A change by hand.
#[derive(Clone, Debug)]
pub(crate) struct Drift {
    /// Where.
    pub(crate) host: String,
    /// What, for `sh -c`.
    pub(crate) command: String,
    /// The resources in the plan afterwards, sorted.
    pub(crate) planned: Vec<String>,
}

impl Case {
    /// Reads the claims in the file at `checkout`/`path`. Everything may take `patience` times as long.
    pub(crate) fn read(checkout: &Path, path: &Path, patience: u32) -> Result<Self, String> {
        let text = std::fs::read_to_string(checkout.join(path)).map_err(|error| error.to_string())?;
        let mut case = Self {
            path: path.to_owned(),
            checks: Vec::new(),
            drifts: Vec::new(),
            machine: None,
            needs_range: false,
            kernel: None,
            set: Vec::new(),
            limit: Duration::from_secs(60),
        };
        for (number, line) in text.lines().enumerate() {
            let Some((word, rest)) =
                line.trim_start().strip_prefix("// ").and_then(|line| line.split_once(": "))
            else {
                continue;
            };
            case.claim(word, rest.trim())
                .map_err(|error| format!("{}:{}: {error}", path.display(), number + 1))?;
        }
        case.limit *= patience;
        Ok(case)
    }

    /// Adds one claim; other comments are none.
    fn claim(&mut self, word: &str, rest: &str) -> Result<(), String> {
        match word {
            "check" | "check-fails" => {
                let (host, command) = on_host(rest)?;
                self.checks.push(Check { host, command, succeeds: word == "check" });
            }
            "drift" => {
                let (done, planned) =
                    rest.rsplit_once(" => ").ok_or("expected `HOST: COMMAND => RESOURCE, …`")?;
                let (host, command) = on_host(done)?;
                let mut planned: Vec<String> = planned.split(", ").map(str::to_owned).collect();
                planned.sort();
                self.drifts.push(Drift { host, command, planned });
            }
            "machine" => self.machine = Some(rest.to_owned()),
            "needs" if rest == "id-range" => self.needs_range = true,
            "needs" => return Err(format!("expected `needs: id-range`, found `{rest}`")),
            "kernel" => self.kernel = Some(rest.to_owned()),
            "set" => self.set.push(rest.to_owned()),
            "limit" => {
                let seconds = rest.parse().map_err(|_| format!("expected seconds, found `{rest}`"))?;
                self.limit = Duration::from_secs(seconds);
            }
            _ => {}
        }
        Ok(())
    }
}

/// `HOST: COMMAND`.
fn on_host(text: &str) -> Result<(String, String), String> {
    let (host, command) =
        text.split_once(": ").ok_or_else(|| format!("expected `HOST: COMMAND`, found `{text}`"))?;
    Ok((host.trim().to_owned(), command.trim().to_owned()))
}
