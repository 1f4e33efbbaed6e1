//! The program `nft`, in the network namespace of the thread that starts it.

use super::listing::Listing;
use crate::environment;
use crate::error::Error;
use crate::linux::process;
use std::io::Write as _;
use std::process::Stdio;
use std::thread;

/// What takes the table away, also where there is none.
pub(super) const WITHOUT: &str = "table inet topo\ndelete table inet topo\n";

/// The program's name.
pub(super) const PROGRAM: &str = "nft";

/// Has `nft` carry out `script`, all of it or nothing; gives what it lists.
pub(super) fn carry_out(script: &str) -> Result<String, Error> {
    let operation = || format!("run `{PROGRAM}`");
    let failed = |source| Error::caused(operation(), source);
    let mut command = process::command(PROGRAM);
    command.args(["--stateless", "--file", "-"]).env_clear().env("PATH", environment::PATH);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        // One that refuses early does not read it all, and says why itself.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(script.as_bytes())));
        child.wait_with_output()
    });
    let output = output.map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said =
        said.lines().find_map(|line| line.split_once("Error: ")).map_or(said.trim(), |(_, words)| words);
    Err(Error::found(operation(), said.to_owned()))
}

/// The table as the kernel has it. Not in one go with anything else: what is listed then is what `nft` thinks will come of it.
pub(super) fn list() -> Result<Option<Listing>, Error> {
    carry_out("list ruleset inet\n").map(|text| Listing::of(&text))
}
