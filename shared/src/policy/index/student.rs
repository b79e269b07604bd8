//! What is known of a mean whose rewards' variance is not known: Student's t distribution.

use super::arm::IndexArm;
use crate::policy::thompson::{Posterior, probability_best_of, quantile_of};

/// The posterior of an action's mean reward under the normal model of unknown variance.
///
/// Narrower than a Beta posterior where rewards vary less than coins do; it trusts the variance it
/// has seen, so rewards that are mostly equal and seldom large mislead it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Student {
    /// Its centre.
    pub location: f64,
    /// Its width, > 0.
    pub scale: f64,
    /// Degrees of freedom, >= 2.
    pub freedom: f64,
}

/// The prior: the mean as if one reward of one half had been seen, the variance as if two of
/// variance 1/8 had, between rewards that are spread evenly (1/12) and coins (1/4).
const PRIOR_N: f64 = 1.0;
const PRIOR_MEAN: f64 = 0.5;
const PRIOR_SHAPE: f64 = 1.0;
const PRIOR_RATE: f64 = 0.125;

impl Student {
    /// What an action's rewards say of their mean.
    ///
    /// # Formula
    /// Normal rewards, conjugate prior `mean ~ N(m_0, s^2 / k_0)`, `1 / s^2 ~ Gamma(a_0, b_0)`:
    /// `k = k_0 + n`, `m = (k_0 m_0 + sum r) / k`, `a = a_0 + n / 2`,
    /// `b = b_0 + sum (r - mean r)^2 / 2 + k_0 n (mean r - m_0)^2 / (2 k)`; the mean has Student's
    /// distribution of `2 a` degrees around `m` with scale `sqrt(b / (a k))`.
    /// # Source
    /// `DeGroot` 1970, section 9.6. DIFFERENCE: the prior of Honda and Takemura 2014, which makes
    /// Thompson sampling optimal for normal rewards, has heavier tails and needs two rewards of
    /// each action before it is a distribution; this one needs none.
    #[must_use]
    pub fn of(arm: &IndexArm) -> Self {
        let n = f64::max(arm.n, 0.0);
        let mean = arm.mean();
        let k = PRIOR_N + n;
        let a = PRIOR_SHAPE + 0.5 * n;
        let squares = f64::max(arm.squares - arm.sum * mean, 0.0);
        let off = mean - PRIOR_MEAN;
        let b = PRIOR_RATE + 0.5 * squares + 0.5 * PRIOR_N * n * off * off / k;
        Self {
            location: (PRIOR_N * PRIOR_MEAN + arm.sum) / k,
            scale: libm::sqrt(b / (a * k)),
            freedom: 2.0 * a,
        }
    }

    /// The value below which lies the share `level` of it, brought to 0..=1, where means are.
    pub(crate) fn quantile(&self, level: f64) -> f64 {
        quantile_of(self, level).clamp(0.0, 1.0)
    }
}

impl Posterior for Student {
    fn peak(&self) -> f64 {
        self.location
    }

    /// # Formula
    /// `-(v + 1) / 2 ln(1 + z^2 / v)` with `z = d / scale` and `v` degrees of freedom.
    fn log_density(&self, d: f64) -> f64 {
        let z = d / self.scale;
        -0.5 * (self.freedom + 1.0) * libm::log1p(z * z / self.freedom)
    }

    /// Steps grow in proportion, since tails fall like a power; beyond the last one of the two lies
    /// less than 1e-12 of the distribution, also for two degrees.
    fn cuts(&self) -> Vec<f64> {
        const NEGLIGIBLE: f64 = -42.0;
        const GROWTH: f64 = 1.5;
        let mut cuts = vec![0.0];
        let (mut d, mut step) = (0.0, 0.75 * self.scale);
        for _ in 0..80 {
            d += step;
            cuts.push(d);
            cuts.push(-d);
            if self.log_density(d) < NEGLIGIBLE {
                break;
            }
            step *= GROWTH;
        }
        cuts.sort_by(f64::total_cmp);
        cuts
    }
}

/// The probability of each arm that its mean is the greatest.
pub(super) fn probability_best_student(arms: &[IndexArm]) -> Vec<f64> {
    let posteriors: Vec<Student> = arms.iter().map(Student::of).collect();
    probability_best_of(&posteriors)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student distributions of two degrees have `F(z) = (1 + z / sqrt(2 + z^2)) / 2`; of two with
    /// one centre the probability is a half, whatever their widths.
    #[test]
    fn agrees_with_closed_forms() {
        let student = |location: f64, scale: f64, freedom: f64| Student {
            location,
            scale,
            freedom,
        };
        let needle = student(0.3, 1e-6, 1e9);
        for z in [-3.0, -0.5, 0.0, 1.0, 8.0] {
            let wide = student(0.3 - 0.2 * z, 0.2, 2.0);
            let below = 0.5 * (1.0 + z / libm::sqrt(2.0 + z * z));
            let found = probability_best_of(&[needle, wide]);
            assert!((found[0] - below).abs() < 1e-5, "{z}: {found:?} {below}");
        }
        let found = probability_best_of(&[student(0.1, 0.01, 2.0), student(0.1, 0.7, 30.0)]);
        assert!((found[0] - 0.5).abs() < 1e-9, "{found:?}");
        let same = probability_best_of(&[student(0.4, 0.02, 3.0); 6]);
        let even = |p: &f64| (p - 1.0 / 6.0).abs() < 1e-9;
        assert!(same.iter().all(even), "{same:?}");
    }

    /// Many degrees are a normal distribution.
    #[test]
    fn much_evidence_is_normal() {
        let student = |location: f64, scale: f64| Student {
            location,
            scale,
            freedom: 1e12,
        };
        let found = probability_best_of(&[student(0.2, 0.03), student(0.23, 0.04)]);
        // P(N(-0.03, 0.05^2) > 0).
        let expected = 0.5 * libm::erfc(0.6 * core::f64::consts::FRAC_1_SQRT_2);
        assert!((found[0] - expected).abs() < 1e-8, "{found:?} {expected}");
    }

    #[test]
    fn the_posterior_is_that_of_paper() {
        let mut arm = IndexArm::default();
        let start = Student::of(&arm);
        assert_eq!((start.location, start.freedom), (0.5, 2.0));
        for share in [0.2, 0.4, 0.9] {
            arm.observe(share);
        }
        // k = 4, m = 2 / 4, a = 2.5; the squares around the mean 0.5 are 0.09 + 0.01 + 0.16.
        let found = Student::of(&arm);
        assert!((found.location - 0.5).abs() < 1e-12 && (found.freedom - 5.0).abs() < 1e-12);
        let expected = libm::sqrt((0.125 + 0.13) / (2.5 * 4.0));
        assert!((found.scale - expected).abs() < 1e-12, "{found:?}");
    }
}
