//! Making hosts and letting go of them.

use super::Netns;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::machine::Machine;

pub(super) fn create(_machine: &Machine, wanted: &[(&ResourceId, &Netns)]) -> Vec<Result<(), Error>> {
    wanted
        .iter()
        .map(|(id, _)| Err(Error::found(format!("create {id}"), "the runtime has not landed")))
        .collect()
}

pub(super) fn delete(_machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    unwanted
        .iter()
        .map(|(id, _)| Err(Error::found(format!("delete {id}"), "the runtime has not landed")))
        .collect()
}
