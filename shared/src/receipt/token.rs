//! The signed text of a receipt.

use super::Receipt;
use crate::bandit::features::FEATURES_MAX;
use crate::bandit::{ContextVector, KEY_BYTES_MAX, Propensity};
use crate::codec::{Reader, Writer};
use crate::decision::{Decision, DecisionId};
use crate::keys::PurposeKeys;
use crate::signed::{self, ENVELOPE_BYTES, InvalidToken};
use crate::subject::SubjectHash;
use crate::time::UnixMillis;

const VERSION: u8 = 1;
/// Longest body: two keys of greatest length, the fixed members, and every feature.
const BODY_BYTES_MAX: usize =
    2 * (1 + KEY_BYTES_MAX) + 16 + 4 + 3 * 8 + 2 + SubjectHash::BYTES + VECTOR_BYTES_MAX;
/// Longest vector: its length, declaration, which numbers are not zero, and those.
const VECTOR_BYTES_MAX: usize = 1 + 4 + FEATURES_MAX.div_ceil(8) + 2 * FEATURES_MAX;
/// Longest text of a receipt; a receipt without features is about 125 characters.
pub const RECEIPT_CHARS_MAX: usize = (ENVELOPE_BYTES + BODY_BYTES_MAX).div_ceil(3) * 4;

impl Receipt {
    /// The signed text.
    ///
    /// # Returns
    /// At most [`RECEIPT_CHARS_MAX`] characters of base64url; `None` when a key is longer than
    /// [`KEY_BYTES_MAX`], which `bandit::wire` never lets through.
    #[must_use]
    pub fn to_token(&self, keys: &PurposeKeys) -> Option<String> {
        let Decision {
            decision_id,
            bandit,
            action,
            propensity,
            ..
        } = &self.decision;
        if bandit.len() > KEY_BYTES_MAX || action.len() > KEY_BYTES_MAX {
            return None;
        }
        let mut writer = Writer::default();
        writer
            .text(bandit)?
            .text(action)?
            .bytes(&decision_id.0)
            .u32(propensity.parts())
            .u64(self.decision.revision)
            .i64(self.decision.decided_at.0)
            .i64(self.decision.reward_until.0)
            .u16(self.shard)
            .bytes(self.subject.as_bytes())
            .vector(&self.decision.features);
        Some(signed::seal(keys, VERSION, &[], &writer.finish()))
    }

    /// The receipt of a signed text, verified in constant time.
    ///
    /// # Errors
    /// `InvalidToken`: any text that `to_token` did not make under a key of the ring.
    pub fn from_token(token: &str, keys: &PurposeKeys) -> Result<Self, InvalidToken> {
        let body = signed::open(keys, VERSION, &[], token, RECEIPT_CHARS_MAX)?;
        read(&body).ok_or(InvalidToken::Body)
    }
}

fn read(body: &[u8]) -> Option<Receipt> {
    let mut reader = Reader::new(body);
    let mut decision = Decision {
        bandit: reader.text()?.into(),
        action: reader.text()?.into(),
        decision_id: DecisionId(reader.array()?),
        propensity: Propensity::from_parts(reader.u32()?)?,
        revision: reader.u64()?,
        decided_at: UnixMillis(reader.i64()?),
        reward_until: UnixMillis(reader.i64()?),
        shard: None,
        features: ContextVector::default(),
    };
    let shard = reader.u16()?;
    decision.shard = Some(shard);
    let subject = SubjectHash::from_bytes(reader.array()?);
    decision.features = reader.vector()?;
    reader.finish()?;
    Some(Receipt {
        decision,
        shard,
        subject,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::{KeyRing, Purpose};

    const OLD: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const NEW: &str = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn keys(ring: &str) -> PurposeKeys {
        KeyRing::parse(ring).unwrap().derive(Purpose::Receipt)
    }

    fn receipt(bandit: &str, action: &str) -> Receipt {
        let decision = Decision {
            decision_id: DecisionId(*b"0123456789abcdef"),
            bandit: bandit.into(),
            action: action.into(),
            propensity: Propensity::from_parts(734_500).unwrap(),
            revision: 12,
            decided_at: UnixMillis(1_770_000_000_000),
            reward_until: UnixMillis(1_770_086_400_000),
            shard: None,
            features: ContextVector::default(),
        };
        Receipt::new(decision, SubjectHash::from_bytes([0x80; 16]), 4)
    }

    #[test]
    fn the_text_never_changes() {
        let token = receipt("hero", "blue").to_token(&keys(OLD)).unwrap();
        // Python's hmac module, given the same key, label and body, makes the same tag.
        let pinned = "AQEEaGVybwRibHVlMDEyMzQ1Njc4OWFiY2RlZgALNSQAAAAAAAAADAAAAZwcOKQAAAABnCFf\
                      AAAAAoCAgICAgICAgICAgICAgIAA1-YsttB3UJv-Zs3-B9U3JA";
        assert_eq!(token, pinned);
        assert_eq!(receipt("hero", "blue").shard(), 2);
    }

    #[test]
    fn every_mutated_byte_is_refused() {
        let keys = keys(OLD);
        let token = receipt("hero", "blue").to_token(&keys).unwrap();
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ";
        let mut n_mutants = 0;
        for position in 0..token.len() {
            for character in alphabet {
                let mut mutant = token.clone().into_bytes();
                if mutant[position] == *character {
                    continue;
                }
                mutant[position] = *character;
                let mutant = String::from_utf8(mutant).unwrap();
                assert!(
                    Receipt::from_token(&mutant, &keys).is_err(),
                    "{position}: {mutant}"
                );
                n_mutants += 1;
            }
        }
        assert!(n_mutants > 7_000, "{n_mutants}");
    }

    #[test]
    fn every_other_length_is_refused() {
        let keys = keys(OLD);
        let token = receipt("hero", "blue").to_token(&keys).unwrap();
        for length in 0..token.len() {
            assert!(
                Receipt::from_token(&token[..length], &keys).is_err(),
                "{length}"
            );
        }
        assert!(Receipt::from_token(&format!("{token}A"), &keys).is_err());
        let long = "A".repeat(RECEIPT_CHARS_MAX + 1);
        assert_eq!(
            Receipt::from_token(&long, &keys),
            Err(InvalidToken::TooLong)
        );
    }

    #[test]
    fn keys_rotate_without_loss() {
        let token = receipt("hero", "blue").to_token(&keys(OLD)).unwrap();
        let both = keys(&format!("{NEW},{OLD}"));
        assert_eq!(
            Receipt::from_token(&token, &both),
            Ok(receipt("hero", "blue"))
        );
        assert_eq!(
            Receipt::from_token(&token, &keys(NEW)),
            Err(InvalidToken::Key(1))
        );
        // Another environment's key under the same number.
        assert_eq!(
            Receipt::from_token(&token, &keys(&NEW.replace("2:", "1:"))),
            Err(InvalidToken::Signature)
        );
        let resigned = receipt("hero", "blue").to_token(&both).unwrap();
        assert_eq!(
            Receipt::from_token(&resigned, &keys(NEW)),
            Ok(receipt("hero", "blue"))
        );
    }

    #[test]
    fn the_greatest_receipt_fits_its_limit() {
        let long = "k".repeat(KEY_BYTES_MAX);
        let mut greatest = receipt(&long, &long);
        greatest.decision.features = ContextVector::new(7, [-9; FEATURES_MAX]).unwrap();
        let token = greatest.to_token(&keys(OLD)).unwrap();
        assert!(token.len() <= RECEIPT_CHARS_MAX);
        assert_eq!(Receipt::from_token(&token, &keys(OLD)), Ok(greatest));
        assert_eq!(receipt(&format!("{long}k"), "a").to_token(&keys(OLD)), None);
    }

    proptest! {
        #[test]
        fn prints_and_parses_back(bandit in ".{1,32}", action in ".{1,32}", at: i64, id: [u8; 16]) {
            let mut made = receipt(&bandit, &action);
            made.decision.decided_at = UnixMillis(at);
            made.decision.decision_id = DecisionId(id);
            let token = made.to_token(&keys(OLD)).unwrap();
            prop_assert_eq!(Receipt::from_token(&token, &keys(OLD)), Ok(made));
        }

        #[test]
        fn never_panics_on_any_text(text in ".{0,300}") {
            prop_assert!(Receipt::from_token(&text, &keys(OLD)).is_err());
        }
    }
}
