//! Names of attributes: their hashes, and which are the same.

#[cfg(feature = "dialects")]
use super::Attribute;
use crate::same::same;
use xxhash_rust::xxh3::xxh3_64;

/// Names shorter than this are told apart by their hash and length alone.
const LONG_NAME_BYTES: usize = 8;

/// The hash of an attribute's name. That of a short name is its bytes, mixed so that nothing is
/// lost: two of one length with one hash are one name.
#[inline]
pub(super) fn hash_of(name: &str) -> u64 {
    let bytes = name.as_bytes();
    if bytes.len() >= LONG_NAME_BYTES {
        return xxh3_64(bytes);
    }
    let packed = bytes
        .iter()
        .fold(0, |packed, byte| packed << 8 | u64::from(*byte));
    // An odd factor, and a shift by half of the bits: both can be undone.
    let mixed = packed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

/// Whether both are the same name, where their hashes are the same.
#[expect(
    clippy::inline_always,
    reason = "two comparisons, which a Worker built small would call"
)]
#[inline(always)]
pub(super) fn is_named(name: &str, other: &str) -> bool {
    name.len() == other.len()
        && (name.len() < LONG_NAME_BYTES || same(name.as_bytes(), other.as_bytes()))
}

/// The name of a top-level attribute, for who looks for the same ones again and again: what decides
/// stands in one place, where an [`Attribute`] shares it.
#[cfg(feature = "dialects")]
#[derive(Debug)]
pub(crate) struct TopName {
    pub(super) hash: u64,
    pub(super) name: Box<str>,
}

#[cfg(feature = "dialects")]
impl TopName {
    /// The name of that attribute; nothing where it is not top-level.
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let names = &*attribute.names;
        names.is_top().then(|| Self {
            hash: names.hash,
            name: names.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn short_names_of_one_length_never_share_a_hash() {
        let letters = ["a", "b", "\0", "z", "_", "A", "9", "é"];
        let mut names = vec![String::new()];
        for from in 0..4 {
            let longer = |name: &String| letters.map(|letter| format!("{name}{letter}"));
            let longest = names.iter().filter(|name| name.chars().count() == from);
            let longer: Vec<String> = longest.flat_map(longer).collect();
            names.extend(longer);
        }
        let mut known: BTreeMap<(u64, usize), &str> = BTreeMap::new();
        for name in names.iter().filter(|name| name.len() < LONG_NAME_BYTES) {
            let before = known.insert((hash_of(name), name.len()), name);
            assert_eq!(before, None, "{name}");
        }
        assert!(known.len() > 4_000);
    }

    #[test]
    fn long_names_are_compared() {
        assert!(is_named("country", "country"));
        assert!(is_named("countries", "countries"));
        assert!(!is_named("countries", "countriet"));
        assert!(!is_named("countries", "country"));
    }
}
