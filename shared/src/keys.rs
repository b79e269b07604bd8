//! The ring of signing keys, and the keys derived from it for one purpose each.
//!
//! Keys rotate by prepending: the newest signs, all verify, and each signed thing names its key in
//! one byte. A derived key serves one purpose, so that a cookie can never pass for a receipt, and
//! most serve one environment, so that what a trial site signed is worth nothing on the real one.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Length of every secret.
pub const SECRET_BYTES: usize = 32;
/// Length of a tag: HMAC-SHA-256 cut to its first half, the shortest RFC 2104 section 5 advises.
pub const TAG_BYTES: usize = 16;
/// Most keys in a ring; more than a few means that rotation forgets to retire.
pub const KEYS_MAX: usize = 8;

/// What a derived key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Receipts of bandit decisions.
    Receipt,
    /// The cookie of kept bandit decisions.
    Sticky,
    /// Preview links.
    Preview,
    /// The cookie of first exposures already sent.
    Exposed,
}

impl Purpose {
    /// The label that goes into the derivation; the number is raised when the signed form changes.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Receipt => "bandera/receipt/1",
            Self::Sticky => "bandera/sticky/1",
            Self::Preview => "bandera/preview/1",
            Self::Exposed => "bandera/exposed/1",
        }
    }
}

/// Why key text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidKey {
    /// No key at all.
    Empty,
    /// More than `KEYS_MAX` keys.
    TooMany,
    /// A key id is missing or not within 1..=255.
    Id,
    /// Two keys share an id.
    RepeatedId,
    /// A secret is not base64url of 32 bytes.
    Secret,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no key given",
            Self::TooMany => "more than 8 keys given",
            Self::Id => "a key id is a number from 1 to 255",
            Self::RepeatedId => "two keys have the same id",
            Self::Secret => "a secret is 32 bytes in base64url without padding",
        })
    }
}

impl std::error::Error for InvalidKey {}

/// One secret and the byte that names it.
#[derive(Clone)]
struct Key {
    id: u8,
    secret: [u8; SECRET_BYTES],
}

/// The master secrets, newest first.
#[derive(Clone)]
pub struct KeyRing(Box<[Key]>);

impl KeyRing {
    /// The ring written as `<id>:<base64url of 32 bytes>`, newest first, separated by commas.
    ///
    /// # Errors
    /// `InvalidKey` names what is wrong; no part of a secret is in it.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let mut keys: Vec<Key> = Vec::new();
        for entry in text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (id, secret) = entry.split_once(':').ok_or(InvalidKey::Id)?;
            let id: u8 = id.trim().parse().map_err(|_| InvalidKey::Id)?;
            if id == 0 {
                return Err(InvalidKey::Id);
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(InvalidKey::RepeatedId);
            }
            let secret = parse_secret(secret)?;
            keys.push(Key { id, secret });
        }
        match keys.len() {
            0 => Err(InvalidKey::Empty),
            n if n > KEYS_MAX => Err(InvalidKey::TooMany),
            _ => Ok(Self(keys.into())),
        }
    }

    /// The keys of one purpose: HMAC-SHA-256 of its label under each master secret.
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> PurposeKeys {
        PurposeKeys(self.derived(&[purpose.label().as_bytes()]).into())
    }

    /// The keys of one purpose in one environment: what another environment signs is refused, even
    /// under the same ring. Whatever [`KeyRing::derive`] signs, as former releases did, is
    /// believed; it is signed no more.
    #[must_use]
    pub fn derive_in(&self, environment: &str, purpose: Purpose) -> PurposeKeys {
        let label = purpose.label().as_bytes();
        let mut keys = self.derived(&[label, &[0x1F], environment.as_bytes()]);
        keys.extend(self.derived(&[label]));
        PurposeKeys(keys.into())
    }

    /// HMAC-SHA-256 of the parts, joined, under each master secret.
    fn derived(&self, parts: &[&[u8]]) -> Vec<Key> {
        let derive = |key: &Key| Key {
            id: key.id,
            secret: mac(&key.secret, parts).finalize().into_bytes().into(),
        };
        self.0.iter().map(derive).collect()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys, redacted)", self.0.len())
    }
}

/// Keys of one purpose, newest first, and then what former releases derived from the same secrets;
/// derive them once and keep them.
#[derive(Clone)]
pub struct PurposeKeys(Box<[Key]>);

impl PurposeKeys {
    /// Signs the parts, joined, with the newest key.
    ///
    /// # Returns
    /// The key's id and the tag. The caller must make the parts unambiguous when joined.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> (u8, [u8; TAG_BYTES]) {
        // A ring is never empty, so id 0, which no key has, is never returned.
        self.0
            .first()
            .map_or((0, [0; TAG_BYTES]), |key| (key.id, tag(&key.secret, parts)))
    }

    /// Whether a key of the ring signs no more, but verifies what it signed.
    #[must_use]
    pub fn is_former(&self, id: u8) -> bool {
        self.knows(id) && self.0.first().is_some_and(|newest| newest.id != id)
    }

    /// Whether a key of the ring has this id.
    #[must_use]
    pub fn knows(&self, id: u8) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// Whether the tag is that of the parts under the named key, compared in constant time.
    #[must_use]
    pub fn verify(&self, id: u8, parts: &[&[u8]], tag: &[u8; TAG_BYTES]) -> bool {
        let mut named = self.0.iter().filter(|key| key.id == id);
        named.any(|key| mac(&key.secret, parts).verify_truncated_left(tag).is_ok())
    }
}

impl fmt::Debug for PurposeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PurposeKeys({} keys, redacted)", self.0.len())
    }
}

/// A secret from its text, base64url of 32 bytes; whatever else is `InvalidKey::Secret`.
pub(crate) fn parse_secret(text: &str) -> Result<[u8; SECRET_BYTES], InvalidKey> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim());
    let bytes = bytes.map_err(|_| InvalidKey::Secret)?;
    bytes.try_into().map_err(|_| InvalidKey::Secret)
}

/// The running HMAC-SHA-256 of the parts, joined.
fn mac(secret: &[u8; SECRET_BYTES], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to one block; doing it here cannot fail.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The first half of the HMAC-SHA-256 of the parts, joined.
pub(crate) fn tag(secret: &[u8; SECRET_BYTES], parts: &[&[u8]]) -> [u8; TAG_BYTES] {
    let full: [u8; 32] = mac(secret, parts).finalize().into_bytes().into();
    let mut tag = [0; TAG_BYTES];
    for (to, from) in tag.iter_mut().zip(full) {
        *to = from;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> String {
        URL_SAFE_NO_PAD.encode([byte; SECRET_BYTES])
    }

    #[test]
    fn refuses_malformed_rings() {
        let check =
            |text: &str, fault| assert_eq!(KeyRing::parse(text).err(), Some(fault), "{text}");
        check("", InvalidKey::Empty);
        check(" , ", InvalidKey::Empty);
        check(&secret(1), InvalidKey::Id);
        check(&format!("0:{}", secret(1)), InvalidKey::Id);
        check(&format!("256:{}", secret(1)), InvalidKey::Id);
        check(
            &format!("1:{},1:{}", secret(1), secret(2)),
            InvalidKey::RepeatedId,
        );
        check("1:AAAA", InvalidKey::Secret);
        check(&format!("1:{}=", secret(1)), InvalidKey::Secret);
        let nine: Vec<String> = (1..=9).map(|id| format!("{id}:{}", secret(id))).collect();
        check(&nine.join(","), InvalidKey::TooMany);
        assert!(KeyRing::parse(&nine[..KEYS_MAX].join(",")).is_ok());
    }

    #[test]
    fn debug_shows_no_secret() {
        let ring = KeyRing::parse(&format!("7:{}", secret(9))).unwrap();
        assert_eq!(format!("{ring:?}"), "KeyRing(1 keys, redacted)");
        assert_eq!(
            format!("{:?}", ring.derive(Purpose::Sticky)),
            "PurposeKeys(1 keys, redacted)"
        );
    }

    #[test]
    fn newest_signs_and_retired_keys_verify_no_more() {
        let derive = |text: String| KeyRing::parse(&text).unwrap().derive(Purpose::Receipt);
        let before = derive(format!("1:{}", secret(1)));
        let both = derive(format!("2:{},1:{}", secret(2), secret(1)));
        let after = derive(format!("2:{}", secret(2)));
        let (id, tag) = before.sign(&[b"claims"]);
        assert_eq!(id, 1);
        assert!(both.verify(id, &[b"cla", b"ims"], &tag));
        assert!(!after.verify(id, &[b"claims"], &tag));
        assert!(both.knows(id) && !after.knows(id));
        let former = [&before, &both, &after].map(|ring| ring.is_former(id));
        assert_eq!(former, [false, true, false]);
        assert_eq!(both.sign(&[b"claims"]).0, 2);
    }

    #[test]
    fn one_purpose_cannot_pass_for_another() {
        let ring = KeyRing::parse(&format!("1:{}", secret(1))).unwrap();
        let (id, tag) = ring.derive(Purpose::Sticky).sign(&[b"x"]);
        assert!(!ring.derive(Purpose::Receipt).verify(id, &[b"x"], &tag));
    }

    #[test]
    fn an_environment_believes_itself_and_former_releases() {
        let ring = |text: String| KeyRing::parse(&text).unwrap();
        let both = ring(format!("2:{},1:{}", secret(2), secret(1)));
        let here = both.derive_in("production", Purpose::Receipt);
        let check = |signing: &PurposeKeys, expected: bool| {
            let (id, tag) = signing.sign(&[b"x"]);
            assert_eq!(here.verify(id, &[b"x"], &tag), expected);
        };
        check(&here, true);
        check(&both.derive(Purpose::Receipt), true);
        let former = ring(format!("1:{}", secret(1)));
        check(&former.derive_in("production", Purpose::Receipt), true);
        for other in ["staging", "", "production2", "productio"] {
            check(&both.derive_in(other, Purpose::Receipt), false);
        }
        check(&both.derive_in("production", Purpose::Sticky), false);
        let ids = [0, 1, 2, 3].map(|id| (here.knows(id), here.is_former(id)));
        let expected = [(false, false), (true, true), (true, false), (false, false)];
        assert_eq!(ids, expected);
        // The newest key of the environment signs, never one of a former release.
        assert_eq!(here.sign(&[b"x"]).0, 2);
        let (id, tag) = here.sign(&[b"x"]);
        assert!(!both.derive(Purpose::Receipt).verify(id, &[b"x"], &tag));
    }

    #[test]
    fn labels_never_change() {
        let labels = [
            Purpose::Receipt,
            Purpose::Sticky,
            Purpose::Preview,
            Purpose::Exposed,
        ]
        .map(Purpose::label);
        let pinned = [
            "bandera/receipt/1",
            "bandera/sticky/1",
            "bandera/preview/1",
            "bandera/exposed/1",
        ];
        assert_eq!(labels, pinned);
    }
}
