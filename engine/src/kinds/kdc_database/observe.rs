//! Whether the database is there and whole.

use super::{Kdc, KdcDatabase, Memo};
use crate::attribute::{Attribute, Attributes};
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::Subject;
use crate::machine::Machine;
use crate::name::{AbsolutePath, RealmName};

pub(super) fn observe(
    machine: &Machine,
    subject: &Subject<'_, KdcDatabase>,
) -> Result<Option<Attributes>, Error> {
    // Where it was applied counts: a database that shall move is at its old place.
    let recorded = subject.recorded.and_then(|attributes| recorded(subject.id, attributes));
    let Some(kdc) = recorded.or_else(|| subject.desired.map(|desired| desired.kdc.clone())) else {
        return Ok(None);
    };
    let there = kdc.exists(machine)?;
    let Some(memo) = Memo::read(machine, &kdc)?.filter(|_| there) else { return Ok(None) };
    Ok(Some(Attributes::from([
        ("config".into(), kdc.config.as_str().into()),
        ("database".into(), kdc.database.as_str().into()),
        ("master-password".into(), memo.master_password),
    ])))
}

/// The database as it was recorded.
pub(super) fn recorded(id: &ResourceId, attributes: &Attributes) -> Option<Kdc> {
    let path = |name: &str| match attributes.get(name) {
        Some(Attribute::Text(path)) => AbsolutePath::try_from(path.as_str()).ok(),
        _ => None,
    };
    Some(Kdc {
        host: id.host.clone()?,
        realm: RealmName::try_from(&*id.name).ok()?,
        config: path("config")?,
        database: path("database")?,
    })
}
