//! What is in the databases: one dump each, whatever the number of principals.

use super::Principal;
use crate::attribute::{Attribute, Attributes};
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::Subject;
use crate::kinds::kdc_database::{Database, Entry, Kdc, Memo, Remembered, flag};
use crate::machine::Machine;
use crate::name::{AbsolutePath, RealmName};
use std::collections::BTreeMap;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Principal>],
) -> Result<Vec<Option<Attributes>>, Error> {
    let mut dumps: BTreeMap<Kdc, Option<(Memo, Database)>> = BTreeMap::new();
    subjects
        .iter()
        .map(|subject| {
            let recorded = subject.recorded.and_then(|attributes| kdc(subject.id, attributes));
            let Some(kdc) = recorded.or_else(|| subject.desired.map(|desired| desired.kdc.clone())) else {
                return Ok(None);
            };
            if !dumps.contains_key(&kdc) {
                dumps.insert(kdc.clone(), kdc.dump(machine)?);
            }
            let Some(Some((memo, database))) = dumps.get(&kdc) else { return Ok(None) };
            let Some(entry) = database.get(&*subject.id.name) else { return Ok(None) };
            let remembered = memo.principals.get(&*subject.id.name);
            let asked = subject.desired.map_or(&[][..], |desired| &desired.attributes[..]);
            Ok(Some(Attributes::from([
                ("realm".into(), kdc.realm.as_str().into()),
                ("database".into(), kdc.database.as_str().into()),
                ("config".into(), kdc.config.as_str().into()),
                ("key".into(), key(entry, remembered)),
                ("attributes".into(), attributes(entry, remembered, asked).into()),
            ])))
        })
        .collect()
}

/// Which database a recorded principal is in.
pub(super) fn kdc(id: &ResourceId, attributes: &Attributes) -> Option<Kdc> {
    let path = |name: &str| match attributes.get(name) {
        Some(Attribute::Text(path)) => AbsolutePath::try_from(path.as_str()).ok(),
        _ => None,
    };
    let realm = match attributes.get("realm") {
        Some(Attribute::Text(realm)) => realm,
        _ => return None,
    };
    Some(Kdc {
        host: id.host.clone()?,
        realm: RealmName::try_from(realm.as_str()).ok()?,
        config: path("config")?,
        database: path("database")?,
    })
}

/// What the key was made from, as long as it is the one we made.
fn key(entry: &Entry, remembered: Option<&Remembered>) -> Attribute {
    match remembered {
        Some(remembered) if remembered.is_ours(&entry.keys) => remembered.key.clone(),
        Some(remembered) => format!("kvno {} → {} (changed by hand)", remembered.kvno, entry.kvno).into(),
        None => format!("kvno {} (made by hand)", entry.kvno).into(),
    }
}

/// The flags that were asked for now or before, as they are.
fn attributes(entry: &Entry, remembered: Option<&Remembered>, asked: &[String]) -> Vec<String> {
    let before = remembered.map_or(&[][..], |remembered| &remembered.attributes[..]);
    let left = before.iter().filter(|attribute| !asked.contains(attribute) && holds(entry, attribute));
    let now = asked
        .iter()
        .map(|attribute| if holds(entry, attribute) { attribute.clone() } else { opposite(attribute) });
    now.chain(left.cloned()).collect()
}

/// Whether a principal has a flag as its sign says.
pub(super) fn holds(entry: &Entry, attribute: &str) -> bool {
    let (sign, name) = attribute.split_at(attribute.len().min(1));
    flag(name).is_some_and(|(bit, plus_sets)| (entry.flags & bit != 0) == ((sign == "+") == plus_sets))
}

/// The same flag with the other sign.
pub(super) fn opposite(attribute: &str) -> String {
    match attribute.strip_prefix('+') {
        Some(name) => format!("-{name}"),
        None => format!("+{}", attribute.strip_prefix('-').unwrap_or(attribute)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest;

    fn entry(flags: u32, keys: &[u8]) -> Entry {
        Entry { kvno: 2, enctypes: vec![18], keys: digest::contents(keys), flags }
    }

    #[test]
    fn a_password_changed_by_hand_is_seen() {
        let mut remembered = Remembered {
            key: digest::contents(b"keyed with the lab's own key"),
            keys: digest::contents(b"ours"),
            kvno: 1,
            attributes: vec!["+requires_preauth".into()],
        };
        assert_eq!(key(&entry(0, b"ours"), Some(&remembered)), remembered.key);
        assert_eq!(key(&entry(0, b"theirs"), Some(&remembered)), "kvno 1 → 2 (changed by hand)".into());
        remembered.key = Remembered::RANDOM.into();
        let random = key(&entry(0, b"theirs"), Some(&remembered));
        assert_eq!(random, remembered.key, "one random key is as good as another");
    }

    #[test]
    fn flags_are_told_by_their_sign() {
        let preauth = entry(0x80, b"");
        assert!(holds(&preauth, "+requires_preauth") && holds(&preauth, "+allow_tix"));
        assert!(!holds(&preauth, "-requires_preauth") && !holds(&entry(0x40, b""), "+allow_tix"));
        assert_eq!(opposite("+allow_tix"), "-allow_tix");
        let asked = ["-allow_tix".to_owned()];
        assert_eq!(attributes(&preauth, None, &asked), ["+allow_tix"]);
    }
}
