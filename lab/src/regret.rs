//! What a policy gave away, against always choosing the best action.
//!
//! Only a simulation knows the truth that regret is measured against: there is no regret of real
//! traffic, and nothing here estimates one.

use crate::interval::{Confidence, Interval, sum_normal};

/// Decisions and rewards of actions whose true means are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Regret {
    arms: Vec<Arm>,
    best: f64,
    total: f64,
    total_squares: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Arm {
    mean: f64,
    n_decisions: u64,
}

/// Means that are no truth: none at all, or not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidMeans;

impl std::fmt::Display for InvalidMeans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a truth has at least one action, each with a finite mean reward")
    }
}

impl std::error::Error for InvalidMeans {}

impl Regret {
    /// Nothing decided yet.
    ///
    /// # Arguments
    /// `means`: (`n_actions`,), expected reward of one decision for each action, in the reward's
    /// unit.
    /// # Errors
    /// `InvalidMeans` when the list is empty or holds a number that is not finite.
    pub fn new(means: &[f64]) -> Result<Self, InvalidMeans> {
        if means.is_empty() || means.iter().any(|mean| !mean.is_finite()) {
            return Err(InvalidMeans);
        }
        let arm = |mean: &f64| Arm {
            mean: *mean,
            n_decisions: 0,
        };
        Ok(Self {
            arms: means.iter().map(arm).collect(),
            best: means.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            total: 0.0,
            total_squares: 0.0,
        })
    }

    /// One decision and its reward; an index beyond the means is no decision of this truth.
    pub fn record(&mut self, action: usize, reward: f64) {
        if let Some(arm) = self.arms.get_mut(action) {
            arm.n_decisions += 1;
            self.total += reward;
            self.total_squares += reward * reward;
        }
    }

    /// Decisions so far.
    #[must_use]
    pub fn n_decisions(&self) -> u64 {
        self.arms.iter().map(|arm| arm.n_decisions).sum()
    }

    /// Rewards so far, in the reward's unit.
    #[must_use]
    pub fn reward(&self) -> f64 {
        self.total
    }

    /// Pseudo-regret: what the choices gave away in expectation, free of the luck of rewards.
    ///
    /// # Formula
    /// `sum_a n_a (mu_best - mu_a)`.
    /// # Returns
    /// In the reward's unit, >= 0.
    /// # Source
    /// Lattimore and Szepesvári 2020, lemma 4.5.
    #[must_use]
    pub fn pseudo(&self) -> f64 {
        let given_away = |arm: &Arm| arm.n_decisions as f64 * (self.best - arm.mean);
        self.arms.iter().map(given_away).sum()
    }

    /// Realised regret: what the best action brings in expectation less what was earned; luck makes
    /// it negative at times.
    ///
    /// # Formula
    /// `n mu_best - sum r`.
    #[must_use]
    pub fn realised(&self) -> f64 {
        self.n_decisions() as f64 * self.best - self.total
    }

    /// The interval of the realised regret: where it would lie again with other luck.
    ///
    /// # Formula
    /// `n mu_best` less the normal interval of the sum of rewards. Where the shares of actions
    /// change over time the spread is a little overstated, so the interval is on the safe side.
    /// # Returns
    /// `None` before the second decision.
    #[must_use]
    pub fn realised_interval(&self, confidence: Confidence) -> Option<Interval> {
        let n = self.n_decisions();
        let rewards = sum_normal(self.total, self.total_squares, n, confidence)?;
        let ideal = n as f64 * self.best;
        Some(Interval {
            low: ideal - rewards.high,
            high: ideal - rewards.low,
        })
    }

    /// What an even split over all actions would have given away in as many decisions: the price
    /// of an A/B test that nobody stops.
    ///
    /// # Formula
    /// `n (mu_best - mean of mu)`.
    #[must_use]
    pub fn of_even_split(&self) -> f64 {
        let means = self.arms.iter().map(|arm| arm.mean).sum::<f64>() / self.arms.len() as f64;
        self.n_decisions() as f64 * (self.best - means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played() -> Regret {
        let mut regret = Regret::new(&[0.1, 0.3]).unwrap();
        for reward in [0.0, 1.0, 0.0, 0.0] {
            regret.record(0, reward);
        }
        for reward in [1.0, 0.0, 1.0, 0.0, 0.0, 0.0] {
            regret.record(1, reward);
        }
        regret
    }

    #[test]
    fn agrees_with_hand_figures() {
        let regret = played();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a}, not {b}");
        close(regret.pseudo(), 4.0 * 0.2);
        close(regret.realised(), 10.0 * 0.3 - 3.0);
        close(regret.of_even_split(), 10.0 * 0.1);
        close(regret.reward(), 3.0);
        // s^2 = (3 - 9/10) / 9 = 7/30, half = 1.959964 * sqrt(7/3) = 2.993894.
        let interval = regret.realised_interval(Confidence::P95).unwrap();
        assert!((interval.high - 2.993_894).abs() < 1e-5, "{interval:?}");
        assert!((interval.low + 2.993_894).abs() < 1e-5, "{interval:?}");
    }

    #[test]
    fn the_best_action_alone_gives_nothing_away() {
        let mut regret = Regret::new(&[0.1, 0.3]).unwrap();
        regret.record(1, 1.0);
        regret.record(9, 1.0);
        assert_eq!((regret.pseudo(), regret.n_decisions()), (0.0, 1));
        assert_eq!(regret.realised_interval(Confidence::P95), None);
    }

    #[test]
    fn a_truth_is_finite_and_not_empty() {
        assert_eq!(Regret::new(&[]), Err(InvalidMeans));
        assert_eq!(Regret::new(&[0.1, f64::NAN]), Err(InvalidMeans));
    }
}
