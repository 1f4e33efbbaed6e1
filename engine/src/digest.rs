//! Digests: of contents in the open, and of secrets under the lab's own key.

use crate::attribute::Attribute;
use crate::error::Error;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::Read;

/// The lab's own random key. A secret is recorded only as its HMAC under it, so equal secrets of two labs look different.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// A key from 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key that nobody knows.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut bytes))
            .map_err(|source| Error::caused("read `/dev/urandom`", source))?;
        Ok(Self::new(bytes))
    }

    /// The attribute that stands for a secret.
    pub fn secret(&self, secret: &[u8]) -> Attribute {
        // HMAC takes keys of any length; this one always fits.
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mac) => Attribute::Digest {
                digest: format!("hmac-sha256:{}", hex(&mac.chain_update(secret).finalize().into_bytes())),
            },
            Err(_) => contents(&[&self.0[..], secret].concat()),
        }
    }
}

impl DigestKey {
    /// A secret of the lab's own for this purpose, always the same.
    pub fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(self.0);
        hash.update(purpose);
        // Twice, so that what is known of the hash of a longer purpose says nothing of a shorter one's.
        Sha256::digest([&self.0[..], &hash.finalize()[..]].concat()).into()
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// The attribute that stands for contents which anybody may read.
pub fn contents(bytes: &[u8]) -> Attribute {
    Attribute::Digest { digest: format!("sha256:{}", hex(&Sha256::digest(bytes))) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_known_ones() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(contents(b""), Attribute::Digest { digest: empty.to_owned() });
        let (one, two) = (DigestKey::new([1; 32]), DigestKey::new([2; 32]));
        assert_ne!(one.secret(b"wonderland"), two.secret(b"wonderland"));
        assert_eq!(format!("{one:?}"), "<secret>");
    }
}
