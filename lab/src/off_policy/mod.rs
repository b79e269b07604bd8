//! What another policy would have earned, from a log of what one policy did.
//!
//! Every estimate needs the propensities that were used when the log was written; none repairs a
//! log without them. Where the log hardly ever did what the other policy would do, no estimate is
//! any good: [`OffPolicy::overlap`] says how much of it speaks.

mod estimator;
mod outcome;
mod overlap;

use crate::interval::{Confidence, Interval, empirical_bernstein, sum_normal};
use estimator::Parts;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

pub use estimator::Estimator;
pub use outcome::{InvalidOutcomes, OutcomeModel, Outcomes};
pub use overlap::Overlap;

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

impl LoggedDecision {
    /// How many decisions of the other policy this one stands for.
    #[must_use]
    pub fn importance_weight(&self) -> f64 {
        self.target_propensity / self.propensity
    }
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
    /// See [`Estimator`]. The interval is the normal one of the mean of the terms; a ratio's terms
    /// are linearised, `w (r - value) / mean(w)`.
    /// # Errors
    /// `Bound` for a bound that is not greater than 0.
    /// # Source
    /// Li, Chu, Langford and Wang 2011 (replay); Horvitz and Thompson 1952 (IPS); Swaminathan and
    /// Joachims 2015 (SNIPS); Dudík, Langford and Li 2011 (DR); Wang, Agarwal and Dudík 2017
    /// (SWITCH); Su et al. 2020 (shrinkage).
    pub fn evaluate(
        &self,
        estimator: Estimator,
        confidence: Confidence,
    ) -> Result<PolicyValue, InvalidLog> {
        let sums = self.sums(estimator)?;
        Ok(PolicyValue {
            value: sums.value(self.n()),
            interval: self.interval(|log| self.term(estimator, sums, log), confidence),
        })
    }

    /// How much more a decision of the other policy would bring than one of the log did.
    ///
    /// # Formula
    /// Mean and normal interval of the differences between an estimator's terms and the rewards.
    /// Both come from the same decisions, so the interval is narrower than two intervals suggest.
    /// # Errors
    /// `Bound` for a bound that is not greater than 0.
    pub fn gain(
        &self,
        estimator: Estimator,
        confidence: Confidence,
    ) -> Result<PolicyValue, InvalidLog> {
        let sums = self.sums(estimator)?;
        let gain = |log: &LoggedDecision| self.term(estimator, sums, log) - log.reward;
        Ok(PolicyValue {
            value: self.0.iter().map(gain).sum::<f64>() / self.n(),
            interval: self.interval(gain, confidence),
        })
    }

    /// An interval that holds at any number of decisions, not only at many.
    ///
    /// # Arguments
    /// `weight_max`: what no importance weight can exceed, whatever the log: one by the least
    /// propensity that the logging policy ever gives; `reward_range`: width of the rewards' range.
    /// # Returns
    /// `None` for a single decision and for ratios, see [`Estimator::term_range`].
    /// # Errors
    /// `Bound` for a bound that is not greater than 0.
    /// # Source
    /// [`crate::interval::empirical_bernstein`].
    pub fn empirical_bernstein(
        &self,
        estimator: Estimator,
        (weight_max, reward_range): (f64, f64),
        confidence: Confidence,
    ) -> Result<Option<Interval>, InvalidLog> {
        let sums = self.sums(estimator)?;
        let Some(range) = estimator.term_range(weight_max, reward_range) else {
            return Ok(None);
        };
        let terms: Vec<f64> = self
            .0
            .iter()
            .map(|log| self.term(estimator, sums, log))
            .collect();
        Ok(empirical_bernstein(&terms, range, confidence))
    }

    /// The bootstrap's percentile interval: what the estimate comes to over and over for decisions
    /// that are drawn from the log with replacement.
    ///
    /// # Arguments
    /// `n_resamples`: how often, at least 2; a thousand settle the second digit of an end. `seed`:
    /// the same log and seed give the same interval.
    /// # Returns
    /// `None` for fewer than two resamples.
    /// # Errors
    /// `Bound` for a bound that is not greater than 0.
    /// # Source
    /// Efron 1979; Efron and Tibshirani 1993, section 13.3.
    pub fn bootstrap(
        &self,
        estimator: Estimator,
        (n_resamples, seed): (usize, u64),
        confidence: Confidence,
    ) -> Result<Option<Interval>, InvalidLog> {
        self.sums(estimator)?;
        let parts: Vec<Parts> = self.0.iter().map(|log| estimator.parts(log)).collect();
        let mut draws = Pcg64Mcg::seed_from_u64(seed);
        let mut values: Vec<f64> = Vec::with_capacity(n_resamples);
        for _ in 0..n_resamples {
            let mut sums = Parts::default();
            for _ in 0..parts.len() {
                // Multiply and shift: even to one part in 2^64 by the log's length.
                let drawn = (u128::from(draws.next_u64()) * parts.len() as u128) >> 64;
                sums = sums.add(parts.get(drawn as usize).copied().unwrap_or_default());
            }
            values.push(sums.value(self.n()));
        }
        values.sort_unstable_by(f64::total_cmp);
        Ok(percentiles(&values, confidence))
    }

    /// Where the log can speak for the other policy, and where it cannot.
    #[must_use]
    pub fn overlap(&self) -> Overlap {
        Overlap::of(self.0)
    }

    fn n(&self) -> f64 {
        self.0.len() as f64
    }

    fn sums(&self, estimator: Estimator) -> Result<Parts, InvalidLog> {
        match estimator.bound() {
            Some(bound) if bound.is_nan() || bound <= 0.0 => Err(InvalidLog::Bound),
            _ => Ok(self
                .0
                .iter()
                .fold(Parts::default(), |sums, log| sums.add(estimator.parts(log)))),
        }
    }

    fn term(&self, estimator: Estimator, sums: Parts, log: &LoggedDecision) -> f64 {
        estimator.parts(log).term(sums, self.n())
    }

    fn interval(
        &self,
        term: impl Fn(&LoggedDecision) -> f64,
        confidence: Confidence,
    ) -> Option<Interval> {
        // Moments about the first term: rewards far from 0 must not drown their spread.
        let origin = self.0.first().map_or(0.0, &term);
        let (sum, squares) = self.0.iter().fold((0.0, 0.0), |(sum, squares), log| {
            let off = term(log) - origin;
            (sum + off, squares + off * off)
        });
        let n = self.n();
        sum_normal(sum, squares, self.0.len() as u64, confidence).map(|interval| Interval {
            low: origin + interval.low / n,
            high: origin + interval.high / n,
        })
    }
}

/// The quantiles that leave half of the rest on each side, of sorted values; between two values,
/// linearly.
fn percentiles(sorted: &[f64], confidence: Confidence) -> Option<Interval> {
    let last = sorted.len().checked_sub(1).filter(|last| *last > 0)?;
    let quantile = |share: f64| {
        let place = share * last as f64;
        let (below, part) = (place.floor(), place - place.floor());
        let at = |index: usize| sorted.get(index.min(last)).copied().unwrap_or_default();
        let low = at(below as usize);
        low + part * (at(below as usize + 1) - low)
    };
    let tail = (1.0 - confidence.as_f64()) / 2.0;
    Some(Interval {
        low: quantile(tail),
        high: quantile(1.0 - tail),
    })
}

#[cfg(test)]
mod tests;
