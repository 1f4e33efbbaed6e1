//! What `kdb5_util dump` says of every principal: its keys' versions and types, and its flags.
//!
//! ```text
//! princ 38 12 4 2 0 alice@A.TEST 0 86400 0 0 0 0 0 0  {type length hex}×4  {2 kvno type length hex …}×2  -1;
//! ```
//!
//! Deliberately absent: the keys themselves. They stay encrypted under the master key, and only their digest is kept, which
//! changes whenever a key does.

use crate::attribute::Attribute;
use crate::digest;
use std::collections::BTreeMap;

/// All principals of a database, by full name.
pub(crate) type Database = BTreeMap<String, Entry>;

/// One principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The version of the newest key.
    pub(crate) kvno: u32,
    /// The encryption types of the newest keys, by number.
    pub(crate) enctypes: Vec<i32>,
    /// Digest of the encrypted keys.
    pub(crate) keys: Attribute,
    /// The flags, as bits.
    pub(crate) flags: u32,
}

/// Reads a whole dump; `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<Database> {
    let mut lines = text.lines();
    lines.next().filter(|line| line.starts_with("kdb5_util load_dump version"))?;
    lines.filter(|line| line.starts_with("princ\t")).map(entry).collect()
}

fn entry(line: &str) -> Option<(String, Entry)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let number = |at: usize| fields.get(at)?.parse::<usize>().ok();
    let (tagged, keys) = (number(3)?, number(4)?);
    let name = (*fields.get(6)?).to_owned();
    // The flags are a signed number in the dump of some versions.
    let flags = fields.get(7)?.parse::<i64>().ok()? as u32;
    let first = 15 + 3 * tagged;
    let mut at = first;
    let mut found: Vec<(u32, i32)> = Vec::with_capacity(keys);
    for _ in 0..keys {
        let parts = number(at)?;
        found.push((fields.get(at + 1)?.parse().ok()?, fields.get(at + 2)?.parse().ok()?));
        at += 2 + 3 * parts;
    }
    let kvno = found.iter().map(|(kvno, _)| *kvno).max().unwrap_or(0);
    let enctypes = found.iter().filter(|(of, _)| *of == kvno).map(|(_, enctype)| *enctype).collect();
    let keys = digest::contents(fields.get(first..at)?.join("\t").as_bytes());
    Some((name, Entry { kvno, enctypes, keys, flags }))
}

/// A flag of `kadmin addprinc` without its sign: the bit, and whether `+` sets it.
pub(crate) fn flag(name: &str) -> Option<(u32, bool)> {
    FLAGS.iter().find(|(known, ..)| *known == name).map(|(_, bit, plus)| (*bit, *plus))
}

/// The names of all flags.
pub(crate) fn flags() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().map(|(name, ..)| *name)
}

const FLAGS: [(&str, u32, bool); 16] = [
    ("allow_postdated", 0x1, false),
    ("allow_forwardable", 0x2, false),
    ("allow_tgs_req", 0x4, false),
    ("allow_renewable", 0x8, false),
    ("allow_proxiable", 0x10, false),
    ("allow_dup_skey", 0x20, false),
    ("allow_tix", 0x40, false),
    ("requires_preauth", 0x80, true),
    ("requires_hwauth", 0x100, true),
    ("needchange", 0x200, true),
    ("allow_svr", 0x1000, false),
    ("password_changing_service", 0x2000, true),
    ("ok_as_delegate", 0x10_0000, true),
    ("ok_to_auth_as_delegate", 0x20_0000, true),
    ("no_auth_data_required", 0x40_0000, true),
    ("lockdown_keys", 0x80_0000, true),
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "princ\t38\t12\t4\t2\t0\talice@A.TEST\t128\t86400\t0\t0\t0\t0\t0\t0\t3\t24\t12345c\t2\t22\tc00b\t8\t2\t0100\t1\t4\tc00b036b\t1\t2\t18\t62\t2000\t1\t2\t17\t46\t1000\t-1;";

    #[test]
    fn a_dump_is_read() {
        let database = parse(&format!("kdb5_util load_dump version 7\n{ALICE}\n")).unwrap();
        let alice = &database["alice@A.TEST"];
        assert_eq!((alice.kvno, &alice.enctypes[..], alice.flags), (2, &[18, 17][..], 0x80));
        let other =
            parse(&format!("kdb5_util load_dump version 7\n{}\n", ALICE.replace("2000", "2001"))).unwrap();
        assert_ne!(alice.keys, other["alice@A.TEST"].keys, "another key has another digest");
        let later =
            parse(&format!("kdb5_util load_dump version 7\n{}\n", ALICE.replace("86400", "3600"))).unwrap();
        assert_eq!(alice.keys, later["alice@A.TEST"].keys, "a lifetime is no key");
    }

    #[test]
    fn what_is_no_dump_is_not_read() {
        for text in ["", "garbage", "kdb5_util load_dump version 7\nprinc\t38\t12\n"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
