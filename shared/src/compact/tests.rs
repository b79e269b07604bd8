use super::bytes::Writer;
use super::image::{FORMAT_VERSION, HEADER_BYTES, PREFIX_BYTES};
mod random;

use super::*;
use crate::bandit::{POLICY_KINDS, wire};
use crate::evaluate::{Evaluator, Participation, Policies};
use crate::snapshot::{PolicySnapshot, SnapshotAction};
use crate::sticky::StickyDecisions;
use crate::{EvaluationContext, UnixMillis, compile};
use xxhash_rust::xxh3::xxh3_64;

const GOLDEN: &str = include_str!("../../tests/golden/ruleset.json");

fn compiled(document: &str) -> Ruleset {
    compile(document.as_bytes()).expect("a ruleset").ruleset
}

fn reread(ruleset: &Ruleset) -> Ruleset {
    Ruleset::from_compact(encode(ruleset)).expect("what was written reads back")
}

fn policies() -> Policies {
    let action = |action: &str, parts| SnapshotAction {
        action: action.into(),
        parts,
        n_decisions: 0,
        n_rewarded: 0,
        mean_reward: 0.0,
    };
    let actions = vec![action("a", 700_000), action("b", 300_000)];
    Policies::new([PolicySnapshot::new("bandit", 3, UnixMillis(0), actions).expect("sound")])
}

/// Every answer and every explanation, for one context.
fn same_answers(one: &Ruleset, other: &Ruleset, context: &EvaluationContext, at: UnixMillis) {
    let (policies, sticky) = (policies(), StickyDecisions::default());
    let evaluator = |ruleset| Evaluator {
        ruleset,
        context,
        at,
        draw: xxh3_64(&at.0.to_le_bytes()),
        policies: &policies,
        sticky: &sticky,
        participation: Participation::Full,
    };
    assert_eq!(one.len(), other.len());
    for flag in one.flags() {
        let (expected, got) = (evaluator(one), evaluator(other));
        assert_eq!(expected.evaluate(&flag.key), got.evaluate(&flag.key));
        assert_eq!(expected.explain(&flag.key), got.explain(&flag.key));
    }
}

#[test]
fn the_same_ruleset_gives_the_same_bytes_again() {
    let ruleset = compiled(GOLDEN);
    let bytes = encode(&ruleset);
    assert_eq!(encode(&reread(&ruleset)), bytes);
}

#[test]
fn attributes_stay_those_of_their_kind() {
    let ruleset = compiled(
        r#"{"schemaVersion":1,"flags":{"f":{"type":"boolean","status":"enabled",
            "variants":{"on":{"value":true}},
            "rules":[{"when":{"attribute":{"of":"org","path":["plan"]},"op":"exists"},
                      "serve":{"variant":"on"}}]}}}"#,
    );
    let read = reread(&ruleset);
    let plan = EvaluationContext::new().with("plan", "pro");
    for context in [plan.clone().with("kind", "org"), plan] {
        same_answers(&ruleset, &read, &context, UnixMillis(0));
    }
}

#[test]
fn a_damaged_frame_is_told_by_its_fault() {
    let bytes = encode(&compiled(GOLDEN));
    let check = |bytes: &[u8], fault| {
        assert_eq!(Ruleset::from_compact(bytes).err(), Some(fault));
    };
    check(b"", CompactError::NotCompact);
    check(GOLDEN.as_bytes(), CompactError::NotCompact);
    for end in [8, 11, PREFIX_BYTES, HEADER_BYTES, bytes.len() - 1] {
        check(&bytes[..end], CompactError::Truncated);
    }
    check(&[&bytes[..], b"x"].concat(), CompactError::Checksum);
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    check(&flipped, CompactError::Checksum);
    let mut later = bytes;
    later[8] += 1;
    let found = FORMAT_VERSION + 1;
    check(&later, CompactError::UnknownVersion { found });
    check(&encode::framed(&[0xFF; 12], 0), CompactError::Malformed);
    check(&encode::framed(&[0; 12], 0), CompactError::Malformed);
}

#[test]
fn a_damaged_flag_is_broken_and_its_neighbours_are_not() {
    let ruleset = compiled(GOLDEN);
    let mut bytes = encode(&ruleset);
    // The body of the last flag ends the bytes; its last byte says whether it is tracked.
    *bytes.last_mut().unwrap() = 7;
    let damaged = Ruleset::from_compact(encode::framed(&bytes[PREFIX_BYTES..], 0)).unwrap();
    let last = damaged.flags().last().unwrap();
    assert_eq!(&*last.key, "targeted");
    assert!(matches!(last.state, crate::flag::FlagState::Broken(_)));
    let broken = |flag: &crate::Flag| matches!(flag.state, crate::flag::FlagState::Broken(_));
    assert_eq!(damaged.flags().filter(|flag| broken(flag)).count(), 1);
}

#[test]
fn references_in_circles_end() {
    let flag = |needs: &str| {
        format!(
            r#"{{"type":"boolean","status":"enabled","defaultVariant":"on",
                "variants":{{"on":{{"value":true}}}},"requires":[{needs}]}}"#
        )
    };
    let requires = r#"{"flag":"b","variants":["on"]}"#;
    let document = format!(
        r#"{{"schemaVersion":1,"flags":{{"a":{},"b":{}}}}}"#,
        flag(requires),
        flag("")
    );
    let ruleset = compiled(&document);
    let bytes = encode(&ruleset);
    // What `a` requires is one byte, the position of `b`: made 0, `a` requires itself.
    let circular = (PREFIX_BYTES..bytes.len()).filter_map(|at| {
        let mut changed = bytes.clone();
        *changed.get_mut(at)? = 0;
        let ruleset = Ruleset::from_compact(encode::framed(&changed[PREFIX_BYTES..], 0)).ok()?;
        let required = ruleset.flag("a")?.requires.first()?.flag;
        (required == 0).then_some(ruleset)
    });
    let mut found = 0;
    for ruleset in circular {
        same_answers(&ruleset, &ruleset, &EvaluationContext::new(), UnixMillis(0));
        found += 1;
    }
    assert_eq!(found, 1);
}

#[test]
fn segments_in_circles_have_no_members() {
    let document = r#"{"schemaVersion":1,
        "segments":{"a":{"when":{"segment":"b"}},"b":{"when":{"all":[]}}},
        "flags":{"f":{"type":"boolean","status":"enabled","defaultVariant":"on",
            "variants":{"on":{"value":true}},
            "rules":[{"when":{"segment":"a"},"serve":{"variant":"on"}}]}}}"#;
    let ruleset = compiled(document);
    let bytes = encode(&ruleset);
    // What `a` asks is one byte, the position of `b`: made 0, `a` asks itself.
    let mut refused = 0;
    for at in PREFIX_BYTES..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] = 0;
        let Ok(ruleset) = Ruleset::from_compact(encode::framed(&changed[PREFIX_BYTES..], 0)) else {
            continue;
        };
        same_answers(&ruleset, &ruleset, &EvaluationContext::new(), UnixMillis(0));
        let asked = ruleset.segment_at(0).map(crate::ruleset::Segment::asks);
        assert!(!asked.unwrap_or_default().contains(&0));
        refused += usize::from(ruleset.segments().count() < ruleset.n_segments());
    }
    assert!(refused > 0);
}

#[test]
fn a_segment_may_ask_another_many_times() {
    let uses = vec![r#"{"not":{"segment":"b"}}"#; 300].join(",");
    let document = format!(
        r#"{{"schemaVersion":1,
        "segments":{{"a":{{"when":{{"any":[{uses},{{"segment":"b"}}]}}}},
                    "b":{{"included":["ana"]}}}},
        "flags":{{"f":{{"type":"boolean","status":"enabled",
            "variants":{{"on":{{"value":true}}}},
            "rules":[{{"when":{{"segment":"a"}},"serve":{{"variant":"on"}}}}]}}}}}}"#
    );
    let ruleset = compiled(&document);
    for subject in ["ana", "eve"] {
        let context = EvaluationContext::new().with("targetingKey", subject);
        same_answers(&ruleset, &reread(&ruleset), &context, UnixMillis(0));
    }
}

#[test]
fn flags_are_read_when_they_are_asked_for() {
    let ruleset = reread(&compiled(GOLDEN));
    assert_eq!(ruleset.n_read(), 0);
    assert_eq!(
        ruleset.flag("rollout").map(|flag| &*flag.key),
        Some("rollout")
    );
    assert_eq!(ruleset.n_read(), 1);
    assert!(ruleset.flag("nobody").is_none());
    assert_eq!(ruleset.n_read(), 1);
}

#[test]
fn flags_that_change_pages_are_known_unread() {
    let document = r#"{"schemaVersion":1,"flags":{
        "plain":{"type":"boolean","status":"enabled","variants":{"on":{"value":true}}},
        "paged":{"type":"boolean","status":"enabled",
            "variants":{"on":{"value":true,"page":{"rewrite":"/b"}}}}}}"#;
    for ruleset in [compiled(document), reread(&compiled(document))] {
        let paged: Vec<_> = ruleset
            .changing_pages()
            .map(|(at, flag)| (at, &*flag.key))
            .collect();
        assert_eq!(paged, [(0, "paged")]);
    }
}

fn bandit(policy: &str) -> Bandit {
    let reward = r#""reward":{"metric":"m","kind":"binary"}"#;
    let json = format!(r#"{{"actions":["a","b"],{reward},"policy":{policy}}}"#);
    wire::parse("hero", &json).expect("a sound bandit")
}

/// The bytes of a bandit's policy, without the texts before them.
fn policy_bytes(policy: &str) -> Vec<u8> {
    let mut to = Writer::default();
    wire::to_wire(&bandit(policy)).policy.write(&mut to);
    to.finish()
}

/// What is stored and what edges of former releases hold: policies of the first two kinds.
#[test]
fn policies_keep_their_bytes() {
    let float = |value: f64| value.to_le_bytes().to_vec();
    let some = |bytes: Vec<u8>| [vec![1], bytes].concat();
    let (floor, half) = (some(float(0.25)), float(0.5));
    let jeffreys = some([half.clone(), half].concat());
    // No texts; there is a policy; thompson; its floor and prior.
    let plain = [vec![0, 1, 0], floor.clone(), jeffreys.clone()].concat();
    let written = r#"{"kind":"thompson","floor":0.25}"#;
    assert_eq!(policy_bytes(written), plain);
    // The mark of late members: a half-life of 2,000 in sevens of bits, and no window.
    let late = vec![0, 1, 0x80, 1, 0xd0, 0x0f, 0, 0];
    let fading = [late, floor.clone(), jeffreys.clone()].concat();
    let written = r#"{"kind":"thompson","floor":0.25,"halfLifeMs":2000}"#;
    assert_eq!(policy_bytes(written), fading);
    // The latest mark, linUcb, its alpha and neither share nor decay stand before the kind, 1.
    let feature = r#"{"kind":"hashed","attribute":"x","places":2}"#;
    let looking = format!(r#"{{"kind":"contextual","features":[{feature}]"#);
    let gaps = policy_bytes(&format!("{looking}}}"));
    let latest = [vec![0x82, 1], some(float(0.5)), vec![0, 0]].concat();
    // One text, "x"; there is a policy.
    let at = 3;
    let bound = [&gaps[..at], &latest, &gaps[at..]].concat();
    let written = format!(r#"{looking},"exploration":"linUcb","alpha":0.5}}"#);
    assert_eq!(policy_bytes(&written), bound);
    // Another mark, and 1,000,000 in sevens of bits.
    let later = vec![0, 1, 0x81, 1, 0xc0, 0x84, 0x3d, 0];
    let adaptive = [later, floor.clone(), jeffreys.clone()].concat();
    let written = r#"{"kind":"thompson","floor":0.25,"adaptiveWindowMs":1000000}"#;
    assert_eq!(policy_bytes(written), adaptive);
    // Kinds that came later: imed has nothing more, epsilonGreedy two numbers, topTwo a prior.
    let imed = [vec![0, 1, 7], floor.clone()].concat();
    assert_eq!(policy_bytes(r#"{"kind":"imed","floor":0.25}"#), imed);
    let numbers = [some(float(0.5)), some(float(0.0))].concat();
    let random = [vec![0, 1, 8], floor.clone(), numbers].concat();
    let written = r#"{"kind":"epsilonGreedy","floor":0.25,"epsilon":0.5}"#;
    assert_eq!(policy_bytes(written), random);
    let top_two = [vec![0, 1, 10], floor, jeffreys].concat();
    assert_eq!(policy_bytes(r#"{"kind":"topTwo","floor":0.25}"#), top_two);
}

#[test]
fn bandits_of_every_kind_read_back() {
    for kind in POLICY_KINDS {
        let feature = r#"{"kind":"hashed","attribute":"x","places":2}"#;
        let more = match kind.name() {
            "contextual" => {
                format!(r#","features":[{feature}],"exploration":"epsilonGreedy","decay":0.5"#)
            }
            "epsilonGreedy" => r#","epsilon":0.75,"decay":1"#.to_owned(),
            "imed" => r#","adaptiveWindowMs":9999"#.to_owned(),
            "topTwo" => r#","prior":{"successes":3,"failures":4}"#.to_owned(),
            _ => r#","windowMs":9999"#.to_owned(),
        };
        let bandit = bandit(&format!(r#"{{"kind":"{}"{more}}}"#, kind.name()));
        let mut to = Writer::default();
        bandit.write(&mut to);
        let bytes = to.finish();
        let attributes = Attributes::default();
        let mut from = Reader::new(&bytes, &attributes).expect("texts");
        assert_eq!(Bandit::read(&mut from), Some(bandit), "{}", kind.name());
        assert!(from.is_done());
    }
    // A kind of a release to come is no bandit, and no panic.
    let attributes = Attributes::default();
    let unknown = [0, POLICY_KINDS.len() as u8, 0];
    let mut from = Reader::new(&unknown, &attributes).expect("texts");
    let read: Option<wire::PolicyWire<crate::bandit::FeatureSpec>> = Compact::read(&mut from);
    assert_eq!(read, None);
}
