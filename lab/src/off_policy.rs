//! What another policy would have earned, from a log of what one policy did.
//!
//! Every estimate needs the propensities that were used when the log was written; none repairs a
//! log without them. Where the log hardly ever did what the other policy would do, no estimate is
//! any good: [`OffPolicy::n_effective`] says how much of it speaks.

use crate::interval::{Confidence, Interval, sum_normal};

/// One logged decision, and what is known of the policy in question in the same context.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoggedDecision {
    /// Reward of the action that was chosen.
    pub reward: f64,
    /// Probability with which it was chosen, in (0, 1].
    pub propensity: f64,
    /// Probability with which the other policy would have chosen it, in [0, 1].
    pub target_propensity: f64,
    /// What a model expects of the action; 0 without a model.
    pub expected: f64,
    /// What the model expects of the other policy, `sum_a pi(a) q(a)`; 0 without a model.
    pub target_expected: f64,
}

/// Why a log cannot be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidLog {
    /// There is no decision.
    Empty,
    /// This decision has a propensity outside its bounds or a number that is not finite.
    Decision(usize),
    /// The bound of importance weights is not greater than 0.
    Bound,
}

impl std::fmt::Display for InvalidLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("a log has at least one decision"),
            Self::Decision(index) => write!(
                f,
                "decision {index} has a propensity outside (0, 1] or a number that is not finite"
            ),
            Self::Bound => f.write_str("the bound of importance weights must be greater than 0"),
        }
    }
}

impl std::error::Error for InvalidLog {}

/// How the value of the other policy is estimated. With `w = target_propensity / propensity`,
/// `r` the reward, `q` what is expected of the action and `v` of the other policy:
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimator {
    /// Mean of `w r`: unbiased, and wild where `w` is large.
    Ips,
    /// Mean of `min(w, bound) r`: less wild, biased downwards where rewards are positive.
    ClippedIps {
        /// Greatest importance weight, > 0.
        bound: f64,
    },
    /// `sum w r / sum w`: nearly unbiased, never outside the rewards.
    Snips,
    /// Mean of `v`: as good as the model.
    Direct,
    /// Mean of `v + w (r - q)`: unbiased, and tame where the model is good.
    DoublyRobust,
    /// Mean of `v + w (r - q) / mean(w)`.
    SelfNormalisedDoublyRobust,
    /// Doubly robust where `w <= bound`, and the model elsewhere.
    SwitchDoublyRobust {
        /// Greatest importance weight that is believed, > 0.
        bound: f64,
    },
    /// Doubly robust with weights `bound w / (w^2 + bound)`.
    ShrunkDoublyRobust {
        /// How little weights are shrunk, > 0.
        bound: f64,
    },
}

/// A value and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolicyValue {
    /// Mean reward of a decision.
    pub value: f64,
    /// Normal interval of that mean; `None` for a single decision.
    pub interval: Option<Interval>,
}

/// A checked log.
#[derive(Debug, Clone, Copy)]
pub struct OffPolicy<'a>(&'a [LoggedDecision]);

impl<'a> OffPolicy<'a> {
    /// Checks a log.
    ///
    /// # Errors
    /// `Empty`, or the first `Decision` that is none.
    pub fn new(decisions: &'a [LoggedDecision]) -> Result<Self, InvalidLog> {
        let sound = |decision: &LoggedDecision| {
            decision.propensity > 0.0
                && decision.propensity <= 1.0
                && (0.0..=1.0).contains(&decision.target_propensity)
                && [decision.reward, decision.expected, decision.target_expected]
                    .iter()
                    .all(|number| number.is_finite())
        };
        match decisions.iter().position(|decision| !sound(decision)) {
            Some(index) => Err(InvalidLog::Decision(index)),
            None if decisions.is_empty() => Err(InvalidLog::Empty),
            None => Ok(Self(decisions)),
        }
    }

    /// The value of the other policy.
    ///
    /// # Formula
    /// See [`Estimator`]. The interval is the normal one of the mean of the terms; for the
    /// self-normalised ones of their linearised terms, `w (r - value) / mean(w)`.
    /// # Errors
    /// `Bound` for a bound that is not greater than 0.
    /// # Source
    /// Horvitz and Thompson 1952 (IPS); Swaminathan and Joachims 2015 (SNIPS); Dudík, Langford and
    /// Li 2011 (DR); Wang, Agarwal and Dudík 2017 (SWITCH); Su et al. 2020 (shrinkage).
    pub fn evaluate(
        &self,
        estimator: Estimator,
        confidence: Confidence,
    ) -> Result<PolicyValue, InvalidLog> {
        if let Estimator::ClippedIps { bound }
        | Estimator::SwitchDoublyRobust { bound }
        | Estimator::ShrunkDoublyRobust { bound } = estimator
            && (bound.is_nan() || bound <= 0.0)
        {
            return Err(InvalidLog::Bound);
        }
        let n = self.0.len() as f64;
        let mean_ratio = self.0.iter().map(ratio).sum::<f64>() / n;
        let term = |decision: &LoggedDecision| term(estimator, decision, mean_ratio);
        let value = self.0.iter().map(term).sum::<f64>() / n;
        let spread = |decision: &LoggedDecision| match estimator {
            Estimator::Snips if mean_ratio > 0.0 => {
                value + ratio(decision) * (decision.reward - value) / mean_ratio
            }
            _ => term(decision),
        };
        let (sum, squares) = self.0.iter().map(spread).fold((0.0, 0.0), |sums, term| {
            (sums.0 + term, sums.1 + term * term)
        });
        Ok(PolicyValue {
            value,
            interval: sum_normal(sum, squares, self.0.len() as u64, confidence).map(|interval| {
                Interval {
                    low: interval.low / n,
                    high: interval.high / n,
                }
            }),
        })
    }

    /// How many decisions of the other policy itself would say as much as the log does.
    ///
    /// # Formula
    /// `(sum w)^2 / sum w^2` (Kish 1965); 0 where the log never did what the policy would do.
    #[must_use]
    pub fn n_effective(&self) -> f64 {
        let ratios = || self.0.iter().map(ratio);
        let squares: f64 = ratios().map(|w| w * w).sum();
        let sum: f64 = ratios().sum();
        if squares > 0.0 {
            sum * sum / squares
        } else {
            0.0
        }
    }
}

fn ratio(decision: &LoggedDecision) -> f64 {
    decision.target_propensity / decision.propensity
}

fn term(estimator: Estimator, decision: &LoggedDecision, mean_ratio: f64) -> f64 {
    let w = ratio(decision);
    let (r, q, v) = (decision.reward, decision.expected, decision.target_expected);
    // Weights that are all zero leave nothing to normalise.
    let normalised = if mean_ratio > 0.0 {
        w / mean_ratio
    } else {
        0.0
    };
    match estimator {
        Estimator::Ips => w * r,
        Estimator::ClippedIps { bound } => w.min(bound) * r,
        Estimator::Snips => normalised * r,
        Estimator::Direct => v,
        Estimator::SelfNormalisedDoublyRobust => v + normalised * (r - q),
        Estimator::SwitchDoublyRobust { bound } if w > bound => v,
        Estimator::DoublyRobust | Estimator::SwitchDoublyRobust { .. } => v + w * (r - q),
        Estimator::ShrunkDoublyRobust { bound } => v + bound * w / (w * w + bound) * (r - q),
    }
}

#[cfg(test)]
mod tests {
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
        let n_effective = OffPolicy::new(&LOG).unwrap().n_effective();
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
        assert!(never.n_effective().abs() < 1e-12);
        let found = never.evaluate(Estimator::Snips, Confidence::P95).unwrap();
        assert!(found.value.abs() < 1e-12);
    }
}
