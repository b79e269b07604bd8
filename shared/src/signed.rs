//! A signed body as text: version, key id, body and tag, in base64url without padding.
//!
//! Receipts and cookies share this envelope and differ by purpose key. Decoding is strict: one
//! text per body, key and version, so changing any character is refused. Nothing here is secret;
//! the body is signed, not encrypted.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::keys::{PurposeKeys, TAG_BYTES};

/// Bytes around a body: version, key id and tag.
pub(crate) const ENVELOPE_BYTES: usize = 2 + TAG_BYTES;

/// Why a signed text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidToken {
    /// Longer than the kind of token may be.
    TooLong,
    /// Not canonical base64url, or shorter than an envelope.
    Encoding,
    /// A version this code does not know.
    Version,
    /// Signed by a key that the ring does not have: retired, or another environment's.
    Key(u8),
    /// The key it names did not make this tag: forged or altered.
    Signature,
    /// Rightly signed, but not a body of this kind: only a fault of ours can cause it.
    Body,
}

impl InvalidToken {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Encoding => "token_malformed",
            Self::Version => "token_version",
            Self::Key(_) => "token_key",
            Self::Signature => "token_signature",
            Self::Body => "token_body",
        }
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the token is too long",
            Self::Encoding => "the token is not base64url without padding",
            Self::Version => "the token has an unknown version",
            Self::Key(id) => {
                return write!(f, "the token's key {id} is not one of ours, or retired");
            }
            Self::Signature => "the token's signature is not valid",
            Self::Body => "the token's content is malformed",
        })
    }
}

impl std::error::Error for InvalidToken {}

/// Signs a body.
///
/// # Arguments
/// `binding`: what the token is bound to without carrying it (a subject hash); may be empty.
#[must_use]
pub(crate) fn seal(keys: &PurposeKeys, version: u8, binding: &[u8], body: &[u8]) -> String {
    // The key id is chosen by the ring, so the tag covers it only through the key itself.
    let (id, tag) = keys.sign(&[&[version], binding, body]);
    let mut token = Vec::with_capacity(ENVELOPE_BYTES + body.len());
    token.extend_from_slice(&[version, id]);
    token.extend_from_slice(body);
    token.extend_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(token)
}

/// Whether a text says that a key which signs no more has signed it; of the signature nothing is
/// looked at.
#[must_use]
pub(crate) fn names_former_key(keys: &PurposeKeys, token: &str) -> bool {
    // Four characters are the first three bytes, and the second of those is the key's id.
    let head = token.get(..4).map(|head| URL_SAFE_NO_PAD.decode(head));
    matches!(head, Some(Ok(bytes)) if bytes.get(1).is_some_and(|id| keys.is_former(*id)))
}

/// The body of a signed text.
///
/// # Errors
/// `InvalidToken`; `chars_max` is looked at before anything is decoded.
pub(crate) fn open(
    keys: &PurposeKeys,
    version: u8,
    binding: &[u8],
    token: &str,
    chars_max: usize,
) -> Result<Vec<u8>, InvalidToken> {
    if token.len() > chars_max {
        return Err(InvalidToken::TooLong);
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| InvalidToken::Encoding)?;
    let [found, id, rest @ ..] = bytes.as_slice() else {
        return Err(InvalidToken::Encoding);
    };
    let (body, tag) = rest
        .split_last_chunk::<TAG_BYTES>()
        .ok_or(InvalidToken::Encoding)?;
    if *found != version {
        return Err(InvalidToken::Version);
    }
    if !keys.knows(*id) {
        return Err(InvalidToken::Key(*id));
    }
    if !keys.verify(*id, &[&[version], binding, body], tag) {
        return Err(InvalidToken::Signature);
    }
    Ok(body.to_vec())
}
