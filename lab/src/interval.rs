//! Intervals that cover the truth with a stated frequency, for one look at fixed data.
//!
//! Looking again and again until an interval looks good breaks that promise; for such use there
//! are confidence sequences, and this is not one.

use statrs::distribution::{Beta, ContinuousCDF, Normal};

/// How often intervals made this way cover the truth; strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// 19 of 20 intervals cover the truth.
    pub const P95: Self = Self(0.95);

    /// The confidence level `level`.
    ///
    /// # Errors
    /// `InvalidConfidence` unless `0 < level < 1`.
    pub fn new(level: f64) -> Result<Self, InvalidConfidence> {
        if level > 0.0 && level < 1.0 {
            Ok(Self(level))
        } else {
            Err(InvalidConfidence)
        }
    }

    /// The level as a number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0
    }

    /// The standard normal quantile that leaves half of the rest in each tail: 1.96 for 95 %.
    pub(crate) fn z(self) -> f64 {
        Normal::standard().inverse_cdf(f64::midpoint(1.0, self.0))
    }
}

/// A confidence level that is no number between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidConfidence;

impl std::fmt::Display for InvalidConfidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a confidence level lies strictly between 0 and 1")
    }
}

impl std::error::Error for InvalidConfidence {}

/// From `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end, not below `low`.
    pub high: f64,
}

impl Interval {
    /// The share of successes about which nothing is known.
    const UNIT: Self = Self {
        low: 0.0,
        high: 1.0,
    };

    /// Whether the value lies inside.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Wilson's score interval for a share: good for display at any size, its coverage is close to the
/// level on average and can fall a little short for single truths.
///
/// # Formula
/// `(p + z^2/2n ± z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)` with `p = successes / n`.
/// # Arguments
/// `successes`: at most `n`, more count as `n`; `n`: number of trials.
/// # Returns
/// Within 0 and 1; all of it where `n` is 0.
/// # Determinism
/// Same bits on wasm where the quantile of `statrs` is; else within 1e-12.
/// # Panics
/// Never.
/// # Source
/// Wilson 1927; Brown, Cai and `DasGupta` 2001, equation 4.
/// # Examples
/// ```
/// use bandera_lab::interval::{Confidence, wilson};
/// let interval = wilson(10, 100, Confidence::P95);
/// assert_eq!(format!("{:.4} {:.4}", interval.low, interval.high), "0.0552 0.1744");
/// ```
#[must_use]
pub fn wilson(successes: u64, n: u64, confidence: Confidence) -> Interval {
    if n == 0 {
        return Interval::UNIT;
    }
    let (share, n) = (successes.min(n) as f64 / n as f64, n as f64);
    let z = confidence.z();
    let shrink = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
    }
}

/// The exact interval of Clopper and Pearson for a share: covers at least as often as the level
/// says, whatever the truth, and is wider than Wilson's for it.
///
/// # Formula
/// `low` is the quantile `(1 - level)/2` of `Beta(k, n - k + 1)`, `high` the quantile
/// `(1 + level)/2` of `Beta(k + 1, n - k)`, with `k = successes`; 0 where `k = 0`, 1 where `k = n`.
/// # Arguments
/// `successes`: at most `n`, more count as `n`; `n`: number of trials.
/// # Returns
/// Within 0 and 1; all of it where `n` is 0.
/// # Determinism
/// Within 1e-9 on wasm and natively.
/// # Panics
/// Never.
/// # Source
/// Clopper and Pearson 1934.
/// # Examples
/// ```
/// use bandera_lab::interval::{Confidence, clopper_pearson};
/// // Without a success in 10 trials the upper end solves (1 - p)^10 = 0.025.
/// let interval = clopper_pearson(0, 10, Confidence::P95);
/// assert_eq!(interval.low, 0.0);
/// assert!(((1.0 - interval.high).powi(10) - 0.025).abs() < 1e-9);
/// ```
#[must_use]
pub fn clopper_pearson(successes: u64, n: u64, confidence: Confidence) -> Interval {
    let hits = successes.min(n) as f64;
    let misses = (n - successes.min(n)) as f64;
    let tail = (1.0 - confidence.as_f64()) / 2.0;
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).ok().map(|beta| beta.inverse_cdf(p));
    // A shape of 0 is no Beta distribution: the end of the interval is then the end of the scale.
    Interval {
        low: quantile(hits, misses + 1.0, tail).unwrap_or(0.0),
        high: quantile(hits + 1.0, misses, 1.0 - tail).unwrap_or(1.0),
    }
}

/// The normal interval for the expected sum of `n` independent observations.
///
/// # Formula
/// `total ± z s sqrt(n)`, `s^2 = (sum of squares - total^2/n) / (n - 1)`.
/// # Arguments
/// `total` and `total_squares`: sums of the observations and of their squares; `n`: how many.
/// # Returns
/// In the unit of `total`. `None` for fewer than two observations, which have no spread.
/// # Determinism
/// Same bits on wasm where the quantile of `statrs` is; else within 1e-12.
/// # Panics
/// Never.
/// # Source
/// The central limit theorem; for bounded observations a few hundred are enough.
#[must_use]
pub fn sum_normal(
    total: f64,
    total_squares: f64,
    n: u64,
    confidence: Confidence,
) -> Option<Interval> {
    if n < 2 {
        return None;
    }
    let count = n as f64;
    // Rounding can leave a tiny negative number where all observations are equal.
    let variance = ((total_squares - total * total / count) / (count - 1.0)).max(0.0);
    let half = confidence.z() * (variance * count).sqrt();
    Some(Interval {
        low: total - half,
        high: total + half,
    })
}

/// An interval for a mean that covers at least as often as the level says at any number of
/// observations, whatever their distribution, and narrows where their variance is small.
///
/// # Formula
/// `mean ± sqrt(2 s^2 ln(4 / (1 - level)) / n) + 7 range ln(4 / (1 - level)) / (3 (n - 1))`, `s^2`
/// with `n - 1`: the one-sided bound at half of what may go wrong, on each side.
/// # Arguments
/// `terms`: (n,), independent; `range`: how far apart two of them can lie, known beforehand and not
/// from the terms.
/// # Returns
/// In the unit of the terms; `None` for fewer than two.
/// # Determinism
/// Within 1e-12 on wasm and natively.
/// # Panics
/// Never.
/// # Source
/// Maurer and Pontil 2009, theorem 4.
#[must_use]
pub fn empirical_bernstein(terms: &[f64], range: f64, confidence: Confidence) -> Option<Interval> {
    let n = terms.len() as f64;
    if terms.len() < 2 {
        return None;
    }
    let mean = terms.iter().sum::<f64>() / n;
    let variance = terms.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let log = libm::log(4.0 / (1.0 - confidence.as_f64()));
    let half = (2.0 * variance * log / n).sqrt() + 7.0 * range * log / (3.0 * (n - 1.0));
    Some(Interval {
        low: mean - half,
        high: mean + half,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(interval: Interval, low: f64, high: f64) {
        let near = (interval.low - low).abs() < 5e-6 && (interval.high - high).abs() < 5e-6;
        assert!(near, "{interval:?}, not {low} to {high}");
    }

    #[test]
    fn wilson_agrees_with_hand_figures() {
        // By hand: z = 1.959964, z^2 = 3.841459; n = 10, p = 0.5 gives
        // 0.5 ± 1.959964 / 1.3841459 * sqrt(0.025 + 0.00960365) = 0.5 ± 0.263406.
        close(wilson(5, 10, Confidence::P95), 0.236_594, 0.763_406);
        // p = 0: from 0 to z^2 / (n + z^2) = 3.841459 / 13.841459.
        close(wilson(0, 10, Confidence::P95), 0.0, 0.277_533);
        close(wilson(10, 10, Confidence::P95), 0.722_467, 1.0);
    }

    #[test]
    fn clopper_pearson_agrees_with_closed_forms() {
        // k = 0: 1 - 0.025^(1/10); k = n is its mirror image.
        close(clopper_pearson(0, 10, Confidence::P95), 0.0, 0.308_498);
        close(clopper_pearson(10, 10, Confidence::P95), 0.691_502, 1.0);
        // k = n = 1: from 0.025 up.
        close(clopper_pearson(1, 1, Confidence::P95), 0.025, 1.0);
        // k = 1, n = 2: p^2 - 2p + 0.025 = 0 below, and its mirror image above.
        let low = 1.0 - 0.975_f64.sqrt();
        close(clopper_pearson(1, 2, Confidence::P95), low, 1.0 - low);
    }

    #[test]
    fn without_trials_nothing_is_known() {
        close(wilson(0, 0, Confidence::P95), 0.0, 1.0);
        close(clopper_pearson(0, 0, Confidence::P95), 0.0, 1.0);
        close(wilson(7, 0, Confidence::P95), 0.0, 1.0);
    }

    #[test]
    fn the_exact_interval_covers_as_often_as_it_says() {
        let n = 30;
        for truth in [0.02, 0.1, 0.37, 0.5, 0.93] {
            let mut covered = 0.0;
            let mut chance = (1.0_f64 - truth).powi(n);
            for k in 0..=n {
                let interval = clopper_pearson(k as u64, n as u64, Confidence::P95);
                if interval.contains(truth) {
                    covered += chance;
                }
                // Binomial probabilities, each from the one before.
                chance *= f64::from(n - k) / f64::from(k + 1) * truth / (1.0 - truth);
            }
            assert!(
                (0.95..=1.0 + 1e-12).contains(&covered),
                "{truth}: {covered}"
            );
        }
    }

    #[test]
    fn a_sum_has_the_spread_of_its_terms() {
        // 60 ones and 40 zeros: s^2 = (60 - 36) / 99 = 24/99, half = 1.959964 * sqrt(24.2424...).
        let interval = sum_normal(60.0, 60.0, 100, Confidence::P95).unwrap();
        assert!(
            (interval.high - 60.0 - 9.650_187).abs() < 1e-5,
            "{interval:?}"
        );
        let flat = sum_normal(3.0, 3.0, 3, Confidence::P95).unwrap();
        close(flat, 3.0, 3.0);
        assert_eq!(sum_normal(1.0, 1.0, 1, Confidence::P95), None);
    }

    #[test]
    fn a_level_is_a_probability() {
        assert!(Confidence::new(0.5).is_ok());
        for level in [0.0, 1.0, -1.0, f64::NAN] {
            assert_eq!(Confidence::new(level), Err(InvalidConfidence), "{level}");
        }
    }

    #[test]
    fn the_bound_of_a_mean_agrees_with_hand_figures() {
        // Mean 0.5, s^2 = 1/3, ln 80 = 4.382027: sqrt(2 * 4.382027 / 3 / 4) = 0.854598 and
        // 7 * 4.382027 / 9 = 3.408243.
        let interval = empirical_bernstein(&[0.0, 1.0, 1.0, 0.0], 1.0, Confidence::P95).unwrap();
        close(interval, 0.5 - 4.262_841, 0.5 + 4.262_841);
        assert_eq!(empirical_bernstein(&[1.0], 1.0, Confidence::P95), None);
    }
}
