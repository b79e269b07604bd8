//! What a bandit maximises, and one observed value of it.
//!
//! Rewards are counted as whole [`REWARD_UNITS`] of their declared range. Integer sums do not
//! depend on the order of their terms, so shards that saw the same rewards hold the same bits.

use crate::value::Number;
use std::fmt;

/// Units in the declared range: a reward is rounded to 2^-32 of it (2.3e-10).
pub const REWARD_UNITS: u64 = 1 << 32;

/// Why a value is no reward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InvalidReward {
    /// Not a finite number.
    NotFinite,
    /// Below or above the declared range.
    OutOfRange {
        /// Least value allowed.
        min: f64,
        /// Greatest value allowed.
        max: f64,
    },
    /// A binary reward is exactly 0 or 1.
    NotBinary,
}

impl fmt::Display for InvalidReward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite => f.write_str("the reward is not a finite number"),
            Self::OutOfRange { min, max } => {
                // As values are printed: another printer of fractions is four kilobytes.
                let (min, max) = (Number::Float(*min), Number::Float(*max));
                write!(f, "the reward is outside its declared range {min} to {max}")
            }
            Self::NotBinary => f.write_str("a binary reward is 0 or 1"),
        }
    }
}

impl std::error::Error for InvalidReward {}

/// Bounds of a reward, finite, `min < max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RewardRange {
    min: f64,
    max: f64,
}

impl RewardRange {
    /// The range of a binary reward.
    pub const BINARY: Self = Self { min: 0.0, max: 1.0 };

    /// The range from `min` to `max`; `None` unless both and their difference are finite and
    /// `min < max`.
    #[must_use]
    pub fn new(min: f64, max: f64) -> Option<Self> {
        let valid = min.is_finite() && max.is_finite() && min < max && (max - min).is_finite();
        valid.then_some(Self { min, max })
    }

    /// Least value.
    #[must_use]
    pub const fn min(self) -> f64 {
        self.min
    }

    /// Greatest value.
    #[must_use]
    pub const fn max(self) -> f64 {
        self.max
    }

    /// Units of what a decision is worth while no reward has come: 0, brought into the range.
    #[must_use]
    pub fn rest_units(self) -> u64 {
        self.units(0.0_f64.clamp(self.min, self.max))
            .clamp(0, REWARD_UNITS as i64) as u64
    }

    /// Units from the bottom of the range to a mean reward; `None` outside the range.
    #[must_use]
    pub fn mean_units(self, mean: f64) -> Option<u64> {
        let is_inside = (self.min..=self.max).contains(&mean);
        is_inside.then(|| self.units(mean).clamp(0, REWARD_UNITS as i64) as u64)
    }

    /// Units from the bottom of the range to the value 0, negative when the range starts above it.
    pub(crate) fn zero_units(self) -> i64 {
        self.units(0.0)
    }

    /// Nearest units of a value, counted from `min`; the value may lie outside.
    fn units(self, value: f64) -> i64 {
        self.length_units(value - self.min)
    }

    /// Nearest units of a difference of two values.
    fn length_units(self, difference: f64) -> i64 {
        libm::rint(difference / (self.max - self.min) * REWARD_UNITS as f64) as i64
    }

    /// The value of a number of units, which may be a fraction (a mean).
    #[must_use]
    pub fn value(self, units: f64) -> f64 {
        self.min + units / REWARD_UNITS as f64 * (self.max - self.min)
    }
}

/// Shape of a reward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RewardKind {
    /// 0 or 1: it happened or not.
    Binary,
    /// Any number of the range.
    Numeric(RewardRange),
}

/// What a second reward of the same decision means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// The latest counts, by its own time; of the same moment the greater one.
    #[default]
    Replace,
    /// Distinct events add up, to at most the top of the range.
    Add,
}

/// The reward of a bandit.
#[derive(Debug, Clone, PartialEq)]
pub struct RewardSpec {
    /// Key of the metric that rewards name.
    pub metric: Box<str>,
    /// Shape and range.
    pub kind: RewardKind,
    /// What repeats mean.
    pub repeat: Repeat,
}

impl RewardSpec {
    /// Range of one decision's reward.
    #[must_use]
    pub fn range(&self) -> RewardRange {
        match self.kind {
            RewardKind::Binary => RewardRange::BINARY,
            RewardKind::Numeric(range) => range,
        }
    }

    /// The checked reward of one event.
    ///
    /// # Errors
    /// `InvalidReward`: not finite; outside the range; neither 0 nor 1 where binary. Where events
    /// add up, one event may be 0 or more also when the range starts above 0.
    pub fn check(&self, value: f64) -> Result<Reward, InvalidReward> {
        if !value.is_finite() {
            return Err(InvalidReward::NotFinite);
        }
        let range = self.range();
        let min = match self.repeat {
            Repeat::Replace => range.min,
            Repeat::Add => range.min.min(0.0),
        };
        if value < min || value > range.max {
            return Err(InvalidReward::OutOfRange {
                min,
                max: range.max,
            });
        }
        if self.kind == RewardKind::Binary && value > 0.0 && value < 1.0 {
            return Err(InvalidReward::NotBinary);
        }
        let units = match self.repeat {
            Repeat::Replace => range.units(value),
            Repeat::Add => range.length_units(value),
        };
        Ok(Reward { units })
    }

    /// A number that changes whenever old and new rewards no longer mean the same.
    ///
    /// What was learned under another definition is not mixed in: the bandit starts anew.
    ///
    /// # Determinism
    /// `xxh3_64` of metric, kind, bounds and repeat; pinned by a test.
    #[must_use]
    pub fn definition(&self) -> u64 {
        let kind = match self.kind {
            RewardKind::Binary => b'b',
            RewardKind::Numeric(_) => b'n',
        };
        let repeat = match self.repeat {
            Repeat::Replace => b'r',
            Repeat::Add => b'a',
        };
        let mut bytes = vec![kind, repeat];
        bytes.extend(self.range().min.to_bits().to_le_bytes());
        bytes.extend(self.range().max.to_bits().to_le_bytes());
        bytes.extend(self.metric.as_bytes());
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }
}

/// A reward that has been checked against its specification.
///
/// Where rewards replace each other, `units` count from the bottom of the range, in
/// `0..=REWARD_UNITS`; where they add up, from 0, and may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reward {
    pub(crate) units: i64,
}

impl Reward {
    /// Whole units of the range.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.units
    }

    /// A reward read back from where a checked one was written.
    #[must_use]
    pub(crate) const fn from_units(units: i64) -> Self {
        Self { units }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(min: f64, max: f64, repeat: Repeat) -> RewardSpec {
        let kind = RewardKind::Numeric(RewardRange::new(min, max).unwrap());
        RewardSpec {
            metric: "revenue".into(),
            kind,
            repeat,
        }
    }

    #[test]
    fn counts_units_of_the_range() {
        let check = |spec: &RewardSpec, value, units| {
            assert_eq!(spec.check(value).map(Reward::units), Ok(units));
        };
        check(&spec(0.0, 100.0, Repeat::Replace), 25.0, 1 << 30);
        check(&spec(-50.0, 50.0, Repeat::Replace), 50.0, 1 << 32);
        check(&spec(-50.0, 50.0, Repeat::Add), 50.0, 1 << 31);
        check(&spec(-50.0, 50.0, Repeat::Add), -25.0, -(1 << 30));
        check(&spec(10.0, 20.0, Repeat::Add), 5.0, 1 << 31);
    }

    #[test]
    fn refuses_values_outside_the_range() {
        let numeric = spec(0.0, 100.0, Repeat::Replace);
        let outside = Err(InvalidReward::OutOfRange {
            min: 0.0,
            max: 100.0,
        });
        let check = |spec: &RewardSpec, value, expected| assert_eq!(spec.check(value), expected);
        check(&numeric, 100.01, outside);
        check(&numeric, -0.01, outside);
        check(&numeric, f64::NAN, Err(InvalidReward::NotFinite));
        let binary = RewardSpec {
            kind: RewardKind::Binary,
            ..numeric
        };
        check(&binary, 0.5, Err(InvalidReward::NotBinary));
        check(&binary, 1.0, Ok(Reward { units: 1 << 32 }));
        check(&binary, -0.0, Ok(Reward { units: 0 }));
    }

    #[test]
    fn no_reward_is_worth_zero_within_the_range() {
        let check = |min, max, units| {
            assert_eq!(RewardRange::new(min, max).unwrap().rest_units(), units);
        };
        check(0.0, 1.0, 0);
        check(-1.0, 1.0, REWARD_UNITS / 2);
        check(1.0, 5.0, 0);
        check(-5.0, -1.0, REWARD_UNITS);
    }

    #[test]
    fn another_definition_is_another_number() {
        let base = spec(0.0, 100.0, Repeat::Replace);
        let pinned = base.definition();
        assert_eq!(pinned, spec(0.0, 100.0, Repeat::Replace).definition());
        let others = [
            spec(0.0, 200.0, Repeat::Replace),
            spec(-1.0, 100.0, Repeat::Replace),
            spec(0.0, 100.0, Repeat::Add),
            RewardSpec {
                metric: "purchase".into(),
                ..base.clone()
            },
            RewardSpec {
                kind: RewardKind::Binary,
                ..base
            },
        ];
        assert!(others.iter().all(|other| other.definition() != pinned));
    }
}
