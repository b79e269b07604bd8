//! Whether subjects were split as declared (sample ratio mismatch).
//!
//! A mismatch means that something upstream is broken, such as lost exposures of one arm; no other
//! figure of the experiment can then be believed. This is one look at fixed data, not a sequence.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The result of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRatio {
    /// Pearson's statistic, >= 0, unitless.
    pub chi_square: f64,
    /// Its degrees of freedom: arms less one.
    pub n_degrees: u32,
    /// Probability of a statistic at least as large where the split is as declared, in 0..=1.
    pub p_value: f64,
}

/// Why there is no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidSampleRatio {
    /// Fewer than two arms have a share, or no subject was seen.
    TooLittle,
    /// The two lists differ in length.
    Lengths,
    /// A share is negative or not finite.
    Share,
}

impl std::fmt::Display for InvalidSampleRatio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLittle => "two arms with a share, and one subject, are the least to compare",
            Self::Lengths => "each arm has one count and one share",
            Self::Share => "a share is a finite number from 0",
        })
    }
}

impl std::error::Error for InvalidSampleRatio {}

/// Pearson's chi-square test of counts against declared shares.
///
/// # Formula
/// `X^2 = sum (O_i - E_i)^2 / E_i` with `E_i = n w_i / sum w`; the p-value is the upper tail of the
/// chi-square distribution with `k - 1` degrees of freedom, where `k` arms have a share above 0. A
/// subject in an arm without share is impossible as declared: infinite statistic, p-value 0.
/// # Arguments
/// `observed`: subjects of each arm; `shares`: (same length) declared shares, in any unit, >= 0.
/// # Returns
/// Good where every `E_i` is 5 or more; below that the p-value is rough.
/// # Errors
/// `InvalidSampleRatio` where there is nothing to test.
/// # Determinism
/// The statistic has the same bits on wasm; the p-value agrees within 1e-9.
/// # Panics
/// Never.
/// # Source
/// Pearson 1900; Fabijan et al. 2019 for its use in online experiments.
/// # Examples
/// ```
/// use bandera_lab::sample_ratio;
/// // Expected 500 each: (20^2 + 20^2) / 500 = 1.6.
/// let test = sample_ratio(&[520, 480], &[1.0, 1.0]).unwrap();
/// assert_eq!(test.chi_square, 1.6);
/// assert_eq!(format!("{:.4}", test.p_value), "0.2059");
/// ```
pub fn sample_ratio(observed: &[u64], shares: &[f64]) -> Result<SampleRatio, InvalidSampleRatio> {
    if observed.len() != shares.len() {
        return Err(InvalidSampleRatio::Lengths);
    }
    if shares
        .iter()
        .any(|share| !share.is_finite() || *share < 0.0)
    {
        return Err(InvalidSampleRatio::Share);
    }
    let n: f64 = observed.iter().map(|count| *count as f64).sum();
    let whole: f64 = shares.iter().sum();
    let n_arms = shares.iter().filter(|share| **share > 0.0).count();
    let n_degrees = u32::try_from(n_arms.saturating_sub(1)).unwrap_or(u32::MAX);
    let distribution = ChiSquared::new(f64::from(n_degrees));
    let Some(distribution) = distribution.ok().filter(|_| n > 0.0 && whole.is_finite()) else {
        return Err(InvalidSampleRatio::TooLittle);
    };
    let mut chi_square = 0.0;
    for (count, share) in observed.iter().zip(shares) {
        let expected = n * share / whole;
        let off = *count as f64 - expected;
        if off.abs() > 0.0 {
            chi_square += off * off / expected;
        }
    }
    let p_value = if chi_square.is_finite() {
        distribution.sf(chi_square)
    } else {
        0.0
    };
    Ok(SampleRatio {
        chi_square,
        n_degrees,
        p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_degrees_have_a_closed_form() {
        // The upper tail with two degrees is exp(-x/2). Expected 100 each: (10^2 + 10^2)/100 = 2.
        let test = sample_ratio(&[110, 90, 100], &[1.0, 1.0, 1.0]).unwrap();
        assert_eq!((test.chi_square, test.n_degrees), (2.0, 2));
        assert!(
            (test.p_value - 1.0 / std::f64::consts::E).abs() < 1e-9,
            "{}",
            test.p_value
        );
    }

    #[test]
    fn one_degree_agrees_with_the_normal_table() {
        // X = 1.96 standard deviations: 10,000 subjects, 5,098 of them in one half.
        let test = sample_ratio(&[5_098, 4_902], &[0.5, 0.5]).unwrap();
        assert!((test.chi_square - 3.8416).abs() < 1e-9);
        assert!((test.p_value - 0.049_996).abs() < 1e-5, "{}", test.p_value);
    }

    #[test]
    fn shares_have_any_unit() {
        let test = sample_ratio(&[90, 10], &[900_000.0, 100_000.0]).unwrap();
        assert_eq!((test.chi_square, test.p_value), (0.0, 1.0));
    }

    #[test]
    fn an_impossible_arm_is_a_mismatch() {
        let test = sample_ratio(&[50, 50, 1], &[1.0, 1.0, 0.0]).unwrap();
        assert_eq!((test.chi_square, test.p_value), (f64::INFINITY, 0.0));
        let empty = sample_ratio(&[50, 50, 0], &[1.0, 1.0, 0.0]).unwrap();
        assert_eq!((empty.n_degrees, empty.chi_square), (1, 0.0));
    }

    #[test]
    fn refuses_what_is_no_test() {
        let check = |observed: &[u64], shares: &[f64], expected| {
            assert_eq!(sample_ratio(observed, shares), Err(expected));
        };
        check(&[], &[], InvalidSampleRatio::TooLittle);
        check(&[5], &[1.0], InvalidSampleRatio::TooLittle);
        check(&[0, 0], &[1.0, 1.0], InvalidSampleRatio::TooLittle);
        check(&[5, 5], &[1.0, 0.0], InvalidSampleRatio::TooLittle);
        check(&[5], &[1.0, 1.0], InvalidSampleRatio::Lengths);
        check(&[5, 5], &[1.0, -1.0], InvalidSampleRatio::Share);
        check(&[5, 5], &[1.0, f64::NAN], InvalidSampleRatio::Share);
    }

    #[test]
    fn false_alarms_are_as_rare_as_stated() {
        // 2,000 fair coins of 1,000 throws each: 5 % alarms, within four standard errors (0.5 %).
        let alarms = (0_u64..2_000)
            .filter(|experiment| {
                let heads = (0..1_000_u64)
                    .filter(|throw| mixed(experiment * 1_000 + throw) >> 63 == 0)
                    .count() as u64;
                let test = sample_ratio(&[heads, 1_000 - heads], &[1.0, 1.0]).unwrap();
                test.p_value < 0.05
            })
            .count();
        assert!((60..=140).contains(&alarms), "{alarms} alarms");
    }

    /// The finaliser of `splitmix64`.
    fn mixed(n: u64) -> u64 {
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }
}
