use super::*;
use crate::policy::contextual::{Exploration, wire::parse};
use crate::policy::draws::Draws;

const D: usize = 3;
const N_ACTIONS: usize = 4;

/// Mean rewards: each action is good where its own direction points.
fn means(context: &[f64], sign: f64) -> [f64; N_ACTIONS] {
    let [x, y, z] = context else {
        return [0.0; N_ACTIONS];
    };
    [*x, -x, y + z, z - y].map(|value| 1.0 / (1.0 + libm::exp(-2.0 * sign * value)))
}

fn context(draws: &mut Draws) -> [f64; D] {
    std::array::from_fn(|_| 3.0 * (draws.unit() - 0.5))
}

/// Plays rounds and counts those in which the action was the best one.
fn play(policy: &mut ContextualPolicy, draws: &mut Draws, n_rounds: u32, sign: f64) -> u32 {
    let mut n_best = 0;
    for _ in 0..n_rounds {
        let context = context(draws);
        let means = means(&context, sign);
        let (action, _) = policy.decide(&context).sample(draws.bits());
        n_best += u32::from(means.iter().all(|mean| *mean <= means[action]));
        let share = f64::from(u8::from(draws.unit() < means[action]));
        policy.observe(Observation {
            context: &context,
            action,
            share,
        });
    }
    n_best
}

fn policy(spec: ContextualSpec) -> ContextualPolicy {
    ContextualPolicy::new(spec, D, N_ACTIONS).unwrap()
}

fn spec(json: &str) -> ContextualSpec {
    parse(json.as_bytes()).unwrap()
}

const NAMED: [&str; 10] = [
    r#"{"policy": "linucb", "alpha": 0.5}"#,
    r#"{"policy": "linear-thompson", "alpha": 0.5}"#,
    r#"{"policy": "squarecb", "gamma": 10}"#,
    r#"{"policy": "falcon", "gamma": 10}"#,
    r#"{"policy": "epsilon-greedy", "epsilon": 1, "decay": 0.5}"#,
    r#"{"policy": "greedy", "link": "logistic"}"#,
    r#"{"policy": "linucb", "alpha": 0.5, "features": "trees"}"#,
    r#"{"policy": "bootstrap"}"#,
    r#"{"policy": "bootstrap", "features": "linear", "replicas": 20, "hope": 0}"#,
    r#"{"policy": "default"}"#,
];

#[test]
fn every_policy_learns() {
    for json in NAMED {
        let mut policy = policy(spec(json));
        let mut draws = Draws(7);
        play(&mut policy, &mut draws, 1_500, 1.0);
        let n_best = play(&mut policy, &mut draws, 500, 1.0);
        assert!(n_best > 330, "{json}: {n_best} of 500");
    }
}

#[test]
fn frequencies_are_the_stated_propensities() {
    const N_DRAWS: u32 = 100_000;
    for json in NAMED.into_iter().chain([
        r#"{"policy": "aggregate", "floor": 0.01, "drift": {},
            "learners": [{"features": "linear", "link": "logistic"},
                         {"features": "quadratic", "link": "logistic"}],
            "exploration": {"kind": "thompson", "scale": 0.7}}"#,
        r#"{"policy": "linucb", "floor": 0.05}"#,
    ]) {
        let mut policy = policy(spec(json));
        let mut draws = Draws(11);
        play(&mut policy, &mut draws, 60, 1.0);
        let context = context(&mut draws);
        let distribution = policy.decide(&context);
        let mut counts = [0_u32; N_ACTIONS];
        for _ in 0..N_DRAWS {
            // Each time from the snapshot, as an edge would.
            let (action, propensity) = distribution.sample(draws.bits());
            assert_eq!(propensity.parts(), distribution.parts()[action]);
            counts[action] += 1;
        }
        assert_eq!(policy.decide(&context), distribution, "{json}");
        let mut chi_square = 0.0;
        for (count, parts) in counts.iter().zip(distribution.parts()) {
            let expected = f64::from(N_DRAWS) * f64::from(*parts) / f64::from(PARTS);
            if *parts == 0 {
                assert_eq!(*count, 0, "{json}");
            } else {
                chi_square += (f64::from(*count) - expected).powi(2) / expected;
            }
        }
        // Three degrees of freedom: 1 in 100,000 lies beyond 25.9.
        assert!(
            chi_square < 25.9,
            "{json}: {chi_square} {counts:?} {distribution:?}"
        );
    }
}

#[test]
fn permuting_actions_permutes_the_answer() {
    let order = [2, 0, 3, 1];
    for json in NAMED {
        let mut straight = policy(spec(json));
        let mut permuted = straight.clone();
        let mut draws = Draws(3);
        for _ in 0..300 {
            let context = context(&mut draws);
            let means = means(&context, 1.0);
            let (action, _) = straight.decide(&context).sample(draws.bits());
            let share = f64::from(u8::from(draws.unit() < means[action]));
            for (policy, action) in [(&mut straight, action), (&mut permuted, order[action])] {
                policy.observe(Observation {
                    context: &context,
                    action,
                    share,
                });
            }
        }
        for _ in 0..50 {
            let context = context(&mut draws);
            let (straight, permuted) = (straight.decide(&context), permuted.decide(&context));
            for (parts, to) in straight.parts().iter().zip(order) {
                // Of equal remainders the earlier action gets the part.
                assert!(parts.abs_diff(permuted.parts()[to]) <= 1, "{json}");
            }
        }
    }
}

#[test]
fn the_same_rounds_make_the_same_bits() {
    let run = || {
        let mut policy = policy(ContextualSpec::default());
        play(&mut policy, &mut Draws(5), 400, 1.0);
        policy
    };
    assert_eq!(run(), run());
}

#[test]
fn a_change_is_noticed_and_nothing_else_is() {
    let mut adapting = policy(ContextualSpec::default());
    let mut stationary = policy(ContextualSpec {
        drift: None,
        ..ContextualSpec::default()
    });
    // Trees learn a change by themselves, if late; these learners cannot.
    let mut rigid = stationary.spec.clone();
    rigid.learners[0].features = Features::Linear;
    let mut rigid = policy(rigid);
    let after = |policy: &mut ContextualPolicy| {
        let mut draws = Draws(1);
        play(policy, &mut draws, 3_000, 1.0);
        assert_eq!(policy.n_changes(), 0);
        // Everything is now the other way round.
        play(policy, &mut draws, 1_000, -1.0);
        play(policy, &mut draws, 500, -1.0)
    };
    let (adapted, late) = (after(&mut adapting), after(&mut stationary));
    let stayed = after(&mut rigid);
    assert!(adapting.n_changes() >= 1);
    assert!(adapted > 440, "{adapted} of 500");
    assert!(adapted > stayed + 30, "{adapted} {stayed} of 500");
    assert!(adapted > late + 30, "{adapted} {late} of 500");
}

#[test]
fn trust_goes_to_what_predicts() {
    // Only a product of features tells the actions apart.
    let spec = spec(
        r#"{"policy": "aggregate", "exploration": {"kind": "optimism", "scale": 1},
            "learners": [{"features": "linear", "link": "logistic"},
                         {"features": "quadratic", "link": "logistic"}]}"#,
    );
    let mut policy = ContextualPolicy::new(spec, 2, 2).unwrap();
    let mut draws = Draws(9);
    for _ in 0..600 {
        let context = [draws.unit() - 0.5, draws.unit() - 0.5];
        let (action, _) = policy.decide(&context).sample(draws.bits());
        let agrees = (context[0] * context[1] > 0.0) == (action == 0);
        policy.observe(Observation {
            context: &context,
            action,
            share: f64::from(u8::from(agrees)),
        });
    }
    assert!(policy.trusts()[1] > 0.99, "{:?}", policy.trusts());
}

#[test]
fn whatever_comes_there_is_an_answer() {
    let mut policy = policy(ContextualSpec::default());
    let wild = [f64::NAN, f64::INFINITY, -1e308];
    for context in [&wild[..], &[], &[1.0; 9]] {
        for (action, share) in [(0, 1.0), (3, 0.0), (4, 1.0), (1, 1.5), (2, f64::NAN)] {
            policy.observe(Observation {
                context,
                action,
                share,
            });
            let sum: u32 = policy.decide(context).parts().iter().sum();
            assert_eq!(sum, PARTS);
        }
    }
    // Of each five only two were observations.
    assert_eq!(policy.n_rounds(), 6);
}

#[test]
fn limits_hold_at_and_one_past() {
    let linear = || spec(r#"{"policy": "linucb"}"#);
    let check = |spec, d, n_actions| ContextualPolicy::new(spec, d, n_actions).err();
    assert_eq!(check(linear(), 1, 0), Some(InvalidContextual::Actions));
    assert_eq!(check(linear(), 1, ACTIONS_MAX), None);
    assert_eq!(
        check(linear(), 1, ACTIONS_MAX + 1),
        Some(InvalidContextual::Actions)
    );
    assert_eq!(check(linear(), CONTEXT_FEATURES_MAX, 2), None);
    assert_eq!(
        check(linear(), CONTEXT_FEATURES_MAX + 1, 2),
        Some(InvalidContextual::Features)
    );
    let with_learners = |n: usize| ContextualSpec {
        learners: linear().learners.repeat(n),
        ..linear()
    };
    assert_eq!(
        check(with_learners(0), 1, 2),
        Some(InvalidContextual::Learners)
    );
    assert_eq!(check(with_learners(LEARNERS_MAX), 1, 2), None);
    assert_eq!(
        check(with_learners(LEARNERS_MAX + 1), 1, 2),
        Some(InvalidContextual::Learners)
    );
    let quadratic = || ContextualSpec {
        exploration: Exploration::Greedy,
        ..spec(r#"{"policy": "greedy", "features": "quadratic"}"#)
    };
    // 153 terms fit, 171 do not; of 153 terms 16 actions fit, 17 do not.
    assert_eq!(check(quadratic(), 16, 16), None);
    assert_eq!(check(quadratic(), 17, 2), Some(InvalidContextual::Size));
    assert_eq!(check(quadratic(), 16, 17), Some(InvalidContextual::Size));
    let floor = |floor_parts| ContextualSpec {
        floor_parts,
        ..linear()
    };
    assert_eq!(check(floor(PARTS / 4), 1, 4), None);
    assert_eq!(
        check(floor(PARTS / 4 + 1), 1, 4),
        Some(InvalidContextual::Floor)
    );
}

#[test]
fn shards_are_one_policy() {
    let spec = spec(r#"{"policy": "linucb"}"#);
    let mut draws = Draws(2);
    let mut start = policy(spec);
    play(&mut start, &mut draws, 400, 1.0);
    let (mut whole, mut shards) = (start.clone(), [start.clone(), start.clone()]);
    for i in 0..600 {
        let context = context(&mut draws);
        let observation = Observation {
            context: &context,
            action: i % N_ACTIONS,
            share: draws.unit(),
        };
        whole.observe(observation);
        shards[usize::from(draws.unit() < 0.3)].observe(observation);
    }
    let mut merged = start.clone();
    for shard in &shards {
        merged.merge(shard, &start).unwrap();
    }
    assert_eq!(merged.n_rounds(), whole.n_rounds());
    for _ in 0..20 {
        let context = context(&mut draws);
        let (merged, whole) = (merged.outlooks(&context), whole.outlooks(&context));
        for (merged, whole) in merged.iter().zip(whole) {
            assert!((merged.mean - whole.mean).abs() < 1e-12);
        }
    }
    // Below the number of rounds that are kept, every scale is another.
    let mut young = policy(start.spec.clone());
    assert_eq!(young.merge(&start, &start.clone()), Err(NotAlike));
}
