//! Making a database, and taking its files away.

use super::{Kdc, KdcDatabase, Memo, observe};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::host_file;
use crate::kinds::output::{ended, last_lines};
use crate::machine::Machine;
use crate::name::AbsolutePath;
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
    remove_unfinished_stash(machine, kdc)?;
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

/// `kdb5_util` writes the stash under another name first, and never over what a killed run left there.
fn remove_unfinished_stash(machine: &Machine, kdc: &Kdc) -> Result<(), Error> {
    let Some((config, _)) = host_file::read(machine, &kdc.host, &kdc.config)? else { return Ok(()) };
    for stash in stashes(&String::from_utf8_lossy(&config)) {
        if let Ok(path) = AbsolutePath::try_from(format!("{stash}_tmp")) {
            host_file::remove(machine, &kdc.host, &path)?;
        }
    }
    Ok(())
}

/// The stash files that a `kdc.conf` names.
fn stashes(config: &str) -> Vec<&str> {
    let values = config.lines().filter_map(|line| line.trim().strip_prefix("key_stash_file"));
    values.filter_map(|rest| rest.trim_start().strip_prefix('=')).map(str::trim).collect()
}

fn remove(machine: &Machine, kdc: &Kdc) -> Result<(), Error> {
    for suffix in FILES {
        host_file::remove(machine, &kdc.host, &kdc.beside(suffix)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stash_files_are_found() {
        let config = "[realms]\n A.TEST = {\n  key_stash_file = /var/krb5kdc/stash\n  acl_file = /x\n }\n";
        assert_eq!(stashes(config), ["/var/krb5kdc/stash"]);
        assert_eq!(stashes("[realms]\n"), Vec::<&str>::new());
    }
}
