//! The keytab file, version 2: whose keys, of which version and type. Big-endian lengths before everything.
//!
//! Deliberately absent: the keys.

use std::collections::{BTreeMap, BTreeSet};

/// Per full name of a principal: the versions and encryption types of its keys.
pub(super) type Keys = BTreeMap<String, BTreeSet<(u32, i32)>>;

/// Reads a keytab; `None` when it is none.
pub(super) fn parse(bytes: &[u8]) -> Option<Keys> {
    let mut rest = Reader(bytes.strip_prefix(&[5, 2])?);
    let mut keys = Keys::new();
    while !rest.0.is_empty() {
        let length = i32::from_be_bytes(rest.array()?);
        let mut entry = Reader(rest.take(usize::try_from(length.unsigned_abs()).ok()?)?);
        // A negative length is the hole that a removed entry left.
        if length > 0 {
            let (name, key) = entry.entry()?;
            keys.entry(name).or_default().insert(key);
        }
    }
    Some(keys)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.short()?;
        Some(String::from_utf8_lossy(self.take(length.into())?).into_owned())
    }

    fn entry(&mut self) -> Option<(String, (u32, i32))> {
        let count = self.short()?;
        let realm = self.text()?;
        let components = (0..count).map(|_| self.text()).collect::<Option<Vec<_>>>()?;
        let _name_type_and_time: [u8; 8] = self.array()?;
        let [short_version] = self.array()?;
        let enctype = i32::from(self.short()?);
        self.text()?;
        // A version above 255 is at the end.
        let version = match self.array().map(u32::from_be_bytes) {
            Some(version) if version != 0 => version,
            Some(_) | None => short_version.into(),
        };
        Some((format!("{}@{realm}", components.join("/")), (version, enctype)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(version: u8, long_version: Option<u32>) -> Vec<u8> {
        let mut bytes = vec![0, 2];
        for text in ["A.TEST", "host", "srv"] {
            bytes.extend([0, u8::try_from(text.len()).unwrap()]);
            bytes.extend(text.as_bytes());
        }
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, version, 0, 18, 0, 3, 1, 2, 3]);
        bytes.extend(long_version.into_iter().flat_map(u32::to_be_bytes));
        bytes
    }

    fn keytab(entries: &[(i32, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![5, 2];
        for (sign, entry) in entries {
            bytes.extend((i32::try_from(entry.len()).unwrap() * sign).to_be_bytes());
            bytes.extend(entry);
        }
        bytes
    }

    #[test]
    fn a_keytab_is_read() {
        let bytes = keytab(&[(1, entry(2, Some(2))), (-1, entry(9, None)), (1, entry(1, Some(257)))]);
        let keys = parse(&bytes).unwrap();
        assert_eq!(keys["host/srv@A.TEST"], BTreeSet::from([(2, 18), (257, 18)]));
        assert_eq!(parse(&bytes[..bytes.len() - 1]), None, "cut off");
        assert_eq!(parse(b"garbage"), None);
        assert_eq!(parse(&[5, 2]), Some(Keys::new()));
    }
}
