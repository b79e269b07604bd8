//! What bandits without contexts publish, by each kind of policy, against sums and integrals that
//! are written here another way.

#![allow(
    clippy::disallowed_methods,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::trivially_copy_pass_by_ref,
    clippy::unwrap_used,
    reason = "a test may fail loudly, formulas are written as on paper, and with another libm"
)]

use bandera_shared::bandit::{
    Bandit, ContextVector, PARTS, POLICY_KINDS, PolicyKind, REWARD_UNITS, wire,
};
use bandera_shared::decision::{Choice, decide};
use bandera_shared::ledger::{
    ArmState, Batch, DecisionItem, Item, Known, Memory, MergedState, Observation, RowKey,
    ShardState, WarmStart, apply, slot,
};
use bandera_shared::policy::{is_material, next_snapshot, outlook};
use bandera_shared::sorted::Sorted;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{EvaluationContext, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const ACTIONS: [&str; 3] = ["a", "b", "c"];

fn declared(policy: &str) -> Bandit {
    let json = format!(
        r#"{{"actions":["a","b","c"],"policy":{policy},
        "reward":{{"metric":"m","kind":"numeric","min":0,"max":1}}}}"#
    );
    wire::parse("hero", &json).unwrap()
}

fn of_kind(kind: &str, more: &str) -> Bandit {
    declared(&format!(r#"{{"kind":"{kind}","floor":0{more}}}"#))
}

/// Kinds that look at no context.
fn plain_kinds() -> impl Iterator<Item = PolicyKind> {
    let kinds = POLICY_KINDS.into_iter();
    kinds.filter(|kind| *kind != PolicyKind::Contextual)
}

/// What an action brought: decisions, sum and sum of squares of rewards.
type Sums = (f64, f64, f64);

/// `n` decisions of which some brought `value`, as a shard counts them.
fn arm(n: u64, n_rewarded: u64, value: f64) -> ArmState {
    let units = (value * REWARD_UNITS as f64) as u128;
    ArmState {
        n_decisions: n,
        n_exposed: n,
        n_rewarded,
        units: units * u128::from(n_rewarded),
        units_squared: units * units * u128::from(n_rewarded),
    }
}

fn merged<const N: usize>(shards: [Sorted<Box<str>, ArmState>; N]) -> MergedState {
    let mut merged = MergedState::default();
    for (number, arms) in (0..).zip(shards) {
        let state = ShardState {
            sequence: 1,
            arms,
            ..ShardState::default()
        };
        assert!(merged.merge_shard(number, state));
    }
    merged
}

/// Two shards' statistics, and what they add up to.
fn world() -> (MergedState, [Sums; 3]) {
    let shards = [
        Sorted::from([("a".into(), arm(70, 9, 1.0)), ("b".into(), arm(60, 9, 0.5))]),
        Sorted::from([
            ("a".into(), arm(50, 7, 0.5)),
            ("b".into(), arm(40, 8, 1.0)),
            ("c".into(), arm(45, 5, 1.0)),
        ]),
    ];
    let sums = [(120.0, 12.5, 10.75), (100.0, 12.5, 10.25), (45.0, 5.0, 5.0)];
    (merged(shards), sums)
}

fn published(bandit: &Bandit, merged: &MergedState) -> Vec<u32> {
    let snapshot = next_snapshot(bandit, merged, 1, NOW).unwrap();
    snapshot.actions().iter().map(|one| one.parts).collect()
}

#[track_caller]
fn agrees(bandit: &Bandit, merged: &MergedState, expected: &[f64]) {
    let parts = published(bandit, merged);
    let kind = bandit.policy().kind().name();
    assert_eq!(parts.iter().sum::<u32>(), PARTS, "{kind}");
    for (part, expected) in parts.iter().zip(expected) {
        let off = f64::from(*part) - expected * f64::from(PARTS);
        assert!(off.abs() < 3.0, "{kind}: {parts:?} {expected:?}");
    }
}

fn kl(p: f64, q: f64) -> f64 {
    let part = |p: f64, q: f64| if p == 0.0 { 0.0 } else { p * (p / q).ln() };
    part(p, q) + part(1.0 - p, 1.0 - q)
}

/// The greatest mean within a divergence, by bisection.
fn within(p: f64, budget: f64) -> f64 {
    let (mut low, mut high) = (p, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if kl(p, middle) <= budget {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// All for the greatest, evenly where several are.
fn all_for_greatest(values: &[f64]) -> Vec<f64> {
    let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let n_best = values.iter().filter(|value| **value == best).count() as f64;
    let share = |value: &f64| if *value == best { 1.0 / n_best } else { 0.0 };
    values.iter().map(share).collect()
}

/// What each kind that reads only means and counts gives three known actions.
fn by_index(kind: PolicyKind, sums: &[Sums]) -> Vec<f64> {
    let t: f64 = sums.iter().map(|(n, ..)| n).sum();
    let mean = |(n, sum, _): &Sums| sum / n;
    let best = sums.iter().map(mean).fold(0.0, f64::max);
    let index = |of: &Sums| match kind {
        PolicyKind::Ucb1 => mean(of) + (2.0 * t.ln() / of.0).sqrt(),
        PolicyKind::KlUcb => within(mean(of), t.ln() / of.0),
        PolicyKind::KlUcbPlus => within(mean(of), (t / of.0).ln() / of.0),
        PolicyKind::KlMoss => within(mean(of), (t / 3.0 / of.0).ln().max(0.0) / of.0),
        PolicyKind::Imed => -(of.0 * kl(mean(of), best) + of.0.ln()),
        _ => mean(of),
    };
    all_for_greatest(&sums.iter().map(index).collect::<Vec<_>>())
}

/// Each action's probability of being best from densities over a grid, by the trapezoidal rule.
fn best_on_grid(densities: &[Vec<f64>]) -> Vec<f64> {
    let cumulated = |density: &Vec<f64>| {
        let mut sum = 0.0;
        let pairs = density.iter().zip(density.iter().skip(1));
        let steps = pairs.map(|(a, b)| {
            sum += 0.5 * (a + b);
            sum
        });
        let below: Vec<f64> = std::iter::once(0.0).chain(steps).collect();
        let whole = below[below.len() - 1];
        let scaled = |values: &[f64]| values.iter().map(|it| it / whole).collect::<Vec<f64>>();
        (scaled(density), scaled(&below))
    };
    let known: Vec<_> = densities.iter().map(cumulated).collect();
    let best = |of: usize| -> f64 {
        let at = |x: usize| {
            let others = (0..known.len()).filter(|other| *other != of);
            known[of].0[x] * others.map(|other| known[other].1[x]).product::<f64>()
        };
        (0..densities[0].len()).map(at).sum()
    };
    let p: Vec<f64> = (0..densities.len()).map(best).collect();
    let total: f64 = p.iter().sum();
    p.iter().map(|p| p / total).collect()
}

/// By Beta posteriors, over log-odds.
fn thompson(sums: &[Sums], (successes, failures): (f64, f64)) -> Vec<f64> {
    let grid: Vec<f64> = (0..=400_000).map(|i| -20.0 + 1e-4 * f64::from(i)).collect();
    let densities = sums.iter().map(|(n, sum, _)| {
        let (a, b) = (successes + sum, failures + n - sum);
        let peak = (a / b).ln();
        let log = |y: f64| a * y - (a + b) * y.exp().ln_1p();
        grid.iter().map(|y| (log(*y) - log(peak)).exp()).collect()
    });
    best_on_grid(&densities.collect::<Vec<_>>())
}

/// By Student's distributions of the means.
fn thompson_normal(sums: &[Sums]) -> Vec<f64> {
    let grid: Vec<f64> = (0..=800_000).map(|i| -40.0 + 1e-4 * f64::from(i)).collect();
    let densities = sums.iter().map(|(n, sum, squares)| {
        // One reward of a half and two of variance 1/8 come before those that were seen.
        let k = 1.0 + n;
        let centre = (0.5 + sum) / k;
        let shape = 1.0 + n / 2.0;
        let rate = 0.125 + 0.5 * (squares + 0.25 - k * centre * centre);
        let (width, freedom) = ((rate / shape / k).sqrt(), 2.0 * shape);
        let density = |x: &f64| {
            let z = (x - centre) / width;
            (1.0 + z * z / freedom).powf(-0.5 * (freedom + 1.0))
        };
        grid.iter().map(density).collect()
    });
    best_on_grid(&densities.collect::<Vec<_>>())
}

fn top_two(p: &[f64]) -> Vec<f64> {
    let second = |of: usize| -> f64 {
        let leaders = (0..p.len()).filter(|leader| *leader != of);
        leaders.map(|l| p[l] * p[of] / (1.0 - p[l])).sum()
    };
    (0..p.len())
        .map(|of| 0.5 * p[of] + 0.5 * second(of))
        .collect()
}

/// Kinds that send all traffic to one action, or evenly to equals.
const INDICES: [PolicyKind; 6] = [
    PolicyKind::Ucb1,
    PolicyKind::KlUcb,
    PolicyKind::KlUcbPlus,
    PolicyKind::KlMoss,
    PolicyKind::Imed,
    PolicyKind::Greedy,
];

#[test]
fn every_kind_publishes_what_paper_says() {
    let (merged, sums) = world();
    for kind in INDICES {
        let bandit = of_kind(kind.name(), "");
        agrees(&bandit, &merged, &by_index(kind, &sums));
    }
    let random = of_kind("epsilonGreedy", r#","epsilon":0.4,"decay":0.25"#);
    let epsilon = 0.4 / 265.0_f64.powf(0.25);
    // The second mean is the greatest.
    let each = epsilon / 3.0;
    agrees(&random, &merged, &[each, 1.0 - epsilon + each, each]);
    let jeffreys = thompson(&sums, (0.5, 0.5));
    agrees(&of_kind("thompson", ""), &merged, &jeffreys);
    agrees(&of_kind("topTwo", ""), &merged, &top_two(&jeffreys));
    let prior = r#","prior":{"successes":2,"failures":30}"#;
    let expected = top_two(&thompson(&sums, (2.0, 30.0)));
    agrees(&of_kind("topTwo", prior), &merged, &expected);
    let normal = of_kind("thompsonNormal", "");
    agrees(&normal, &merged, &thompson_normal(&sums));
}

/// Indices that choose another action each: not all of the above could be right by luck.
#[test]
fn kinds_differ_where_they_should() {
    let sums = [(900.0, 90.0, 90.0), (300.0, 27.0, 27.0), (20.0, 1.0, 1.0)];
    let arms = [arm(900, 90, 1.0), arm(300, 27, 1.0), arm(20, 1, 1.0)];
    let arms = ACTIONS.map(Box::from).into_iter().zip(arms).collect();
    let merged = merged([arms]);
    let chosen = INDICES.map(|kind| {
        let bandit = of_kind(kind.name(), "");
        agrees(&bandit, &merged, &by_index(kind, &sums));
        let parts = published(&bandit, &merged);
        parts.iter().position(|part| *part == PARTS)
    });
    assert_eq!(
        chosen,
        [Some(2), Some(2), Some(2), Some(2), Some(2), Some(0)]
    );
    let floored = declared(r#"{"kind":"greedy","floor":0.02}"#);
    assert_eq!(published(&floored, &merged), [960_000, 20_000, 20_000]);
}

/// To the last part, which an integral's last bit may give to another action.
fn is_a_third(part: &u32) -> bool {
    part.abs_diff(PARTS / 3) <= 1
}

#[test]
fn equals_share_evenly_and_who_knows_nothing_chooses_evenly() {
    let even = merged([Sorted::from([
        ("a".into(), arm(30, 3, 1.0)),
        ("b".into(), arm(30, 3, 1.0)),
        ("c".into(), arm(90, 1, 1.0)),
    ])]);
    for kind in plain_kinds() {
        let bandit = of_kind(kind.name(), "");
        let nothing = published(&bandit, &MergedState::default());
        assert!(
            nothing.iter().all(is_a_third),
            "{}: {nothing:?}",
            kind.name()
        );
        let parts = published(&bandit, &even);
        assert!(
            parts[0].abs_diff(parts[1]) <= 1 && parts[0] > 450_000,
            "{parts:?}"
        );
    }
}

/// One that was added a moment ago does not get all visitors until the next snapshot.
#[test]
fn an_action_that_was_never_tried_has_an_even_share() {
    let arms = Sorted::from([
        ("a".into(), arm(100, 9, 1.0)),
        ("b".into(), arm(80, 9, 1.0)),
    ]);
    let merged = merged([arms]);
    for kind in INDICES {
        let parts = published(&of_kind(kind.name(), ""), &merged);
        assert_eq!(parts, [0, 666_667, 333_333], "{}", kind.name());
    }
    let random = of_kind("epsilonGreedy", r#","epsilon":0.3"#);
    assert_eq!(published(&random, &merged), [100_000, 566_667, 333_333]);
    // Whoever has a posterior knows how much is not known.
    for kind in ["thompson", "topTwo", "thompsonNormal"] {
        let parts = published(&of_kind(kind, ""), &merged);
        assert!(parts.iter().all(|part| *part > 20_000), "{kind}: {parts:?}");
    }
}

#[test]
fn warm_starts_count_as_decisions() {
    let (merged, mut sums) = world();
    let start = |n, mean| {
        let range = of_kind("imed", "").reward().range();
        WarmStart::new(mean, n, range, UnixMillis(1)).unwrap()
    };
    let mut warmed = merged;
    assert!(warmed.warm_up("c", start(600, 0.15)));
    sums[2] = (645.0, 95.0, 5.0 + 600.0 * 0.15 * 0.15);
    for kind in INDICES {
        agrees(&of_kind(kind.name(), ""), &warmed, &by_index(kind, &sums));
    }
    let best = thompson(&sums, (0.5, 0.5));
    agrees(&of_kind("topTwo", ""), &warmed, &top_two(&best));
    agrees(
        &of_kind("thompsonNormal", ""),
        &warmed,
        &thompson_normal(&sums),
    );
}

#[test]
fn what_is_old_counts_in_part() {
    const HALF_LIFE_MS: i64 = 3_600_000;
    let period = |back: i64| NOW.0 / (HALF_LIFE_MS / 2) - back;
    // Sums of an action as a whole count nothing beside those of its periods.
    let shard = |back: i64| {
        let of = |name: &str, arm| [(name.into(), arm), (slot(name, period(back)), arm)];
        let arms = [
            of("a", arm(400, 40, 1.0)),
            of("b", arm(100, 11, 1.0)),
            of("c", arm(60, 9, 1.0)),
        ];
        arms.into_iter().flatten().collect()
    };
    let merged = merged([shard(0), shard(3), shard(15), shard(16)]);
    let left = [0, 3, 15].map(|back| {
        let since = NOW.0 - (period(back) + 1) * (HALF_LIFE_MS / 2);
        0.5_f64.powf(since.max(0) as f64 / HALF_LIFE_MS as f64)
    });
    let times: f64 = left.iter().sum();
    let sums = [(400.0, 40.0), (100.0, 11.0), (60.0, 9.0)];
    let sums = sums.map(|(n, sum)| (n * times, sum * times, sum * times));
    let more = r#","halfLifeMs":3600000"#;
    for kind in INDICES {
        agrees(&of_kind(kind.name(), more), &merged, &by_index(kind, &sums));
    }
    let best = thompson(&sums, (0.5, 0.5));
    agrees(&of_kind("topTwo", more), &merged, &top_two(&best));
    agrees(
        &of_kind("thompsonNormal", more),
        &merged,
        &thompson_normal(&sums),
    );
    // By far fewer than one decision in all, every rule still has an answer.
    let faded: Sorted<Box<str>, ArmState> = ACTIONS
        .map(|name| (slot(name, period(15)), arm(1, 0, 1.0)))
        .into();
    let merged = self::merged([faded]);
    for kind in plain_kinds() {
        let bandit = of_kind(kind.name(), more);
        let parts = published(&bandit, &merged);
        assert!(parts.iter().all(is_a_third), "{}: {parts:?}", kind.name());
    }
}

#[test]
fn decisions_have_the_frequencies_that_are_published() {
    const N: usize = 100_000;
    // Of chi-square with two degrees one in 10,000 lies above.
    const CHI_SQUARE_MAX: f64 = 18.42;
    let (merged, _) = world();
    let random = r#"{"kind":"epsilonGreedy","epsilon":0.5,"floor":0.01}"#;
    for policy in [
        random,
        r#"{"kind":"topTwo","floor":0.01}"#,
        r#"{"kind":"thompson"}"#,
    ] {
        let bandit = declared(policy);
        let snapshot = next_snapshot(&bandit, &merged, 7, NOW).unwrap();
        let mut counts = [0.0; 3];
        for n in 0..N {
            let decision = decide(&Choice {
                bandit: &bandit,
                snapshot: Some(&snapshot),
                sticky: &StickyDecisions::default(),
                context: &EvaluationContext::new(),
                unit: &format!("visitor-{n}"),
                draw: 0,
                at: NOW,
            });
            let decision = decision.unwrap();
            let place = ACTIONS
                .iter()
                .position(|action| **action == *decision.action);
            let place = place.unwrap();
            assert_eq!(decision.propensity.parts(), snapshot.actions()[place].parts);
            counts[place] += 1.0;
        }
        let pairs = counts.iter().zip(snapshot.actions());
        let off = pairs.map(|(count, action)| {
            let expected = f64::from(action.parts) / f64::from(PARTS) * N as f64;
            (count - expected) * (count - expected) / expected
        });
        let chi_square: f64 = off.sum();
        assert!(chi_square < CHI_SQUARE_MAX, "{policy}: {chi_square}");
    }
}

/// Another kind reads the sums that are there, in shards and at the coordinator.
#[test]
fn another_kind_goes_on_from_what_was_learned() {
    let item = |row| DecisionItem {
        bandit: 0,
        action: "a".into(),
        row: RowKey(row),
        keep_until: UnixMillis(i64::MAX),
        period: None,
        features: ContextVector::default(),
        observation: Observation::Exposed,
    };
    let (merged, _) = world();
    let mut memory = Memory::default();
    let mut before = None;
    for (publication, kind) in (1..).zip(plain_kinds()) {
        let bandit = of_kind(kind.name(), "");
        let mut batch = Batch {
            publication,
            ..Batch::default()
        };
        batch.push(&bandit, item(u128::from(publication)));
        assert!(matches!(batch.items[0], Item::Decision(_)));
        let change = apply(&memory, Known::default(), &[&batch]);
        memory.adopt(&change);
        // One learner, whatever kinds there have been.
        let [(learner, state)] = memory.learners.iter().collect::<Vec<_>>()[..] else {
            panic!("more than one learner after {}", kind.name())
        };
        assert_eq!(learner.1, bandit.definition());
        assert_eq!(state.arms.get("a").unwrap().n_decisions, publication);
        let next = next_snapshot(&bandit, &merged, publication, NOW).unwrap();
        let counts = next.actions().iter().map(|one| one.n_decisions);
        assert!(counts.eq([120, 100, 45]));
        let said = outlook(&bandit, &merged, NOW);
        assert!(
            said.iter()
                .map(|one| one.arm.n_decisions)
                .eq([120, 100, 45])
        );
        if let Some((former, parts)) = before.replace((next.clone(), published(&bandit, &merged))) {
            let moved = parts.iter().zip(next.actions());
            let moved = moved
                .map(|(before, after)| before.abs_diff(after.parts))
                .max();
            assert_eq!(is_material(Some(&former), &next), moved >= Some(1_000));
        }
    }
}

/// People are told what the posterior of the kind says, and of one that has none, Jeffreys'.
#[test]
fn the_outlook_is_that_of_the_kind() {
    let (merged, sums) = world();
    let said = |kind: &str| {
        let outlook = outlook(&of_kind(kind, ""), &merged, NOW);
        let told = outlook.iter().map(|one| (one.p_best, one.interval_95));
        told.collect::<Vec<_>>()
    };
    assert_eq!(said("imed"), said("thompson"));
    assert_eq!(said("topTwo"), said("thompson"));
    let expected = thompson_normal(&sums);
    for ((p_best, (low, high)), expected) in said("thompsonNormal").into_iter().zip(expected) {
        assert!((p_best - expected).abs() < 1e-5, "{p_best} {expected}");
        assert!(0.0 <= low && low < high && high <= 1.0);
    }
    // 45 rewards, five of them 1: centre 5.5 / 46, shape 23.5, and the rate is
    // 0.125 + (5 + 1/4 - 5.5^2 / 46) / 2 = 2.4212, so the scale is sqrt(2.4212 / 23.5 / 46), which
    // is 0.047326; Student's 97.5 % of 47 degrees: 2.0117.
    let (_, (low, high)) = said("thompsonNormal")[2];
    let (centre, reach) = (5.5 / 46.0, 2.0117 * 0.047_326);
    assert!((low - (centre - reach)).abs() < 1e-4, "{low}");
    assert!((high - (centre + reach)).abs() < 1e-4, "{high}");
}
