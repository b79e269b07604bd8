//! Subjects that a ruleset names one by one: in overrides, canaries and segments.
//!
//! A ruleset for browsers names them by salted hashes. That keeps names from being read, not from
//! being guessed: whoever already has an id can see whether it is listed.

use crate::context::EvaluationContext;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;

/// Bytes of SHA-256 that stand for a name.
const HASH_BYTES: usize = 16;

/// Names of subjects, sorted: targeting keys, or their hashes where the ruleset has a salt.
pub type Names = [Box<str>];

/// Whether the sorted list has the name.
#[must_use]
pub fn lists(names: &Names, name: &str) -> bool {
    names.binary_search_by(|other| (**other).cmp(name)).is_ok()
}

/// The hash that stands for a targeting key.
///
/// # Formula
/// The first 16 bytes of SHA-256(`salt`, 0x1F, `key`), in lower-case hexadecimal.
#[must_use]
pub fn hash(salt: &str, key: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(salt.as_bytes());
    digest.update([0x1F]);
    digest.update(key.as_bytes());
    let mut text = String::with_capacity(2 * HASH_BYTES);
    for byte in digest.finalize().iter().take(HASH_BYTES) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The name under which a ruleset with that salt would list the context's subject.
#[must_use]
pub fn name_of<'c>(salt: Option<&str>, context: &'c EvaluationContext) -> Option<Cow<'c, str>> {
    let key = context.targeting_key()?;
    Some(match salt {
        None => Cow::Borrowed(key),
        Some(salt) => Cow::Owned(hash(salt, key)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_pinned() {
        // printf 's\x1fana' | sha256sum | cut -c1-32
        assert_eq!(hash("s", "ana"), "0d18947857c5c17400c6077e91bca436");
    }

    #[test]
    fn subjects_are_named_plainly_without_a_salt() {
        let context = EvaluationContext::new().with_targeting_key("ana");
        assert_eq!(name_of(None, &context).as_deref(), Some("ana"));
        assert_eq!(name_of(Some("s"), &context), Some(hash("s", "ana").into()));
        assert_eq!(name_of(None, &EvaluationContext::new()), None);
    }
}
