//! The keyed hash under which a subject is stored.
//!
//! Subject ids may be e-mail addresses or account numbers. Only this hash is ever written down;
//! without the key it can neither be reversed nor recomputed from a guess.

use std::fmt;

use crate::keys::{self, InvalidKey, SECRET_BYTES};

/// 128 bits that stand for a subject id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectHash([u8; Self::BYTES]);

impl SubjectHash {
    /// Length of the hash.
    pub const BYTES: usize = 16;

    /// The hash with these bytes, as read back from a receipt or a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// All bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Its name where bytes cannot be one.
    #[must_use]
    pub fn to_text(&self) -> String {
        crate::hex::encode(&self.0)
    }

    /// The first eight bytes, which choose the shard.
    #[must_use]
    pub const fn leading(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h]
    }
}

impl fmt::Debug for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectHash({:032x})", u128::from_be_bytes(self.0))
    }
}

/// The secret that turns subject ids into hashes; it must outlive every rotation of signing keys.
#[derive(Clone)]
pub struct SubjectKey([u8; SECRET_BYTES]);

impl SubjectKey {
    /// The key written as base64url of 32 bytes.
    ///
    /// # Errors
    /// `InvalidKey::Secret` when the text is not exactly that.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        keys::parse_secret(text).map(Self)
    }

    /// The hash of a subject id: HMAC-SHA-256 under this key, cut to its first 16 bytes.
    #[must_use]
    pub fn hash(&self, subject: &str) -> SubjectHash {
        SubjectHash(keys::tag(&self.0, &[subject.as_bytes()]))
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn hashes_as_hmac_sha256_does() {
        // Checked by: printf visitor-1 | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102..1f
        let hash = SubjectKey::parse(KEY).unwrap().hash("visitor-1");
        assert_eq!(
            format!("{hash:?}"),
            "SubjectHash(1d953fa5a1236eb4a2ce520bdd0506e1)"
        );
    }

    #[test]
    fn a_key_is_32_bytes_and_never_printed() {
        assert_eq!(
            format!("{:?}", SubjectKey::parse(KEY).unwrap()),
            "SubjectKey(redacted)"
        );
        let check =
            |text: &str| assert_eq!(SubjectKey::parse(text).err(), Some(InvalidKey::Secret));
        check("");
        check("AAEC");
        check("not base64!");
    }
}
