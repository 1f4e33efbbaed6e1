//! Writing files and taking them away.

use super::File;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::machine::Machine;

pub(super) fn write(_machine: &Machine, wanted: &[(&ResourceId, &File)]) -> Vec<Result<(), Error>> {
    wanted
        .iter()
        .map(|(id, _)| Err(Error::found(format!("write {id}"), "the runtime has not landed")))
        .collect()
}

pub(super) fn remove(_machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    unwanted
        .iter()
        .map(|(id, _)| Err(Error::found(format!("remove {id}"), "the runtime has not landed")))
        .collect()
}
