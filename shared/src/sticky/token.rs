//! The signed text of kept decisions.

use super::StickyDecisions;
use crate::bandit::{ContextVector, Propensity};
use crate::codec::{Reader, Writer};
use crate::decision::{Decision, DecisionId};
use crate::keys::PurposeKeys;
use crate::signed::{self, InvalidToken};
use crate::subject::SubjectHash;
use crate::time::UnixMillis;

/// Most decisions one subject keeps.
pub const STICKY_DECISIONS_MAX: usize = 16;
/// Longest text: half of what browsers allow a cookie, because a domain has other cookies too.
pub const STICKY_CHARS_MAX: usize = 2_048;

const VERSION: u8 = 1;
/// Stands for "not settled" where a shard is written; no environment has as many shards.
const NO_SHARD: u16 = u16::MAX;

impl StickyDecisions {
    /// The signed text for this subject's cookie; the oldest decisions give way to its limit.
    #[must_use]
    pub fn to_token(&self, keys: &PurposeKeys, subject: &SubjectHash) -> String {
        let mut kept = self.0.as_slice();
        loop {
            let token = signed::seal(keys, VERSION, subject.as_bytes(), &body(kept));
            match kept {
                [_, rest @ ..] if token.len() > STICKY_CHARS_MAX => kept = rest,
                _ => return token,
            }
        }
    }

    /// Whether a text that was believed should be signed anew, so that it outlives the key that
    /// signed it.
    #[must_use]
    pub fn is_to_renew(token: &str, keys: &PurposeKeys) -> bool {
        signed::names_former_key(keys, token)
    }

    /// The decisions kept for this subject.
    ///
    /// # Errors
    /// `InvalidToken`, also when the text was signed for another subject.
    pub fn from_token(
        token: &str,
        keys: &PurposeKeys,
        subject: &SubjectHash,
    ) -> Result<Self, InvalidToken> {
        let body = signed::open(keys, VERSION, subject.as_bytes(), token, STICKY_CHARS_MAX)?;
        let mut reader = Reader::new(&body);
        let mut kept = Self::default();
        let n = reader.u8().ok_or(InvalidToken::Body)?;
        let decisions: Option<Vec<Decision>> = (0..n).map(|_| read_decision(&mut reader)).collect();
        let mut decisions = decisions.ok_or(InvalidToken::Body)?;
        if !reader.is_finished() {
            for decision in &mut decisions {
                decision.features = reader.vector().ok_or(InvalidToken::Body)?;
            }
        }
        for decision in decisions {
            kept.keep(decision);
        }
        reader.finish().ok_or(InvalidToken::Body)?;
        // One bandit twice, or another order: a text that nothing of ours writes.
        if self::body(&kept.0) != body {
            return Err(InvalidToken::Body);
        }
        Ok(kept)
    }
}

/// The decisions, and where any has features those of all: cookies from before there were any still
/// read.
fn body(kept: &[Decision]) -> Vec<u8> {
    let written = kept
        .iter()
        .filter_map(|one| Some((one, write_decision(one)?)));
    let written: Vec<(&Decision, Vec<u8>)> = written.collect();
    let mut writer = Writer::default();
    // `keep` bounds the number far below 255.
    writer.u8(written.len() as u8);
    for (_, bytes) in &written {
        writer.bytes(bytes);
    }
    if written
        .iter()
        .any(|(decision, _)| !decision.features.is_empty())
    {
        for (decision, _) in &written {
            writer.vector(&decision.features);
        }
    }
    writer.finish()
}

/// `None` when a key is too long for a cookie; `bandit::wire` lets no such key through.
fn write_decision(decision: &Decision) -> Option<Vec<u8>> {
    let mut writer = Writer::default();
    writer
        .text(&decision.bandit)?
        .text(&decision.action)?
        .bytes(&decision.decision_id.0)
        .u32(decision.propensity.parts())
        .u64(decision.revision)
        .i64(decision.decided_at.0)
        .i64(decision.reward_until.0)
        .u16(decision.shard.unwrap_or(NO_SHARD));
    Some(writer.finish())
}

fn read_decision(reader: &mut Reader<'_>) -> Option<Decision> {
    Some(Decision {
        bandit: reader.text()?.into(),
        action: reader.text()?.into(),
        decision_id: DecisionId(reader.array()?),
        propensity: Propensity::from_parts(reader.u32()?)?,
        revision: reader.u64()?,
        decided_at: UnixMillis(reader.i64()?),
        reward_until: UnixMillis(reader.i64()?),
        shard: Some(reader.u16()?).filter(|shard| *shard != NO_SHARD),
        features: ContextVector::default(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::{KeyRing, Purpose};

    fn keys() -> PurposeKeys {
        let text = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        KeyRing::parse(text).unwrap().derive(Purpose::Sticky)
    }

    fn decision(bandit: &str, at: i64) -> Decision {
        Decision {
            decision_id: DecisionId([7; 16]),
            bandit: bandit.into(),
            action: "action".into(),
            propensity: Propensity::from_parts(250_000).unwrap(),
            revision: 9,
            decided_at: UnixMillis(at),
            reward_until: UnixMillis(at.saturating_add(1_000)),
            shard: Some(2),
            features: ContextVector::default(),
        }
    }

    const SUBJECT: SubjectHash = SubjectHash::from_bytes([3; 16]);

    #[test]
    fn keeps_one_decision_for_a_bandit_and_drops_the_oldest() {
        let mut kept = StickyDecisions::default();
        for i in 0..=STICKY_DECISIONS_MAX {
            kept.keep(decision(&format!("bandit{i}"), i as i64));
        }
        kept.keep(decision("bandit5", 99));
        assert_eq!(kept.iter().count(), STICKY_DECISIONS_MAX);
        assert_eq!(kept.get("bandit0"), None);
        assert_eq!(
            kept.get("bandit5").map(|kept| kept.decided_at),
            Some(UnixMillis(99))
        );
    }

    #[test]
    fn is_bound_to_its_subject() {
        let mut kept = StickyDecisions::default();
        kept.keep(decision("hero", 5));
        let token = kept.to_token(&keys(), &SUBJECT);
        assert_eq!(
            StickyDecisions::from_token(&token, &keys(), &SUBJECT),
            Ok(kept)
        );
        let other = SubjectHash::from_bytes([4; 16]);
        let read = StickyDecisions::from_token(&token, &keys(), &other);
        assert_eq!(read, Err(InvalidToken::Signature));
    }

    #[test]
    fn a_former_keys_text_is_to_be_renewed() {
        let mut kept = StickyDecisions::default();
        kept.keep(decision("hero", 5));
        let token = kept.to_token(&keys(), &SUBJECT);
        let next = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8,\
                    1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let next = KeyRing::parse(next).unwrap().derive(Purpose::Sticky);
        assert!(!StickyDecisions::is_to_renew(&token, &keys()));
        assert!(StickyDecisions::is_to_renew(&token, &next));
        assert!(!StickyDecisions::is_to_renew(
            &kept.to_token(&next, &SUBJECT),
            &next
        ));
        assert!(!StickyDecisions::is_to_renew("", &next));
        assert!(!StickyDecisions::is_to_renew("\u{e9}\u{e9}", &next));
    }

    #[test]
    fn another_order_or_a_bandit_twice_is_refused() {
        let [earlier, later] = [decision("a", 1), decision("b", 2)];
        let check = |decisions: &[&Decision], expected: bool| {
            let decisions: Vec<Decision> = decisions.iter().map(|one| (*one).clone()).collect();
            let token = signed::seal(&keys(), VERSION, SUBJECT.as_bytes(), &body(&decisions));
            let read = StickyDecisions::from_token(&token, &keys(), &SUBJECT);
            assert_eq!(read.is_ok(), expected, "{read:?}");
        };
        check(&[&earlier, &later], true);
        check(&[&later, &earlier], false);
        check(&[&earlier, &earlier], false);
    }

    #[test]
    fn long_keys_never_exceed_the_cookie() {
        let mut kept = StickyDecisions::default();
        for i in 0..STICKY_DECISIONS_MAX {
            kept.keep(decision(&format!("{i:0>128}"), i as i64));
        }
        let token = kept.to_token(&keys(), &SUBJECT);
        assert!(token.len() <= STICKY_CHARS_MAX);
        let read = StickyDecisions::from_token(&token, &keys(), &SUBJECT).unwrap();
        assert_eq!(read.iter().last(), kept.iter().last());
        assert!(read.iter().count() >= 5);
    }

    proptest! {
        #[test]
        fn never_panics_on_any_text(text in "[A-Za-z0-9_-]{0,200}") {
            prop_assert!(StickyDecisions::from_token(&text, &keys(), &SUBJECT).is_err());
        }

        #[test]
        fn prints_and_parses_back(
            at: i64,
            revision: u64,
            parts in 1u32..=1_000_000,
            bandit in ".{1,30}",
            spec in 0u8..9,
            values in prop::collection::vec(-4_096i16..=4_096, 0..=64),
        ) {
            let mut kept = StickyDecisions::default();
            let mut decision = decision(&bandit, at);
            decision.revision = revision;
            decision.propensity = Propensity::from_parts(parts).unwrap();
            decision.shard = None;
            decision.features = ContextVector::new(u32::from(spec), values).unwrap_or_default();
            kept.keep(decision);
            kept.keep(self::decision("plain", 0));
            let token = kept.to_token(&keys(), &SUBJECT);
            prop_assert_eq!(StickyDecisions::from_token(&token, &keys(), &SUBJECT), Ok(kept));
        }
    }
}
