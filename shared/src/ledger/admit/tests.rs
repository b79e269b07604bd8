mod forgery;

use super::*;
use crate::bandit::{ContextVector, wire};
use crate::decision::{Decision, DecisionId};
use crate::event::wire as event_wire;
use crate::keys::{KeyRing, Purpose};
use crate::ledger::{Batch, routed};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const DECIDED: i64 = 1_770_000_000_000;
const WINDOW_MS: i64 = 10_000;

struct TestDesk {
    bandit: Bandit,
    receipts: PurposeKeys,
    subjects: SubjectKey,
    subject: Option<&'static str>,
}

impl Desk for TestDesk {
    fn bandit(&self, key: &str) -> Option<&Bandit> {
        Some(&self.bandit).filter(|bandit| bandit.key() == key)
    }
    fn has_variant(&self, flag: &str, variant: &str) -> bool {
        flag == "shop.sale" && variant == "on"
    }
    fn receipt_keys(&self) -> &PurposeKeys {
        &self.receipts
    }
    fn subject_key(&self) -> &SubjectKey {
        &self.subjects
    }
    fn subject(&self) -> Option<&str> {
        self.subject
    }
    fn n_shards(&self) -> u16 {
        4
    }
}

fn desk() -> TestDesk {
    let json = r#"{"actions":["a","b"],
        "reward":{"metric":"revenue","kind":"numeric","min":0,"max":100}}"#;
    TestDesk {
        bandit: wire::parse("hero", json).unwrap(),
        receipts: KeyRing::parse(&format!("1:{SECRET}"))
            .unwrap()
            .derive(Purpose::Receipt),
        subjects: SubjectKey::parse(SECRET).unwrap(),
        subject: None,
    }
}

fn receipt(desk: &TestDesk, bandit: &str, shard: u16) -> String {
    let decision = Decision {
        decision_id: DecisionId([1; 16]),
        bandit: bandit.into(),
        action: "a".into(),
        propensity: crate::bandit::Propensity::ONE,
        revision: 3,
        decided_at: UnixMillis(DECIDED),
        reward_until: UnixMillis(DECIDED + WINDOW_MS),
        shard: Some(shard),
        features: ContextVector::default(),
    };
    let receipt = Receipt::new(decision, desk.subjects.hash("visitor"), 4);
    receipt.to_token(&desk.receipts).unwrap()
}

fn event(json: &str) -> Event {
    let body = format!(r#"{{"events":[{json}]}}"#);
    event_wire::parse(body.as_bytes())
        .unwrap()
        .remove(0)
        .event
        .unwrap()
}

/// A reward event with further members.
fn reward(receipt: &str, members: &str) -> Event {
    event(&format!(
        r#"{{"id":"e1","kind":"reward","receipt":"{receipt}",{members}}}"#
    ))
}

#[track_caller]
fn refused(event: &Event, desk: &TestDesk, after_ms: i64) -> (&'static str, &'static str) {
    let refusal = admit(event, desk, UnixMillis(DECIDED + after_ms)).unwrap_err();
    (refusal.code.as_str(), refusal.pointer)
}

#[test]
fn a_receipt_says_where_and_under_which_row_it_counts() {
    let desk = desk();
    let token = receipt(&desk, "hero", 7);
    let rewarded = admit(&reward(&token, r#""value":25"#), &desk, UnixMillis(DECIDED)).unwrap();
    let exposed = format!(r#"{{"id":"e2","kind":"exposure","receipt":"{token}"}}"#);
    let exposed = admit(&event(&exposed), &desk, UnixMillis(DECIDED + 5)).unwrap();
    // Not the shard that four shards would choose now: the one that the receipt names.
    assert_eq!((rewarded.shard, exposed.shard), (7, 7));
    let (Item::Decision(rewarded), Item::Decision(exposed)) = (rewarded.item, exposed.item) else {
        panic!("both are of a decision");
    };
    assert_eq!(rewarded.row, exposed.row);
    assert_eq!(rewarded.keep_until, exposed.keep_until);
    let Observation::Rewarded { reward, at, .. } = rewarded.observation else {
        panic!("a reward")
    };
    assert_eq!((reward.units(), at), (1 << 30, UnixMillis(DECIDED)));
}

#[test]
fn rewards_count_within_their_window() {
    let desk = desk();
    let token = receipt(&desk, "hero", 0);
    let grace = LATE_ARRIVAL_MS_MAX as i64;
    let check = |at_ms: Option<i64>, received_ms: i64, counts: bool| {
        let at = at_ms
            .map(|at| format!(r#","atMs":{}"#, DECIDED + at))
            .unwrap_or_default();
        let event = reward(&token, &format!(r#""value":1{at}"#));
        let admitted = admit(&event, &desk, UnixMillis(DECIDED + received_ms));
        assert_eq!(
            admitted.is_ok(),
            counts,
            "made {at_ms:?}, received {received_ms}"
        );
        if let Err(refusal) = admitted {
            assert_eq!(refusal.code, RejectionCode::TooLate);
            assert_eq!(refusal.detail, "rewards count until 2026-02-02T02:40:10Z");
        }
    };
    check(None, WINDOW_MS, true);
    check(None, WINDOW_MS + 1, false);
    check(Some(WINDOW_MS), WINDOW_MS + grace, true);
    check(Some(WINDOW_MS), WINDOW_MS + grace + 1, false);
    check(Some(WINDOW_MS + 1), WINDOW_MS + grace, false);
    // A clock that runs ahead does not make a reward late: it was not made after it arrived.
    check(Some(WINDOW_MS + 1), WINDOW_MS, true);
}

#[test]
fn refusals_name_their_cause_and_place() {
    let desk = desk();
    let token = receipt(&desk, "hero", 0);
    let check = |event: &Event, code: &str, pointer: &str| {
        assert_eq!(refused(event, &desk, 0), (code, pointer), "{event:?}");
    };
    check(
        &reward("AAAA", r#""value":1"#),
        "receipt_invalid",
        "/receipt",
    );
    let alien = receipt(&desk, "other", 0);
    check(
        &reward(&alien, r#""value":1"#),
        "bandit_unknown",
        "/receipt",
    );
    check(
        &reward(&token, r#""value":101"#),
        "reward_invalid",
        "/value",
    );
    check(
        &reward(&token, r#""value":1,"metric":"purchase""#),
        "metric_unknown",
        "/metric",
    );
    let flag = r#"{"id":"e","kind":"exposure","flag":"shop.sale","variant":"on"}"#;
    check(&event(flag), "subject_missing", "/subject");
    let variant = r#"{"id":"e","kind":"exposure","flag":"shop.sale","variant":"x","subject":"s"}"#;
    check(&event(variant), "event_malformed", "/variant");
    let exposed = event(&format!(
        r#"{{"id":"e","kind":"exposure","receipt":"{token}"}}"#
    ));
    let late = WINDOW_MS + LATE_ARRIVAL_MS_MAX as i64 + 1;
    assert_eq!(
        refused(&exposed, &desk, late),
        ("reward_too_late", "/receipt")
    );
}

#[test]
fn a_removal_names_its_event_where_rewards_add_up() {
    let mut desk = desk();
    let token = receipt(&desk, "hero", 0);
    let removal = |members: &str| {
        let json = format!(r#"{{"id":"e9","kind":"removal","receipt":"{token}"{members}}}"#);
        event(&json)
    };
    let admitted =
        |event: &Event, desk: &TestDesk| match admit(event, desk, UnixMillis(DECIDED + 5))
            .unwrap()
            .item
        {
            Item::Decision(item) => item,
            Item::Flag(_) => panic!("of a decision"),
        };
    let of = r#","of":"e1""#;
    let removed = admitted(&removal(r#","atMs":7"#), &desk);
    let at = UnixMillis(7);
    let event = RowKey(0);
    assert_eq!(removed.observation, Observation::Removed { at, event });
    assert_eq!(refused(&removal(of), &desk, 0), ("event_malformed", "/of"));
    assert_eq!(
        refused(&removal(""), &desk, WINDOW_MS + 1),
        ("reward_too_late", "/receipt")
    );
    let adds = r#"{"actions":["a","b"],
        "reward":{"metric":"revenue","kind":"numeric","min":0,"max":100,"repeat":"add"}}"#;
    desk.bandit = wire::parse("hero", adds).unwrap();
    assert_eq!(refused(&removal(""), &desk, 0), ("event_malformed", "/of"));
    let removed = admitted(&removal(of), &desk);
    // The very row of the reward that it names.
    let given = admitted(&reward(&token, r#""value":25"#), &desk);
    let row = |item: &DecisionItem| item.event_row(Repeat::Add).unwrap();
    assert_eq!((removed.row, row(&removed)), (given.row, row(&given)));
    let other = removal(r#","of":"e1","metric":"purchase""#);
    assert_eq!(refused(&other, &desk, 0), ("metric_unknown", "/metric"));
}

#[test]
fn a_returning_visitor_is_not_exposed_to_a_closed_decision() {
    let desk = desk();
    let receipt = Receipt::from_token(&receipt(&desk, "hero", 0), &desk.receipts).unwrap();
    let counts =
        |after_ms| exposure(&receipt, &desk.bandit, UnixMillis(DECIDED + after_ms)).is_some();
    assert_eq!((counts(WINDOW_MS), counts(WINDOW_MS + 1)), (true, false));
}

#[test]
fn a_subject_counts_once_for_each_variant() {
    let mut desk = desk();
    desk.subject = Some("visitor");
    let exposed = |members: &str| {
        let json =
            format!(r#"{{"id":"e","kind":"exposure","flag":"shop.sale","variant":"on"{members}}}"#);
        match admit(&event(&json), &desk, UnixMillis(DECIDED))
            .unwrap()
            .item
        {
            Item::Flag(item) => item.row,
            Item::Decision(_) => panic!("a flag"),
        }
    };
    assert_eq!(exposed(""), exposed(r#","subject":"visitor""#));
    assert_ne!(exposed(""), exposed(r#","subject":"another""#));
}

#[test]
fn events_part_by_shard_and_keep_their_places() {
    let desk = desk();
    let admitted = [3, 1, 3].into_iter().enumerate().map(|(place, shard)| {
        let event = reward(&receipt(&desk, "hero", shard), r#""value":1"#);
        (place, admit(&event, &desk, UnixMillis(DECIDED)).unwrap())
    });
    let shards = routed(9, admitted);
    let places: Vec<(u16, &[usize])> = shards
        .iter()
        .map(|(shard, (places, _))| (*shard, places.as_slice()))
        .collect();
    assert_eq!(places, [(1, [1].as_slice()), (3, [0, 2].as_slice())]);
    let batches: Vec<&Batch> = shards.values().map(|(_, batch)| batch).collect();
    assert!(
        batches
            .iter()
            .all(|batch| batch.publication == 9 && batch.bandits.len() == 1)
    );
}
