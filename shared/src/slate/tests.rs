use super::*;
use crate::bandit::{Bandit, PARTS, wire};
use crate::context::EvaluationContext;
use crate::decision::decide;
use crate::ledger::{DecisionItem, Item, exposure};
use crate::policy::linear::Weighing;
use crate::receipt::Receipt;
use crate::snapshot::{LinearModel, PolicySnapshot, SnapshotAction};
use crate::sticky::StickyDecisions;
use crate::subject::SubjectHash;
use crate::time::UnixMillis;
use std::collections::BTreeMap;

fn bandit(more: &str) -> Bandit {
    let json = format!(
        r#"{{"actions":["a","b","c","d"],"reward":{{"metric":"m","kind":"binary"}}{more}}}"#
    );
    wire::parse("menu", &json).unwrap()
}

/// A snapshot of `n` decisions and so many rewards of each action.
fn snapshot(revision: u64, arms: &[(&str, u32, u64, u64)]) -> PolicySnapshot {
    let action = |(action, parts, n, rewards): &(&str, u32, u64, u64)| SnapshotAction {
        action: (*action).into(),
        parts: *parts,
        n_decisions: *n,
        n_rewarded: *rewards,
        mean_reward: *rewards as f64 / *n as f64,
    };
    let actions = arms.iter().map(action).collect();
    PolicySnapshot::new("menu", revision, UnixMillis(0), actions).unwrap()
}

fn learned() -> PolicySnapshot {
    snapshot(
        3,
        &[
            ("a", 50_000, 100, 10),
            ("b", 700_000, 100, 20),
            ("c", 200_000, 100, 15),
            ("d", 50_000, 100, 11),
        ],
    )
}

struct Asked<'a> {
    bandit: &'a Bandit,
    snapshot: Option<&'a PolicySnapshot>,
    sticky: StickyDecisions,
    draw: u64,
}

impl Asked<'_> {
    fn choice<T>(&self, unit: &str, then: impl FnOnce(&Choice<'_>) -> T) -> T {
        then(&Choice {
            bandit: self.bandit,
            snapshot: self.snapshot,
            sticky: &self.sticky,
            context: &EvaluationContext::new(),
            unit,
            draw: self.draw,
            at: UnixMillis(1_000),
        })
    }

    fn list(&self, unit: &str, n: usize) -> Vec<Position> {
        self.choice(unit, |choice| rank(choice, Vec::new(), n))
    }
}

fn asked<'a>(bandit: &'a Bandit, snapshot: Option<&'a PolicySnapshot>) -> Asked<'a> {
    Asked {
        bandit,
        snapshot,
        sticky: StickyDecisions::default(),
        draw: 7,
    }
}

fn actions(list: &[Position]) -> Vec<&str> {
    list.iter().map(|it| &*it.decision.action).collect()
}

#[test]
fn the_top_is_the_bandits_own_decision_and_longer_lists_begin_with_shorter_ones() {
    let snapshot = learned();
    for stickiness in ["subject", "revision", "request"] {
        let bandit = bandit(&format!(r#","stickiness":"{stickiness}""#));
        let asked = asked(&bandit, Some(&snapshot));
        for unit in ["ana", "eva", "ida"] {
            let alone = asked.choice(unit, decide).unwrap();
            let four = asked.list(unit, 4);
            assert_eq!(four[0].decision, alone);
            for n in 0..4 {
                assert_eq!(asked.list(unit, n), four[..n]);
            }
        }
    }
}

#[test]
fn a_list_is_as_long_as_there_are_actions_and_as_allowed() {
    let few = bandit("");
    assert_eq!(asked(&few, None).list("ana", 4).len(), 4);
    assert_eq!(asked(&few, None).list("ana", 5).len(), 4);
    let names: Vec<String> = (0..POSITIONS_MAX + 2)
        .map(|i| format!("\"a{i}\""))
        .collect();
    let json = format!(
        r#"{{"actions":[{}],"reward":{{"metric":"m","kind":"binary"}}}}"#,
        names.join(",")
    );
    let many = wire::parse("menu", &json).unwrap();
    let asked = asked(&many, None);
    assert_eq!(asked.list("ana", POSITIONS_MAX).len(), POSITIONS_MAX);
    let list = asked.list("ana", POSITIONS_MAX + 1);
    assert_eq!(list.len(), POSITIONS_MAX);
    let mut seen = actions(&list);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), POSITIONS_MAX);
}

/// Lists of three out of four over 60,000 units, against the product of what each states. 24
/// lists, 23 degrees of freedom: beyond 49.7 once in a thousand.
#[test]
fn lists_come_as_often_as_their_positions_say() {
    const N: u32 = 60_000;
    let (bandit, snapshot) = (bandit(""), learned());
    let asked = asked(&bandit, Some(&snapshot));
    let mut lists: BTreeMap<Vec<Box<str>>, (f64, f64)> = BTreeMap::new();
    for unit in 0..N {
        let list = asked.list(&unit.to_string(), 3);
        let key = list.iter().map(|it| it.decision.action.clone()).collect();
        let p = list
            .iter()
            .map(|it| it.decision.propensity.as_f64())
            .product();
        let (stated, n) = lists.entry(key).or_insert((p, 0.0));
        assert!((*stated - p).abs() < 1e-15);
        *n += 1.0;
        for position in &list {
            let from = position.drawn_from.as_ref().unwrap();
            assert_eq!(from.iter().map(|it| it.parts).sum::<u32>(), PARTS);
            let mut own = from
                .iter()
                .filter(|it| it.action == position.decision.action);
            assert_eq!(
                own.next().unwrap().parts,
                position.decision.propensity.parts()
            );
        }
    }
    assert_eq!(lists.len(), 24);
    assert!((lists.values().map(|(p, _)| p).sum::<f64>() - 1.0).abs() < 1e-12);
    let off = |(p, n): &(f64, f64)| (n - p * f64::from(N)).powi(2) / (p * f64::from(N));
    let chi_square: f64 = lists.values().map(off).sum();
    assert!(chi_square < 49.7, "{chi_square} {lists:?}");
}

#[test]
fn below_the_top_expected_rewards_decide() {
    let (bandit, snapshot) = (
        bandit(r#","policy":{"kind":"thompson","floor":0}"#),
        learned(),
    );
    // n = 400, m = 0.14: s^2 = (400 * 0.14 * 0.86 + 0.25) / 401 and g = 8 sqrt(4 * 400 / s^2).
    let noise: f64 = (400.0 * 0.14 * 0.86 + 0.25) / 401.0;
    let gamma = 8.0 * (1_600.0 / noise).sqrt();
    let mean = |rewards: f64| (rewards + 0.14) / 101.0;
    let asked = asked(&bandit, Some(&snapshot));
    let list = (0..1_000_u32)
        .map(|unit| asked.list(&unit.to_string(), 2))
        .find(|list| &*list[0].decision.action == "b")
        .unwrap();
    let from = list[1].drawn_from.as_ref().unwrap();
    let share = |rewards: f64| 1e6 / (3.0 + gamma * (mean(15.0) - mean(rewards)));
    let expected = [share(10.0), 1e6 - share(10.0) - share(11.0), share(11.0)];
    for (Share { action, parts }, (name, expected)) in
        from.iter().zip(["a", "c", "d"].iter().zip(expected))
    {
        assert_eq!(&**action, *name);
        assert!((f64::from(*parts) - expected).abs() < 1.0, "{from:?}");
    }
    // Nothing is known yet: an even draw of what is left.
    let bare = self::asked(&bandit, None).list("ana", 3);
    let parts = bare.iter().map(|it| it.decision.propensity.parts());
    assert!(
        parts
            .zip([250_000, 333_333, 500_000])
            .all(|(a, b)| a.abs_diff(b) <= 1)
    );
    assert!(bare.iter().all(|it| it.decision.revision == 0));
}

#[test]
fn contexts_rank() {
    let json = r#"{"actions":["a","b","c"],"reward":{"metric":"m","kind":"binary"},
        "policy":{"kind":"contextual","floor":0,"features":[
            {"attribute":"device","kind":"oneHot","categories":["phone","desk"]}]}}"#;
    let bandit = wire::parse("menu", json).unwrap();
    let spec = bandit.features().unwrap();
    let coefficients = |a: f32, b: f32, c: f32| {
        let of = |phone: f32| vec![0.3, phone, -phone].into_boxed_slice();
        vec![of(a), of(b), of(c)]
    };
    let sharp = Weighing::InverseGap { gamma: 1e6 };
    let model = LinearModel::new(spec.fingerprint(), sharp, coefficients(0.0, 0.2, -0.2)).unwrap();
    let arms = [
        ("a", 400_000, 9, 3),
        ("b", 300_000, 9, 3),
        ("c", 300_000, 9, 3),
    ];
    let snapshot = snapshot(5, &arms).with_model(model).unwrap();
    let sticky = StickyDecisions::default();
    let mut found = Vec::new();
    for device in ["phone", "desk"] {
        let json = format!(r#"{{"device":"{device}"}}"#);
        let context = crate::wire::read_context(&json).unwrap();
        let choice = Choice {
            bandit: &bandit,
            snapshot: Some(&snapshot),
            sticky: &sticky,
            context: &context,
            unit: "ana",
            draw: 0,
            at: UnixMillis(0),
        };
        let list = rank(&choice, Vec::new(), 3);
        assert_eq!(list[0].decision, decide(&choice).unwrap());
        assert_eq!(list[2].decision.features, spec.vector(&context));
        found.push(actions(&list).concat());
    }
    assert_eq!(found, ["bac", "cab"]);
}

#[test]
fn a_kept_list_comes_back_as_it_was_without_what_is_gone() {
    let (bandit, before, after) = (
        bandit(""),
        learned(),
        snapshot(
            9,
            &[
                ("a", 970_000, 1_000, 900),
                ("b", 10_000, 1_000, 10),
                ("c", 10_000, 1_000, 10),
                ("d", 10_000, 1_000, 20),
            ],
        ),
    );
    let first = asked(&bandit, Some(&before)).list("ana", 4);
    let kept = |list: &[Position]| -> Vec<Decision> {
        list.iter().map(|it| it.decision.clone()).collect()
    };
    let later = asked(&bandit, Some(&after));
    assert_ne!(kept(&later.list("ana", 4)), kept(&first), "worth keeping");
    let again = later.choice("ana", |choice| rank(choice, kept(&first), 4));
    assert_eq!(kept(&again), kept(&first));
    assert!(again.iter().all(|it| it.drawn_from.is_none()));
    // Twice the same, one of another bandit, and more than are asked for.
    let mut odd = kept(&first);
    odd.insert(1, odd[0].clone());
    odd[3].bandit = "other".into();
    let mended = later.choice("ana", |choice| rank(choice, odd.clone(), 3));
    assert_eq!(mended[0].decision, first[0].decision);
    assert_eq!(mended[1].decision, first[1].decision);
    assert_eq!(mended.len(), 3);
    // What is gone leaves its place to what stood below.
    let gone = &first[1].decision.action;
    let left: Vec<String> = bandit
        .actions()
        .iter()
        .filter(|it| *it != gone)
        .map(|it| format!("\"{it}\""))
        .collect();
    let json = format!(
        r#"{{"actions":[{}],"reward":{{"metric":"m","kind":"binary"}}}}"#,
        left.join(",")
    );
    let smaller = wire::parse("menu", &json).unwrap();
    let list =
        self::asked(&smaller, Some(&after)).choice("ana", |choice| rank(choice, kept(&first), 3));
    let expected = [&first[0], &first[2], &first[3]].map(|it| it.decision.clone());
    assert_eq!(kept(&list), expected);
    // Where nothing is kept for subjects, nothing is kept in lists.
    let moving = wire::parse("menu", &json.replace("}}", r#"},"stickiness":"revision"}"#)).unwrap();
    let list =
        self::asked(&moving, Some(&after)).choice("ana", |choice| rank(choice, kept(&first), 3));
    assert!(list.iter().all(|it| it.decision.revision == 9));
}

#[test]
fn what_a_cookie_keeps_stands_on_top() {
    let (bandit, snapshot) = (bandit(""), learned());
    let mut asked = asked(&bandit, Some(&snapshot));
    let other = asked.list("ana", 4)[3].decision.clone();
    asked.sticky.keep(other.clone());
    let list = asked.list("ana", 4);
    assert_eq!((&list[0].decision, &list[0].drawn_from), (&other, &None));
    assert_eq!(list.len(), 4);
}

/// Every position of every list has a row of its own in the ledger, and the same one when the list
/// is made again.
#[test]
fn positions_do_not_share_rows() {
    let (before, after) = (
        learned(),
        snapshot(
            4,
            &[
                ("a", 250_000, 9, 3),
                ("b", 250_000, 9, 3),
                ("c", 250_000, 9, 3),
                ("d", 250_000, 9, 3),
            ],
        ),
    );
    for stickiness in ["subject", "revision", "request"] {
        let bandit = bandit(&format!(r#","stickiness":"{stickiness}""#));
        let mut rows = BTreeMap::new();
        for (unit, subject) in [("ana", 1), ("eva", 2)] {
            for (snapshot, revision) in [(&before, 3), (&after, 4)] {
                let list = asked(&bandit, Some(snapshot)).list(unit, 4);
                assert_eq!(list, asked(&bandit, Some(snapshot)).list(unit, 4));
                for (position, placed) in list.into_iter().enumerate() {
                    let hash = SubjectHash::from_bytes([subject; 16]);
                    let receipt = Receipt::new(placed.decision, hash, 4);
                    let admitted = exposure(&receipt, &bandit, UnixMillis(2_000)).unwrap();
                    let Item::Decision(DecisionItem { row, .. }) = admitted.item else {
                        panic!("a decision");
                    };
                    let other = rows.insert(row.0, (unit, revision, position));
                    assert_eq!(other, None, "{stickiness}");
                }
            }
        }
        assert_eq!(rows.len(), 16);
    }
}

#[test]
fn lists_never_change() {
    let (bandit, snapshot) = (bandit(""), learned());
    let list = asked(&bandit, Some(&snapshot)).list("visitor-1", 4);
    let told: Vec<String> = list
        .iter()
        .map(|it| {
            format!(
                "{} {} {}",
                it.decision.action,
                it.decision.propensity.parts(),
                it.decision.decision_id
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "b 700000 6a07a170faf8ba86a1a400ff470a70ed",
            "c 935466 7e0a8e1ed132db09e19c29aa9bb7a968",
            "d 901860 85356c3921a67e82ba43cd14f3f79cbf",
            "a 1000000 5f8ddb8b36477d1d961bdf9bf78fce9c",
        ]
    );
}
