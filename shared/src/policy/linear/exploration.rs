//! How the contextual bandits of the Workers explore.

use super::weighting::inverse_gaps;
use serde::{Deserialize, Serialize};

/// Most deviations that `linUcb` looks above what it expects.
pub const ALPHA_MAX: f64 = 10.0;
/// Those deviations where none are declared.
pub const ALPHA_DEFAULT: f64 = 1.0;

/// Names of the ways, as rulesets declare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExplorationKind {
    /// The less often the worse an action is expected to be.
    InverseGap,
    /// The action with the greatest upper bound.
    LinUcb,
    /// The best, and now and then any.
    EpsilonGreedy,
    /// The best.
    Greedy,
}

/// Every kind, each in the place that stands for it in compact forms: only ever added to.
pub const EXPLORATION_KINDS: [ExplorationKind; 4] = [
    ExplorationKind::InverseGap,
    ExplorationKind::LinUcb,
    ExplorationKind::EpsilonGreedy,
    ExplorationKind::Greedy,
];

/// A way to explore, with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Exploration {
    /// [`inverse_gaps`], at a rate that the coordinator finds out.
    #[default]
    InverseGap,
    /// The greatest of `expected + alpha * deviation` (Li et al. 2010, algorithm 1).
    LinUcb {
        /// Deviations, from 0 to [`ALPHA_MAX`].
        alpha: f64,
    },
    /// The greatest expectation, and a share of `epsilon / n^decay` evenly after `n` decisions
    /// (Sutton and Barto 2018, 2.2).
    EpsilonGreedy {
        /// The share, from 0 to 1.
        epsilon: f64,
        /// Power of the number of decisions, from 0 to 1.
        decay: f64,
    },
    /// The greatest expectation.
    Greedy,
}

impl Exploration {
    /// Its name.
    #[must_use]
    pub fn kind(self) -> ExplorationKind {
        match self {
            Self::InverseGap => ExplorationKind::InverseGap,
            Self::LinUcb { .. } => ExplorationKind::LinUcb,
            Self::EpsilonGreedy { .. } => ExplorationKind::EpsilonGreedy,
            Self::Greedy => ExplorationKind::Greedy,
        }
    }

    /// How expectations become probabilities once so many decisions are known, where `gamma` is
    /// the rate of inverse gap weighting.
    pub(super) fn weighing(self, gamma: f64, n_decisions: f64) -> Weighing {
        match self {
            Self::InverseGap => Weighing::InverseGap { gamma },
            Self::LinUcb { .. } | Self::Greedy => Weighing::Best { epsilon: 0.0 },
            Self::EpsilonGreedy { epsilon, decay } => {
                let fallen = epsilon * libm::pow(f64::max(n_decisions, 1.0), -decay);
                Weighing::Best { epsilon: fallen }
            }
        }
    }
}

/// How expectations become probabilities: what a coordinator publishes of an [`Exploration`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weighing {
    /// By [`inverse_gaps`].
    InverseGap {
        /// The rate, >= 0.
        gamma: f64,
    },
    /// The greatest gets all but a share, equals evenly.
    Best {
        /// The share that all get evenly, from 0 to 1.
        epsilon: f64,
    },
}

impl Weighing {
    /// Probabilities of actions.
    ///
    /// # Formula
    /// `Best`: of `n` actions, `k` of them known and `m` of those the greatest, `k / n` times
    /// `epsilon / k`, and `(1 - epsilon) / m` more for each of the greatest; `1 / n` for an action
    /// of which nothing is known.
    ///
    /// # Arguments
    /// `values`: (`n_actions`,), what is hoped of each action; `None` where nothing is known.
    ///
    /// # Returns
    /// As many probabilities, summing to one.
    ///
    /// # Determinism
    /// `+ - * /` alone, in the order of the actions: the same bits natively and in wasm.
    #[must_use]
    pub fn probabilities(self, values: &[Option<f64>]) -> Vec<f64> {
        let epsilon = match self {
            Self::InverseGap { gamma } => return inverse_gaps(values, gamma),
            Self::Best { epsilon } => epsilon,
        };
        let known = || values.iter().flatten().copied();
        let best = known().fold(f64::NEG_INFINITY, f64::max);
        let (n, k) = (values.len() as f64, known().count() as f64);
        let n_best = known().filter(|value| *value >= best).count() as f64;
        let probability = |value: &Option<f64>| match *value {
            None => 1.0 / n,
            Some(value) if value >= best => (epsilon / k + (1.0 - epsilon) / n_best) * k / n,
            Some(_) => epsilon / n,
        };
        values.iter().map(probability).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(epsilon: f64, values: &[Option<f64>], expected: &[f64]) {
        let found = Weighing::Best { epsilon }.probabilities(values);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    }

    #[test]
    fn the_greatest_get_all_but_a_share() {
        check(0.0, &[Some(0.25), Some(0.5)], &[0.0, 1.0]);
        check(0.0, &[Some(0.5), Some(0.5), Some(0.1)], &[0.5, 0.5, 0.0]);
        check(0.25, &[Some(0.25), Some(0.5)], &[0.125, 0.875]);
        check(1.0, &[Some(0.25), Some(0.5)], &[0.5, 0.5]);
        // Nothing is known of the last: a third, and the rest is shared as ever.
        check(
            0.5,
            &[Some(0.2), Some(0.4), None],
            &[1.0 / 6.0, 0.5, 1.0 / 3.0],
        );
        check(0.1, &[None, None], &[0.5, 0.5]);
        check(0.1, &[], &[]);
    }

    #[test]
    fn shares_fall_with_decisions() {
        let falling = Exploration::EpsilonGreedy {
            epsilon: 0.8,
            decay: 0.5,
        };
        assert_eq!(falling.weighing(9.0, 0.0), Weighing::Best { epsilon: 0.8 });
        assert_eq!(falling.weighing(9.0, 4.0), Weighing::Best { epsilon: 0.4 });
        let gaps = Exploration::InverseGap.weighing(9.0, 4.0);
        assert_eq!(gaps, Weighing::InverseGap { gamma: 9.0 });
    }

    #[test]
    fn kinds_are_in_their_places() {
        let of = [
            Exploration::InverseGap,
            Exploration::LinUcb { alpha: 1.0 },
            Exploration::EpsilonGreedy {
                epsilon: 0.1,
                decay: 0.0,
            },
            Exploration::Greedy,
        ];
        assert_eq!(of.map(Exploration::kind), EXPLORATION_KINDS);
    }
}
