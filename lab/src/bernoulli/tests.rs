use super::*;
use bandera_shared::policy::index::rule_named;

/// `SplitMix64` (Steele et al. 2014), one stream a run.
fn stream(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0xD134_2543_DE82_EF95);
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn regret(rule: &str, means: &[f64], every: u32, n_runs: u64) -> MeanRegret {
    let mut trial = BernoulliTrial::new(means, 1_000).unwrap();
    trial.every = every;
    let rule = rule_named(rule).unwrap();
    let runs: Vec<f64> = (0..n_runs)
        .map(|run| trial.run(rule, &mut stream(run)).unwrap().regret)
        .collect();
    MeanRegret::of(&runs)
}

/// Whether one rule gives away no more than another, but for luck.
fn is_no_worse(one: MeanRegret, other: MeanRegret) -> bool {
    let error = (one.standard_error.powi(2) + other.standard_error.powi(2)).sqrt();
    one.mean <= other.mean + 2.0 * error
}

#[test]
fn the_default_is_with_the_best() {
    let ten = [0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4];
    for means in [
        &[0.25, 0.2][..],
        &[0.06, 0.055, 0.05, 0.05, 0.04],
        &[0.9, 0.8],
        &ten,
    ] {
        let at_once = regret("default", means, 1, 200);
        for rule in ["thompson", "imed"] {
            let other = regret(rule, means, 1, 200);
            assert!(is_no_worse(at_once, other), "{rule}: {at_once:?} {other:?}");
        }
        let cautious = regret("ucb1", means, 1, 200);
        assert!(at_once.mean < cautious.mean, "{at_once:?} {cautious:?}");
    }
}

/// Drawing from posteriors and drawing from the published probabilities are the same policy.
#[test]
fn sampled_and_integrated_thompson_agree() {
    let means = [0.3, 0.5, 0.4];
    let mut trial = BernoulliTrial::new(&means, 25).unwrap();
    let thompson = rule_named("thompson").unwrap();
    let mut runs = |seed: u64| -> MeanRegret {
        let regrets: Vec<f64> = (0..100)
            .map(|run| trial.run(thompson, &mut stream(seed + run)).unwrap().regret)
            .collect();
        // The least floor there is makes the trial integrate.
        trial.share = MeasuredShare { floor_parts: 1 };
        MeanRegret::of(&regrets)
    };
    let (sampled, integrated) = (runs(0), runs(5_000));
    assert!(
        is_no_worse(sampled, integrated),
        "{sampled:?} {integrated:?}"
    );
    assert!(
        is_no_worse(integrated, sampled),
        "{sampled:?} {integrated:?}"
    );
}

#[test]
fn means_and_errors_are_of_runs() {
    let found = MeanRegret::of(&[1.0, 2.0, 3.0]);
    assert!((found.mean - 2.0).abs() < 1e-12);
    assert!((found.standard_error - (1.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    assert!(MeanRegret::of(&[]).mean.abs() < 1e-12);
}

#[test]
fn truths_are_probabilities() {
    assert!(BernoulliTrial::new(&[], 1).is_err());
    assert!(BernoulliTrial::new(&[0.5, 1.1], 1).is_err());
    assert!(BernoulliTrial::new(&[0.5, f64::NAN], 1).is_err());
    assert!(BernoulliTrial::new(&[0.0, 1.0], 1).is_ok());
}

#[test]
fn a_floor_is_paid_for() {
    let mut trial = BernoulliTrial::new(&[1.0, 0.0], 2_000).unwrap();
    let greedy = rule_named("greedy").unwrap();
    let free = trial.run(greedy, &mut stream(1)).unwrap().regret;
    trial.share = MeasuredShare {
        floor_parts: 100_000,
    };
    let floored = trial.run(greedy, &mut stream(1)).unwrap().regret;
    assert!(
        free < 10.0 && (150.0..250.0).contains(&floored),
        "{free} {floored}"
    );
    trial.share = MeasuredShare {
        floor_parts: 600_000,
    };
    assert!(trial.run(greedy, &mut stream(1)).is_err());
}

/// Mean regret of a rule in a world, over 100 runs.
fn in_world(rule: &str, trial: &BernoulliTrial) -> MeanRegret {
    let rule = rule_named(rule).unwrap();
    let runs: Vec<f64> = (0..100)
        .map(|run| trial.run(rule, &mut stream(900 + run)).unwrap().regret)
        .collect();
    MeanRegret::of(&runs)
}

/// Where rewards vary a tenth of what coins do, knowing so is worth most of the regret.
#[test]
fn a_normal_posterior_gains_from_quiet_rewards() {
    let trial = BernoulliTrial::new(&[0.5, 0.45, 0.4], 2_000).unwrap();
    let trial = trial.with_deviation(0.05).unwrap();
    let (normal, beta) = (
        in_world("thompson-normal", &trial),
        in_world("thompson", &trial),
    );
    assert!(normal.mean * 3.0 < beta.mean, "{normal:?} {beta:?}");
}

#[test]
fn deviations_are_between_nothing_and_a_coin() {
    let trial = || BernoulliTrial::new(&[0.5, 0.1], 1).unwrap();
    assert!(trial().with_deviation(0.29).is_ok());
    for deviation in [0.0, 0.31, -1.0, f64::NAN] {
        assert!(trial().with_deviation(deviation).is_err(), "{deviation}");
    }
    let trial = trial().with_deviation(0.2).unwrap();
    let mut bits = stream(5);
    let draws: Vec<f64> = (0..20_000).map(|_| trial.reward(0.1, &mut bits)).collect();
    let found = MeanRegret::of(&draws);
    assert!((found.mean - 0.1).abs() < 0.006, "{found:?}");
    assert!(
        (found.standard_error * 20_000_f64.sqrt() - 0.2).abs() < 0.006,
        "{found:?}"
    );
}

/// After the means change places, who forgets is better off; before, who does not.
#[test]
fn forgetting_pays_where_the_world_changes() {
    let mut trial = BernoulliTrial::new(&[0.6, 0.4], 4_000).unwrap();
    let pasts = [
        None,
        Some(Forgetting::HalfLife { ms: 150 * ROUND_MS }),
        Some(Forgetting::Window { ms: 400 * ROUND_MS }),
    ];
    let mut regrets = |reversed_from| {
        trial.reversed_from = reversed_from;
        pasts.map(|forgetting| {
            trial.forgetting = forgetting;
            in_world("thompson", &trial).mean
        })
    };
    let [whole, fading, window] = regrets(None);
    assert!(
        whole < fading && whole < window,
        "{whole} {fading} {window}"
    );
    let [whole, fading, window] = regrets(Some(2_000));
    assert!(
        fading < 0.7 * whole && window < 0.7 * whole,
        "{whole} {fading} {window}"
    );
}

/// A window that adapts costs little where nothing changes, and gives away least where something
/// does, although nobody said when.
#[test]
fn an_adaptive_window_needs_no_length() {
    let mut trial = BernoulliTrial::new(&[0.6, 0.4], 4_000).unwrap();
    trial.every = 20;
    let pasts = [
        None,
        Some(Forgetting::Window { ms: 400 * ROUND_MS }),
        Some(Forgetting::Adaptive {
            ms: 4_000 * ROUND_MS,
        }),
    ];
    let mut regrets = |reversed_from| {
        trial.reversed_from = reversed_from;
        pasts.map(|forgetting| {
            trial.forgetting = forgetting;
            in_world("imed", &trial).mean
        })
    };
    let [whole, window, adaptive] = regrets(None);
    assert!(
        adaptive < 1.1 * whole && adaptive < 0.5 * window,
        "{whole} {window} {adaptive}"
    );
    let [whole, window, adaptive] = regrets(Some(2_000));
    assert!(
        adaptive < 0.8 * whole && adaptive < 0.9 * window,
        "{whole} {window} {adaptive}"
    );
}
