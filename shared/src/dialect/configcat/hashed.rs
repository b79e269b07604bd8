//! Comparands that a configuration keeps secret: SHA-256 of value, configuration and place.

use super::check::texts;
use crate::condition::Position;
use crate::dialect::Unfit;
use crate::sorted::sort_by;
use crate::value::Value;
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

/// Hashes of whole values.
#[derive(Debug)]
pub(super) struct Hashes {
    salt: Box<str>,
    /// Sorted. What is no hash is left out: nothing ever matches it.
    hashes: Box<[Hash]>,
}

/// Hashes of beginnings or ends.
#[derive(Debug)]
pub(super) struct Slices {
    position: Position,
    salt: Box<str>,
    /// Lengths in bytes of UTF-8, and the hashes of that many.
    parts: Box<[(usize, Option<Hash>)]>,
}

impl Hashes {
    pub(super) fn parse(value: &Value) -> Result<Self, Unfit> {
        let Salted { salt, texts } = Salted::parse(value)?;
        let mut hashes: Vec<Hash> = texts.iter().filter_map(|text| parsed(text)).collect();
        sort_by(&mut hashes, Ord::cmp);
        Ok(Self {
            salt,
            hashes: hashes.into(),
        })
    }

    /// Whether the text's hash is among them.
    pub(super) fn contain(&self, text: &str) -> bool {
        let hash = hash(text.as_bytes(), &self.salt);
        self.hashes.binary_search(&hash).is_ok()
    }
}

impl Slices {
    pub(super) fn parse(position: Position, value: &Value) -> Result<Self, Unfit> {
        let Salted { salt, texts } = Salted::parse(value)?;
        let part = |text: &str| {
            let (length, hash) = text.split_once('_')?;
            Some((length.trim().parse().ok()?, parsed(hash)))
        };
        let parts: Option<_> = texts.iter().map(|text| part(text)).collect();
        Ok(Self {
            position,
            salt,
            parts: parts.ok_or("a hash of a part is written as its length, _ and the hash")?,
        })
    }

    /// Whether the text begins or ends with one of them.
    pub(super) fn match_any(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        self.parts.iter().any(|(length, expected)| {
            let Some(rest) = bytes.len().checked_sub(*length) else {
                return false;
            };
            let slice = match self.position {
                Position::End => bytes.get(rest..),
                _ => bytes.get(..*length),
            };
            expected.is_some() && slice.map(|slice| hash(slice, &self.salt)) == *expected
        })
    }
}

/// A salt and hashes, as they are written.
struct Salted {
    salt: Box<str>,
    texts: Box<[Box<str>]>,
}

impl Salted {
    fn parse(value: &Value) -> Result<Self, Unfit> {
        const FORM: &str = "a hashed comparand is {\"salt\": \"...\", \"hashes\": [\"...\"]}";
        let salt = value.member("salt").and_then(Value::as_str).ok_or(FORM)?;
        Ok(Self {
            salt: salt.into(),
            texts: texts(value.member("hashes").ok_or(FORM)?)?,
        })
    }
}

/// # Formula
/// SHA-256 of the value, the configuration's salt, and the setting's key or the segment's name;
/// the last two are one text here.
fn hash(value: &[u8], salt: &str) -> Hash {
    let digest = Sha256::new_with_prefix(value).chain_update(salt);
    digest.finalize().into()
}

/// A hash in lower-case hexadecimal.
fn parsed(text: &str) -> Option<Hash> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut hash = [0; 32];
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(hash)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}
