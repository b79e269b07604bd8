//! The compact form of a compiled ruleset: what edges and browsers read.
//!
//! It is made once, when a ruleset is published, from what was compiled and checked. Reading it
//! looks at the frame and the tables only; a flag is read when it is first evaluated, a segment
//! when it is first asked about, and a regular expression is compiled when it is first tried. So
//! flags that nobody asks for cost a table entry. It holds what evaluation needs and nothing else:
//! this is not the document, and there is no way back to it.
//!
//! The form may change with any release; `FORMAT_VERSION` in [`image`] tells it. Whatever the
//! bytes, reading answers: a frame that is damaged is a [`CompactError`], a flag that is damaged
//! is broken by itself.

mod body;
mod bytes;
mod encode;
pub(crate) mod image;
mod parts;
#[cfg(test)]
mod tests;

use crate::bandit::Bandit;
use crate::context::{Attribute, Attributes};
use crate::ruleset::{Holdout, Layer, Ruleset};
use bytes::{Compact, Reader};
pub use encode::encode;
use image::Image;
use std::sync::Arc;

/// Why bytes are no compact ruleset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactError {
    /// They begin otherwise: a document perhaps.
    NotCompact,
    /// They are of a form that this code does not read.
    UnknownVersion {
        /// The version they name.
        found: u16,
    },
    /// They end too early.
    Truncated,
    /// They are not what was written.
    Checksum,
    /// They are what was written, and make no sense.
    Malformed,
    /// They hold something that this engine does not know.
    Unknown,
}

impl std::fmt::Display for CompactError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotCompact => f.write_str("the bytes are no compact ruleset"),
            Self::UnknownVersion { found } => {
                let known = image::FORMAT_VERSION;
                write!(
                    f,
                    "compact form {found} is unknown; this code reads {known}"
                )
            }
            Self::Truncated => f.write_str("the compact ruleset is cut off"),
            Self::Checksum => f.write_str("the compact ruleset does not match its checksum"),
            Self::Malformed => f.write_str("the compact ruleset makes no sense"),
            Self::Unknown => f.write_str(
                "the compact ruleset holds what this engine does not know; a full one does",
            ),
        }
    }
}

impl std::error::Error for CompactError {}

/// What is read at once, because every evaluation may need it and there is little of it.
pub(crate) struct Shared {
    pub(crate) subject_salt: Option<Box<str>>,
    pub(crate) attributes: Attributes,
    pub(crate) private: Box<[Attribute]>,
    pub(crate) layers: Box<[Layer]>,
    pub(crate) holdouts: Box<[Holdout]>,
    pub(crate) bandits: Box<[Bandit]>,
}

impl Ruleset {
    /// The ruleset whose compact form the bytes are.
    ///
    /// # Errors
    /// `CompactError`, as its members say. What is wrong inside a flag shows when it is evaluated.
    /// # Examples
    /// ```
    /// use bandera_shared::{Ruleset, compact, compile};
    /// let compiled = compile(br#"{"schemaVersion": 1}"#).unwrap().ruleset;
    /// let read = Ruleset::from_compact(compact::encode(&compiled)).unwrap();
    /// assert_eq!(read.len(), 0);
    /// ```
    pub fn from_compact(bytes: impl Into<Box<[u8]>>) -> Result<Self, CompactError> {
        let mut image = Image::open(bytes.into())?;
        let shared = read_shared(image.shared())?;
        image.know(shared.attributes.clone());
        Ok(Self::of_image(Arc::new(image), shared))
    }
}

/// Whether something in a compact ruleset is rare, so that a page needs its full engine; of
/// anything else, no.
#[must_use]
pub fn has_rare(bytes: &[u8]) -> bool {
    let is_marked = |(_, marks)| marks & image::HAS_RARE != 0;
    bytes.starts_with(&image::MAGIC) && image::version_and_marks(bytes).is_some_and(is_marked)
}

fn read_shared(bytes: &[u8]) -> Result<Shared, CompactError> {
    let none = Attributes::default();
    let start = |bytes| {
        let mut from = Reader::new(bytes, &none)?;
        let subject_salt = Compact::read(&mut from)?;
        let mut attributes = Attributes::default();
        for attribute in from.list::<Attribute>()? {
            attributes.intern(attribute);
        }
        Some((from, subject_salt, attributes))
    };
    let (from, subject_salt, attributes) = start(bytes).ok_or(CompactError::Malformed)?;
    let from = &mut from.with(&attributes);
    let mut rest = || {
        let read = (
            Compact::read(from)?,
            Compact::read(from)?,
            Compact::read(from)?,
            Compact::read(from)?,
        );
        from.is_done().then_some(read)
    };
    let Some((private, layers, holdouts, bandits)) = rest() else {
        return Err(if from.met_unknown() {
            CompactError::Unknown
        } else {
            CompactError::Malformed
        });
    };
    Ok(Shared {
        subject_salt,
        attributes,
        private,
        layers,
        holdouts,
        bandits,
    })
}
