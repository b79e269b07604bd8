//! The kinds of documents, and the keys they go by.

use crate::fault::{Fault, FaultKind, Result};
use crate::limits::{DOCUMENT_KEY_BYTES_MAX, KEY_BYTES_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a document is; each kind is a member of the ruleset.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Flag,
    List,
    Segment,
    Layer,
    Holdout,
    Bandit,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 6] = [
        Self::Flag,
        Self::List,
        Self::Segment,
        Self::Layer,
        Self::Holdout,
        Self::Bandit,
    ];

    /// Its name in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::List => "list",
            Self::Segment => "segment",
            Self::Layer => "layer",
            Self::Holdout => "holdout",
            Self::Bandit => "bandit",
        }
    }

    /// The ruleset member that holds documents of this kind, which is also their URL.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Flag => "flags",
            Self::List => "lists",
            Self::Segment => "segments",
            Self::Layer => "layers",
            Self::Holdout => "holdouts",
            Self::Bandit => "bandits",
        }
    }

    /// The kind in that member of a ruleset.
    pub(crate) fn of_collection(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.collection() == name)
    }
}

/// A collection as it stands in a URL.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Collection {
    Flags,
    Lists,
    Segments,
    Layers,
    Holdouts,
    Bandits,
}

impl From<Collection> for Kind {
    fn from(collection: Collection) -> Self {
        match collection {
            Collection::Flags => Self::Flag,
            Collection::Lists => Self::List,
            Collection::Segments => Self::Segment,
            Collection::Layers => Self::Layer,
            Collection::Holdouts => Self::Holdout,
            Collection::Bandits => Self::Bandit,
        }
    }
}

impl Kind {
    /// Checks the key of a new document.
    ///
    /// Other systems' keys come over as they are. A bandit's is part of KV keys and of names of
    /// Durable Objects, so there it is as plain as an environment's.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub(crate) fn check_key(self, key: &str) -> Result<()> {
        if self == Self::Bandit {
            return check_key(key);
        }
        let fits = (1..=DOCUMENT_KEY_BYTES_MAX).contains(&key.len());
        let is_clean = !key.chars().any(char::is_control) && key.trim() == key;
        // Dots alone are steps in a URL, escaped or not.
        if fits && is_clean && key.bytes().any(|byte| byte != b'.') {
            return Ok(());
        }
        let detail = format!(
            "{key:?}: a key has 1 to {DOCUMENT_KEY_BYTES_MAX} bytes, no control character, no \
             space at either end, and not dots alone"
        );
        Err(Fault::new(FaultKind::InvalidParameter, detail))
    }
}

/// Checks a new key of an environment or a bandit: letters, digits, `.`, `_` and `-`, starting with
/// a letter or digit, so that nothing needs escaping in KV keys and names.
///
/// # Errors
/// `InvalidParameter`.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fits = (1..=KEY_BYTES_MAX).contains(&key.len());
    if fits
        && key.bytes().all(allowed)
        && key
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric)
    {
        return Ok(());
    }
    let detail = format!(
        "{key:?}: a key has 1 to {KEY_BYTES_MAX} letters, digits, \".\", \"_\" or \"-\" \
         and starts with a letter or digit"
    );
    Err(Fault::new(FaultKind::InvalidParameter, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_collections_name_each_other() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_collection(kind.collection()), Some(kind));
            let quoted = format!("\"{}\"", kind.collection());
            let collection: Collection = serde_json::from_str(&quoted).unwrap();
            assert_eq!(Kind::from(collection), kind);
            assert_eq!(
                serde_json::to_string(&kind).unwrap(),
                format!("\"{}\"", kind.as_str())
            );
        }
    }

    #[test]
    fn keys_are_short_and_need_no_escaping() {
        let check = |key: &str, fine: bool| assert_eq!(check_key(key).is_ok(), fine, "{key:?}");
        check("search.enhanced_algorithm", true);
        check("7-up", true);
        check("", false);
        check(".hidden", false);
        check("a/b", false);
        check("año", false);
        check(&"k".repeat(KEY_BYTES_MAX), true);
        check(&"k".repeat(KEY_BYTES_MAX + 1), false);
    }

    #[test]
    fn keys_of_other_systems_are_keys() {
        let check = |kind: Kind, key: &str, fine: bool| {
            assert_eq!(kind.check_key(key).is_ok(), fine, "{key:?}");
        };
        for key in [
            "list/beta",
            "cohort 98 of EU",
            "segment:16",
            "Feature.Hellø_Wørld",
            ".x",
        ] {
            check(Kind::Segment, key, true);
            check(Kind::Flag, key, true);
            check(Kind::Bandit, key, false);
        }
        for key in ["", ".", "..", " a", "a ", "a\nb", "a\u{7f}"] {
            check(Kind::Flag, key, false);
        }
        check(Kind::List, &"k".repeat(DOCUMENT_KEY_BYTES_MAX), true);
        check(Kind::List, &"k".repeat(DOCUMENT_KEY_BYTES_MAX + 1), false);
        check(Kind::Bandit, &"k".repeat(KEY_BYTES_MAX), true);
        check(Kind::Bandit, &"k".repeat(KEY_BYTES_MAX + 1), false);
    }
}
