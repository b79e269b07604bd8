use crate::sorted::Sorted;

use super::*;
use crate::bandit::{PARTS, REWARD_UNITS, wire};
use crate::ledger::{InvalidWarmStart, ShardState, WARM_DECISIONS_MAX, WarmStart};

fn bandit(n_actions: usize, floor: f64) -> Bandit {
    let actions: Vec<String> = (0..n_actions).map(|i| format!("a{i}")).collect();
    let json = serde_json::json!({
        "actions": actions,
        "reward": {"metric": "m", "kind": "binary"},
        "policy": {"kind": "thompson", "floor": floor},
    });
    wire::parse("hero", &json.to_string()).unwrap()
}

fn arm(n_decisions: u64, n_successes: u64) -> ArmState {
    let units = u128::from(n_successes) * u128::from(REWARD_UNITS);
    ArmState {
        n_decisions,
        n_exposed: n_decisions,
        n_rewarded: n_successes,
        units,
        units_squared: units * u128::from(REWARD_UNITS),
    }
}

/// Those statistics, from one shard.
fn merged(arms: Sorted<Box<str>, ArmState>) -> MergedState {
    let mut merged = MergedState::default();
    let state = ShardState {
        arms,
        ..ShardState::default()
    };
    merged.merge_shard(0, state);
    merged
}

fn allocated(bandit: &Bandit, arms: &Sorted<Box<str>, ArmState>) -> Distribution {
    let known = merged(arms.clone()).remembered(bandit, UnixMillis(0));
    allocate(bandit, &known).unwrap()
}

#[test]
fn a_warm_start_is_a_prior_and_no_count() {
    let bandit = bandit(2, 0.0);
    let range = bandit.reward().range();
    let start = |mean, weight, at| WarmStart::new(mean, weight, range, UnixMillis(at)).unwrap();
    let mut warmed = merged(Sorted::from([("a0".into(), arm(20, 5))]));
    assert!(warmed.warm_up("a0", start(0.25, 60, 5)));
    assert!(warmed.warm_up("a1", start(0.4, 100, 5)));
    // An earlier one that comes late, and the same one again.
    assert!(!warmed.warm_up("a1", start(0.9, 7, 4)));
    assert!(!warmed.warm_up("a1", start(0.4, 100, 5)));
    let counted = merged(Sorted::from([
        ("a0".into(), arm(80, 20)),
        ("a1".into(), arm(100, 40)),
    ]));
    let said = |merged| {
        let outlook = outlook(&bandit, merged, UnixMillis(0));
        let said = outlook.iter().map(|one| (one.p_best, one.interval_95));
        said.collect::<Vec<_>>()
    };
    let pairs = said(&warmed).into_iter().zip(said(&counted));
    for ((p_best, interval), (expected, wide)) in pairs {
        assert!((p_best - expected).abs() < 1e-7);
        assert!((interval.0 - wide.0).abs() < 1e-7 && (interval.1 - wide.1).abs() < 1e-7);
    }
    assert_eq!(
        outlook(&bandit, &warmed, UnixMillis(0))[1].arm,
        ArmState::default()
    );
    let published = snapshot(&bandit, &warmed, 1, UnixMillis(0)).unwrap();
    let n_decisions = published.actions().iter().map(|one| one.n_decisions);
    assert!(n_decisions.eq([20, 0]));
    assert!(published.actions()[1].parts > 900_000);
    // Taken back.
    assert!(warmed.warm_up("a1", start(0.0, 0, 6)));
    let published = snapshot(&bandit, &warmed, 2, UnixMillis(0)).unwrap();
    assert!(published.actions()[1].parts < 800_000);
}

#[test]
fn a_warm_start_has_bounds() {
    let range = bandit(1, 0.0).reward().range();
    let check = |mean, weight, expected| {
        let made = WarmStart::new(mean, weight, range, UnixMillis(0));
        assert_eq!(made.err(), expected, "{mean} {weight}");
    };
    check(1.0, WARM_DECISIONS_MAX, None);
    check(
        0.0,
        WARM_DECISIONS_MAX + 1,
        Some(InvalidWarmStart::Decisions),
    );
    check(1.01, 1, Some(InvalidWarmStart::Mean));
    check(-0.01, 1, Some(InvalidWarmStart::Mean));
    check(f64::NAN, 1, Some(InvalidWarmStart::Mean));
}

#[test]
fn nothing_learned_is_uniform() {
    let distribution = allocated(&bandit(4, 0.0), &Sorted::new());
    assert_eq!(distribution.parts(), [250_000; 4]);
}

#[test]
fn the_floor_keeps_every_action() {
    let arms = Sorted::from([("a0".into(), arm(1_000, 500)), ("a1".into(), arm(1_000, 1))]);
    let distribution = allocated(&bandit(2, 0.05), &arms);
    assert_eq!(distribution.parts(), [950_000, 50_000]);
}

#[test]
fn the_outlook_is_in_the_rewards_own_unit() {
    let json = r#"{"actions":["a0"],
        "reward":{"metric":"m","kind":"numeric","min":-10,"max":30}}"#;
    let bandit = wire::parse("hero", json).unwrap();
    // 100 decisions, 40 of them worth 30; the others rest at 0, which is a quarter of the range.
    let arms = Sorted::from([("a0".into(), arm(100, 40))]);
    let [only] = outlook(&bandit, &merged(arms), UnixMillis(0))[..] else {
        panic!("one action")
    };
    assert!((only.mean_reward - 12.0).abs() < 1e-9);
    assert!(only.interval_95.0 < 12.0 && 12.0 < only.interval_95.1);
    assert!(
        (only.interval_95.1 - only.interval_95.0 - 7.7).abs() < 0.2,
        "{only:?}"
    );
}

#[test]
fn small_shifts_are_not_published() {
    let at = UnixMillis(0);
    let made = |arms: &[(u64, u64)]| {
        let arms = arms.iter().enumerate();
        let arms = arms
            .map(|(i, (n, x))| (format!("a{i}").into(), arm(*n, *x)))
            .collect();
        snapshot(&bandit(2, 0.01), &merged(arms), 1, at).unwrap()
    };
    let base = made(&[(1_000, 100), (1_000, 90)]);
    assert!(is_material(None, &base));
    assert!(!is_material(Some(&base), &base));
    assert!(!is_material(
        Some(&base),
        &made(&[(1_001, 100), (1_001, 90)])
    ));
    assert!(is_material(
        Some(&base),
        &made(&[(1_000, 110), (1_000, 90)])
    ));
    // A quarter more decisions, and one past: below the top of lists means count.
    for (n, expected) in [(1_500, false), (1_501, true)] {
        let mut later = base.actions().to_vec();
        later[0].n_decisions = n;
        let later = PolicySnapshot::new("b", 2, at, later).unwrap();
        assert_eq!(is_material(Some(&base), &later), expected, "{n}");
    }
    let more = snapshot(&bandit(3, 0.01), &MergedState::default(), 2, at).unwrap();
    assert!(is_material(Some(&base), &more));
}

/// Uniform bits by hashing a counter, so that the simulation replays bit for bit.
fn draw(seed: u64, round: u64, purpose: u64) -> u64 {
    let bytes = [
        seed.to_le_bytes(),
        round.to_le_bytes(),
        purpose.to_le_bytes(),
    ]
    .concat();
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

/// Share of the best action in the last fifth, and regret per round, of Thompson sampling by
/// published probabilities, refreshed every `refresh` rounds.
fn simulate(truth: &[f64], n_rounds: u64, refresh: u64, seed: u64) -> (f64, f64) {
    let bandit = bandit(truth.len(), 0.0);
    let best = truth.iter().copied().fold(0.0, f64::max);
    let mut arms: Sorted<Box<str>, ArmState> = Sorted::new();
    let mut distribution = allocated(&bandit, &arms);
    let (mut regret, mut n_best) = (0.0, 0u64);
    for round in 0..n_rounds {
        if round % refresh == 0 {
            distribution = allocated(&bandit, &arms);
        }
        let (action, _) = distribution.sample(draw(seed, round, 0));
        let rate = truth[action];
        regret += best - rate;
        if round >= n_rounds / 5 * 4 && best - rate < 1e-12 {
            n_best += 1;
        }
        let uniform = draw(seed, round, 1) as f64 / 2f64.powi(64);
        let reward = u64::from(uniform < rate);
        let sum = arms.or_default(bandit.actions()[action].clone());
        *sum = sum.plus(&arm(1, reward));
    }
    (
        n_best as f64 / (n_rounds / 5) as f64,
        regret / n_rounds as f64,
    )
}

#[test]
fn traffic_moves_to_the_best_action() {
    // 3 seeds, 10,000 rounds, snapshots 100 decisions old. Uniform allocation would regret 0.02667.
    for seed in 0..3 {
        let (share, regret) = simulate(&[0.05, 0.05, 0.09], 10_000, 100, seed);
        assert!(share > 0.75, "seed {seed}: share {share}");
        assert!(regret < 0.012, "seed {seed}: regret {regret}");
    }
}

#[test]
fn the_simulation_replays_bit_for_bit() {
    assert_eq!(
        simulate(&[0.1, 0.2], 500, 50, 7),
        simulate(&[0.1, 0.2], 500, 50, 7)
    );
}

#[test]
fn parts_always_sum() {
    let arms = Sorted::from([("a0".into(), arm(u64::MAX, u64::MAX))]);
    let distribution = allocated(&bandit(64, 0.015), &arms);
    assert_eq!(distribution.parts().iter().sum::<u32>(), PARTS);
}
