//! What lies in KV for one publication: the same ruleset in three forms, one after the other.
//!
//! Edges read it whole and hand parts of it on unread. Its content hash is what the pointer names,
//! so there is no checksum here.

use std::ops::Range;

/// What every bundle begins with.
const MAGIC: [u8; 8] = *b"BNDRPACK";
/// The format that this code reads and writes.
const FORMAT_VERSION: u32 = 1;
/// Magic, format version, and where each of the first two sections ends.
const HEADER_BYTES: usize = 20;

/// The forms of one ruleset.
#[derive(Debug, Clone, Copy)]
pub struct Sections<'b> {
    /// All flags, in compact form: what edges evaluate.
    pub edge: &'b [u8],
    /// What browsers may know, in compact form.
    pub client: &'b [u8],
    /// What browsers may know, as a JSON document.
    pub client_document: &'b [u8],
}

/// Why bytes are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleError {
    /// They begin otherwise.
    NotBundle,
    /// They are of a form that this code does not read.
    UnknownVersion {
        /// The version they name.
        found: u32,
    },
    /// They end too early.
    Truncated,
}

impl std::fmt::Display for BundleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotBundle => f.write_str("the bytes are no published ruleset"),
            Self::UnknownVersion { found } => {
                write!(
                    f,
                    "publication form {found} is unknown; this code reads {FORMAT_VERSION}"
                )
            }
            Self::Truncated => f.write_str("the published ruleset is cut off"),
        }
    }
}

impl std::error::Error for BundleError {}

/// The bytes of a publication, in parts.
#[derive(Debug)]
pub struct Bundle {
    bytes: Box<[u8]>,
    edge: Range<usize>,
    client: Range<usize>,
}

impl Bundle {
    /// The bytes of a bundle of these sections.
    #[must_use]
    pub fn pack(sections: Sections<'_>) -> Vec<u8> {
        let Sections {
            edge,
            client,
            client_document,
        } = sections;
        let client_at = HEADER_BYTES + edge.len();
        let document_at = client_at + client.len();
        let mut bytes = Vec::with_capacity(document_at + client_document.len());
        bytes.extend_from_slice(&MAGIC);
        // A bundle is made of documents of bounded length: its places fit 32 bits.
        for number in [FORMAT_VERSION, client_at as u32, document_at as u32] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for section in [edge, client, client_document] {
            bytes.extend_from_slice(section);
        }
        bytes
    }

    /// Finds the sections; what is in them is not looked at.
    ///
    /// # Errors
    /// `BundleError`, as its members say.
    pub fn open(bytes: impl Into<Box<[u8]>>) -> Result<Self, BundleError> {
        let bytes = bytes.into();
        if !bytes.starts_with(&MAGIC) {
            return Err(BundleError::NotBundle);
        }
        let number = |at: usize| {
            let chunk = bytes.get(at..).and_then(<[u8]>::first_chunk);
            let number = chunk.map(|chunk| u32::from_le_bytes(*chunk));
            number.ok_or(BundleError::Truncated)
        };
        let found = number(8)?;
        if found != FORMAT_VERSION {
            return Err(BundleError::UnknownVersion { found });
        }
        let (client, document) = (number(12)? as usize, number(16)? as usize);
        if client < HEADER_BYTES || document < client || bytes.len() < document {
            return Err(BundleError::Truncated);
        }
        Ok(Self {
            bytes,
            edge: HEADER_BYTES..client,
            client: client..document,
        })
    }

    /// The sections.
    #[must_use]
    pub fn sections(&self) -> Sections<'_> {
        let part = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
        Sections {
            edge: part(self.edge.clone()),
            client: part(self.client.clone()),
            client_document: self.bytes.get(self.client.end..).unwrap_or_default(),
        }
    }

    /// The bytes it was opened with.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed() -> Vec<u8> {
        Bundle::pack(Sections {
            edge: b"edge",
            client: b"",
            client_document: b"{}",
        })
    }

    #[test]
    fn sections_come_back() {
        let bundle = Bundle::open(packed()).unwrap();
        let sections = bundle.sections();
        assert_eq!(sections.edge, b"edge");
        assert_eq!(sections.client, b"");
        assert_eq!(sections.client_document, b"{}");
    }

    #[test]
    fn what_is_no_bundle_is_told_apart() {
        let check = |bytes: &[u8], fault| assert_eq!(Bundle::open(bytes).err(), Some(fault));
        check(b"", BundleError::NotBundle);
        check(b"{\"schemaVersion\":1}", BundleError::NotBundle);
        let packed = packed();
        for end in MAGIC.len()..HEADER_BYTES + 4 {
            check(&packed[..end], BundleError::Truncated);
        }
        let mut later = packed;
        later[8] = 2;
        check(&later, BundleError::UnknownVersion { found: 2 });
    }
}
