use proptest::prelude::*;

use super::super::{ADDITIONS_MAX, ArmState, RESETS_MAX, reset};
use super::*;
use crate::bandit::{ContextVector, REWARD_UNITS, wire};

fn bandit(repeat: &str) -> Bandit {
    let json = format!(
        r#"{{"actions":["a","b"],
            "reward":{{"metric":"m","kind":"numeric","min":0,"max":10,"repeat":"{repeat}"}}}}"#
    );
    wire::parse("hero", &json).unwrap()
}

/// A store in memory, so that several commits follow each other as in life.
#[derive(Default)]
struct Shard {
    memory: Memory,
    store: Known,
}

impl Shard {
    fn commit(&mut self, batches: &[&Batch]) -> Vec<Outcome> {
        let change = apply(&self.memory, self.store.clone(), batches);
        self.memory.adopt(&change);
        self.store.rows.extend(change.rows.iter().copied());
        self.store
            .additions
            .extend(change.additions.iter().map(|new| new.row));
        change.outcomes.concat()
    }

    fn arm(&self, action: &str) -> ArmState {
        let arms = self.memory.learners.values().flat_map(|state| &state.arms);
        arms.filter(|(known, _)| &**known == action)
            .map(|(_, arm)| *arm)
            .next()
            .unwrap_or_default()
    }
}

/// The mean of action "a", without the rounding of rewards to 2^-32 of their range.
fn mean_to_eight_digits(shard: &Shard, bandit: &Bandit) -> String {
    format!("{:.8}", shard.arm("a").mean_reward(bandit.reward()))
}

#[derive(Debug, Clone, PartialEq)]
enum Told {
    Exposed {
        decision: u8,
    },
    Rewarded {
        decision: u8,
        tenths: u8,
        at: i64,
        event: u8,
    },
    TakenBack {
        decision: u8,
        at: i64,
        event: u8,
    },
}

/// Rows of decisions are those below; the rows of their events lie above.
const DECISIONS: u128 = 256;

/// Decision n has action "a" when it is even, else "b".
fn batch(bandit: &Bandit, told: &[Told]) -> Batch {
    let mut batch = Batch {
        publication: 1,
        ..Batch::default()
    };
    for told in told {
        let (decision, observation) = match told {
            Told::Exposed { decision } => (*decision, Observation::Exposed),
            Told::Rewarded {
                decision,
                tenths,
                at,
                event,
            } => {
                let reward = bandit.reward().check(f64::from(*tenths) / 10.0).unwrap();
                let event = RowKey((u128::from(*decision + 1) << 8) | u128::from(*event));
                (
                    *decision,
                    Observation::Rewarded {
                        reward,
                        at: UnixMillis(*at),
                        event,
                    },
                )
            }
            Told::TakenBack {
                decision,
                at,
                event,
            } => {
                let event = RowKey((u128::from(*decision + 1) << 8) | u128::from(*event));
                let at = UnixMillis(*at);
                (*decision, Observation::Removed { at, event })
            }
        };
        let item = DecisionItem {
            bandit: 0,
            action: if decision % 2 == 0 {
                "a".into()
            } else {
                "b".into()
            },
            row: RowKey(u128::from(decision)),
            keep_until: UnixMillis(1_000),
            period: None,
            features: ContextVector::default(),
            observation,
        };
        batch.push(bandit, item);
    }
    batch
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        (0u8..8).prop_map(|decision| Told::Exposed { decision }),
        (0u8..8, 0i64..4, 0u8..12).prop_map(|(decision, at, event)| Told::TakenBack {
            decision,
            at,
            event,
        }),
        (0u8..8, 0u8..=100, 0i64..4, 0u8..12).prop_map(|(decision, tenths, at, event)| {
            Told::Rewarded {
                decision,
                tenths,
                at,
                event,
            }
        }),
    ]
}

/// One event id names one event: where ids repeat, so does everything else.
fn consistent(told: Vec<Told>) -> Vec<Told> {
    let mut seen: BTreeMap<(u8, u8), Told> = BTreeMap::new();
    told.into_iter()
        .map(|told| match told {
            Told::Rewarded {
                decision, event, ..
            } => seen.entry((decision, event)).or_insert(told).clone(),
            Told::Exposed { .. } | Told::TakenBack { .. } => told,
        })
        .collect()
}

#[test]
fn an_exposure_counts_once() {
    let bandit = bandit("replace");
    let mut shard = Shard::default();
    let exposed = batch(
        &bandit,
        &[Told::Exposed { decision: 0 }, Told::Exposed { decision: 0 }],
    );
    assert_eq!(
        shard.commit(&[&exposed]),
        [Outcome::Committed, Outcome::Duplicate]
    );
    assert_eq!(
        shard.commit(&[&exposed]),
        [Outcome::Duplicate, Outcome::Duplicate]
    );
    let expected = ArmState {
        n_decisions: 1,
        n_exposed: 1,
        ..ArmState::default()
    };
    assert_eq!(shard.arm("a"), expected);
    assert_eq!(shard.memory.totals.n_duplicates, 3);
}

#[test]
fn a_reward_before_its_exposure_ends_in_the_same_state() {
    let bandit = bandit("replace");
    let exposed = batch(&bandit, &[Told::Exposed { decision: 0 }]);
    let reward = Told::Rewarded {
        decision: 0,
        tenths: 50,
        at: 5,
        event: 1,
    };
    let rewarded = batch(&bandit, &[reward]);
    let mut in_order = Shard::default();
    in_order.commit(&[&exposed]);
    in_order.commit(&[&rewarded]);
    let mut reversed = Shard::default();
    assert_eq!(
        reversed.commit(&[&rewarded, &exposed]),
        [Outcome::Committed; 2]
    );
    assert_eq!(in_order.arm("a"), reversed.arm("a"));
    assert_eq!(in_order.memory.totals, reversed.memory.totals);
    assert_eq!(in_order.arm("a").units, u128::from(REWARD_UNITS / 2));
    assert_eq!(mean_to_eight_digits(&in_order, &bandit), "5.00000000");
}

#[test]
fn the_latest_reward_replaces_and_a_replay_changes_nothing() {
    let bandit = bandit("replace");
    let mut shard = Shard::default();
    let mut tell = |tenths, at, event, outcome| {
        let told = Told::Rewarded {
            decision: 0,
            tenths,
            at,
            event,
        };
        assert_eq!(shard.commit(&[&batch(&bandit, &[told])]), [outcome]);
        mean_to_eight_digits(&shard, &bandit)
    };
    assert_eq!(tell(30, 5, 1, Outcome::Committed), "3.00000000");
    assert_eq!(tell(30, 5, 2, Outcome::Duplicate), "3.00000000");
    assert_eq!(tell(90, 4, 3, Outcome::Duplicate), "3.00000000");
    assert_eq!(tell(10, 6, 4, Outcome::Committed), "1.00000000");
    assert_eq!(shard.memory.totals.n_reward_updates, 1);
}

#[test]
fn added_rewards_are_told_apart_by_event_and_cut_to_the_range() {
    let bandit = bandit("add");
    let mut shard = Shard::default();
    let mut tell = |tenths, event, outcome| {
        let told = Told::Rewarded {
            decision: 0,
            tenths,
            at: 5,
            event,
        };
        assert_eq!(shard.commit(&[&batch(&bandit, &[told])]), [outcome]);
        mean_to_eight_digits(&shard, &bandit)
    };
    assert_eq!(tell(30, 1, Outcome::Committed), "3.00000000");
    assert_eq!(tell(30, 1, Outcome::Duplicate), "3.00000000");
    assert_eq!(tell(40, 2, Outcome::Committed), "7.00000000");
    assert_eq!(tell(40, 3, Outcome::Committed), "10.00000000");
    for event in 4..=ADDITIONS_MAX as u8 {
        assert_eq!(tell(1, event, Outcome::Committed), "10.00000000");
    }
    assert_eq!(tell(1, 200, Outcome::TooMany), "10.00000000");
    assert_eq!(shard.memory.totals.n_refused, 1);
}

/// Commits one event after the other; the outcome of each, and the mean of action "a" after it.
fn story(repeat: &str, told: &[(Told, Outcome, &str)]) -> Shard {
    let bandit = bandit(repeat);
    let mut shard = Shard::default();
    for (told, outcome, mean) in told {
        let outcomes = shard.commit(&[&batch(&bandit, std::slice::from_ref(told))]);
        assert_eq!(outcomes, [*outcome], "{told:?}");
        assert_eq!(mean_to_eight_digits(&shard, &bandit), *mean, "{told:?}");
    }
    shard
}

fn given(tenths: u8, at: i64, event: u8) -> Told {
    Told::Rewarded {
        decision: 0,
        tenths,
        at,
        event,
    }
}

fn taken_back(at: i64, event: u8) -> Told {
    Told::TakenBack {
        decision: 0,
        at,
        event,
    }
}

#[test]
fn a_removal_takes_back_what_was_said_until_its_time() {
    use Outcome::{Committed, Duplicate};
    let shard = story(
        "replace",
        &[
            (given(30, 5, 1), Committed, "3.00000000"),
            (taken_back(4, 0), Duplicate, "3.00000000"),
            (taken_back(5, 0), Committed, "0.00000000"),
            (taken_back(5, 0), Duplicate, "0.00000000"),
            // Of the same moment, and sent again under another id.
            (given(90, 5, 2), Duplicate, "0.00000000"),
            (given(20, 6, 3), Committed, "2.00000000"),
            (taken_back(9, 0), Committed, "0.00000000"),
        ],
    );
    let expected = ArmState {
        n_decisions: 1,
        ..ArmState::default()
    };
    assert_eq!(shard.arm("a"), expected);
    assert_eq!(shard.memory.totals.n_rewards, 0);
}

#[test]
fn a_removal_takes_back_one_of_the_rewards_that_add_up() {
    use Outcome::{Committed, Duplicate};
    let shard = story(
        "add",
        &[
            (given(30, 5, 1), Committed, "3.00000000"),
            (given(40, 5, 2), Committed, "7.00000000"),
            (taken_back(5, 1), Committed, "4.00000000"),
            (taken_back(6, 1), Duplicate, "4.00000000"),
            (given(30, 5, 1), Duplicate, "4.00000000"),
            // Before the reward that it takes back.
            (taken_back(5, 3), Committed, "4.00000000"),
            (given(60, 5, 3), Duplicate, "4.00000000"),
            (taken_back(5, 2), Committed, "0.00000000"),
        ],
    );
    assert_eq!(shard.arm("a").n_rewarded, 0);
    let decision = shard.store.rows[&RowKey(0)].reward.unwrap();
    assert_eq!((decision.n_added, decision.n_removed), (3, 3));
}

#[test]
fn removals_are_bounded_like_the_rewards_they_take_back() {
    let bandit = bandit("add");
    let mut shard = Shard::default();
    let mut tell = |told: Told| shard.commit(&[&batch(&bandit, &[told])])[0];
    for event in 0..ADDITIONS_MAX as u8 {
        assert_eq!(tell(taken_back(5, event)), Outcome::Committed);
    }
    assert_eq!(tell(taken_back(5, 200)), Outcome::TooMany);
    assert_eq!(tell(given(1, 5, 201)), Outcome::TooMany);
    assert_eq!(tell(given(1, 5, 7)), Outcome::Duplicate);
}

/// Resets action "a".
fn forget(shard: &mut Shard, at: i64) -> Outcome {
    let (change, outcome) = reset(&shard.memory, "hero", "a", UnixMillis(at));
    shard.memory.adopt(&change);
    outcome
}

#[test]
fn a_reset_forgets_the_sums_and_tells_repeats_apart_as_ever() {
    use Outcome::{Committed, Duplicate};
    let json = r#"{"actions":["a","b"],"reward":{"metric":"m","kind":"numeric","min":0,"max":10},
        "policy":{"kind":"contextual","features":[
            {"kind":"numeric","attribute":"age","min":0,"max":1}]}}"#;
    let bandit = wire::parse("hero", json).unwrap();
    let spec = bandit.features().unwrap().fingerprint();
    let told = |decision, word: Told| {
        let mut batch = batch(&bandit, &[word]);
        if let Some(Item::Decision(item)) = batch.items.first_mut() {
            item.row = RowKey(decision);
            item.features = ContextVector::new(spec, [7]).unwrap();
        }
        batch
    };
    let exposed = |decision| told(decision, Told::Exposed { decision: 0 });
    let rewarded = |decision, tenths, at| told(decision, given(tenths, at, 1));
    let mut shard = Shard::default();
    assert_eq!(forget(&mut shard, 1), Duplicate);
    let other = batch(&bandit, &[Told::Exposed { decision: 1 }]);
    shard.commit(&[&exposed(0), &rewarded(0, 30, 5), &exposed(2), &other]);
    assert_eq!(forget(&mut shard, 10), Committed);
    assert_eq!(forget(&mut shard, 10), Duplicate);
    assert_eq!(shard.arm("a"), ArmState::default());
    assert_eq!(shard.arm("b").n_decisions, 1);
    // All that may still be said of those decisions: repeats, a first reward, another, none.
    let outcomes = shard.commit(&[
        &exposed(0),
        &rewarded(0, 30, 5),
        &rewarded(2, 90, 5),
        &rewarded(0, 50, 6),
        &told(0, taken_back(9, 0)),
    ]);
    let expected = [Duplicate, Duplicate, Committed, Committed, Committed];
    assert_eq!(outcomes, expected);
    assert_eq!(shard.arm("a"), ArmState::default());
    let block = |shard: &Shard| {
        let state = shard.memory.learners.values().next().unwrap();
        (**state.blocks.get("a").unwrap()).clone()
    };
    assert_eq!(block(&shard), Block::new(1));
    // Decisions that are first heard of afterwards count as if they were the first.
    let mut anew = Shard::default();
    for shard in [&mut shard, &mut anew] {
        shard.commit(&[&rewarded(4, 20, 5), &exposed(4), &exposed(6)]);
    }
    assert_eq!(shard.arm("a"), anew.arm("a"));
    assert_eq!(block(&shard), block(&anew));
    assert_eq!(shard.memory.totals.n_exposures, 5);
}

#[test]
fn an_action_can_be_reset_so_often_and_not_once_more() {
    let bandit = bandit("replace");
    let mut shard = Shard::default();
    for n in 1..=i64::from(RESETS_MAX) {
        shard.commit(&[&batch(&bandit, &[given(30, n, 1)])]);
        assert_eq!(forget(&mut shard, n), Outcome::Committed);
    }
    assert_eq!(forget(&mut shard, 99), Outcome::TooMany);
    let state = shard.memory.learners.values().next().unwrap();
    assert_eq!(state.generation("a"), RESETS_MAX);
}

#[test]
fn a_reward_whose_amount_nobody_kept_stays() {
    let bandit = bandit("add");
    let mut shard = Shard::default();
    shard.commit(&[&batch(&bandit, &[given(30, 5, 1)])]);
    // As a former release left it.
    shard.store.rows.remove(&RowKey(0x101));
    let outcomes = shard.commit(&[&batch(&bandit, &[taken_back(5, 1), given(30, 5, 1)])]);
    assert_eq!(outcomes, [Outcome::Unremovable, Outcome::Duplicate]);
    assert_eq!(mean_to_eight_digits(&shard, &bandit), "3.00000000");
}

#[test]
fn another_definition_starts_anew_and_the_latest_publication_counts() {
    let mut shard = Shard::default();
    let old = bandit("replace");
    let new = bandit("add");
    let exposed = [Told::Exposed { decision: 0 }];
    let mut later = batch(&new, &exposed);
    later.publication = 2;
    later.items.iter_mut().for_each(|item| {
        if let Item::Decision(item) = item {
            item.row = RowKey(77);
        }
    });
    shard.commit(&[&later]);
    shard.commit(&[&batch(&old, &exposed)]);
    assert_eq!(shard.memory.learners.len(), 2);
    assert_eq!(shard.memory.bandits.get("hero"), Some(&(2, new)));
}

#[test]
fn flags_count_each_subject_once() {
    let item = |row| {
        Item::Flag(FlagItem {
            flag: "f".into(),
            variant: "v".into(),
            row: RowKey(row),
            keep_until: UnixMillis(9),
        })
    };
    let batch = Batch {
        items: vec![item(1), item(2), item(1)],
        ..Batch::default()
    };
    let mut shard = Shard::default();
    shard.commit(&[&batch]);
    shard.commit(&[&batch]);
    assert_eq!(shard.memory.flags.get(&("f".into(), "v".into())), Some(&2));
    assert_eq!(shard.memory.totals.n_flag_exposures, 2);
    assert_eq!(shard.memory.totals.n_duplicates, 4);
}

#[test]
fn what_has_outlived_its_time_is_forgotten_whether_deleted_or_not() {
    let bandit = bandit("replace");
    let exposed = batch(&bandit, &[Told::Exposed { decision: 0 }]);
    let mut shard = Shard::default();
    shard.commit(&[&exposed]);
    let kept_until = UnixMillis(1_000);
    assert_eq!(
        shard.store.clone().without_forgotten(kept_until),
        shard.store
    );
    shard.store = shard.store.without_forgotten(UnixMillis(1_001));
    assert_eq!(shard.commit(&[&exposed]), [Outcome::Committed]);
    assert_eq!(shard.arm("a").n_decisions, 2);
}

proptest! {
    #[test]
    fn duplicates_and_order_do_not_show(
        told in prop::collection::vec(told(), 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
        adds: bool,
    ) {
        let bandit = bandit(if adds { "add" } else { "replace" });
        let told = consistent(told);
        let mut once = Shard::default();
        once.commit(&[&batch(&bandit, &told)]);
        // Every event at least once, with repeats, backwards, in commits of their own.
        let repeats = order.iter().map(|index| index.get(&told));
        let shuffled: Vec<Told> = repeats.chain(told.iter().rev()).cloned().collect();
        let mut often = Shard::default();
        for told in &shuffled {
            often.commit(&[&batch(&bandit, std::slice::from_ref(told))]);
        }
        prop_assert_eq!(once.arm("a"), often.arm("a"));
        prop_assert_eq!(once.arm("b"), often.arm("b"));
        prop_assert_eq!(once.memory.totals.n_exposures, often.memory.totals.n_exposures);
        prop_assert_eq!(once.memory.totals.n_rewards, often.memory.totals.n_rewards);
        prop_assert_eq!(&once.store.rows, &often.store.rows);
    }

    #[test]
    fn sums_equal_those_of_the_rows(told in prop::collection::vec(told(), 1..60), adds: bool) {
        let bandit = bandit(if adds { "add" } else { "replace" });
        let mut shard = Shard::default();
        shard.commit(&[&batch(&bandit, &consistent(told))]);
        let spec = bandit.reward();
        for (action, parity) in [("a", 0), ("b", 1)] {
            let rows = shard.store.rows.iter();
            let rows = rows.filter(|(key, _)| key.0 < DECISIONS && key.0 % 2 == parity);
            let rows: Vec<&DecisionRow> = rows.map(|(_, row)| row).collect();
            let worth = |row: &&DecisionRow| row.worth(spec);
            let arm = shard.arm(action);
            prop_assert_eq!(arm.n_decisions, rows.len() as u64);
            prop_assert_eq!(arm.n_exposed, rows.iter().filter(|row| row.exposed).count() as u64);
            prop_assert_eq!(arm.n_rewarded, rows.iter().filter_map(worth).count() as u64);
            let units: u128 = rows.iter().filter_map(worth).map(u128::from).sum();
            prop_assert_eq!(arm.units, units);
        }
    }
}
