//! From what is expected of each action to the probability of choosing it.

use super::bootstrap::BootstrapSpec;
use super::learner::Outlook;
use super::normal::{cumulative, probability_best_normal};

/// How a contextual policy explores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exploration {
    /// The action with the greatest expected reward.
    Greedy,
    /// That one, and with probability `epsilon / n^decay` any.
    EpsilonGreedy {
        /// Probability in the first round, in [0, 1].
        epsilon: f64,
        /// How fast it falls with the number of rounds; 0 for never.
        decay: f64,
    },
    /// The action with the greatest reward at `scale` deviations above its expectation (`LinUCB`).
    Optimism {
        /// Deviations, >= 0.
        scale: f64,
    },
    /// The same at `scale * sqrt(ln (1 + n)) / m^0.65` deviations in round `n`, where `m` features
    /// make the context: little is risked while every action is still uncertain, and no action is
    /// forgotten for ever. Where many features count together, contexts differ so much that what
    /// an action brings is seen in passing; where one counts, as a category does, an action that
    /// had bad luck there is not seen again unless it is tried.
    GrowingOptimism {
        /// Deviations, > 0.
        scale: f64,
    },
    /// Each action with the probability of being best, for deviations times `scale`.
    Thompson {
        /// Factor of the deviations, > 0.
        scale: f64,
    },
    /// Each action in inverse proportion to how much worse it looks (`SquareCB`, FALCON).
    InverseGap {
        /// Factor of the gap, > 0.
        gamma: f64,
        /// How fast that grows with the number of rounds.
        exponent: f64,
        /// Deviations beyond which an action that cannot be best is left out.
        elimination: Option<f64>,
    },
    /// Each action as often as replicas of the learners would choose it, each of which learned a
    /// resampling of the rounds.
    Bootstrap(BootstrapSpec),
}

impl Exploration {
    /// Deviations above expectation that learners are asked for.
    pub(crate) fn optimism(self, n_rounds: u64) -> Optimism {
        match self {
            Self::GrowingOptimism { scale } => Optimism::Shared {
                whole: scale * libm::sqrt(libm::log1p(n_rounds as f64)),
            },
            Self::Optimism { scale }
            | Self::InverseGap {
                elimination: Some(scale),
                ..
            } => Optimism::Fixed(scale),
            _ => Optimism::Fixed(0.0),
        }
    }

    /// Probabilities of the actions, which need not sum to one exactly.
    ///
    /// # Formula
    /// `InverseGap`: with the best action `b`, `g = gamma n^exponent` and `k` actions that are not
    /// left out, `p_a = 1 / (k + g (m_b - m_a))` for `a != b`, and the rest for `b`. An action is
    /// left out where its optimistic reward is less than the best pessimistic one, which is
    /// `2 m - optimistic`.
    /// # Source
    /// Li et al. 2010, algorithm 1 (`Optimism`); Auer et al. 2002 for the logarithm; Thompson
    /// 1933; Foster and Rakhlin 2020, equation 3; Simchi-Levi and Xu 2022 (FALCON).
    pub(crate) fn probabilities(self, outlooks: &[Outlook], n_rounds: u64) -> Vec<f64> {
        let means = || outlooks.iter().map(|outlook| outlook.mean);
        let rounds = f64::max(n_rounds as f64, 1.0);
        match self {
            // Replicas vote by what they expect themselves; this is what all rounds say.
            Self::Greedy | Self::Bootstrap(_) => best_of(means()),
            Self::EpsilonGreedy { epsilon, decay } => {
                let epsilon = f64::min(epsilon * libm::pow(rounds, -decay), 1.0);
                let even = epsilon / outlooks.len() as f64;
                let best = best_of(means());
                let n_best: f64 = best.iter().sum();
                best.iter()
                    .map(|p| (1.0 - epsilon) * p / n_best + even)
                    .collect()
            }
            Self::Optimism { .. } | Self::GrowingOptimism { .. } => {
                best_of(outlooks.iter().map(|outlook| outlook.optimistic))
            }
            Self::Thompson { scale } => {
                let normals: Vec<(f64, f64)> = outlooks
                    .iter()
                    .map(|outlook| (outlook.mean, scale * outlook.deviation))
                    .collect();
                probability_best_normal(&normals).unwrap_or_else(|| best_of(means()))
            }
            Self::InverseGap {
                gamma,
                exponent,
                elimination,
            } => {
                let possible = possible(outlooks, elimination.is_some());
                inverse_gap(outlooks, &possible, gamma * libm::pow(rounds, exponent))
            }
        }
    }
}

/// Deviations above expectation that learners are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Optimism {
    /// So many in every context.
    Fixed(f64),
    /// As many where one feature makes the context, and fewer where more do.
    Shared { whole: f64 },
}

/// How much less is hoped for where more features count, as a power of their number. Half would be
/// what a sum of independent parts calls for; that hopes for too little in a category and for too
/// much of ten features together.
const SHARING: f64 = 0.65;

impl Optimism {
    /// Deviations in the context of these standard values.
    ///
    /// # Formula
    /// `whole / m^0.65`, with the participation ratio `m = (sum z^2)^2 / sum z^4` of the
    /// values: `d` where all are as far from their means, about `d / 3` where they are normal, and
    /// little over 1 in a category that is one of many. At least 1.
    /// # Source
    /// Bell and Dean 1970, "Atomic vibrations in vitreous silica", for the ratio.
    pub(crate) fn deviations(self, standard: &[f64]) -> f64 {
        match self {
            Self::Fixed(deviations) => deviations,
            Self::Shared { whole } => {
                let squares = standard.iter().map(|z| z * z);
                let (sum, fourth) = squares.fold((0.0, 0.0), |(sum, fourth), square| {
                    (sum + square, fourth + square * square)
                });
                let m = if fourth > 0.0 {
                    sum * sum / fourth
                } else {
                    1.0
                };
                whole / libm::pow(f64::max(m, 1.0), SHARING)
            }
        }
    }
}

/// One for the greatest, evenly shared where several are.
pub(crate) fn best_of(values: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    /// Closer than this is equal: rounding must not decide between actions that know the same.
    const EQUAL: f64 = 1e-12;
    let best = values.clone().fold(f64::NEG_INFINITY, f64::max);
    values
        .map(|value| f64::from(u8::from(value >= best - EQUAL)))
        .collect()
}

/// The `z` below which a standard normal number lies with probability `p`, by bisection.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cumulative(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Which actions may still be best.
fn possible(outlooks: &[Outlook], eliminating: bool) -> Vec<bool> {
    let pessimistic = outlooks
        .iter()
        .map(|outlook| 2.0 * outlook.mean - outlook.optimistic);
    let bar = pessimistic.fold(f64::NEG_INFINITY, f64::max);
    outlooks
        .iter()
        .map(|outlook| !eliminating || outlook.optimistic >= bar)
        .collect()
}

fn inverse_gap(outlooks: &[Outlook], possible: &[bool], gamma: f64) -> Vec<f64> {
    let n_possible = possible.iter().filter(|possible| **possible).count() as f64;
    let best = outlooks
        .iter()
        .zip(possible)
        .filter(|(_, possible)| **possible)
        .map(|(outlook, _)| outlook.mean)
        .fold(f64::NEG_INFINITY, f64::max);
    let mut n_best = 0.0;
    let mut others = 0.0;
    let mut probabilities: Vec<Option<f64>> = outlooks
        .iter()
        .zip(possible)
        .map(|(outlook, possible)| {
            if !possible {
                return Some(0.0);
            }
            if outlook.mean >= best {
                n_best += 1.0;
                return None;
            }
            let p = 1.0 / (n_possible + gamma * (best - outlook.mean));
            others += p;
            Some(p)
        })
        .collect();
    let rest = (1.0 - others) / f64::max(n_best, 1.0);
    probabilities
        .iter_mut()
        .map(|p| p.unwrap_or(rest))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlooks(means: &[f64]) -> Vec<Outlook> {
        let outlook = |mean: &f64| Outlook {
            mean: *mean,
            deviation: 0.1,
            optimistic: mean + 0.2,
        };
        means.iter().map(outlook).collect()
    }

    #[track_caller]
    fn check(exploration: Exploration, n_rounds: u64, expected: &[f64]) {
        let found = exploration.probabilities(&outlooks(&[0.5, 0.3, 0.5, 0.0]), n_rounds);
        let total: f64 = found.iter().sum();
        for (found, expected) in found.iter().zip(expected) {
            let found = found / total;
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn the_best_share_what_others_leave() {
        check(Exploration::Greedy, 1, &[0.5, 0.0, 0.5, 0.0]);
        let optimism = Exploration::Optimism { scale: 2.0 };
        check(optimism, 1, &[0.5, 0.0, 0.5, 0.0]);
        let epsilon = Exploration::EpsilonGreedy {
            epsilon: 0.8,
            decay: 0.5,
        };
        check(epsilon, 4, &[0.4, 0.1, 0.4, 0.1]);
    }

    #[test]
    fn optimism_is_shared_by_the_features_that_count() {
        let growing = Exploration::GrowingOptimism { scale: 0.5 };
        let check = |standard: &[f64], expected: f64| {
            let found = growing.optimism(1_000).deviations(standard);
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        };
        let whole = 0.5 * libm::sqrt(libm::log(1_001.0));
        check(&[], whole);
        check(&[0.0, 0.0], whole);
        check(&[-1.5, 0.0], whole);
        check(&[2.0; 16], whole / libm::pow(16.0, 0.65));
        // (9 + 1)^2 / (81 + 1).
        check(&[3.0, 1.0], whole * libm::pow(0.82, 0.65));
        let fixed = Exploration::Optimism { scale: 0.5 }.optimism(1_000);
        assert_eq!(fixed.deviations(&[2.0, 2.0]).to_bits(), 0.5_f64.to_bits());
    }

    #[test]
    fn gaps_are_weighed_as_on_paper() {
        // g = 10 * sqrt 4 = 20: 1 / (4 + 20 * 0.2) = 1/8 and 1 / (4 + 20 * 0.5) = 1/14.
        let all = Exploration::InverseGap {
            gamma: 10.0,
            exponent: 0.5,
            elimination: None,
        };
        let rest = (1.0 - 1.0 / 8.0 - 1.0 / 14.0) / 2.0;
        check(all, 4, &[rest, 1.0 / 8.0, rest, 1.0 / 14.0]);
        // The last action's best, 0.2, is below the best one's worst, 0.3; of three: 1 / (3 + 4).
        let some = Exploration::InverseGap {
            gamma: 10.0,
            exponent: 0.5,
            elimination: Some(2.0),
        };
        check(some, 4, &[3.0 / 7.0, 1.0 / 7.0, 3.0 / 7.0, 0.0]);
    }
}
