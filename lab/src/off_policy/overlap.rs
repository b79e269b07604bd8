//! How much of a log speaks for another policy.

use super::LoggedDecision;

/// Importance weights in figures. A log speaks well where they are alike and their mean is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// How many decisions of the other policy itself would say as much: `(sum w)^2 / sum w^2`
    /// (Kish 1965); 0 where the log never did what the policy would do.
    pub n_effective: f64,
    /// Mean importance weight: 1 in expectation if propensities are what was used, and if the log
    /// can do whatever the other policy does.
    pub mean_weight: f64,
    /// Standard error of that mean; 0 for a single decision.
    pub mean_weight_error: f64,
    /// The greatest.
    pub weight_max: f64,
    /// Share of decisions that the other policy would never take.
    pub never: f64,
    /// Share of all weight that the heaviest hundredth of decisions carry, at least one.
    pub heaviest_hundredth: f64,
}

impl Overlap {
    pub(super) fn of(decisions: &[LoggedDecision]) -> Self {
        let mut weights: Vec<f64> = decisions
            .iter()
            .map(LoggedDecision::importance_weight)
            .collect();
        weights.sort_unstable_by(|a, b| b.total_cmp(a));
        let n = weights.len() as f64;
        let (sum, squares) = weights
            .iter()
            .fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        let mean = sum / n;
        let spread: f64 = weights.iter().map(|w| (w - mean) * (w - mean)).sum();
        let n_heaviest = weights.len().div_ceil(100);
        let heaviest: f64 = weights.iter().take(n_heaviest).sum();
        Self {
            n_effective: share(sum * sum, squares),
            mean_weight: mean,
            mean_weight_error: (spread / f64::max(n - 1.0, 1.0) / n).sqrt(),
            weight_max: weights.first().copied().unwrap_or_default(),
            never: weights.iter().filter(|w| **w <= 0.0).count() as f64 / n,
            heaviest_hundredth: share(heaviest, sum),
        }
    }
}

/// 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
