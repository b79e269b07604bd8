//! The pointer in KV: which ruleset bytes are published.

use super::{Failure, UNKNOWN_FORM};
use bandera_shared::publish::content_hash;
use bandera_shared::wire::tree;
use serde::{Deserialize, Serialize};

/// The format of the pointer that this code reads.
const FORMAT_VERSION: u32 = 1;
/// Integers beyond this do not survive JavaScript.
const PUBLICATION_MAX: u64 = (1 << 53) - 1;

/// Which bytes are published, and under which number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// Rises with each publication, also with a rollback.
    pub(crate) publication: u64,
    /// SHA-256 of the bytes in lower-case hexadecimal.
    pub(crate) hash: String,
    /// When they were published, in Unix milliseconds.
    pub(crate) published_at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PointerWire {
    publication: u64,
    hash: String,
    #[serde(default)]
    published_at_ms: Option<i64>,
    #[serde(default)]
    format_version: Option<u32>,
}

impl Pointer {
    /// The pointer in its JSON text.
    ///
    /// # Errors
    /// What is wrong, for a person. A hash that is none would name a foreign key.
    pub(crate) fn parse(json: &str) -> Result<Self, Failure> {
        let wire: PointerWire = tree::from_str(json)
            .map_err(|error| format!("the pointer is not readable: {error}"))?;
        if wire
            .format_version
            .is_some_and(|version| version != FORMAT_VERSION)
        {
            return Err(Failure {
                code: UNKNOWN_FORM,
                detail: "the pointer is of another format".to_owned(),
            });
        }
        let is_hash = wire.hash.len() == 64
            && wire
                .hash
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_hash || wire.publication > PUBLICATION_MAX {
            return Err("the pointer names no publication".into());
        }
        Ok(Self {
            publication: wire.publication,
            hash: wire.hash,
            published_at_ms: wire.published_at_ms,
        })
    }

    /// Whether the bytes are those it names.
    #[must_use]
    pub(crate) fn names(&self, bytes: &[u8]) -> bool {
        content_hash(bytes) == self.hash
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn of(publication: u64, bytes: &[u8]) -> Self {
        Self {
            publication,
            hash: content_hash(bytes),
            published_at_ms: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_publishing_writes() {
        let hash = content_hash(b"{}");
        let json = format!(
            r#"{{"publication":7,"hash":"{hash}","publishedAtMs":17,"formatVersion":1,"x":1}}"#
        );
        let pointer = Pointer::parse(&json).unwrap();
        assert_eq!(pointer.publication, 7);
        assert_eq!(pointer.published_at_ms, Some(17));
        assert!(pointer.names(b"{}"));
        assert!(!pointer.names(b"{ }"));
    }

    #[test]
    fn refuses_rubbish() {
        let hash = content_hash(b"{}");
        let check = |json: &str| assert!(Pointer::parse(json).is_err(), "{json}");
        check("");
        check("null");
        check("[7]");
        check(r#"{"publication":1,"hash":"../.."}"#);
        check(&format!(r#"{{"publication":-1,"hash":"{hash}"}}"#));
        check(&format!(
            r#"{{"publication":9007199254740992,"hash":"{hash}"}}"#
        ));
        check(&format!(
            r#"{{"publication":1,"hash":"{}"}}"#,
            hash.to_uppercase()
        ));
        check(&format!(
            r#"{{"publication":1,"hash":"{hash}","formatVersion":2}}"#
        ));
    }
}
