//! Ten thousand receipts that nobody of ours signed as they are: none is believed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use super::*;
use crate::bandit::Propensity;
use crate::keys::TAG_BYTES;

const N_FORGED: u64 = 10_000;
/// Ways of forging, taken in turn.
const N_WAYS: u64 = 12;
const OTHER_SECRET: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Version and key id.
const HEAD_BYTES: usize = 2;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 += 1;
        let hash = xxhash_rust::xxh3::xxh3_64(&self.0.to_le_bytes());
        ((u128::from(hash) * n as u128) >> 64) as usize
    }
}

fn decision(n: u8) -> Decision {
    Decision {
        decision_id: DecisionId([n; 16]),
        bandit: "hero".into(),
        action: if n.is_multiple_of(2) { "a" } else { "b" }.into(),
        propensity: Propensity::from_parts(250_000).unwrap(),
        revision: 3 + u64::from(n),
        decided_at: UnixMillis(DECIDED + i64::from(n)),
        reward_until: UnixMillis(DECIDED + WINDOW_MS),
        shard: Some(u16::from(n % 4)),
        features: ContextVector::new(7, [i16::from(n), 0, 5]).unwrap(),
    }
}

fn token(desk: &TestDesk, decision: Decision, keys: &PurposeKeys) -> String {
    let receipt = Receipt::new(decision, desk.subjects.hash("visitor"), 4);
    receipt.to_token(keys).unwrap()
}

fn decoded(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token).unwrap()
}

/// A decision that differs where it would pay, or where nobody may look.
fn altered(mut decision: Decision, dice: &mut Dice) -> Decision {
    match dice.below(8) {
        0 => decision.action = if &*decision.action == "a" { "b" } else { "a" }.into(),
        1 => decision.bandit = "other".into(),
        2 => decision.propensity = Propensity::from_parts(1 + dice.below(200_000) as u32).unwrap(),
        3 => decision.reward_until.0 += 1 + dice.below(1 << 40) as i64,
        4 => decision.decided_at.0 -= 1 + dice.below(1 << 40) as i64,
        5 => decision.decision_id.0[dice.below(16)] ^= 1 + dice.below(255) as u8,
        6 => decision.revision += 1 + dice.below(1 << 30) as u64,
        _ => decision.features = ContextVector::new(7, [-9, dice.below(99) as i16 + 1, 1]).unwrap(),
    }
    decision
}

/// Another spelling of the same bytes.
fn respelt(token: &str, dice: &mut Dice) -> String {
    let bytes = decoded(token);
    match dice.below(5) {
        0 => {
            URL_SAFE.encode(&bytes)
                + if bytes.len().is_multiple_of(3) {
                    "="
                } else {
                    ""
                }
        }
        1 => STANDARD.encode(&bytes) + "=",
        2 => format!("{token}="),
        3 => {
            let place = dice.below(token.len() + 1);
            let space = [" ", "\\n", "\\t", "\\u0000", "%"][dice.below(5)];
            format!("{}{space}{}", &token[..place], &token[place..])
        }
        _ => {
            // Bits beyond the last whole byte, where there are any; else a byte that is nothing.
            let (rest, last) = token.split_at(token.len() - 1);
            let value = CHARACTERS.iter().position(|c| last.as_bytes()[0] == *c);
            let other = CHARACTERS[value.unwrap() ^ (1 + dice.below(3))] as char;
            if bytes.len().is_multiple_of(3) {
                format!("{token}A")
            } else {
                format!("{rest}{other}")
            }
        }
    }
}

/// A forged token that resembles the `n`th receipt.
fn forged(desk: &TestDesk, way: u64, n: u8, dice: &mut Dice) -> String {
    let keys = |ring: String, purpose| KeyRing::parse(&ring).unwrap().derive(purpose);
    let good = token(desk, decision(n), &desk.receipts);
    let mut bytes = decoded(&good);
    let tag_at = bytes.len() - TAG_BYTES;
    let other = decoded(&token(desk, decision(n ^ 1), &desk.receipts));
    match way {
        0 => bytes[dice.below(tag_at)] ^= 1 << dice.below(8),
        1 => bytes[tag_at + dice.below(TAG_BYTES)] ^= 1 << dice.below(8),
        2 => {
            let mut text = good.into_bytes();
            for _ in 0..2 {
                let place = dice.below(text.len());
                text[place] = CHARACTERS[dice.below(CHARACTERS.len())];
            }
            return String::from_utf8(text).unwrap();
        }
        3 => bytes.truncate(dice.below(bytes.len())),
        4 => drop(bytes.drain(..=dice.below(bytes.len() - 1))),
        5 => {
            let from = dice.below(bytes.len());
            let to = from + 1 + dice.below(bytes.len() - from);
            drop(bytes.drain(from..to));
        }
        // The body of one under the tag of another, and parts of one within another.
        6 => bytes = [&bytes[..tag_at], &other[other.len() - TAG_BYTES..]].concat(),
        7 => {
            let cut = HEAD_BYTES + 1 + dice.below(bytes.len() - HEAD_BYTES - 1);
            bytes = [&bytes[..cut], &other[cut.min(other.len())..]].concat();
        }
        8 => {
            let ring = format!("1:{OTHER_SECRET}");
            let foreign = keys(ring, Purpose::Receipt);
            return token(desk, altered(decision(n), dice), &foreign);
        }
        9 => {
            let purposes = [Purpose::Sticky, Purpose::Preview, Purpose::Exposed];
            let purpose = purposes[dice.below(3)];
            let ring = format!("{}:{SECRET}", 1 + dice.below(2));
            return token(desk, altered(decision(n), dice), &keys(ring, purpose));
        }
        10 => {
            let changed = token(desk, altered(decision(n), dice), &desk.receipts);
            let body = decoded(&changed);
            bytes = [&body[..body.len() - TAG_BYTES], &bytes[tag_at..]].concat();
        }
        _ => return respelt(&good, dice),
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What becomes of a reward that presents the text; as it arrives, in a body of JSON.
fn verdict(token: &str, desk: &TestDesk) -> Result<Admitted, Rejection> {
    let body =
        format!(r#"{{"events":[{{"id":"e","kind":"reward","receipt":"{token}","value":1}}]}}"#);
    let received = event_wire::parse(body.as_bytes()).unwrap().remove(0);
    admit(&received.event?, desk, UnixMillis(DECIDED))
}

#[test]
fn ten_thousand_forged_receipts_are_refused_and_the_true_ones_are_not() {
    let desk = desk();
    let mut dice = Dice(20_261_128);
    let all = (0..64).map(|n| token(&desk, decision(n), &desk.receipts));
    let all: Vec<String> = all.collect();
    let mut n_refused = 0;
    let mut by_way = [0; N_WAYS as usize];
    for n in 0.. {
        let way = n % N_WAYS;
        let made = forged(&desk, way, (n % 64) as u8, &mut dice);
        // A change that changes nothing is no forgery.
        if all.contains(&made) {
            continue;
        }
        let refusal = verdict(&made, &desk).unwrap_err();
        let expected = if made.is_empty() {
            "event_malformed"
        } else {
            "receipt_invalid"
        };
        assert_eq!(
            (refusal.code.as_str(), refusal.pointer),
            (expected, "/receipt"),
            "way {way}: {made}"
        );
        by_way[way as usize] += 1;
        n_refused += 1;
        if n_refused == N_FORGED {
            break;
        }
    }
    assert!(by_way.iter().all(|n| *n > 700), "{by_way:?}");
    for good in &all {
        assert!(verdict(good, &desk).is_ok(), "{good}");
    }
}
