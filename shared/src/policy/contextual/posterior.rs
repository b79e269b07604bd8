//! What one action's rewards say about its coefficients: a normal distribution, exactly updated.
//!
//! Two forms are kept. The *information* (precision and precision times mean) is a sum over
//! observations, so what shards learned adds up and nothing is lost to rounding. The *answer*
//! (covariance and mean) follows each observation by a rank-one step, and is computed anew from the
//! information now and then, and at once when a variance comes out impossible.

use super::state::Walk;
use super::triangle::{Triangle, dot};

/// Observations after which the covariance is computed anew: far more seldom than costs show, far
/// more often than 1e-16 of rounding an observation matters.
const REFRESH_OBSERVATIONS: u32 = 1_024;

/// Where coefficients start: independent, the intercept around its own mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prior {
    /// Mean of the intercept.
    pub(crate) intercept: f64,
    /// Variance of the intercept.
    pub(crate) intercept_variance: f64,
    /// Variance of every other coefficient, whose mean is 0.
    pub(crate) variance: f64,
}

impl Prior {
    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        walk.number(&mut self.intercept);
        walk.number(&mut self.intercept_variance);
        walk.number(&mut self.variance);
    }

    fn diagonal(&self, n_terms: usize) -> Vec<f64> {
        let mut diagonal = vec![self.variance; n_terms];
        if let Some(intercept) = diagonal.first_mut() {
            *intercept = self.intercept_variance;
        }
        diagonal
    }
}

/// One observation, seen along its terms `x`: how much it says, and what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    /// What the precision gains along `x`; with forgetting it may be negative, for then more is
    /// forgotten than learned.
    pub(crate) information: f64,
    /// How far along `covariance x` the mean moves.
    pub(crate) step: f64,
}

/// The coefficients of one action.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Posterior {
    precision: Triangle,
    /// Precision times mean.
    shift: Box<[f64]>,
    covariance: Triangle,
    mean: Box<[f64]>,
    n_since_refresh: u32,
}

impl Posterior {
    pub(crate) fn new(prior: &Prior, n_terms: usize) -> Self {
        let variances = prior.diagonal(n_terms);
        let precisions: Vec<f64> = variances.iter().map(|variance| 1.0 / variance).collect();
        let mut mean = vec![0.0; n_terms];
        let mut shift = mean.clone();
        if let (Some(mean), Some(shift)) = (mean.first_mut(), shift.first_mut()) {
            *mean = prior.intercept;
            *shift = prior.intercept / prior.intercept_variance;
        }
        Self {
            precision: Triangle::diagonal(&precisions),
            shift: shift.into(),
            covariance: Triangle::diagonal(&variances),
            mean: mean.into(),
            n_since_refresh: 0,
        }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        self.precision.walk(walk);
        walk.numbers(&mut self.shift);
        self.covariance.walk(walk);
        walk.numbers(&mut self.mean);
        let mut n = u64::from(self.n_since_refresh);
        walk.whole(&mut n, REFRESH_OBSERVATIONS.into());
        self.n_since_refresh = n as u32;
    }

    /// Mean of `x' coefficients`.
    pub(crate) fn mean(&self, x: &[f64]) -> f64 {
        dot(&self.mean, x)
    }

    /// Variance of `x' coefficients`, >= 0.
    pub(crate) fn variance(&self, x: &[f64]) -> f64 {
        self.covariance.quadratic_form(x).max(0.0)
    }

    /// Takes in an observation; `evidence` says what it is worth, given mean and variance of
    /// `x' coefficients` before it.
    ///
    /// # Formula
    /// With `t = covariance x`, `v = x' t` and the information `h` and step `s` of the evidence:
    /// `mean += s t`, `covariance -= h / (1 + h v) t t'` (Sherman and Morrison 1950),
    /// `precision += h x x'`, and `shift += (s + h (m + s v)) x`, which keeps
    /// `shift = precision mean`.
    pub(crate) fn observe(&mut self, x: &[f64], evidence: impl FnOnce(f64, f64) -> Evidence) {
        let mut t = vec![0.0; x.len()];
        self.covariance.multiply(x, &mut t);
        let v = dot(x, &t);
        let m = self.mean(x);
        let Evidence { information, step } = evidence(m, v.max(0.0));
        let kept = 1.0 + information * v;
        if !(step.is_finite() && kept.is_finite() && kept > 0.0) {
            return;
        }
        self.precision.add_outer(x, information);
        let moved = step + information * (m + step * v);
        for (shift, x) in self.shift.iter_mut().zip(x) {
            *shift += moved * x;
        }
        self.covariance.add_outer(&t, -information / kept);
        for (mean, t) in self.mean.iter_mut().zip(&t) {
            *mean += step * t;
        }
        self.n_since_refresh += 1;
        if self.n_since_refresh >= REFRESH_OBSERVATIONS || v < 0.0 {
            self.refresh();
        }
    }

    /// Computes covariance and mean from the information, where that is positive definite.
    fn refresh(&mut self) {
        self.n_since_refresh = 0;
        if let Some(covariance) = self.precision.inverse() {
            covariance.multiply(&self.shift, &mut self.mean);
            self.covariance = covariance;
        }
    }

    /// Adds what another shard learned since both were `start`.
    ///
    /// # Formula
    /// `precision += other.precision - start.precision`, and likewise the shift: exact for the
    /// identity link, whose information is a sum over rounds; the usual approximation for the
    /// logistic one, whose information depends on the coefficients it was taken at.
    pub(crate) fn merge(&mut self, other: &Self, start: &Self) {
        self.precision
            .add_difference(&other.precision, &start.precision);
        let shifts = other.shift.iter().zip(&start.shift);
        for (shift, (other, start)) in self.shift.iter_mut().zip(shifts) {
            *shift += other - start;
        }
        self.refresh();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior {
        intercept: 0.5,
        intercept_variance: 4.0,
        variance: 1.0,
    };

    /// Rounds of a line `y = 1 + 2 x - z` at reproducible points.
    fn rounds() -> impl Iterator<Item = ([f64; 3], f64)> {
        (0..3_000_u32).map(|i| {
            let x = f64::from(i * 7 % 11) / 5.0 - 1.0;
            let z = f64::from(i * 5 % 13) / 6.0 - 1.0;
            ([1.0, x, z], 1.0 + 2.0 * x - z)
        })
    }

    fn observe(posterior: &mut Posterior, x: &[f64], y: f64) {
        posterior.observe(x, |m, v| Evidence {
            information: 1.0,
            step: (y - m) / (1.0 + v),
        });
    }

    fn distance(a: &Posterior, b: &Posterior) -> f64 {
        let x = [1.0, 0.3, -0.7];
        (a.mean(&x) - b.mean(&x)).abs() + (a.variance(&x) - b.variance(&x)).abs()
    }

    #[test]
    fn steps_arrive_where_solving_does() {
        let mut stepped = Posterior::new(&PRIOR, 3);
        for (x, y) in rounds() {
            observe(&mut stepped, &x, y);
        }
        let mut solved = stepped.clone();
        solved.refresh();
        assert!(distance(&stepped, &solved) < 1e-13);
        assert!((solved.mean(&[1.0, 1.0, 1.0]) - 2.0).abs() < 2e-3);
    }

    #[test]
    fn shards_add_up_to_one() {
        let start = Posterior::new(&PRIOR, 3);
        let mut whole = start.clone();
        let mut shards = [start.clone(), start.clone(), start.clone()];
        for (i, (x, y)) in rounds().enumerate() {
            observe(&mut whole, &x, y);
            observe(&mut shards[i % 3], &x, y);
        }
        let [mut first, second, third] = shards;
        first.merge(&third, &start);
        first.merge(&second, &start);
        assert!(distance(&first, &whole) < 1e-12);
    }

    #[test]
    fn nonsense_moves_nothing() {
        let start = Posterior::new(&PRIOR, 3);
        let mut posterior = start.clone();
        posterior.observe(&[1.0, 0.0, 0.0], |_, _| Evidence {
            information: 1.0,
            step: f64::NAN,
        });
        posterior.observe(&[1.0, 0.0, 0.0], |_, v| Evidence {
            information: -1.0 / v,
            step: 0.0,
        });
        assert_eq!(posterior, start);
    }
}
