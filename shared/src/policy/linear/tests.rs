use proptest::prelude::*;

use super::*;
use crate::bandit::features::ONE;
use crate::bandit::{ContextVector, PARTS, REWARD_UNITS, Repeat, wire};
use crate::ledger::{
    Batch, DecisionItem, Item, Known, Memory, MergedState, Observation, RowKey, WarmStart, apply,
};
use crate::sorted::Sorted;

const N_FEATURES: usize = 3;

fn bandit(repeat: &str) -> Bandit {
    let json = format!(
        r#"{{"actions":["a","b","c"],
        "reward":{{"metric":"m","kind":"numeric","min":-2,"max":8,"repeat":"{repeat}"}},
        "policy":{{"kind":"contextual","features":[
            {{"kind":"oneHot","attribute":"device","categories":["desktop","mobile"]}},
            {{"kind":"numeric","attribute":"age","min":0,"max":100}}]}}}}"#
    );
    wire::parse("hero", &json).unwrap()
}

fn vector(bandit: &Bandit, values: [i16; N_FEATURES]) -> ContextVector {
    ContextVector::new(bandit.features().unwrap().fingerprint(), values).unwrap()
}

/// A decision and the rewards that came for it: tenths, moment.
#[derive(Debug, Clone)]
struct Made {
    action: usize,
    values: [i16; N_FEATURES],
    rewards: Vec<(u8, i64)>,
}

impl Made {
    /// What it is worth in the end, as a share of the range; by another way than the ledger's.
    fn worth(&self, repeat: Repeat) -> f64 {
        let value = |(tenths, _): &(u8, i64)| f64::from(*tenths) / 10.0;
        let sum = match repeat {
            Repeat::Replace => self
                .rewards
                .iter()
                .max_by_key(|(tenths, at)| (*at, *tenths)),
            Repeat::Add => None,
        };
        let sum = sum.map_or_else(|| self.rewards.iter().map(value).sum(), value);
        (f64::clamp(sum, -2.0, 8.0) + 2.0) / 10.0
    }
}

fn made() -> impl Strategy<Value = Made> {
    let values = [-ONE..=ONE, -ONE..=ONE, -ONE..=ONE];
    let rewards = prop::collection::vec((0u8..=80, 0i64..5), 0..4);
    (0usize..3, values, rewards).prop_map(|(action, values, rewards)| Made {
        action,
        values,
        rewards,
    })
}

/// Every event of the decisions, at its decision's shard.
fn events(bandit: &Bandit, decisions: &[Made], n_shards: usize) -> Vec<(usize, DecisionItem)> {
    let mut events = Vec::new();
    for (n, made) in decisions.iter().enumerate() {
        let item = |observation| DecisionItem {
            bandit: 0,
            action: bandit.actions()[made.action].clone(),
            row: RowKey(n as u128),
            keep_until: UnixMillis(9),
            period: None,
            features: vector(bandit, made.values),
            observation,
        };
        events.push((n % n_shards, item(Observation::Exposed)));
        for (k, (tenths, at)) in made.rewards.iter().enumerate() {
            let reward = bandit.reward().check(f64::from(*tenths) / 10.0).unwrap();
            let observation = Observation::Rewarded {
                reward,
                at: UnixMillis(*at),
                // No decision's row, as hashes of two kinds never meet.
                event: RowKey(1 << 64 | (n * 100 + k) as u128),
            };
            events.push((n % n_shards, item(observation)));
        }
    }
    events
}

/// What shards know after those events, in batches, and a coordinator that heard of every commit,
/// late and twice.
fn learned(bandit: &Bandit, events: &[(usize, DecisionItem)], order: &[usize]) -> MergedState {
    let mut shards: Vec<(Memory, Known)> = vec![Default::default(); 8];
    let mut told = Vec::new();
    for places in order.chunks(7) {
        let mut batches: Sorted<usize, Batch> = Sorted::new();
        for place in places {
            let (shard, item) = &events[place % events.len()];
            batches.or_default(*shard).push(bandit, item.clone());
        }
        for (shard, batch) in batches {
            let (memory, known) = &mut shards[shard];
            let change = apply(memory, known.clone(), &[&batch]);
            memory.adopt(&change);
            known.rows.extend(change.rows.iter().copied());
            known
                .additions
                .extend(change.additions.iter().map(|new| new.row));
            let state = memory.learners.values().next().unwrap().clone();
            told.push((shard as u16, state));
        }
    }
    let mut merged = MergedState::default();
    for (shard, state) in told.iter().rev().chain(&told) {
        merged.merge_shard(*shard, state.clone());
    }
    merged
}

#[allow(clippy::needless_range_loop, reason = "as on paper")]
/// Ridge regression as on paper: dense matrices of doubles, summed in order, and Gaussian
/// elimination.
fn reference(decisions: &[Made], repeat: Repeat) -> Vec<Vec<f64>> {
    const D: usize = N_FEATURES + 1;
    let sums = |of: &dyn Fn(&&Made) -> bool| {
        let (mut a, mut b) = (vec![vec![0.0; D]; D], vec![0.0; D]);
        for made in decisions.iter().filter(of) {
            let mut x = vec![1.0];
            x.extend(made.values.map(|value| f64::from(value) / 4096.0));
            for i in 0..D {
                for j in 0..D {
                    a[i][j] += x[i] * x[j];
                }
                b[i] += made.worth(repeat) * x[i];
            }
        }
        (a, b)
    };
    let around = |w: &[f64], (mut a, mut b): (Vec<Vec<f64>>, Vec<f64>)| {
        for i in 0..D {
            b[i] -= (0..D).map(|j| a[i][j] * w[j]).sum::<f64>();
        }
        for i in 0..D {
            a[i][i] += 1.0;
        }
        for i in 0..D {
            for k in i + 1..D {
                let factor = a[k][i] / a[i][i];
                for j in 0..D {
                    a[k][j] -= factor * a[i][j];
                }
                b[k] -= factor * b[i];
            }
        }
        for i in (0..D).rev() {
            let known: f64 = (i + 1..D).map(|j| a[i][j] * b[j]).sum();
            b[i] = (b[i] - known) / a[i][i];
        }
        (0..D).map(|i| w[i] + b[i]).collect::<Vec<f64>>()
    };
    let (a, b) = sums(&|_| true);
    let mut start = vec![0.0; D];
    start[0] = b[0] / a[0][0];
    let common = around(&start, (a, b));
    (0..3)
        .map(|action| around(&common, sums(&|made| made.action == action)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_repeats_and_shards_end_where_one_process_does(
        decisions in prop::collection::vec(made(), 1..40),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        seed: u64,
        adds: bool,
    ) {
        let (repeat, name) = if adds { (Repeat::Add, "add") } else { (Repeat::Replace, "replace") };
        let bandit = bandit(name);
        let n_events = events(&bandit, &decisions, 1).len();
        let in_order: Vec<usize> = (0..n_events).collect();
        let one = learned(&bandit, &events(&bandit, &decisions, 1), &in_order);
        let one = one.blocks(bandit.actions(), N_FEATURES);
        let found = fit(&one).unwrap();
        for (found, expected) in found.coefficients.iter().zip(reference(&decisions, repeat)) {
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!((found - expected).abs() < 1e-9, "{} {}", found, expected);
            }
        }
        let mut order = in_order;
        order.extend(repeated.iter().map(|index| index.index(n_events)));
        let hash = |place: &usize| {
            let bytes = [seed.to_le_bytes(), (*place as u64).to_le_bytes()].concat();
            xxhash_rust::xxh3::xxh3_64(&bytes)
        };
        let mut shuffled: Vec<usize> = (0..order.len()).collect();
        shuffled.sort_by_key(hash);
        let order: Vec<usize> = shuffled.into_iter().map(|place| order[place]).collect();
        for n_shards in 1..=8 {
            let events = events(&bandit, &decisions, n_shards);
            let merged = learned(&bandit, &events, &order);
            prop_assert_eq!(&merged.blocks(bandit.actions(), N_FEATURES), &one, "{}", n_shards);
        }
    }

    #[test]
    fn weights_are_a_distribution_and_follow_their_actions(
        means in prop::collection::vec(prop::option::of(-1.0f64..2.0), 1..9),
        gamma in 0.0f64..1e6,
    ) {
        let found = inverse_gaps(&means, gamma);
        prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", found);
        prop_assert!(found.iter().all(|p| *p > 0.0), "{:?}", found);
        let reversed: Vec<_> = means.iter().rev().copied().collect();
        for (a, b) in found.iter().zip(inverse_gaps(&reversed, gamma).iter().rev()) {
            prop_assert!((a - b).abs() < 1e-12);
        }
    }
}

#[test]
fn weights_are_those_on_paper() {
    let check = |means: &[Option<f64>], gamma, expected: &[f64]| {
        for (found, expected) in inverse_gaps(means, gamma).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    };
    check(&[Some(0.3), Some(0.3), Some(0.2)], 0.0, &[1.0 / 3.0; 3]);
    let rest = (1.0 - 1.0 / 8.0) / 2.0;
    check(
        &[Some(0.3), Some(0.3), Some(0.2)],
        50.0,
        &[rest, rest, 1.0 / 8.0],
    );
    check(
        &[None, Some(0.5), Some(0.25)],
        8.0,
        &[1.0 / 3.0, 0.5, 1.0 / 6.0],
    );
    check(&[None, None], 8.0, &[0.5, 0.5]);
    check(&[], 8.0, &[]);
}

/// Two devices whose best of three actions differ, learned from uniform decisions.
fn taught() -> (Bandit, MergedState) {
    let bandit = bandit("replace");
    let decisions: Vec<Made> = (0..600)
        .map(|n| {
            let (action, on_mobile) = (n % 3, n % 2 == 1);
            let device = if on_mobile { [0, ONE] } else { [ONE, 0] };
            let is_right = action == usize::from(on_mobile);
            Made {
                action,
                values: [device[0], device[1], 0],
                rewards: vec![(if is_right { 40 } else { 10 } + (n / 6 % 5) as u8, 0)],
            }
        })
        .collect();
    let events = events(&bandit, &decisions, 4);
    let order: Vec<usize> = (0..events.len()).collect();
    let merged = learned(&bandit, &events, &order);
    (bandit, merged)
}

#[test]
fn each_device_is_given_its_action_with_the_stated_propensities() {
    let (bandit, merged) = taught();
    let features = bandit.features().unwrap();
    let published = snapshot(&bandit, features, &merged, 7, UnixMillis(5)).unwrap();
    for (device, right) in [("desktop", 0), ("mobile", 1)] {
        let context = crate::EvaluationContext::new().with("device", device);
        let seen = features.vector(&context);
        let distribution = published.distribution_in(&seen, &bandit).unwrap();
        assert!(distribution.parts()[right] > 850_000, "{distribution:?}");
        assert!(
            distribution
                .parts()
                .iter()
                .all(|parts| *parts >= bandit.floor_parts())
        );
        let n = 100_000_u64;
        let mut counts = [0.0; 3];
        for i in 0..n {
            let u = xxhash_rust::xxh3::xxh3_64(&i.to_le_bytes());
            counts[distribution.sample(u).0] += 1.0;
        }
        let chi_square: f64 = counts
            .iter()
            .zip(distribution.parts())
            .map(|(count, parts)| {
                let expected = n as f64 * f64::from(*parts) / f64::from(PARTS);
                (count - expected) * (count - expected) / expected
            })
            .sum();
        // Two degrees of freedom: more than 13.8 once in a thousand seeds.
        assert!(chi_square < 13.8, "{device}: {chi_square}");
    }
    let average: u32 = published.actions().iter().map(|action| action.parts).sum();
    assert_eq!(average, PARTS);
}

#[test]
fn a_snapshot_of_other_features_or_actions_is_not_misread() {
    let (bandit, merged) = taught();
    let features = bandit.features().unwrap();
    let published = snapshot(&bandit, features, &merged, 7, UnixMillis(5)).unwrap();
    let other = ContextVector::new(features.fingerprint() ^ 1, [ONE, 0, 0]).unwrap();
    assert_eq!(published.distribution_in(&other, &bandit), None);
    let short = ContextVector::new(features.fingerprint(), [ONE, 0]).unwrap();
    assert_eq!(published.distribution_in(&short, &bandit), None);
    let mut changed = wire::to_wire(&bandit);
    changed.actions = ["c", "new", "b"].map(String::from).into();
    let changed = wire::checked("hero", changed).unwrap();
    let mobile = vector(&bandit, [0, ONE, 0]);
    let parts = published.distribution_in(&mobile, &changed).unwrap();
    // The floor, and a third of the rest.
    assert_eq!(parts.parts()[1], 10_000 + 970_000 / 3);
    assert!(parts.parts()[2] > 550_000, "{parts:?}");
}

#[test]
fn blocks_survive_their_bytes_and_refuse_others() {
    let (bandit, merged) = taught();
    for block in merged.blocks(bandit.actions(), N_FEATURES) {
        let bytes = block.to_bytes();
        assert_eq!(bytes.len(), 8 * Block::n_sums(N_FEATURES));
        assert_eq!(Block::from_bytes(&bytes), Some(block));
        assert_eq!(Block::from_bytes(&bytes[1..]), None);
    }
    assert_eq!(Block::from_bytes(&[]), None);
    let longest = vec![0; 8 * Block::n_sums(crate::bandit::features::FEATURES_MAX)];
    assert!(Block::from_bytes(&longest).is_some());
    let longer = vec![0; 8 * Block::n_sums(crate::bandit::features::FEATURES_MAX + 1)];
    assert_eq!(Block::from_bytes(&longer), None);
}

#[test]
fn sums_stay_at_their_bounds_and_still_give_numbers() {
    let mut block = Block::new(1);
    let context = ContextVector::new(1, [ONE]).unwrap();
    block.observe(&context, REWARD_UNITS);
    for _ in 0..64 {
        let twin = block.clone();
        block.add(&twin);
    }
    let other = ContextVector::new(1, [ONE, ONE]).unwrap();
    let before = block.clone();
    block.observe(&other, 0);
    block.add(&Block::new(2));
    assert_eq!(block, before);
    let fit = fit(&[block, Block::new(1)]).unwrap();
    assert!(fit.coefficients.iter().flatten().all(|w| w.is_finite()));
    assert!(super::fit(&[]).is_none());
}

#[test]
fn what_says_nothing_new_is_not_published() {
    let (bandit, merged) = taught();
    let features = bandit.features().unwrap();
    let published = snapshot(&bandit, features, &merged, 7, UnixMillis(5)).unwrap();
    let model = published.model().unwrap();
    let check = |gamma: f32, shift: f32, expected: bool| {
        let mut coefficients: Vec<Box<[f32]>> = model.coefficients().map(Into::into).collect();
        coefficients[1][2] += shift;
        let gamma = f64::from(model.rate() * gamma);
        let weighing = Weighing::InverseGap { gamma };
        let next = LinearModel::new(model.features(), weighing, coefficients);
        let next = published.clone().with_model(next.unwrap()).unwrap();
        let found = crate::policy::is_material(Some(&published), &next);
        assert_eq!(found, expected, "{gamma} {shift}");
    };
    check(1.0, 0.0, false);
    check(1.019, 0.0009, false);
    check(1.021, 0.0, true);
    check(1.0, 0.0011, true);
}

/// Half a million numbers, as the greatest bandit may keep.
#[test]
fn the_greatest_bandit_is_accepted_and_one_more_feature_is_not() {
    let parse = |n_actions: usize, places: usize| {
        let actions: Vec<String> = (0..n_actions).map(|n| format!("a{n}")).collect();
        let actions = serde_json::to_string(&actions).unwrap();
        let json = format!(
            r#"{{"actions":{actions},"reward":{{"metric":"m","kind":"binary"}},"policy":{{
            "kind":"contextual","features":[{{"kind":"hashed","attribute":"x",
            "places":{places}}}]}}}}"#
        );
        wire::parse("hero", &json)
    };
    assert!(parse(64, 41).is_ok() && parse(28, 64).is_ok());
    for (n_actions, places) in [(64, 42), (29, 64)] {
        let fault = parse(n_actions, places).unwrap_err();
        assert_eq!(fault.pointer, "/policy/features", "{fault}");
        assert!(fault.message.contains("at most 65536"), "{fault}");
    }
}

#[test]
fn items_of_other_features_teach_nothing() {
    let bandit = bandit("replace");
    let spec = bandit.features().unwrap().fingerprint();
    let count = |features: ContextVector| {
        let mut batch = Batch::default();
        let item = DecisionItem {
            bandit: 0,
            action: "a".into(),
            row: RowKey(1),
            keep_until: UnixMillis(9),
            period: None,
            features,
            observation: Observation::Exposed,
        };
        batch.items.push(Item::Decision(item));
        batch.bandits.push(bandit.clone());
        let change = apply(&Memory::default(), Known::default(), &[&batch]);
        let state = change.learners.values().next().unwrap();
        assert_eq!(state.arms.get("a").unwrap().n_decisions, 1);
        (state.blocks.len(), change.learned.len())
    };
    assert_eq!(count(ContextVector::new(spec, [0; 3]).unwrap()), (1, 1));
    assert_eq!(count(ContextVector::new(spec ^ 1, [0; 3]).unwrap()), (0, 0));
    assert_eq!(count(ContextVector::default()), (0, 0));
}

#[test]
fn a_warm_start_is_decisions_in_the_middle_of_every_feature() {
    let bandit = bandit("replace");
    let start = WarmStart::new(3.0, 40, bandit.reward().range(), UnixMillis(1)).unwrap();
    let mut merged = MergedState::default();
    merged.warm_up("b", start);
    let mut expected = Block::new(N_FEATURES);
    for _ in 0..40 {
        expected.observe(&vector(&bandit, [0; N_FEATURES]), start.units());
    }
    let (none, blocks) = (
        Block::new(N_FEATURES),
        merged.blocks(bandit.actions(), N_FEATURES),
    );
    assert_eq!(blocks, [none.clone(), expected, none]);
    let published = crate::policy::next_snapshot(&bandit, &merged, 1, UnixMillis(0)).unwrap();
    assert!(published.actions().iter().all(|one| one.n_decisions == 0));
}

#[test]
fn certainty_is_of_the_ridge_that_the_model_needed() {
    let sums = |n: f64| Sums {
        n_terms: 2,
        products: vec![n, n, n],
        rewards: vec![0.1 * n; 2],
        squares: 0.1 * n,
    };
    // Both terms were always the same; beyond 1e12 a ridge of one is lost beside them.
    let fit = fit_faded(&[sums(1e6), sums(1e13)]).unwrap();
    assert_eq!(fit.ridges, [RIDGE, 100.0 * RIDGE]);
    let names: [Box<str>; 2] = ["a".into(), "b".into()];
    let evidence = [1e6, 1e13].map(|n| (sums(n).products, 0.0));
    let learned = Learned::new(fit, names.iter().zip(evidence));
    let ridges: Vec<f64> = learned.actions.iter().map(|one| one.ridge).collect();
    assert_eq!(ridges, [RIDGE, 100.0 * RIDGE]);
    // Along what was never seen apart, the prior is all there is: 2 s^2 / l.
    let estimates = learned.estimator().unwrap().estimates(&[1.0, -1.0]);
    for (estimate, ridge) in estimates.unwrap().iter().zip(ridges) {
        let expected = (2.0 * learned.noise / ridge).sqrt();
        let deviation = estimate.deviation;
        assert!((deviation / expected - 1.0).abs() < 1e-2, "{deviation}");
    }
}

/// The bandit of [`taught`] with another exploration.
fn exploring(exploration: Exploration, floor: f64) -> Bandit {
    let mut written = wire::to_wire(&bandit("replace"));
    let policy = written.policy.as_mut().unwrap();
    policy.exploration = Some(exploration.kind());
    policy.floor = Some(floor);
    match exploration {
        Exploration::LinUcb { alpha } => policy.alpha = Some(alpha),
        Exploration::EpsilonGreedy { epsilon, decay } => {
            (policy.epsilon, policy.decay) = (Some(epsilon), Some(decay));
        }
        _ => {}
    }
    wire::checked("hero", written).unwrap()
}

#[test]
fn the_best_get_all_but_chance_and_floors() {
    let (_, merged) = taught();
    let check = |exploration: Exploration, expected: [u32; 3]| {
        let bandit = exploring(exploration, 0.01);
        let features = bandit.features().unwrap();
        let published = snapshot(&bandit, features, &merged, 7, UnixMillis(5)).unwrap();
        let mobile = vector(&bandit, [0, ONE, 0]);
        let found = published.distribution_in(&mobile, &bandit).unwrap();
        assert_eq!(found.parts(), expected, "{exploration:?}");
    };
    check(Exploration::Greedy, [10_000, 980_000, 10_000]);
    let random = |epsilon, decay| Exploration::EpsilonGreedy { epsilon, decay };
    // A tenth of what floors leave, 970,000, in three.
    check(random(0.1, 0.0), [42_334, 915_333, 42_333]);
    // Of 600 decisions the sixth hundredth of all, 970,000 / 600 / 3.
    check(random(1.0, 1.0), [10_539, 978_922, 10_539]);
}

/// Whose bound is greatest, by the deviations that people are shown.
#[test]
fn lin_ucb_chooses_by_the_bound_of_each_action() {
    // Noise, and of the last action next to nothing.
    let noisy = |n: usize| Made {
        action: if n == 7 { 2 } else { n % 2 },
        values: [n as i16 * 300 % ONE, n as i16 * 700 % ONE, 0],
        rewards: vec![((n * 37 % 40) as u8, 0)],
    };
    let decisions: Vec<Made> = (0..40).map(noisy).collect();
    let made = events(&bandit("replace"), &decisions, 4);
    let order: Vec<usize> = (0..made.len()).collect();
    let merged = super::tests::learned(&bandit("replace"), &made, &order);
    let alpha = 2.0;
    let bandit = exploring(Exploration::LinUcb { alpha }, 0.0);
    let features = bandit.features().unwrap();
    let at = UnixMillis(5);
    let published = snapshot(&bandit, features, &merged, 7, at).unwrap();
    let model = published.model().unwrap();
    let learned = super::learned(&bandit, &merged, at).unwrap();
    let estimator = learned.estimator().unwrap();
    let (mut chosen, mut n_hoped) = ([0; 3], 0);
    for n in 0..400_i16 {
        // Also where nothing was seen, and bounds are wide.
        let values = [n * 9 % ONE, n * 13 % ONE, n * 29 % ONE];
        let terms = values.map(|value| f64::from(value) / f64::from(ONE));
        let terms = [1.0, terms[0], terms[1], terms[2]];
        let estimates = estimator.estimates(&terms).unwrap();
        let bounds = estimates.iter().map(|it| it.mean + alpha * it.deviation);
        let bounds: Vec<f64> = bounds.collect();
        for (place, estimate) in estimates.iter().enumerate() {
            let reach = model.reach(place, &terms);
            let expected = alpha * estimate.deviation;
            assert!(
                (reach - expected).abs() < 1e-5 * expected,
                "{reach} {expected}"
            );
        }
        let best = bounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let near = bounds.iter().filter(|bound| best - **bound < 1e-5).count();
        let seen = vector(&bandit, values);
        let found = published.distribution_in(&seen, &bandit).unwrap();
        let place = found.parts().iter().position(|parts| *parts == PARTS);
        if near == 1 {
            let place = place.expect("one action has all");
            assert!(bounds[place] >= best - 1e-5, "{bounds:?} {place}");
            chosen[place] += 1;
            let expected = estimates.iter().any(|it| it.mean > estimates[place].mean);
            n_hoped += usize::from(expected);
        }
    }
    assert!(chosen[2] > 10, "{chosen:?}");
    assert!(n_hoped > 10, "{n_hoped}");
}

#[test]
fn another_alpha_is_published_although_nothing_else_has_changed() {
    let (_, merged) = taught();
    let published = |alpha: f64| {
        let bandit = exploring(Exploration::LinUcb { alpha }, 0.01);
        snapshot(
            &bandit,
            bandit.features().unwrap(),
            &merged,
            7,
            UnixMillis(5),
        )
        .unwrap()
    };
    let is_material =
        |next: f64| crate::policy::is_material(Some(&published(1.0)), &published(next));
    assert!(!is_material(1.0));
    assert!(!is_material(1.0001));
    assert!(is_material(1.5));
    assert!(is_material(0.0));
}
