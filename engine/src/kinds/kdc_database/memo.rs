//! What we put into a database, kept beside it: a password cannot be read back, but whether a key still is the one made
//! from it can be told from the key's digest.
//!
//! The memo is written after the database is whole, so a database without one is the rest of an interrupted run.

use super::Kdc;
use crate::attribute::Attribute;
use crate::error::Error;
use crate::kinds::host_file;
use crate::linux::place::Access;
use crate::machine::Machine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What we put into one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memo {
    /// Digest of the master password.
    pub(crate) master_password: Attribute,
    /// By full name.
    pub(crate) principals: BTreeMap<String, Remembered>,
    /// Per keytab, as `HOST:PATH`, and principal: the digest of the keys it has.
    #[serde(default)]
    pub(crate) keytabs: BTreeMap<String, BTreeMap<String, Attribute>>,
}

/// What we gave one principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The attribute of what its key was made from.
    pub(crate) key: Attribute,
    /// Digest of the keys in the database afterwards.
    pub(crate) keys: Attribute,
    /// Their version.
    pub(crate) kvno: u32,
    /// Its flags, each with its sign.
    pub(crate) attributes: Vec<String>,
}

impl Remembered {
    /// What `key` is for a random key.
    pub(crate) const RANDOM: &str = "random";

    /// Whether keys in the database are what we made. Of random keys one is as good as another: whoever changed it by hand
    /// made keytabs worthless, and these show it.
    pub(crate) fn is_ours(&self, keys: &Attribute) -> bool {
        self.keys == *keys || self.key == Self::RANDOM.into()
    }
}

impl Memo {
    /// The memo of a database, if that is whole.
    pub(crate) fn read(machine: &Machine, kdc: &Kdc) -> Result<Option<Memo>, Error> {
        // A spoilt memo is none: the database is made anew.
        let read = host_file::read(machine, &kdc.host, &kdc.memo()?)?;
        Ok(read.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps it.
    pub(crate) fn write(&self, machine: &Machine, kdc: &Kdc) -> Result<(), Error> {
        let path = kdc.memo()?;
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::caused(format!("write `{path}` on `{}`", kdc.host), error))?;
        host_file::write(machine, &kdc.host, &path, &bytes, Access { mode: 0o600, owner: 0, group: 0 })
    }
}
