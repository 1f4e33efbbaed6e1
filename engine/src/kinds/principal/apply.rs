//! Making principals what they should be: all of a database in one `kadmin.local`, and then a look at what came of it.

use super::Principal;
use super::observe::{self, holds, opposite};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::kdc_database::{Database, Kdc, Remembered, complaints, quote};
use crate::kinds::output::ended;
use crate::machine::Machine;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Creates or changes; what is already as it should be is left alone, keys above all.
pub(super) fn ensure(machine: &Machine, wanted: &[(&ResourceId, &Principal)]) -> Vec<Result<(), Error>> {
    let by_kdc = group(wanted.iter().map(|(_, principal)| Some(principal.kdc.clone())));
    let mut results: Vec<Result<(), Error>> = wanted.iter().map(|_| Ok(())).collect();
    for (kdc, places) in by_kdc {
        let some: Vec<_> = places.iter().map(|place| wanted[*place]).collect();
        scatter(&mut results, &places, ensure_in(machine, &kdc, &some));
    }
    results
}

/// Removes; a database that is gone has none of them.
pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    let by_kdc = group(unwanted.iter().map(|(id, attributes)| observe::kdc(id, attributes)));
    let mut results: Vec<Result<(), Error>> = unwanted.iter().map(|_| Ok(())).collect();
    for (kdc, places) in by_kdc {
        let ids: Vec<_> = places.iter().map(|place| unwanted[*place].0).collect();
        scatter(&mut results, &places, delete_in(machine, &kdc, &ids));
    }
    results
}

fn ensure_in(
    machine: &Machine,
    kdc: &Kdc,
    wanted: &[(&ResourceId, &Principal)],
) -> Result<Vec<Result<(), Error>>, Error> {
    let _changing = Kdc::lock();
    let Some((mut memo, before)) = kdc.open(machine)? else {
        return Err(Error::found(format!("open {}", kdc.id()), "it is not there, or was not finished"));
    };
    let mut input = String::new();
    let requests: Vec<Result<(), Error>> = wanted
        .iter()
        .map(|(_, principal)| {
            input.push_str(&requests(machine, principal, &before, memo.principals.get(&principal.name))?);
            Ok(())
        })
        .collect();
    let (after, stderr) = kadmin(machine, kdc, &input, &before)?;
    let results = requests.into_iter().zip(wanted).map(|(request, (id, principal))| {
        request?;
        let name = &principal.name;
        let key = principal.key(machine.key());
        let kept = memo.principals.get(name).filter(|old| old.key == key);
        let failed =
            |detail: &str| Err(Error::found(format!("make {id}"), detail).log(complaints(&stderr, name)));
        let Some(entry) = after.get(name) else { return failed("`kadmin.local` did not create it") };
        let rekeyed = before.get(name).is_none_or(|old| old.keys != entry.keys);
        if !rekeyed && kept.is_none_or(|old| !old.is_ours(&entry.keys)) {
            return failed("`kadmin.local` did not change its key");
        }
        if let Some(flag) = principal.attributes.iter().find(|flag| !holds(entry, flag)) {
            return failed(&format!("`kadmin.local` did not set `{flag}`"));
        }
        let attributes = principal.attributes.clone();
        let remembered = Remembered { key, keys: entry.keys.clone(), kvno: entry.kvno, attributes };
        memo.principals.insert(name.clone(), remembered);
        Ok(())
    });
    let results = results.collect();
    memo.write(machine, kdc)?;
    Ok(results)
}

/// What to ask for so that one principal becomes what it should be; nothing where it already is.
fn requests(
    machine: &Machine,
    principal: &Principal,
    before: &Database,
    remembered: Option<&Remembered>,
) -> Result<String, Error> {
    let mut text = String::new();
    let name = quote(&principal.name)?;
    let key = match &principal.password {
        Some(password) => format!("-pw {}", quote(password.reveal())?),
        None => "-randkey".to_owned(),
    };
    let Some(entry) = before.get(&principal.name) else {
        let flags = principal.attributes.join(" ");
        let _ = writeln!(text, "addprinc {key} {flags} {name}");
        return Ok(text);
    };
    let ours = remembered.filter(|old| old.is_ours(&entry.keys) && old.key == principal.key(machine.key()));
    if ours.is_none() {
        let _ = writeln!(text, "cpw {key} {name}");
    }
    let dropped = remembered.map_or(&[][..], |old| &old.attributes[..]).iter();
    let dropped = dropped.filter(|flag| {
        !principal.attributes.contains(flag) && !principal.attributes.contains(&opposite(flag))
    });
    let flags: Vec<String> = dropped
        .map(|flag| opposite(flag))
        .chain(principal.attributes.iter().cloned())
        .filter(|flag| !holds(entry, flag))
        .collect();
    if !flags.is_empty() {
        let _ = writeln!(text, "modprinc {} {name}", flags.join(" "));
    }
    Ok(text)
}

fn delete_in(machine: &Machine, kdc: &Kdc, ids: &[&ResourceId]) -> Result<Vec<Result<(), Error>>, Error> {
    let _changing = Kdc::lock();
    let Some((mut memo, before)) = kdc.open(machine)? else {
        return Ok(ids.iter().map(|_| Ok(())).collect());
    };
    let mut input = String::new();
    for id in ids.iter().filter(|id| before.contains_key(&*id.name)) {
        let _ = writeln!(input, "delprinc -force {}", quote(&id.name)?);
    }
    let (after, stderr) = kadmin(machine, kdc, &input, &before)?;
    let results = ids.iter().map(|id| {
        if after.contains_key(&*id.name) {
            let log = complaints(&stderr, &id.name);
            return Err(Error::found(format!("remove {id}"), "`kadmin.local` did not delete it").log(log));
        }
        memo.principals.remove(&*id.name);
        Ok(())
    });
    let results = results.collect();
    memo.write(machine, kdc)?;
    Ok(results)
}

/// One run of `kadmin.local`, and the database afterwards with what was said on stderr. Its exit status says nothing.
fn kadmin(machine: &Machine, kdc: &Kdc, input: &str, before: &Database) -> Result<(Database, String), Error> {
    if input.is_empty() {
        return Ok((before.clone(), String::new()));
    }
    let output = kdc.run(machine, &["kadmin.local", "-r", kdc.realm.as_str()], input)?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.success() {
        let operation = format!("change {}", kdc.id());
        return Err(Error::found(operation, ended(&output)).log(complaints(&stderr, "kadmin.local:")));
    }
    let after = kdc.dump(machine)?.map(|(_, database)| database).unwrap_or_default();
    Ok((after, stderr))
}

/// Places by database; what is in no database we know stays out.
fn group(kdcs: impl Iterator<Item = Option<Kdc>>) -> BTreeMap<Kdc, Vec<usize>> {
    let mut groups: BTreeMap<Kdc, Vec<usize>> = BTreeMap::new();
    for (place, kdc) in kdcs.enumerate() {
        if let Some(kdc) = kdc {
            groups.entry(kdc).or_default().push(place);
        }
    }
    groups
}

/// Puts the results of one database where they belong; one error for all is each one's.
fn scatter(results: &mut [Result<(), Error>], places: &[usize], some: Result<Vec<Result<(), Error>>, Error>) {
    match some {
        Ok(some) => {
            for (place, result) in places.iter().zip(some) {
                results[*place] = result;
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
