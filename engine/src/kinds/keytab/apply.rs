//! Extracting keys: all keytabs of a database in one `kadmin.local`, then each to its host.
//!
//! `-norandkey` leaves the keys as they are; without it every other copy of them would be worthless.

use super::Keytab;
use super::format;
use super::observe::stale;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::host_file;
use crate::kinds::kdc_database::{Database, Kdc, Memo, complaints, quote};
use crate::kinds::output::ended;
use crate::linux::place::Access;
use crate::machine::Machine;
use crate::name::AbsolutePath;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) fn extract(machine: &Machine, wanted: &[(&ResourceId, &Keytab)]) -> Vec<Result<(), Error>> {
    let mut by_kdc: BTreeMap<&Kdc, Vec<usize>> = BTreeMap::new();
    for (place, (_, keytab)) in wanted.iter().enumerate() {
        by_kdc.entry(&keytab.kdc).or_default().push(place);
    }
    let mut results: Vec<Result<(), Error>> = wanted.iter().map(|_| Ok(())).collect();
    for (kdc, places) in by_kdc {
        let _changing = Kdc::lock();
        let requested = request(machine, kdc, &places, wanted);
        match requested {
            Ok(extracted) => {
                for (place, result) in deliver_all(machine, kdc, &places, wanted, extracted) {
                    results[place] = result;
                }
            }
            Err(error) => {
                for place in &places[1..] {
                    results[*place] = Err(error.retold());
                }
                results[places[0]] = Err(error);
            }
        }
    }
    results
}

/// What `kadmin.local` left.
struct Extracted {
    memo: Memo,
    database: Database,
    stderr: String,
}

fn deliver_all(
    machine: &Machine,
    kdc: &Kdc,
    places: &[usize],
    wanted: &[(&ResourceId, &Keytab)],
    mut extracted: Extracted,
) -> Vec<(usize, Result<(), Error>)> {
    let mut results = Vec::with_capacity(places.len());
    for place in places {
        let (id, keytab) = wanted[*place];
        let result = deliver(machine, id, keytab, *place, &extracted.database, &extracted.stderr);
        if result.is_ok() {
            let keys = |name: &String| Some((name.clone(), extracted.database.get(name)?.keys.clone()));
            let keys = keytab.principals.iter().filter_map(keys).collect();
            extracted.memo.keytabs.insert(keytab.remembered_as(), keys);
        }
        results.push((*place, result));
    }
    if let Err(error) = extracted.memo.write(machine, kdc)
        && let Some((_, result)) = results.iter_mut().find(|(_, result)| result.is_ok())
    {
        *result = Err(error);
    }
    results
}

pub(super) fn remove(machine: &Machine, id: &ResourceId) -> Result<(), Error> {
    let (Some(host), Ok(path)) = (&id.host, AbsolutePath::try_from(&*id.name)) else { return Ok(()) };
    host_file::remove(machine, host, &path)
}

/// Where `kadmin.local` puts one keytab, on the database's host.
fn transit(kdc: &Kdc, place: usize) -> Result<AbsolutePath, Error> {
    kdc.beside(&format!(".keytab-{place}"))
}

/// One run for all.
fn request(
    machine: &Machine,
    kdc: &Kdc,
    places: &[usize],
    wanted: &[(&ResourceId, &Keytab)],
) -> Result<Extracted, Error> {
    let mut input = String::new();
    for place in places {
        let path = transit(kdc, *place)?;
        host_file::remove(machine, &kdc.host, &path)?;
        for principal in &wanted[*place].1.principals {
            let _ = writeln!(input, "ktadd -norandkey -k {} {}", quote(path.as_str())?, quote(principal)?);
        }
    }
    let output = kdc.run(machine, &["kadmin.local", "-r", kdc.realm.as_str()], &input)?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.success() {
        let log = complaints(&stderr, "kadmin.local:");
        return Err(Error::found(format!("read {}", kdc.id()), ended(&output)).log(log));
    }
    let Some((memo, database)) = kdc.dump(machine)? else {
        return Err(Error::found(format!("read {}", kdc.id()), "the database is not there"));
    };
    Ok(Extracted { memo, database, stderr })
}

/// Looks at what came of it, and puts it in its place.
fn deliver(
    machine: &Machine,
    id: &ResourceId,
    keytab: &Keytab,
    place: usize,
    database: &Database,
    stderr: &str,
) -> Result<(), Error> {
    let path = transit(&keytab.kdc, place)?;
    // A keytab of nobody is not written.
    let bytes = match host_file::read(machine, &keytab.kdc.host, &path)? {
        Some((bytes, _)) => bytes,
        None => vec![5, 2],
    };
    host_file::remove(machine, &keytab.kdc.host, &path)?;
    let failed = |detail: String, name: &str| {
        Err(Error::found(format!("extract {id}"), detail).log(complaints(stderr, name)))
    };
    let Some(keys) = format::parse(&bytes) else {
        return failed("`kadmin.local` wrote no keytab".to_owned(), "");
    };
    if let Some(name) = keytab.principals.iter().find(|name| !keys.contains_key(*name)) {
        return failed(format!("`kadmin.local` added no key of `{name}`"), name);
    }
    if let Some(detail) = stale(keytab, &keys, database) {
        return failed(detail, "");
    }
    let access = Access { mode: keytab.mode, owner: keytab.owner, group: keytab.group };
    host_file::write(machine, &keytab.host, &keytab.path, &bytes, access)
}
