//! Whose keys a keytab has, and whether they are the ones in the database.

use super::Keytab;
use super::format::{self, Keys};
use crate::attribute::{Attribute, Attributes};
use crate::error::Error;
use crate::kinds::Subject;
use crate::kinds::host_file;
use crate::kinds::kdc_database::{Database, Kdc, Memo};
use crate::machine::Machine;
use crate::name::AbsolutePath;
use std::collections::BTreeMap;

/// What `keys` says of a keytab that has the newest keys of all its principals.
pub(super) const CURRENT: &str = "current";

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Keytab>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let mut dumps: BTreeMap<Kdc, Option<(Memo, Database)>> = BTreeMap::new();
    subjects
        .iter()
        .map(|subject| {
            let (Some(host), Ok(path)) = (&subject.id.host, AbsolutePath::try_from(&*subject.id.name)) else {
                return Ok(None);
            };
            let Some((bytes, access)) = host_file::read(machine, host, &path)? else { return Ok(None) };
            let keys = format::parse(&bytes);
            let state = match (&keys, subject.desired) {
                (None, _) => "not a keytab".to_owned(),
                (Some(_), None) => CURRENT.to_owned(),
                (Some(keys), Some(desired)) => {
                    if !dumps.contains_key(&desired.kdc) {
                        dumps.insert(desired.kdc.clone(), desired.kdc.dump(machine)?);
                    }
                    dumps.get(&desired.kdc).and_then(Option::as_ref).map_or(
                        CURRENT.to_owned(),
                        |(memo, database)| {
                            let stale =
                                stale(desired, keys, database).or_else(|| replaced(desired, memo, database));
                            stale.unwrap_or_else(|| CURRENT.to_owned())
                        },
                    )
                }
            };
            // Where the keys once came from cannot be read from the file.
            let source = |name: &str, desired: Option<Attribute>| {
                let recorded = subject.recorded.and_then(|attributes| attributes.get(name)).cloned();
                recorded.or(desired).unwrap_or_else(|| "".into())
            };
            let desired = subject.desired.map(|desired| &desired.kdc);
            let principals: Vec<String> = keys.unwrap_or_default().into_keys().collect();
            Ok(Some(Attributes::from([
                ("kdc".into(), source("kdc", desired.map(|kdc| kdc.host.as_str().into()))),
                ("realm".into(), source("realm", desired.map(|kdc| kdc.realm.as_str().into()))),
                ("principals".into(), principals.into()),
                ("keys".into(), state.into()),
                ("mode".into(), format!("{:04o}", access.mode).into()),
                ("owner".into(), access.owner.into()),
                ("group".into(), access.group.into()),
            ])))
        })
        .collect()
}

/// The first principal whose newest key in the database is not in the keytab.
pub(super) fn stale(keytab: &Keytab, keys: &Keys, database: &Database) -> Option<String> {
    keytab.principals.iter().find_map(|name| {
        let entry = database.get(name)?;
        let has = keys.get(name)?;
        let current = entry.enctypes.iter().all(|enctype| has.contains(&(entry.kvno, *enctype)));
        let newest = has.iter().map(|(kvno, _)| *kvno).max().unwrap_or(0);
        match current {
            true => None,
            false if newest == entry.kvno => {
                Some(format!("{name}: not every encryption type of the database"))
            }
            false => Some(format!("{name}: kvno {newest}, the database has {}", entry.kvno)),
        }
    })
}

/// The first principal whose keys in the database are others than when the keytab was made, with the same version: it was
/// deleted and made again.
fn replaced(keytab: &Keytab, memo: &Memo, database: &Database) -> Option<String> {
    let Some(then) = memo.keytabs.get(&keytab.remembered_as()) else {
        return Some("made by hand".to_owned());
    };
    keytab.principals.iter().find_map(|name| {
        let differs = database.get(name).map(|entry| &entry.keys) != then.get(name);
        differs.then(|| format!("{name}: the database has other keys"))
    })
}
