//! The cookie that remembers which first exposures were already sent.
//!
//! Events then grow with visitors and not with page views. A mark is 32 bits and expires after a
//! day, so that a lost exposure heals and a collision (once in 70 million pairs) costs a day of one
//! exposure. Forgetting too early is harmless: an exposure that is sent twice counts once.

use crate::codec::{Reader, Writer};
use crate::keys::PurposeKeys;
use crate::signed::{self, InvalidToken};
use crate::time::UnixMillis;

/// How long a mark lasts: one day.
pub const EXPOSED_MS_MAX: i64 = 86_400_000;
/// Most marks; the oldest give way.
pub const EXPOSED_MARKS_MAX: usize = 96;
/// Longest text: every mark in its envelope.
pub const EXPOSED_CHARS_MAX: usize = 1_200;

const VERSION: u8 = 1;
const MINUTE_MS: i64 = 60_000;

/// What identifies an exposure: a bandit's decision, or a flag's variant for the cookie's subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExposureKey<'a> {
    /// A bandit decision.
    Decision(&'a [u8; 16]),
    /// A variant of a flag.
    Flag {
        /// Flag key.
        flag: &'a str,
        /// Variant name.
        variant: &'a str,
    },
}

impl ExposureKey<'_> {
    fn mark(&self) -> u32 {
        let bytes = match self {
            Self::Decision(id) => [b"d".as_slice(), id.as_slice()].concat(),
            Self::Flag { flag, variant } => {
                [b"f", flag.as_bytes(), &[0x1F], variant.as_bytes()].concat()
            }
        };
        (xxhash_rust::xxh3::xxh3_64(&bytes) >> 32) as u32
    }
}

/// Marks of first exposures, each with the minute it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposed(Vec<(u32, u32)>);

impl Exposed {
    /// Whether the exposure was already sent within a day before `at`.
    #[must_use]
    pub fn contains(&self, key: &ExposureKey<'_>, at: UnixMillis) -> bool {
        let mark = key.mark();
        self.0
            .iter()
            .any(|(marked, minute)| *marked == mark && is_fresh(*minute, at))
    }

    /// Marks an exposure as sent.
    ///
    /// # Returns
    /// Whether it was new; then the cookie must be set again.
    pub fn insert(&mut self, key: &ExposureKey<'_>, at: UnixMillis) -> bool {
        if self.contains(key, at) {
            return false;
        }
        let mark = key.mark();
        self.0
            .retain(|(marked, minute)| *marked != mark && is_fresh(*minute, at));
        if self.0.len() >= EXPOSED_MARKS_MAX {
            self.0.remove(0);
        }
        self.0.push((mark, minute_of(at)));
        true
    }

    /// The signed text of the cookie.
    #[must_use]
    pub fn to_token(&self, keys: &PurposeKeys, binding: &[u8]) -> String {
        let mut writer = Writer::default();
        for (mark, minute) in &self.0 {
            writer.u32(*mark).u32(*minute);
        }
        signed::seal(keys, VERSION, binding, &writer.finish())
    }

    /// The marks of a signed text made with the same binding (the subject's hash).
    ///
    /// # Errors
    /// `InvalidToken`; the caller then starts with no marks.
    pub fn from_token(
        token: &str,
        keys: &PurposeKeys,
        binding: &[u8],
    ) -> Result<Self, InvalidToken> {
        let body = signed::open(keys, VERSION, binding, token, EXPOSED_CHARS_MAX)?;
        if body.len() % 8 != 0 || body.len() / 8 > EXPOSED_MARKS_MAX {
            return Err(InvalidToken::Body);
        }
        let mut reader = Reader::new(&body);
        let mut marks = Vec::with_capacity(body.len() / 8);
        while let (Some(mark), Some(minute)) = (reader.u32(), reader.u32()) {
            marks.push((mark, minute));
        }
        Ok(Self(marks))
    }
}

/// Whole minutes since 1970, which fit 32 bits until the year 10136.
fn minute_of(at: UnixMillis) -> u32 {
    (at.0 / MINUTE_MS).clamp(0, i64::from(u32::MAX)) as u32
}

fn is_fresh(minute: u32, at: UnixMillis) -> bool {
    let age_ms = at.0.saturating_sub(i64::from(minute) * MINUTE_MS);
    (-EXPOSED_MS_MAX..EXPOSED_MS_MAX).contains(&age_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{KeyRing, Purpose};

    const NOW: UnixMillis = UnixMillis(1_770_000_000_000);

    fn keys() -> PurposeKeys {
        let text = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        KeyRing::parse(text).unwrap().derive(Purpose::Exposed)
    }

    fn flag(variant: &str) -> ExposureKey<'_> {
        ExposureKey::Flag {
            flag: "shop.buy_button",
            variant,
        }
    }

    #[test]
    fn a_mark_lasts_a_day() {
        let mut exposed = Exposed::default();
        assert!(exposed.insert(&flag("on"), NOW));
        assert!(!exposed.insert(&flag("on"), NOW));
        let check = |later_ms, known| {
            assert_eq!(
                exposed.contains(&flag("on"), UnixMillis(NOW.0 + later_ms)),
                known
            );
        };
        check(EXPOSED_MS_MAX - MINUTE_MS, true);
        check(EXPOSED_MS_MAX, false);
        assert!(!exposed.contains(&flag("off"), NOW));
        assert!(!exposed.contains(&ExposureKey::Decision(&[0; 16]), NOW));
    }

    #[test]
    fn the_fullest_cookie_fits_its_limit() {
        let mut exposed = Exposed::default();
        for i in 0..2 * EXPOSED_MARKS_MAX {
            assert!(exposed.insert(&flag(&i.to_string()), NOW));
        }
        let token = exposed.to_token(&keys(), b"subject");
        assert!(token.len() <= EXPOSED_CHARS_MAX, "{}", token.len());
        assert_eq!(
            Exposed::from_token(&token, &keys(), b"subject"),
            Ok(exposed)
        );
        let other = Exposed::from_token(&token, &keys(), b"another");
        assert_eq!(other, Err(InvalidToken::Signature));
    }
}
