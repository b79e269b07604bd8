//! The document as a whole: what is no ruleset at all, and the outline of what is one.

use super::limits::RULESET_BYTES_MAX;
use crate::wire::ruleset::{RulesetWire, SCHEMA_VERSION};
use crate::wire::{read_ruleset, schema_version};

/// A document that is no ruleset at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesetError {
    /// It is larger than [`super::limits::RULESET_BYTES_MAX`].
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It is not UTF-8.
    NotText,
    /// Its schema version is not one that this code reads.
    UnknownSchemaVersion {
        /// The version it names.
        found: u32,
    },
    /// Its outline is not that of a ruleset.
    Malformed {
        /// RFC 6901 pointer to the fault.
        pointer: String,
        /// What is wrong.
        message: String,
    },
}

impl std::fmt::Display for RulesetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { bytes } => {
                write!(
                    f,
                    "the ruleset has {bytes} bytes; at most {RULESET_BYTES_MAX} are allowed"
                )
            }
            Self::NotText => f.write_str("the ruleset is not UTF-8 text"),
            Self::UnknownSchemaVersion { found } => {
                write!(
                    f,
                    "schema version {found} is unknown; this code reads {SCHEMA_VERSION}"
                )
            }
            Self::Malformed { pointer, message } if pointer.is_empty() => f.write_str(message),
            Self::Malformed { pointer, message } => write!(f, "{pointer}: {message}"),
        }
    }
}

impl std::error::Error for RulesetError {}

/// The text of a document.
pub(super) fn text(bytes: &[u8]) -> Result<&str, RulesetError> {
    if bytes.len() > RULESET_BYTES_MAX {
        return Err(RulesetError::TooLarge { bytes: bytes.len() });
    }
    std::str::from_utf8(bytes).map_err(|_| RulesetError::NotText)
}

/// The document, with unknown fields of its outline tolerated: an old edge may meet a new field.
pub(super) fn outline(text: &str) -> Result<RulesetWire<'_>, RulesetError> {
    let malformed = |fault: crate::wire::ReadError| RulesetError::Malformed {
        pointer: fault.pointer,
        message: fault.message,
    };
    match read_ruleset(text) {
        Ok(ruleset) if ruleset.schema_version == SCHEMA_VERSION => Ok(ruleset),
        Ok(ruleset) => Err(RulesetError::UnknownSchemaVersion {
            found: ruleset.schema_version,
        }),
        // A future outline may be of another shape altogether; its version is still readable.
        Err(fault) => match schema_version(text) {
            Some(found) if found != SCHEMA_VERSION => {
                Err(RulesetError::UnknownSchemaVersion { found })
            }
            _ => Err(malformed(fault)),
        },
    }
}
