use super::*;

fn arms(counts: &[(f64, f64)]) -> Vec<IndexArm> {
    counts
        .iter()
        .map(|(n, sum)| IndexArm {
            n: *n,
            sum: *sum,
            squares: *sum,
        })
        .collect()
}

fn parts(rule: &str, counts: &[(f64, f64)], n_decisions: u32) -> Vec<u32> {
    let plan = Plan {
        n_decisions,
        share: MeasuredShare::default(),
    };
    let rule = rule_named(rule).unwrap();
    rule.distribution(&arms(counts), plan)
        .unwrap()
        .parts()
        .into()
}

#[test]
fn indices_choose_as_on_paper() {
    // Means 0.5 and 0.6 after 20 and 60 decisions, t = 80.
    let counts = [(20.0, 10.0), (60.0, 36.0)];
    // sqrt(2 ln 80 / 20) = 0.662 and sqrt(2 ln 80 / 60) = 0.382: 1.162 against 0.982.
    assert_eq!(parts("ucb1", &counts, 1), [1_000_000, 0]);
    // ln(80 / 20) / 20 = 0.069: kl(0.5, 0.683) = 0.069. ln(80 / 60) / 60 = 0.0048: to 0.648.
    assert_eq!(parts("kl-ucb-plus", &counts, 1), [1_000_000, 0]);
    // ln(80 / (2 * 20)) / 20 = 0.035: kl(0.5, 0.631) = 0.035. The other had more than half: 0.6.
    assert_eq!(parts("kl-moss", &counts, 1), [1_000_000, 0]);
    // 20 kl(0.5, 0.6) + ln 20 = 3.404 against ln 60 = 4.094.
    assert_eq!(parts("imed", &counts, 1), [1_000_000, 0]);
    assert_eq!(parts("greedy", &counts, 1), [0, 1_000_000]);
    assert_eq!(parts("epsilon-greedy", &counts, 1), [50_000, 950_000]);
}

#[test]
fn who_knows_nothing_chooses_evenly() {
    for rule in RULES {
        assert_eq!(parts(rule, &[(0.0, 0.0); 4], 1), [250_000; 4], "{rule}");
        assert_eq!(parts(rule, &[(0.0, 0.0); 4], 100), [250_000; 4], "{rule}");
    }
}

#[test]
fn permuting_arms_permutes_the_answer() {
    let counts = [
        (40.0, 3.0),
        (25.0, 4.0),
        (90.0, 20.0),
        (0.0, 0.0),
        (7.0, 7.0),
    ];
    let order = [3, 0, 4, 2, 1];
    let permuted: Vec<(f64, f64)> = order.iter().map(|i| counts[*i]).collect();
    for rule in RULES {
        for n_decisions in [1, 100] {
            let straight = parts(rule, &counts, n_decisions);
            let permuted = parts(rule, &permuted, n_decisions);
            for (parts, from) in permuted.iter().zip(order) {
                assert!(parts.abs_diff(straight[from]) <= 1, "{rule}");
            }
        }
    }
}

#[test]
fn the_default_draws_where_it_serves_many() {
    let counts = [(50.0, 20.0), (50.0, 21.0), (50.0, 25.0)];
    assert_eq!(parts("default", &counts, 1), parts("kl-moss", &counts, 1));
    assert_eq!(parts("default", &counts, 2), parts("thompson", &counts, 2));
    assert_ne!(parts("default", &counts, 1), parts("default", &counts, 2));
}

/// Whoever is greedy tries each action once, so that none is judged by what it is thought to be.
#[test]
fn greedy_rules_try_each_action_once() {
    let counts = [(1.0, 1.0), (0.0, 0.0), (0.0, 0.0)];
    assert_eq!(parts("greedy", &counts, 1), [0, 500_000, 500_000]);
    assert_eq!(
        parts("epsilon-greedy", &counts, 1),
        [33_334, 483_333, 483_333]
    );
}

/// Rewards that vary little say more of their mean than coins of the same sum do.
#[test]
fn a_normal_posterior_follows_the_variance() {
    let arm = |mean: f64, deviation: f64| IndexArm {
        n: 100.0,
        sum: 100.0 * mean,
        squares: 100.0 * (mean * mean + deviation * deviation),
    };
    let share = |rule: &str, deviation| {
        let plan = Plan {
            n_decisions: 1,
            share: MeasuredShare::default(),
        };
        let arms = [arm(0.5, deviation), arm(0.52, deviation)];
        let found = rule_named(rule).unwrap().distribution(&arms, plan).unwrap();
        found.parts()[1]
    };
    assert!(share("thompson-normal", 0.05) > 960_000);
    assert!(share("thompson", 0.05) < 650_000);
    // Rewards as noisy as coins are known as well as coins are.
    assert!(share("thompson-normal", 0.5).abs_diff(share("thompson", 0.5)) < 10_000);
}

#[test]
fn half_of_top_two_goes_to_runners_up() {
    let best = [0.9, 0.08, 0.02];
    let shares = top_two(&best);
    assert!(
        (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12,
        "{shares:?}"
    );
    assert!(shares[0] < 0.53 && shares[1] > 0.3, "{shares:?}");
    assert!((top_two(&[1.0, 0.0]).iter().sum::<f64>() - 0.5).abs() < 1e-9);
}

#[test]
fn floors_and_faults() {
    let plan = |floor_parts| Plan {
        n_decisions: 1,
        share: MeasuredShare { floor_parts },
    };
    let counts = arms(&[(10.0, 9.0), (10.0, 1.0)]);
    let rule = rule_named("greedy").unwrap();
    let floored = rule.distribution(&counts, plan(10_000)).unwrap();
    assert_eq!(floored.parts(), [990_000, 10_000]);
    assert_eq!(
        rule.distribution(&[], plan(0)),
        Err(InvalidDistribution::Empty)
    );
    assert_eq!(
        rule.distribution(&counts, plan(500_001)),
        Err(InvalidDistribution::Floor)
    );
    assert_eq!(rule_named("magic"), None);
}
