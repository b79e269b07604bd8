//! Which of several normal posteriors is the greatest.

use crate::policy::quadrature::Rule;

/// Cuts around each peak, in standard deviations: between them a normal density is smooth enough
/// for twelve nodes to give nine digits.
const CUTS: [f64; 9] = [-8.0, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, 8.0];

/// `P(Z <= z)` of a standard normal `Z`.
pub(crate) fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2)
}

/// The probability of each of independent normal variables that it is the greatest.
///
/// # Formula
/// `p_k = integral phi_k(y) prod_{j != k} Phi_j(y) dy`, by Gauss-Legendre panels of 12 nodes.
///
/// # Arguments
/// `normals`: (`n`,), mean and standard deviation of each.
///
/// # Returns
/// (`n`,), within 1e-7; `None` where a deviation is not positive or a number not finite.
pub(crate) fn probability_best_normal(normals: &[(f64, f64)]) -> Option<Vec<f64>> {
    let sound = |(m, s): &(f64, f64)| m.is_finite() && s.is_finite() && *s > 0.0;
    if !normals.iter().all(sound) {
        return None;
    }
    // Below the greatest of the lowest values, some variable is almost certainly greater.
    let start = normals.iter().map(|(m, s)| m - 8.0 * s);
    let start = start.fold(f64::NEG_INFINITY, f64::max);
    let mut cuts: Vec<f64> = normals
        .iter()
        .flat_map(|(m, s)| CUTS.map(|cut| m + cut * s))
        .filter(|cut| *cut >= start)
        .collect();
    cuts.sort_by(f64::total_cmp);
    let rule = Rule::new();
    let mut best = vec![0.0; normals.len()];
    for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
        let (half, middle) = (0.5 * (to - from), 0.5 * (to + from));
        for (node, node_share) in rule.nodes.iter().zip(rule.weights) {
            let y = middle + half * node;
            add_point(normals, y, half * node_share, &mut best);
        }
    }
    Some(best)
}

/// Adds a point's share; products of all others from both ends, without division.
fn add_point(normals: &[(f64, f64)], y: f64, share: f64, best: &mut [f64]) {
    let mut before = Vec::with_capacity(normals.len());
    let mut product = share;
    for (m, s) in normals {
        let below = cumulative((y - m) / s);
        before.push((product, below));
        product *= below;
    }
    let mut after = 1.0;
    let arms = normals.iter().zip(before).zip(best.iter_mut());
    for (((m, s), (before, below)), best) in arms.rev() {
        let z = (y - m) / s;
        let density = libm::exp(-0.5 * z * z) / (s * libm::sqrt(2.0 * core::f64::consts::PI));
        *best += density * before * after;
        after *= below;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(normals: &[(f64, f64)], expected: &[f64]) {
        let found = probability_best_normal(normals).unwrap();
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-7, "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-7, "{found} {expected}");
        }
    }

    #[test]
    fn agrees_with_the_difference_of_two() {
        let second = cumulative(0.3 / libm::sqrt(0.04 + 0.09));
        check(&[(0.2, 0.2), (0.5, 0.3)], &[1.0 - second, second]);
        let needle = cumulative(0.1 / libm::sqrt(1e-8 + 1.0));
        check(&[(0.0, 1.0), (0.1, 1e-4)], &[1.0 - needle, needle]);
    }

    #[test]
    fn equal_ones_share_evenly() {
        check(&[(0.4, 0.01); 7], &[1.0 / 7.0; 7]);
    }

    #[test]
    fn what_is_no_density_has_no_answer() {
        assert_eq!(probability_best_normal(&[(0.0, 0.0), (1.0, 1.0)]), None);
        assert_eq!(probability_best_normal(&[(f64::NAN, 1.0)]), None);
    }
}
