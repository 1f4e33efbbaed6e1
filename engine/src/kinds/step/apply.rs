//! Running a step.

use super::Step;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::output::{ended, last_lines};
use crate::machine::Machine;
use crate::runtime::Command;

pub(super) fn run(machine: &Machine, id: &ResourceId, step: &Step) -> Result<(), Error> {
    let operation = format!("run {id}");
    let command = Command::new(step.run.iter().cloned(), step.environment.clone());
    let stdin = step.stdin.as_ref().map_or("", |stdin| stdin.reveal());
    let output = machine.run(&step.host, &command, stdin.as_bytes(), step.timeout)?;
    if output.success() {
        return Ok(());
    }
    let error = Error::found(operation, ended(&output)).log(last_lines(&output));
    Err(match output.ending {
        Some(_) => error,
        None => error.help(format!("it had {:?}; `timeout` gives it more", step.timeout)),
    })
}
