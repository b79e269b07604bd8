use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(arms: &[(f64, f64)], expected: &[f64], tolerance: f64) {
    let arms: Vec<Beta> = arms.iter().map(|(a, b)| Beta::new(*a, *b)).collect();
    let found = probability_best(&arms);
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance,
            "{found} instead of {expected}"
        );
    }
    assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

/// Figures of scipy 1.17.1: `scipy.integrate.quad` of the density of one arm times the distribution
/// functions of the others, uniform prior. Its own sums miss 1 by up to 2e-10, so 1e-9 is asked.
#[test]
fn agrees_with_scipy() {
    let uniform = |arms: &[(u32, u32)]| -> Vec<(f64, f64)> {
        arms.iter()
            .map(|(x, n)| (f64::from(*x) + 1.0, f64::from(n - x) + 1.0))
            .collect()
    };
    check(
        &uniform(&[(236, 2526), (407, 4542), (23, 454), (278, 3119)]),
        &[
            0.584_014_060_133,
            0.206_243_257_582,
            0.000_436_851_036_5,
            0.209_305_831_197,
        ],
        1e-9,
    );
    check(
        &uniform(&[(418, 4189), (97, 1541), (146, 1686), (158, 3054)]),
        &[
            0.938_495_347_449,
            3.246_009_85e-6,
            0.061_501_406_537_8,
            2.274_8e-15,
        ],
        1e-9,
    );
    check(
        &uniform(&[(192, 2336), (178, 2645), (128, 1666)]),
        &[0.720_811_482_000, 0.009_836_161_400_6, 0.269_352_356_600],
        1e-9,
    );
}

#[test]
fn agrees_with_what_can_be_computed_by_hand() {
    // P(X > Y) for X ~ Beta(2, 1), Y ~ Beta(1, 1): the integral of 2x * x over [0, 1].
    check(&[(2.0, 1.0), (1.0, 1.0)], &[2.0 / 3.0, 1.0 / 3.0], 1e-12);
    // Three arms Beta(k, 1) have distribution functions x^k: p_k = k / sum.
    check(
        &[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)],
        &[1.0 / 6.0, 1.0 / 3.0, 0.5],
        1e-12,
    );
    check(&[(0.5, 1.0), (1.5, 1.0)], &[0.25, 0.75], 1e-12);
    check(&[(0.01, 1.0), (0.03, 1.0)], &[0.25, 0.75], 1e-9);
    check(&[(7.0, 3.0)], &[1.0], 1e-12);
    check(&[(0.5, 0.5); 5], &[0.2; 5], 1e-12);
    check(&[(1e12, 1e12); 4], &[0.25; 4], 1e-9);
}

/// `P(X > Y)` for whole parameters of X: Evan Miller 2014, "Formulas for Bayesian A/B testing",
/// equation 6, summed with logarithms of gamma functions.
#[test]
fn agrees_with_the_closed_form_of_two_arms() {
    let log_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    for (a_x, b_x, a_y, b_y) in [
        (3.0, 40.0, 5.0, 30.0),
        (120.0, 9_880.0, 101.0, 9_899.0),
        (2.0, 900_000.0, 3.0, 2.0),
        (1.0, 1e6, 0.5, 0.5),
    ] {
        let closed: f64 = (0..a_x as u32)
            .map(f64::from)
            .map(|i| {
                libm::exp(
                    log_beta(a_y + i, b_x + b_y)
                        - libm::log(b_x + i)
                        - log_beta(1.0 + i, b_x)
                        - log_beta(a_y, b_y),
                )
            })
            .sum();
        check(&[(a_x, b_x), (a_y, b_y)], &[closed, 1.0 - closed], 1e-8);
    }
}

#[test]
fn quantiles_agree_with_inverses_by_hand() {
    let check = |a, b, level, expected: f64| {
        let found = Beta::new(a, b).quantile(level);
        assert!(
            (found - expected).abs() < 1e-9,
            "Beta({a}, {b}) at {level}: {found}"
        );
    };
    // Distribution functions that invert by hand: x^a, and 1 - (1 - x)^b.
    check(2.0, 1.0, 0.25, 0.5);
    check(1.0, 3.0, 0.875, 0.5);
    check(0.5, 1.0, 0.025, 0.000_625);
    check(1.0, 1.0, 0.975, 0.975);
    // The arcsine distribution: sin^2(pi level / 2).
    check(0.5, 0.5, 0.5, 0.5);
    check(0.5, 0.5, 1.0 / 3.0, 0.25);
}

#[test]
fn the_last_resort_is_still_a_distribution() {
    for (a, b) in [
        (f64::NAN, 1.0),
        (-5.0, f64::INFINITY),
        (0.0, 0.0),
        (1e300, 1e-300),
    ] {
        let p = probability_best(&[Beta::new(a, b), Beta::new(1.0, 1.0)]);
        assert!(p.iter().all(|p| p.is_finite() && *p >= 0.0), "{p:?}");
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{p:?}");
    }
    assert!(probability_best(&[]).is_empty());
}

#[test]
fn the_bits_never_change() {
    // The wasm tests run this too: both must print the same.
    let arms = [
        Beta::new(12.5, 300.25),
        Beta::new(20.0, 295.5),
        Beta::new(0.5, 0.5),
    ];
    let bits: Vec<u64> = probability_best(&arms)
        .into_iter()
        .map(f64::to_bits)
        .collect();
    assert_eq!(
        bits,
        [
            4_578_890_691_850_401_627,
            4_594_527_349_157_875_855,
            4_605_721_694_863_348_735
        ]
    );
}

proptest! {
    #[test]
    fn permuting_arms_permutes_the_answer(
        arms in prop::collection::vec((0.5..2_000.0f64, 0.5..2_000.0f64), 2..8),
        shift in 0usize..8,
    ) {
        let betas: Vec<Beta> = arms.iter().map(|(a, b)| Beta::new(*a, *b)).collect();
        let shift = shift % betas.len();
        let mut turned = betas.clone();
        turned.rotate_left(shift);
        let mut p = probability_best(&betas);
        p.rotate_left(shift);
        for (a, b) in p.iter().zip(probability_best(&turned)) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn is_a_distribution_for_any_posterior(
        arms in prop::collection::vec((-3.0..12.0f64, -3.0..12.0f64), 1..8),
    ) {
        let betas: Vec<Beta> =
            arms.iter().map(|(a, b)| Beta::new(libm::exp10(*a), libm::exp10(*b))).collect();
        let p = probability_best(&betas);
        prop_assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{:?}", p);
        prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn more_successes_never_make_an_arm_worse(
        a in 0.5..500.0f64, b in 0.5..500.0f64, other in 0.5..500.0f64, more in 0.0..50.0f64,
    ) {
        let rival = Beta::new(other, 100.0);
        let before = probability_best(&[Beta::new(a, b), rival]);
        let after = probability_best(&[Beta::new(a + more, b), rival]);
        prop_assert!(after[0] >= before[0] - 1e-9);
    }
}
