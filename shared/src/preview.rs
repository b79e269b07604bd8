//! Signed previews: a link that shows chosen variants to whoever opens it, until it expires.
//!
//! The token is bound to an environment and carries its own end. Whoever previews takes no part
//! in experiments: what is shown was chosen, not drawn.

use std::fmt;

use crate::codec::{Reader, Writer};
use crate::keys::PurposeKeys;
use crate::signed::{self, InvalidToken};
use crate::time::UnixMillis;

/// Most flags in one preview.
pub const PREVIEW_FLAGS_MAX: usize = 32;
/// Longest token.
pub const PREVIEW_CHARS_MAX: usize = 2_048;

const VERSION: u8 = 1;

/// Variants to show instead of those that evaluation gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    expires_at: UnixMillis,
    variants: Vec<(Box<str>, Box<str>)>,
}

/// Why a preview was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPreview {
    /// The token is not ours, or of another environment.
    Token(InvalidToken),
    /// Its time is over.
    Expired,
    /// No flag, too many, or a key longer than 255 bytes.
    Content,
}

impl fmt::Display for InvalidPreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(fault) => fault.fmt(f),
            Self::Expired => f.write_str("the preview has expired"),
            Self::Content => f.write_str("a preview has 1 to 32 flags with keys of 255 bytes"),
        }
    }
}

impl std::error::Error for InvalidPreview {}

impl Preview {
    /// A preview of these variants, by flag key, until `expires_at`.
    ///
    /// # Errors
    /// `Content` when there are none, too many, or a key is too long.
    pub fn new<'v>(
        variants: impl IntoIterator<Item = (&'v str, &'v str)>,
        expires_at: UnixMillis,
    ) -> Result<Self, InvalidPreview> {
        let variants: Vec<(Box<str>, Box<str>)> = variants
            .into_iter()
            .map(|(flag, variant)| (flag.into(), variant.into()))
            .collect();
        let fits = |key: &str| u8::try_from(key.len()).is_ok();
        let sound = (1..=PREVIEW_FLAGS_MAX).contains(&variants.len())
            && variants
                .iter()
                .all(|(flag, variant)| fits(flag) && fits(variant));
        if sound {
            Ok(Self {
                expires_at,
                variants,
            })
        } else {
            Err(InvalidPreview::Content)
        }
    }

    /// The variant to show of a flag, when it is part of the preview.
    #[must_use]
    pub fn variant(&self, flag: &str) -> Option<&str> {
        self.variants
            .iter()
            .find(|(key, _)| &**key == flag)
            .map(|(_, variant)| &**variant)
    }

    /// The first moment at which it is no longer shown.
    #[must_use]
    pub fn expires_at(&self) -> UnixMillis {
        self.expires_at
    }

    /// The signed text for a link: the value of the query parameter `bandera-preview`.
    ///
    /// # Arguments
    /// `keys`: those of [`crate::keys::Purpose::Preview`].
    ///
    /// # Errors
    /// `Content` when the keys together make it longer than [`PREVIEW_CHARS_MAX`].
    pub fn to_token(
        &self,
        keys: &PurposeKeys,
        environment: &str,
    ) -> Result<String, InvalidPreview> {
        let mut writer = Writer::default();
        writer.i64(self.expires_at.0).u8(self.variants.len() as u8);
        for (flag, variant) in &self.variants {
            writer
                .text(flag)
                .and_then(|writer| writer.text(variant))
                .ok_or(InvalidPreview::Content)?;
        }
        let token = signed::seal(keys, VERSION, environment.as_bytes(), &writer.finish());
        if token.len() > PREVIEW_CHARS_MAX {
            return Err(InvalidPreview::Content);
        }
        Ok(token)
    }

    /// The preview of a signed text.
    ///
    /// # Errors
    /// `Token` when it was not signed for this environment, `Expired` from its end on.
    pub fn from_token(
        token: &str,
        keys: &PurposeKeys,
        environment: &str,
        at: UnixMillis,
    ) -> Result<Self, InvalidPreview> {
        let body = signed::open(
            keys,
            VERSION,
            environment.as_bytes(),
            token,
            PREVIEW_CHARS_MAX,
        )
        .map_err(InvalidPreview::Token)?;
        let preview = read(&body).ok_or(InvalidPreview::Token(InvalidToken::Body))?;
        if at >= preview.expires_at {
            Err(InvalidPreview::Expired)
        } else {
            Ok(preview)
        }
    }
}

fn read(body: &[u8]) -> Option<Preview> {
    let mut reader = Reader::new(body);
    let expires_at = UnixMillis(reader.i64()?);
    let n = usize::from(reader.u8()?);
    if !(1..=PREVIEW_FLAGS_MAX).contains(&n) {
        return None;
    }
    let mut variants = Vec::with_capacity(n);
    for _ in 0..n {
        variants.push((reader.text()?.into(), reader.text()?.into()));
    }
    reader.finish()?;
    Some(Preview {
        expires_at,
        variants,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{KeyRing, Purpose};

    fn keys(purpose: Purpose) -> PurposeKeys {
        KeyRing::parse("3:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
            .unwrap()
            .derive(purpose)
    }

    fn token() -> String {
        Preview::new([("shop.hero", "craft"), ("niño", "sí")], UnixMillis(2_000))
            .unwrap()
            .to_token(&keys(Purpose::Preview), "demo")
            .unwrap()
    }

    #[test]
    fn shows_what_was_signed_until_it_expires() {
        let read =
            |at| Preview::from_token(&token(), &keys(Purpose::Preview), "demo", UnixMillis(at));
        let preview = read(1_999).unwrap();
        assert_eq!(preview.variant("shop.hero"), Some("craft"));
        assert_eq!(preview.variant("niño"), Some("sí"));
        assert_eq!(preview.variant("other"), None);
        assert_eq!(read(2_000), Err(InvalidPreview::Expired));
    }

    #[test]
    fn refuses_other_environments_purposes_and_altered_text() {
        let check = |token: &str, purpose, environment| {
            let refused =
                Preview::from_token(token, &keys(purpose), environment, UnixMillis(0)).unwrap_err();
            assert!(matches!(refused, InvalidPreview::Token(_)), "{refused}");
        };
        check(&token(), Purpose::Preview, "production");
        check(&token(), Purpose::Receipt, "demo");
        check(&format!("{}A", token()), Purpose::Preview, "demo");
        check("", Purpose::Preview, "demo");
    }

    #[test]
    fn a_number_of_flags_that_cannot_be_made_is_refused() {
        let check = |n: u8, expected: bool| {
            let mut writer = Writer::default();
            writer.i64(2_000).u8(n);
            for _ in 0..n {
                writer.bytes(&[1, b'f', 1, b'v']);
            }
            assert_eq!(read(&writer.finish()).is_some(), expected, "{n}");
        };
        check(0, false);
        check(32, true);
        check(33, false);
    }

    #[test]
    fn is_bounded() {
        let check = |n: usize, sound: bool| {
            let flags: Vec<String> = (0..n).map(|n| n.to_string()).collect();
            let preview = Preview::new(flags.iter().map(|flag| (&**flag, "v")), UnixMillis(1));
            assert_eq!(preview.is_ok(), sound, "{n}");
        };
        check(0, false);
        check(PREVIEW_FLAGS_MAX, true);
        check(PREVIEW_FLAGS_MAX + 1, false);
        assert!(Preview::new([(&*"k".repeat(256), "v")], UnixMillis(1)).is_err());
    }
}
