//! How a salt and a unit become a number: ours, and each other system's.
//!
//! Every method draws an integer from `0..scale`, and ranges of such integers decide. Systems that
//! divide and compare fractions are taken over by moving their thresholds to the integers, once,
//! when a ruleset is imported.

#[cfg(feature = "dialects")]
mod theirs;

use crate::bucketing::{BUCKETS, Bucket, hash};
use crate::value::Value;

/// A way from salt and unit to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Ours: XXH3, a million buckets.
    #[default]
    Xxh3,
    /// MD5 of `salt-unit`, modulo the scale.
    Eppo,
    /// FNV-1a of unit and salt, modulo 1,000.
    GrowthBook1,
    /// FNV-1a of salt and unit, and again of the result's digits, modulo 10,000.
    GrowthBook2,
    /// `MurmurHash3` of `salt:unit`, modulo 100.
    Unleash,
    /// The same with another seed, modulo the scale.
    UnleashVariant,
    /// SHA-1 of `salt.unit`, 60 bits.
    LaunchDarkly,
    /// SHA-1 of salt and unit, 28 bits, modulo 100.
    ConfigCat,
    /// MD5 of `salt,unit`, modulo 9,999, drawn again on 9,998.
    Flagsmith,
    /// CRC-32 of salt and unit, modulo 1,000.
    FliptVariant,
    /// CRC-32 of unit and salt, modulo 100.
    FliptThreshold,
    /// SHA-1 of `salt.unit`, 60 bits.
    PostHog,
    /// SHA-1 of `salt.unit` and the word `variant`, 60 bits.
    PostHogVariant,
    /// Of the unit behind the salt and a dash.
    PostHogHoldout,
    /// `MurmurHash3` of the unit, the salt being the seed in decimal, modulo 100.
    Split,
    /// `MurmurHash3` of the unit, the seed being that of the salt modulo 100, modulo 100.
    Flagship,
    /// FNV-1a of salt and unit, modulo the scale.
    GoFeatureFlag,
}

const BY_NAME: [(&str, Method); 17] = [
    ("xxh3", Method::Xxh3),
    ("eppo", Method::Eppo),
    ("growthbook/1", Method::GrowthBook1),
    ("growthbook/2", Method::GrowthBook2),
    ("unleash", Method::Unleash),
    ("unleash/variant", Method::UnleashVariant),
    ("launchdarkly", Method::LaunchDarkly),
    ("configcat", Method::ConfigCat),
    ("flagsmith", Method::Flagsmith),
    ("flipt/variant", Method::FliptVariant),
    ("flipt/threshold", Method::FliptThreshold),
    ("posthog", Method::PostHog),
    ("posthog/variant", Method::PostHogVariant),
    ("posthog/holdout", Method::PostHogHoldout),
    ("split", Method::Split),
    ("flagship", Method::Flagship),
    ("goff", Method::GoFeatureFlag),
];

/// Numbers that fifteen hexadecimal digits can write.
pub const SHA1_60_SCALE: u64 = 1 << 60;

/// Steps in one percent of Flagship's rollouts: how often a hundred goes into 32 bits.
pub const FLAGSHIP_STEPS: u64 = 42_949_673;

/// Numbers that Flagship's rollouts are drawn from.
pub const FLAGSHIP_SCALE: u64 = 100 * FLAGSHIP_STEPS;

/// Numbers of Flagsmith's percentages that are not drawn again.
pub const FLAGSMITH_SCALE: u64 = 9_998;

impl Method {
    /// The method of that name; ours alone in an engine built without the feature `dialects`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = BY_NAME.iter().find(|(other, _)| *other == name);
        let method = found.map(|(_, method)| *method);
        method.filter(|method| cfg!(feature = "dialects") || *method == Self::Xxh3)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = BY_NAME.iter().find(|(_, method)| *method == self);
        found.map_or("", |(name, _)| name)
    }

    /// Names of all methods.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BY_NAME.iter().map(|(name, _)| *name)
    }

    /// How many numbers it draws from; `None` where each split says so itself.
    #[must_use]
    pub fn own_scale(self) -> Option<u64> {
        match self {
            Self::Xxh3 => Some(BUCKETS),
            Self::Eppo | Self::UnleashVariant | Self::GoFeatureFlag => None,
            Self::GrowthBook1 | Self::FliptVariant => Some(1_000),
            Self::GrowthBook2 => Some(10_000),
            Self::Unleash | Self::ConfigCat | Self::FliptThreshold | Self::Split => Some(100),
            Self::Flagship => Some(FLAGSHIP_SCALE),
            Self::LaunchDarkly | Self::PostHog | Self::PostHogVariant | Self::PostHogHoldout => {
                Some(SHA1_60_SCALE)
            }
            Self::Flagsmith => Some(FLAGSMITH_SCALE),
        }
    }

    /// The value as a unit to hash; `None` when it identifies nobody.
    #[must_use]
    pub fn unit(self, value: &Value) -> Option<Box<str>> {
        #[cfg(feature = "dialects")]
        if self != Self::Xxh3 {
            return theirs::unit(self, value);
        }
        match value {
            Value::String(text) => Some((**text).into()),
            Value::Number(number) => Some(number.to_string().into()),
            Value::Bool(truth) => Some(truth.to_string().into()),
            Value::Null | Value::List(_) | Value::Object(_) => None,
        }
    }

    /// The number drawn for a unit, in `0..scale`.
    ///
    /// # Arguments
    /// `scale`: at least 1; only used where [`Method::own_scale`] is `None`.
    /// # Determinism
    /// Same bits everywhere.
    #[must_use]
    #[cfg_attr(
        not(feature = "dialects"),
        allow(unused_variables, reason = "ours has one scale")
    )]
    pub fn draw(self, salt: &str, unit: &str, scale: u64) -> u64 {
        #[cfg(feature = "dialects")]
        if self != Self::Xxh3 {
            return theirs::draw(self, salt, unit, scale.max(1));
        }
        Bucket::from_hash(hash(salt, unit)).index()
    }
}

/// The smallest number of `0..=scale` whose fraction satisfies `reaches`, which no larger number
/// of the scale ceases to satisfy: where a threshold of fractions lies among integers.
///
/// # Examples
/// ```
/// // Half of ten thousand, compared as the doubles that another system divides.
/// let from = bandera_shared::dialect::method::first_reaching(10_000, |n| n as f64 / 1e4 >= 0.5);
/// assert_eq!(from, 5_000);
/// ```
#[must_use]
pub fn first_reaching(scale: u64, reaches: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, scale);
    while low < high {
        let middle = low + (high - low) / 2;
        if reaches(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
