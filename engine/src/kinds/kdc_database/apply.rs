//! Making a database, and taking its files away.

use super::{Kdc, KdcDatabase, Memo, observe};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::host_file;
use crate::kinds::output::{ended, last_lines};
use crate::machine::Machine;
use std::collections::BTreeMap;

/// The files of a database, by what follows its own name. The memo goes first: from then on it counts as unfinished.
const FILES: [&str; 6] = [".memo", ".ok", ".kadm5", ".kadm5.lock", "", "~"];

pub(super) fn create(machine: &Machine, id: &ResourceId, wanted: &KdcDatabase) -> Result<(), Error> {
    let _changing = Kdc::lock();
    let kdc = &wanted.kdc;
    let master_password = machine.key().secret(wanted.master_password.reveal().as_bytes());
    let whole = Memo::read(machine, kdc)?.is_some_and(|memo| memo.master_password == master_password);
    if whole && kdc.exists(machine)? {
        return Ok(());
    }
    remove(machine, kdc)?;
    let password = wanted.master_password.reveal();
    if password.contains(['\n', '\0']) || password.is_empty() {
        return Err(Error::found(
            format!("create {id}"),
            "its master password is empty or has a line break in it",
        ));
    }
    // Asked twice, and read from standard input: arguments could be seen by every process of the lab.
    let argv = ["kdb5_util", "-r", kdc.realm.as_str(), "create", "-s"];
    let output = kdc.run(machine, &argv, &format!("{password}\n{password}\n"))?;
    if !output.success() {
        return Err(Error::found(format!("create {id}"), ended(&output)).log(last_lines(&output)));
    }
    Memo { master_password, principals: BTreeMap::new(), keytabs: BTreeMap::new() }.write(machine, kdc)
}

pub(super) fn delete(machine: &Machine, id: &ResourceId, attributes: &Attributes) -> Result<(), Error> {
    let _changing = Kdc::lock();
    observe::recorded(id, attributes).map_or(Ok(()), |kdc| remove(machine, &kdc))
}

fn remove(machine: &Machine, kdc: &Kdc) -> Result<(), Error> {
    for suffix in FILES {
        host_file::remove(machine, &kdc.host, &kdc.beside(suffix)?)?;
    }
    Ok(())
}
