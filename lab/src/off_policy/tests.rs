use super::*;

/// Weights 2, 0.5 and 0.
const LOG: [LoggedDecision; 3] = [
    decision(1.0, 0.25, 0.5, 0.5, 0.6),
    decision(0.0, 0.5, 0.25, 0.2, 0.4),
    decision(1.0, 0.5, 0.0, 0.9, 0.2),
];

const fn decision(r: f64, p: f64, target: f64, q: f64, v: f64) -> LoggedDecision {
    LoggedDecision {
        reward: r,
        propensity: p,
        target_propensity: target,
        expected: q,
        target_expected: v,
    }
}

#[track_caller]
fn check(estimator: Estimator, expected: f64) {
    let log = OffPolicy::new(&LOG).unwrap();
    let found = log.evaluate(estimator, Confidence::P95).unwrap();
    assert!(
        (found.value - expected).abs() < 1e-12,
        "{found:?} {expected}"
    );
    let interval = found.interval.unwrap();
    assert!(interval.low < found.value && found.value < interval.high);
}

#[test]
fn agrees_with_hand_figures() {
    // Propensities 0.5, 0.25 and 0.
    check(Estimator::Replay, 0.5 / 0.75);
    check(Estimator::Ips, 2.0 / 3.0);
    check(Estimator::ClippedIps { bound: 1.5 }, 0.5);
    check(Estimator::Snips, 2.0 / 2.5);
    check(Estimator::Direct, 0.4);
    // 0.6 + 2 * 0.5, 0.4 - 0.5 * 0.2, 0.2.
    check(Estimator::DoublyRobust, (1.6 + 0.3 + 0.2) / 3.0);
    check(Estimator::SelfNormalisedDoublyRobust, 0.4 + 0.9 / 2.5);
    let bound = 1.0;
    check(
        Estimator::SwitchDoublyRobust { bound },
        (0.6 + 0.3 + 0.2) / 3.0,
    );
    // Weights 2 / 5, 0.5 / 1.25 and 0.
    check(
        Estimator::ShrunkDoublyRobust { bound },
        0.4 + (0.2 - 0.08) / 3.0,
    );
    let n_effective = OffPolicy::new(&LOG).unwrap().overlap().n_effective;
    assert!((n_effective - 6.25 / 4.25).abs() < 1e-12);
}

#[test]
fn faults_are_named() {
    assert_eq!(OffPolicy::new(&[]).err(), Some(InvalidLog::Empty));
    for bad in [
        decision(1.0, 0.0, 0.5, 0.0, 0.0),
        decision(1.0, 1.1, 0.5, 0.0, 0.0),
        decision(1.0, 0.5, -0.1, 0.0, 0.0),
        decision(f64::NAN, 0.5, 0.5, 0.0, 0.0),
    ] {
        let found = OffPolicy::new(&[LOG[0], bad]).err();
        assert_eq!(found, Some(InvalidLog::Decision(1)));
    }
    let log = OffPolicy::new(&LOG).unwrap();
    let found = log.evaluate(Estimator::ClippedIps { bound: 0.0 }, Confidence::P95);
    assert_eq!(found, Err(InvalidLog::Bound));
    let never = [decision(1.0, 0.5, 0.0, 0.0, 0.0); 2];
    let never = OffPolicy::new(&never).unwrap();
    assert!(never.overlap().n_effective.abs() < 1e-12);
    let found = never.evaluate(Estimator::Snips, Confidence::P95).unwrap();
    assert!(found.value.abs() < 1e-12);
}

#[test]
fn gains_compare_decision_by_decision() {
    let log = OffPolicy::new(&LOG).unwrap();
    let gain = log.gain(Estimator::DoublyRobust, Confidence::P95).unwrap();
    // Terms 1.6, 0.3 and 0.2 less rewards 1, 0 and 1.
    assert!((gain.value - 0.1 / 3.0).abs() < 1e-12, "{gain:?}");
    // The policy that wrote the log gains nothing, for certain.
    let own = LOG.map(|log| LoggedDecision {
        target_propensity: log.propensity,
        ..log
    });
    let own = OffPolicy::new(&own).unwrap();
    let gain = own.gain(Estimator::Ips, Confidence::P95).unwrap();
    let interval = gain.interval.unwrap();
    let off = [gain.value, interval.low, interval.high].map(f64::abs);
    assert!(off.iter().all(|off| *off < 1e-12), "{gain:?}");
}

#[test]
fn overlap_is_told_in_figures() {
    // Weights 2, 0.5 and 0: mean 2.5 / 3, squares 4.25.
    let overlap = OffPolicy::new(&LOG).unwrap().overlap();
    let error = ((4.25 - 2.5 * 2.5 / 3.0) / 2.0 / 3.0_f64).sqrt();
    let found = [
        overlap.mean_weight - 2.5 / 3.0,
        overlap.mean_weight_error - error,
        overlap.weight_max - 2.0,
        overlap.never - 1.0 / 3.0,
        overlap.heaviest_hundredth - 2.0 / 2.5,
    ];
    assert!(found.iter().all(|off| off.abs() < 1e-12), "{overlap:?}");
}

#[test]
fn ranges_of_terms_bound_every_term() {
    let check = |estimator: Estimator, expected: Option<f64>| {
        assert_eq!(estimator.term_range(10.0, 2.0), expected, "{estimator:?}");
    };
    check(Estimator::Ips, Some(20.0));
    check(Estimator::ClippedIps { bound: 3.0 }, Some(6.0));
    check(Estimator::Direct, Some(2.0));
    check(Estimator::DoublyRobust, Some(42.0));
    check(Estimator::SwitchDoublyRobust { bound: 4.0 }, Some(18.0));
    check(Estimator::ShrunkDoublyRobust { bound: 16.0 }, Some(10.0));
    check(Estimator::Snips, None);
}

/// A log of 200 decisions among two actions with rewards 0.3 and 0.6, chosen evenly; the other
/// policy takes the second for 9 of 10.
fn simulated(seed: u64) -> Vec<LoggedDecision> {
    let mut draws = Pcg64Mcg::seed_from_u64(seed);
    let mut unit = || (draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let one = |_| {
        let (target, mean) = if unit() < 0.5 { (0.1, 0.3) } else { (0.9, 0.6) };
        let reward = f64::from(u8::from(unit() < mean));
        decision(reward, 0.5, target, 0.4, 0.4)
    };
    (0..200).map(one).collect()
}

#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    const TRUTH: f64 = 0.1 * 0.3 + 0.9 * 0.6;
    const N_LOGS: u64 = 1_000;
    let estimators = [Estimator::Ips, Estimator::Snips, Estimator::DoublyRobust];
    for estimator in estimators {
        let (mut normal, mut bootstrap, mut bernstein) = (0, 0, 0);
        for seed in 0..N_LOGS {
            let log = simulated(seed);
            let log = OffPolicy::new(&log).unwrap();
            let covers = |interval: Option<Interval>| u64::from(interval.unwrap().contains(TRUTH));
            let level = Confidence::P95;
            normal += covers(log.evaluate(estimator, level).unwrap().interval);
            if seed < N_LOGS / 4 {
                bootstrap += covers(log.bootstrap(estimator, (200, seed), level).unwrap());
            }
            let found = log.empirical_bernstein(estimator, (1.8, 1.0), level);
            bernstein += found
                .unwrap()
                .map_or(1, |found| u64::from(found.contains(TRUTH)));
        }
        // Three standard errors: 2.1 points of a thousand logs, 4.1 of 250.
        assert!((929..=971).contains(&normal), "{estimator:?}: {normal}");
        assert!(
            (227..=248).contains(&bootstrap),
            "{estimator:?}: {bootstrap}"
        );
        assert!(bernstein >= 990, "{estimator:?}: {bernstein}");
    }
}

#[test]
fn one_decision_has_no_interval() {
    let log = OffPolicy::new(&LOG[..1]).unwrap();
    let level = Confidence::P95;
    assert_eq!(log.evaluate(Estimator::Ips, level).unwrap().interval, None);
    assert_eq!(
        log.empirical_bernstein(Estimator::Ips, (4.0, 1.0), level),
        Ok(None)
    );
    assert_eq!(log.bootstrap(Estimator::Ips, (1, 0), level), Ok(None));
}

mod outcomes {
    use super::*;

    const D: usize = 2;
    const CONTEXTS: [f64; 8] = [0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 3.0, 1.0];

    fn fit(actions: &[usize], rewards: &[f64]) -> Result<OutcomeModel, InvalidOutcomes> {
        let outcomes = Outcomes {
            contexts: &CONTEXTS,
            d: D,
            actions,
            rewards,
            n_actions: 2,
        };
        OutcomeModel::fit(outcomes, |row| row < 4)
    }

    #[test]
    fn a_line_is_found_up_to_the_ridge() {
        // One action: rewards 0, 1, 2, 3 about their mean 1.5 on (x - 1.5) / sqrt(1.25), whose
        // squares sum to 4: coefficient sqrt(1.25) * 4 / 5. A feature that never changes is 0.
        let model = fit(&[0; 4], &[0.0, 1.0, 2.0, 3.0]).unwrap();
        let found = model.expected(&[3.0, 7.0]);
        assert!((found[0] - (1.5 + 1.5 * 0.8)).abs() < 1e-12, "{found:?}");
        // Nothing is known of the other: the mean of all.
        assert!((found[1] - 1.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert!(fit(&[0; 4], &[0.0; 4]).is_ok());
        assert_eq!(fit(&[0, 0, 0, 2], &[0.0; 4]), Err(InvalidOutcomes));
        assert_eq!(fit(&[0; 4], &[0.0; 3]), Err(InvalidOutcomes));
        assert_eq!(
            fit(&[0; 4], &[0.0, 0.0, 0.0, f64::NAN]),
            Err(InvalidOutcomes)
        );
    }
}
