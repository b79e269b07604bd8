//! A compiled ruleset: everything an environment serves, ready to be evaluated.

use crate::bandit::Bandit;
use crate::bucketing::Bucketing;
use crate::condition::Condition;
use crate::context::EvaluationContext;
use crate::flag::Flag;
use crate::named::name_of;
use crate::split::Range;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// Flags and what they refer to. References are indices, so nothing is looked up by name but the
/// flag that is asked for.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    subject_salt: Option<Box<str>>,
    flags: Box<[Flag]>,
    by_hash: Box<[(u64, u32)]>,
    segments: Box<[Segment]>,
    layers: Box<[Layer]>,
    holdouts: Box<[Holdout]>,
    bandits: Box<[Bandit]>,
}

/// A reusable audience.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its key.
    pub key: Box<str>,
    /// Targeting keys that are members, sorted.
    pub included: Box<[Box<str>]>,
    /// Targeting keys that are not, sorted.
    pub excluded: Box<[Box<str>]>,
    /// Who else is a member.
    pub when: Option<Condition>,
}

/// A set of mutually exclusive flags.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its key.
    pub key: Box<str>,
    /// How subjects are spread over its flags.
    pub bucketing: Bucketing,
}

/// Subjects that experiments leave alone.
#[derive(Debug, Clone)]
pub struct Holdout {
    /// Its key.
    pub key: Box<str>,
    /// How subjects are spread.
    pub bucketing: Bucketing,
    /// The buckets held out; none at 0 percent.
    pub range: Option<Range>,
}

/// The parts of a ruleset, each list sorted by key.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) subject_salt: Option<Box<str>>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) holdouts: Vec<Holdout>,
    pub(crate) bandits: Vec<Bandit>,
}

impl Ruleset {
    pub(crate) fn new(parts: Parts) -> Self {
        let hash = |flag: &Flag| xxh3_64(flag.key.as_bytes());
        let mut by_hash: Vec<(u64, u32)> = parts
            .flags
            .iter()
            .zip(0..)
            .map(|(flag, index)| (hash(flag), index))
            .collect();
        by_hash.sort_unstable();
        Self {
            subject_salt: parts.subject_salt,
            flags: parts.flags.into(),
            by_hash: by_hash.into(),
            segments: parts.segments.into(),
            layers: parts.layers.into(),
            holdouts: parts.holdouts.into(),
            bandits: parts.bandits.into(),
        }
    }

    /// The flag of that key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        let hash = xxh3_64(key.as_bytes());
        let start = self.by_hash.partition_point(|(other, _)| *other < hash);
        self.by_hash
            .get(start..)?
            .iter()
            .take_while(|(other, _)| *other == hash)
            .filter_map(|(_, index)| self.flags.get(*index as usize))
            .find(|flag| &*flag.key == key)
    }

    /// All flags, by key in rising order.
    #[must_use]
    pub fn flags(&self) -> &[Flag] {
        &self.flags
    }

    /// All segments, by key in rising order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// All layers, by key in rising order.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// All holdouts, by key in rising order.
    #[must_use]
    pub fn holdouts(&self) -> &[Holdout] {
        &self.holdouts
    }

    /// All bandits, by key in rising order.
    #[must_use]
    pub fn bandits(&self) -> &[Bandit] {
        &self.bandits
    }

    /// The name under which this ruleset would list the context's subject.
    #[must_use]
    pub fn name_of<'c>(&self, context: &'c EvaluationContext) -> Option<Cow<'c, str>> {
        name_of(self.subject_salt.as_deref(), context)
    }
}
