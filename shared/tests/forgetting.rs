//! What a bandit that forgets has learned, against sums as on paper: whatever the order, repeats,
//! removals and shards.

#![allow(
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    clippy::unwrap_used,
    reason = "a test may fail loudly, and sums are written as on paper"
)]

use bandera_shared::UnixMillis;
use bandera_shared::bandit::features::ONE;
use bandera_shared::bandit::{
    Bandit, ContextVector, FeatureSpec, Forgetting, PERIODS, PERIODS_KEPT, wire,
};
use bandera_shared::ledger::{
    Batch, DecisionItem, Item, Known, Memory, MergedState, Observation, Outcome, RowKey, apply,
    period_in, reset,
};
use bandera_shared::policy::next_snapshot;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[path = "../src/policy/draws.rs"]
mod draws;
use draws::Draws;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const N_FEATURES: usize = 2;

fn bandit(kind: &str, forgetting: &str, repeat: &str) -> Bandit {
    let features = r#","features":[{"kind":"numeric","attribute":"a","min":0,"max":1},
        {"kind":"numeric","attribute":"b","min":0,"max":1}]"#;
    let features = if kind == "contextual" { features } else { "" };
    let json = format!(
        r#"{{"actions":["a","b"],
        "reward":{{"metric":"m","kind":"numeric","min":-2,"max":8,"repeat":"{repeat}"}},
        "policy":{{"kind":"{kind}","{forgetting}":3600000{features}}}}}"#
    );
    wire::parse("hero", &json).unwrap()
}

/// A decision, what came for it, and which of that was taken back.
#[derive(Debug, Clone)]
struct Made {
    action: usize,
    /// Before now.
    age_ms: i64,
    values: [i16; N_FEATURES],
    rewards: Vec<(u8, bool)>,
}

impl Made {
    fn at(&self) -> UnixMillis {
        UnixMillis(NOW.0 - self.age_ms)
    }

    /// What it is worth in the end, as a share of the range; by another way than the ledger's.
    fn worth(&self, adds: bool) -> f64 {
        let value = |(tenths, _): &(u8, bool)| f64::from(*tenths) / 10.0;
        let stands = |(_, is_removed): &&(u8, bool)| !is_removed;
        let worth = if adds {
            self.rewards.iter().filter(stands).map(value).sum()
        } else {
            self.rewards.last().filter(stands).map_or(0.0, value)
        };
        (f64::clamp(worth, -2.0, 8.0) + 2.0) / 10.0
    }

    fn terms(&self) -> [f64; N_FEATURES + 1] {
        let [a, b] = self.values.map(|value| f64::from(value) / f64::from(ONE));
        [1.0, a, b]
    }

    /// Every event of it; where rewards replace each other, later ones have a later time.
    fn events(&self, bandit: &Bandit, number: usize) -> Vec<DecisionItem> {
        let features = bandit.features().map(FeatureSpec::fingerprint);
        let vector = |spec| ContextVector::new(spec, self.values).unwrap();
        let item = |observation| DecisionItem {
            bandit: 0,
            action: bandit.actions()[self.action].clone(),
            row: RowKey(number as u128),
            keep_until: UnixMillis(i64::MAX),
            period: bandit.forgetting().map(|it| it.period_of(self.at())),
            features: features.map(vector).unwrap_or_default(),
            observation,
        };
        let mut events = vec![item(Observation::Exposed)];
        for (k, (tenths, is_removed)) in self.rewards.iter().enumerate() {
            let reward = bandit.reward().check(f64::from(*tenths) / 10.0).unwrap();
            let event = RowKey(1 << 64 | (number * 100 + k) as u128);
            let at = UnixMillis(k as i64);
            events.push(item(Observation::Rewarded { reward, at, event }));
            if *is_removed {
                events.push(item(Observation::Removed { at, event }));
            }
        }
        events
    }
}

fn made() -> impl Strategy<Value = Made> {
    let values = [-ONE..=ONE, -ONE..=ONE];
    let rewards = prop::collection::vec((0u8..=80, any::<bool>()), 0..4);
    // Twice as far back as anything counts, and slightly ahead.
    let age = -2_000_000i64..=57_600_000;
    (0usize..2, age, values, rewards).prop_map(|(action, age_ms, values, rewards)| Made {
        action,
        age_ms,
        values,
        rewards,
    })
}

#[derive(Default)]
struct Shard {
    memory: Memory,
    known: Known,
}

impl Shard {
    fn commit(&mut self, bandit: &Bandit, item: DecisionItem) -> Outcome {
        let mut batch = Batch::default();
        batch.push(bandit, item);
        let change = apply(&self.memory, self.known.clone(), &[&batch]);
        self.memory.adopt(&change);
        self.known.rows.extend(change.rows.iter().copied());
        let additions = change.additions.iter().map(|new| new.row);
        self.known.additions.extend(additions);
        change.outcomes[0][0]
    }
}

/// Events, each with its shard.
type Events = Vec<(usize, DecisionItem)>;

fn learned(
    bandit: &Bandit,
    decisions: &[Made],
    n_shards: usize,
    order: &dyn Fn(&mut Events),
) -> MergedState {
    let events = decisions.iter().enumerate().flat_map(|(number, made)| {
        let events = made.events(bandit, number);
        events.into_iter().map(move |it| (number % n_shards, it))
    });
    let mut events: Events = events.collect();
    order(&mut events);
    let mut shards: Vec<Shard> = (0..n_shards).map(|_| Shard::default()).collect();
    for (shard, item) in events {
        shards[shard].commit(bandit, item);
    }
    let mut merged = MergedState::default();
    for (number, shard) in shards.iter().enumerate() {
        for state in shard.memory.learners.values() {
            for action in bandit.actions() {
                let names = state.arms.keys();
                let n = names.filter(|name| period_in(name, action).is_some());
                assert!(n.count() <= PERIODS_KEPT);
            }
            merged.merge_shard(number as u16, state.clone());
        }
    }
    merged
}

/// How many periods ago a decision was made; what is ahead is of the present.
fn age(forgetting: Forgetting, at: UnixMillis) -> (i64, i64) {
    let period_ms = match forgetting {
        Forgetting::HalfLife { ms } => ms as i64 / 2,
        Forgetting::Window { ms } | Forgetting::Adaptive { ms } => ms as i64 / PERIODS,
    };
    (NOW.0 / period_ms - at.0 / period_ms, period_ms)
}

/// What a decision counts for where so many periods do, as on paper.
fn weight_left(forgetting: Forgetting, n_periods: i64, at: UnixMillis) -> f64 {
    let half_life_ms = match forgetting {
        Forgetting::HalfLife { ms } => Some(ms as f64),
        _ => None,
    };
    let (age, period_ms) = age(forgetting, at);
    if age >= n_periods {
        return 0.0;
    }
    let period = at.0 / period_ms;
    let since = (NOW.0 - (period + 1) * period_ms).max(0) as f64;
    half_life_ms.map_or(1.0, |half_life| libm::pow(0.5, since / half_life))
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * (1.0 + expected.abs())
}

/// How many periods count, from decisions one by one.
fn n_periods(bandit: &Bandit, decisions: &[Made], adds: bool) -> i64 {
    let forgetting = bandit.forgetting().unwrap();
    if !matches!(forgetting, Forgetting::Adaptive { .. }) {
        return PERIODS;
    }
    let terms = |made: &Made| {
        let [one, a, b] = made.terms();
        bandit.features().map_or([one, 0.0, 0.0], |_| [one, a, b])
    };
    // Coefficients of both actions by the decisions of some ages.
    let fitted = |ages: std::ops::Range<i64>| {
        let of = |action: Option<usize>| {
            let mut paper = Paper::default();
            let counts = |made: &&Made| {
                let age = age(forgetting, made.at()).0;
                age <= PERIODS
                    && ages.contains(&age)
                    && action.is_none_or(|action| made.action == action)
            };
            for made in decisions.iter().filter(counts) {
                paper.add(terms(made), made.worth(adds), 1.0);
            }
            paper
        };
        let common = of(None).common();
        [0, 1].map(|action| of(Some(action)).around(common))
    };
    let missed = |coefficients: &[[f64; 3]; 2], made: &Made| {
        let pairs = coefficients[made.action].iter().zip(terms(made));
        let expected: f64 = pairs.map(|(w, x)| w * x).sum();
        (made.worth(adds) - expected).powi(2)
    };
    let of_age = |of: i64| {
        let mut decisions = decisions.iter();
        std::iter::from_fn(move || decisions.find(|made| age(forgetting, made.at()).0 == of))
    };
    let whole = fitted(0..PERIODS);
    let seen: Vec<&Made> = (0..PERIODS).flat_map(of_age).collect();
    let left_over: f64 = seen.iter().map(|made| missed(&whole, made)).sum();
    let noise = (left_over + 0.25) / (seen.len() as f64 + 1.0);
    let of_span = |n: i64| {
        let of = |latest: i64| {
            let before = fitted(latest + 1..latest + 1 + n);
            of_age(latest)
                .map(|made| missed(&before, made))
                .sum::<f64>()
        };
        (0..4).map(of).sum::<f64>() / (2.0 * noise)
    };
    let whole = of_span(PERIODS);
    let misfit = bandit.features().map_or(0.0, |_| 0.01 * whole);
    let shorter = [8, 4, 2, 1].map(|n| (n, of_span(n) + 5.0 + misfit));
    let spans = std::iter::once((PERIODS, whole)).chain(shorter);
    let best = spans.reduce(|best, of| if of.1 < best.1 - 1e-9 { of } else { best });
    best.unwrap().0
}

fn check_plain(bandit: &Bandit, decisions: &[Made], adds: bool, merged: &MergedState) {
    let forgetting = bandit.forgetting().unwrap();
    let n_periods = n_periods(bandit, decisions, adds);
    assert_eq!(merged.reach(bandit, NOW), Some(forgetting.reach(n_periods)));
    for (action, found) in merged.remembered(bandit, NOW).iter().enumerate() {
        let mut expected = [0.0; 3];
        for made in decisions.iter().filter(|made| made.action == action) {
            let (weight_left, worth) = (
                weight_left(forgetting, n_periods, made.at()),
                made.worth(adds),
            );
            expected[0] += weight_left;
            expected[1] += weight_left * worth;
            expected[2] += weight_left * worth * worth;
        }
        let found = [found.n, found.sum, found.squares];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(near(found, expected), "{action}: {found} {expected}");
        }
    }
}

/// Sums of an action as on paper.
fn sums(bandit: &Bandit, decisions: &[Made], adds: bool, action: Option<usize>) -> Paper {
    let mut paper = Paper::default();
    let n_periods = n_periods(bandit, decisions, adds);
    for made in decisions {
        if action.is_some_and(|action| made.action != action) {
            continue;
        }
        let weight_left = weight_left(bandit.forgetting().unwrap(), n_periods, made.at());
        paper.add(made.terms(), made.worth(adds), weight_left);
    }
    paper
}

#[derive(Default)]
struct Paper {
    a: [[f64; 3]; 3],
    b: [f64; 3],
}

impl Paper {
    fn add(&mut self, x: [f64; 3], worth: f64, weight: f64) {
        for i in 0..3 {
            self.b[i] += weight * worth * x[i];
            for j in 0..3 {
                self.a[i][j] += weight * x[i] * x[j];
            }
        }
    }

    /// What all actions have in common, of their sums.
    fn common(&self) -> [f64; 3] {
        let mean = self.b[0] / f64::max(self.a[0][0], 1.0);
        self.around([mean, 0.0, 0.0])
    }

    /// `w + (A + I)^-1 (b - A w)`, by Cramer's rule.
    fn around(&self, w: [f64; 3]) -> [f64; 3] {
        let mut a = self.a;
        let mut left = self.b;
        for i in 0..3 {
            left[i] -= (0..3).map(|j| self.a[i][j] * w[j]).sum::<f64>();
            a[i][i] += 1.0;
        }
        let determinant = |m: [[f64; 3]; 3]| {
            m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
                - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
                + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
        };
        let whole = determinant(a);
        let mut found = w;
        for column in 0..3 {
            let mut replaced = a;
            for row in 0..3 {
                replaced[row][column] = left[row];
            }
            found[column] += determinant(replaced) / whole;
        }
        found
    }
}

fn check_contextual(bandit: &Bandit, decisions: &[Made], adds: bool, merged: &MergedState) {
    let all = sums(bandit, decisions, adds, None);
    let common = all.common();
    let snapshot = next_snapshot(bandit, merged, 1, NOW).unwrap();
    let model = snapshot.model().unwrap();
    for (action, found) in model.coefficients().enumerate() {
        let expected = sums(bandit, decisions, adds, Some(action)).around(common);
        for (found, expected) in found.iter().zip(expected) {
            // Coefficients are published as floats of 32 bits.
            let difference = (f64::from(*found) - expected).abs();
            assert!(difference <= 6e-8 * (1.0 + expected.abs()), "{difference}");
        }
    }
    let found = merged.faded(bandit, N_FEATURES, NOW);
    for (action, found) in found.iter().enumerate() {
        let paper = sums(bandit, decisions, adds, Some(action));
        let a = paper.a;
        let expected = [a[0][0], a[0][1], a[0][2], a[1][1], a[1][2], a[2][2]];
        let pairs = found.products().iter().zip(expected);
        for (found, expected) in pairs.chain(found.rewards().iter().zip(paper.b)) {
            assert!(near(*found, expected), "{action}: {found} {expected}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_shards_forget_as_one_process_does(
        decisions in prop::collection::vec(made(), 1..60),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        seed: u64,
        adds: bool,
        forgetting in prop::sample::select(vec!["windowMs", "halfLifeMs", "adaptiveWindowMs"]),
        looks: bool,
    ) {
        let kind = if looks { "contextual" } else { "thompson" };
        let bandit = bandit(kind, forgetting, if adds { "add" } else { "replace" });
        let one = learned(&bandit, &decisions, 1, &|_| {});
        check_plain(&bandit, &decisions, adds, &one);
        if looks {
            check_contextual(&bandit, &decisions, adds, &one);
        }
        let shuffled = |events: &mut Events| {
            let again: Vec<_> = repeated.iter().map(|at| at.get(events).clone()).collect();
            events.extend(again);
            let mut keyed: Vec<_> = std::mem::take(events).into_iter().enumerate().collect();
            keyed.sort_by_key(|(place, _)| {
                let bytes = [seed.to_le_bytes(), (*place as u64).to_le_bytes()].concat();
                xxhash_rust::xxh3::xxh3_64(&bytes)
            });
            events.extend(keyed.into_iter().map(|(_, event)| event));
        };
        for n_shards in [1, 2, 5, 8] {
            let merged = learned(&bandit, &decisions, n_shards, &shuffled);
            prop_assert_eq!(merged.remembered(&bandit, NOW), one.remembered(&bandit, NOW));
            let snapshots = [&merged, &one].map(|it| next_snapshot(&bandit, it, 1, NOW).unwrap());
            prop_assert_eq!(&snapshots[0], &snapshots[1], "{} shards", n_shards);
        }
    }
}

/// Rewards that turn round some time ago, at many different times: the choice is that on paper,
/// and is every length for some.
#[test]
fn an_adaptive_window_is_as_long_as_predicts_best() {
    let mut draws = Draws(7);
    let mut chosen = BTreeSet::new();
    for kind in ["contextual", "imed"] {
        let bandit = bandit(kind, "adaptiveWindowMs", "replace");
        for turned in 0..16 {
            let mut of = |number: i64| {
                let age_ms = number * 4_500;
                let [a, b, luck] = [draws.unit(), draws.unit(), draws.unit()];
                let action = usize::from(draws.unit() < 0.5);
                let is_better = (action == 1) == (age_ms / 225_000 < turned);
                let value = |share: f64| (share * f64::from(ONE)) as i16;
                let rate = if is_better { 0.8 } else { 0.1 + 0.2 * a };
                Made {
                    action,
                    age_ms,
                    values: [value(a), value(b)],
                    rewards: vec![(if luck < rate { 80 } else { 0 }, false)],
                }
            };
            let decisions: Vec<Made> = (0..850).map(&mut of).collect();
            let one = learned(&bandit, &decisions, 1, &|_| {});
            let n = n_periods(&bandit, &decisions, false);
            let reach = bandit.forgetting().unwrap().reach(n);
            assert_eq!(one.reach(&bandit, NOW), Some(reach), "{kind} {turned}");
            chosen.insert(n);
        }
    }
    assert_eq!(chosen, BTreeSet::from([1, 2, 4, 8, 16]));
}

#[test]
fn a_reset_forgets_every_period() {
    let bandit = bandit("contextual", "halfLifeMs", "replace");
    let mut shard = Shard::default();
    let made = |age_ms| Made {
        action: 0,
        age_ms,
        values: [0, ONE],
        rewards: vec![(50, false)],
    };
    for number in 0..5 {
        for item in made(number * 2_000_000).events(&bandit, number as usize) {
            assert_eq!(shard.commit(&bandit, item), Outcome::Committed);
        }
    }
    let (change, outcome) = reset(&shard.memory, "hero", "a", NOW);
    assert_eq!(outcome, Outcome::Committed);
    assert_eq!(change.learned.len(), 5);
    shard.memory.adopt(&change);
    // A removal that comes late, of a reward from before.
    let mut late = made(0).events(&bandit, 0).remove(1);
    late.observation = Observation::Removed {
        at: UnixMillis(9),
        event: RowKey(0),
    };
    assert_eq!(shard.commit(&bandit, late), Outcome::Committed);
    let mut merged = MergedState::default();
    let state = shard.memory.learners.values().next().unwrap();
    merged.merge_shard(0, state.clone());
    assert!(merged.remembered(&bandit, NOW)[0].n.abs() < 1e-12);
    assert!(state.blocks.is_empty() && state.arms.iter().count() == 1);
}

#[test]
fn a_clock_that_is_far_ahead_takes_one_place() {
    let bandit = bandit("thompson", "windowMs", "replace");
    let made = |age_ms| Made {
        action: 0,
        age_ms,
        values: [0, 0],
        rewards: Vec::new(),
    };
    let year_ms = 31_536_000_000;
    let mut decisions: Vec<Made> = (0..PERIODS).map(|n| made(n * 225_000)).collect();
    decisions.push(made(-year_ms));
    let merged = learned(&bandit, &decisions, 1, &|_| {});
    let n = merged.remembered(&bandit, NOW)[0].n;
    assert!((n - (PERIODS + 1) as f64).abs() < 1e-12, "{n}");
}

#[test]
fn a_sender_that_knows_no_periods_counts_for_the_action_alone() {
    let bandit = bandit("thompson", "windowMs", "replace");
    let mut item = Made {
        action: 0,
        age_ms: 0,
        values: [0, 0],
        rewards: Vec::new(),
    }
    .events(&bandit, 0)
    .remove(0);
    item.period = None;
    let mut shard = Shard::default();
    assert_eq!(shard.commit(&bandit, item.clone()), Outcome::Committed);
    let state = shard.memory.learners.values().next().unwrap();
    assert!(state.arms.iter().count() == 1 && state.arms.get("a").unwrap().n_decisions == 1);
    let mut batch = Batch::default();
    batch.push(&bandit, item);
    assert!(matches!(&batch.items[0], Item::Decision(item) if item.period.is_none()));
}

/// Each action is renamed after one period: what is too old to count goes, whosever it was.
#[test]
fn periods_of_actions_that_are_gone_are_dropped() {
    for kind in ["thompson", "contextual"] {
        let bandit = bandit(kind, "windowMs", "replace");
        let forgetting = bandit.forgetting().unwrap();
        let mut shard = Shard::default();
        let mut commit = |item: DecisionItem, now| {
            let mut batch = Batch::default();
            batch.push(&bandit, item);
            let change = apply(&shard.memory, shard.known.clone(), &[&batch]);
            let change = change.without_forgotten(&shard.memory, now);
            shard.memory.adopt(&change);
            shard.known.rows.extend(change.rows.iter().copied());
            let state = shard.memory.learners.values().next().unwrap().clone();
            (state, change.learned)
        };
        let item = |n: usize, place: usize| {
            let made = Made {
                action: 0,
                age_ms: -(n as i64) * forgetting.period_ms(),
                values: [1, 2],
                rewards: vec![(30, false)],
            };
            let mut item = made.events(&bandit, n).remove(place);
            item.action = format!("version-{n}").into();
            (item, made.at())
        };
        let n_slots = |names: &[Box<str>]| {
            let slots = names.iter().filter(|name| name.contains('\u{1F}'));
            slots.count()
        };
        for n in 0..50 {
            let (item, now) = item(n, 0);
            let (state, learned) = commit(item, now);
            let names: Vec<_> = state.arms.keys().cloned().collect();
            let n_kept = PERIODS_KEPT.min(n + 1);
            assert_eq!(n_slots(&names), n_kept, "{kind} {n}");
            assert_eq!(names.len() - n_kept, n + 1, "an action's own sums stay");
            if kind == "contextual" {
                assert_eq!(state.blocks.len(), n_kept);
                // One that is written, and one that is to be deleted.
                let n_gone = learned
                    .iter()
                    .filter(|(_, name)| state.blocks.get(name).is_none());
                assert_eq!(n_gone.count(), usize::from(n >= PERIODS_KEPT));
            }
        }
        // A reward for a decision of a period that is gone counts for its action alone.
        let (_, now) = item(49, 0);
        let (state, _) = commit(item(3, 1).0, now);
        let names: Vec<_> = state.arms.keys().cloned().collect();
        assert_eq!(n_slots(&names), PERIODS_KEPT);
        assert_eq!(state.arms.get("version-3").unwrap().n_rewarded, 1);
    }
}
