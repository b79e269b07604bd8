use proptest::prelude::*;

use super::*;

#[test]
fn refuses_what_is_no_distribution() {
    let check = |probabilities: &[f64], floor, fault| {
        assert_eq!(
            Distribution::from_probabilities(probabilities, floor),
            Err(fault)
        );
    };
    check(&[], 0, InvalidDistribution::Empty);
    check(&[0.0, 0.0], 0, InvalidDistribution::Probability);
    check(&[f64::NAN], 0, InvalidDistribution::Probability);
    check(&[-0.1, 1.1], 0, InvalidDistribution::Probability);
    check(&[f64::MAX, f64::MAX], 0, InvalidDistribution::Probability);
    check(&[1.0, 1.0], 500_001, InvalidDistribution::Floor);
    assert_eq!(Distribution::from_parts([1]), Err(InvalidDistribution::Sum));
    assert_eq!(Distribution::uniform(0), Err(InvalidDistribution::Empty));
}

#[test]
fn rounds_by_largest_remainder() {
    let check = |probabilities: &[f64], floor, parts: &[u32]| {
        let rounded = Distribution::from_probabilities(probabilities, floor).unwrap();
        assert_eq!(rounded.parts(), parts);
    };
    check(&[1.0, 1.0, 1.0], 0, &[333_334, 333_333, 333_333]);
    check(&[1.0, 0.0], 10_000, &[990_000, 10_000]);
    check(&[1.0, 1.0], 500_000, &[500_000, 500_000]);
    check(&[1e-9, 1.0], 0, &[0, 1_000_000]);
    assert_eq!(
        Distribution::uniform(3).unwrap().parts(),
        [333_334, 333_333, 333_333]
    );
}

proptest! {
    #[test]
    fn parts_sum_exactly_and_respect_the_floor(
        probabilities in prop::collection::vec(0.0..1.0f64, 1..64),
        floor in 0u32..15_000,
    ) {
        prop_assume!(probabilities.iter().sum::<f64>() > 0.0);
        let made = Distribution::from_probabilities(&probabilities, floor).unwrap();
        prop_assert_eq!(made.parts().iter().sum::<u32>(), PARTS);
        prop_assert!(made.parts().iter().all(|part| *part >= floor));
    }

    #[test]
    fn permuting_actions_permutes_the_answer(
        probabilities in prop::collection::vec(0.0..1.0f64, 1..12),
        shift in 0usize..12,
    ) {
        prop_assume!(probabilities.iter().sum::<f64>() > 0.0);
        let shift = shift % probabilities.len();
        let mut turned = probabilities.clone();
        turned.rotate_left(shift);
        let mut parts =
            Distribution::from_probabilities(&probabilities, 1_000).unwrap().parts().to_vec();
        parts.rotate_left(shift);
        let turned = Distribution::from_probabilities(&turned, 1_000).unwrap();
        // Sums in another order may round differently: at most one part moves.
        prop_assert!(parts.iter().zip(turned.parts()).all(|(a, b)| a.abs_diff(*b) <= 1));
    }

    #[test]
    fn a_sampled_action_has_its_parts(
        probabilities in prop::collection::vec(0.0..1.0f64, 1..12),
        u: u64,
    ) {
        prop_assume!(probabilities.iter().sum::<f64>() > 0.0);
        let made = Distribution::from_probabilities(&probabilities, 0).unwrap();
        let (action, propensity) = made.sample(u);
        prop_assert_eq!(made.parts()[action], propensity.parts());
    }
}

#[test]
fn frequencies_match_the_stated_parts() {
    // Chi-square with 3 degrees of freedom; 16.27 is exceeded by chance once in 1,000 seeds.
    let made = Distribution::from_probabilities(&[0.5, 0.3, 0.15, 0.05], 0).unwrap();
    let mut counts = [0u32; 4];
    let n_draws = 100_000_u32;
    for draw in 0..n_draws {
        let u = xxhash_rust::xxh3::xxh3_64(&u64::from(draw).to_le_bytes());
        counts[made.sample(u).0] += 1;
    }
    let chi_square: f64 = counts
        .iter()
        .zip(made.parts())
        .map(|(count, part)| {
            let expected = f64::from(*part) / f64::from(PARTS) * f64::from(n_draws);
            (f64::from(*count) - expected).powi(2) / expected
        })
        .sum();
    assert!(chi_square < 16.27, "{chi_square} from {counts:?}");
}
