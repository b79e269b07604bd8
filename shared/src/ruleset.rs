//! A compiled ruleset: everything an environment serves, ready to be evaluated.

use crate::bandit::Bandit;
use crate::bucketing::Bucketing;
use crate::compact::Shared;
use crate::compact::image::Image;
use crate::condition::Condition;
use crate::context::{Attributes, EvaluationContext};
use crate::flag::{Flag, FlagState};
use crate::named::name_of;
use crate::private::Private;
use crate::rare::UNKNOWN;
use crate::same::same;
use crate::split::Range;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::xxh3_64;

/// Flags and what they refer to. References are indices, so nothing is looked up by name but the
/// flag that is asked for.
///
/// Read from its compact form, it reads each flag and segment when it is first asked for; until
/// then only their places are known. Compiled from a document, everything is there at once.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    subject_salt: Option<Box<str>>,
    attributes: Attributes,
    private: Private,
    flags: Box<[OnceLock<Box<Flag>>]>,
    by_hash: Box<[(u64, u32)]>,
    changing_pages: Box<[u32]>,
    segments: Box<[OnceLock<Option<Box<Segment>>>]>,
    image: Option<Arc<Image>>,
    layers: Box<[Layer]>,
    holdouts: Box<[Holdout]>,
    bandits: Box<[Bandit]>,
}

/// A reusable audience; or those that pass a test against a named list, under the list's key.
#[derive(Debug, Clone, Default)]
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

impl Segment {
    /// Indices of the segments and lists that its condition asks about, each once.
    pub(crate) fn asks(&self) -> Vec<usize> {
        let mut found = Vec::new();
        if let Some(when) = &self.when {
            when.collect_segments(&mut found);
        }
        found
    }
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
    pub(crate) attributes: Attributes,
    pub(crate) private: Private,
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
        let changes_pages = |flag: &Flag| flag.variants.iter().any(|v| v.page.is_some());
        let marked = parts.flags.iter().zip(0..);
        Self {
            subject_salt: parts.subject_salt,
            attributes: parts.attributes,
            private: parts.private,
            by_hash: by_hash.into(),
            changing_pages: marked
                .filter(|(flag, _)| changes_pages(flag))
                .map(|(_, position)| position)
                .collect(),
            flags: parts.flags.into_iter().map(made).collect(),
            segments: parts
                .segments
                .into_iter()
                .map(|segment| OnceLock::from(Some(Box::new(segment))))
                .collect(),
            image: None,
            layers: parts.layers.into(),
            holdouts: parts.holdouts.into(),
            bandits: parts.bandits.into(),
        }
    }

    /// A ruleset whose flags and segments are still to be read.
    pub(crate) fn of_image(image: Arc<Image>, shared: Shared) -> Self {
        let Shared {
            subject_salt,
            attributes,
            private,
            layers,
            holdouts,
            bandits,
        } = shared;
        Self {
            subject_salt,
            attributes,
            private: Private::new(private),
            by_hash: image.by_hash(),
            changing_pages: image.changing_pages(),
            flags: (0..image.n_flags()).map(|_| OnceLock::new()).collect(),
            segments: (0..image.n_segments()).map(|_| OnceLock::new()).collect(),
            image: Some(image),
            layers,
            holdouts,
            bandits,
        }
    }

    /// The flag of that key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        let hash = xxh3_64(key.as_bytes());
        self.by_hash
            .get(first_of(&self.by_hash, hash)..)?
            .iter()
            .take_while(|(other, _)| *other == hash)
            .filter_map(|(_, index)| self.flag_at(*index as usize))
            .find(|flag| same(flag.key.as_bytes(), key.as_bytes()))
    }

    /// Number of flags.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flags.len()
    }

    /// Whether there is no flag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }

    /// The flag at that position among all, by key in rising order.
    #[must_use]
    pub fn flag_at(&self, index: usize) -> Option<&Flag> {
        self.flags.get(index).map(|slot| self.read(slot, index))
    }

    /// All flags, by key in rising order; each is read when the iterator comes to it.
    #[must_use]
    pub fn flags(&self) -> impl ExactSizeIterator<Item = &Flag> + Clone {
        self.flags
            .iter()
            .enumerate()
            .map(|(index, slot)| self.read(slot, index))
    }

    /// Flags with a variant that changes pages, by key in rising order, with their positions.
    pub fn changing_pages(&self) -> impl Iterator<Item = (usize, &Flag)> {
        self.changing_pages
            .iter()
            .filter_map(|index| Some((*index as usize, self.flag_at(*index as usize)?)))
    }

    /// How many flags have been read so far.
    #[cfg(test)]
    pub(crate) fn n_read(&self) -> usize {
        self.flags
            .iter()
            .filter(|slot| slot.get().is_some())
            .count()
    }

    fn read<'r>(&'r self, slot: &'r OnceLock<Box<Flag>>, index: usize) -> &'r Flag {
        slot.get_or_init(|| {
            let image = self.image.as_ref();
            // Without an image everything was made at once, and no slot is empty.
            Box::new(image.map_or_else(|| Flag::broken("", ""), |image| image.flag(index)))
        })
    }

    /// Number of segments, and of tests against named lists, which stand behind them.
    #[must_use]
    pub fn n_segments(&self) -> usize {
        self.segments.len()
    }

    /// The segment at that position, unless it cannot be read: segments by key in rising order,
    /// then tests against lists.
    #[must_use]
    pub fn segment_at(&self, index: usize) -> Option<&Segment> {
        let read = || self.image.as_ref()?.segment(index).map(Box::new);
        self.segments.get(index)?.get_or_init(read).as_deref()
    }

    /// All segments, by key in rising order, then tests against lists under the lists' keys; each
    /// is read when the iterator comes to it.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        (0..self.segments.len()).filter_map(|index| self.segment_at(index))
    }

    /// Whether this engine knows all that flags and segments are made of; all of them are read.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let is_unknown =
            |flag: &Flag| matches!(&flag.state, FlagState::Broken(why) if &**why == UNKNOWN);
        !self.flags().any(is_unknown) && self.segments().count() == self.n_segments()
    }

    /// What its conditions look at.
    pub(crate) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// What names of subjects are hashed with, where they are.
    #[must_use]
    pub(crate) fn subject_salt(&self) -> Option<&str> {
        self.subject_salt.as_deref()
    }

    /// Attributes that decide and are never told.
    #[must_use]
    pub fn private(&self) -> &Private {
        &self.private
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

/// Something that is there already.
fn made<T>(thing: T) -> OnceLock<Box<T>> {
    OnceLock::from(Box::new(thing))
}

/// How far from where it should be a hash is looked for before all are searched.
const STEPS_MAX: usize = 16;

/// The place of the first entry, in rising order, whose hash is not less.
///
/// Hashes are spread evenly, so that the n-th part of them begins near the n-th part of the list;
/// where an author has chosen keys for their hashes, it is a binary search.
fn first_of(sorted: &[(u64, u32)], hash: u64) -> usize {
    let is_less = |place: usize| sorted.get(place).is_some_and(|(other, _)| *other < hash);
    let mut place = ((u128::from(hash) * sorted.len() as u128) >> 64) as usize;
    for _ in 0..STEPS_MAX {
        if is_less(place) {
            place += 1;
        } else if place > 0 && !is_less(place - 1) {
            place -= 1;
        } else {
            return place;
        }
    }
    sorted.partition_point(|(other, _)| *other < hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_found_where_a_binary_search_finds_it() {
        let even: Vec<u64> = (0..1_000)
            .map(|n| xxh3_64(&[n as u8, (n >> 8) as u8]))
            .collect();
        let crowded: Vec<u64> = (0..1_000).map(|n| u64::MAX / 2 + n / 3).collect();
        for mut hashes in [Vec::new(), vec![7], even, crowded] {
            hashes.sort_unstable();
            let sorted: Vec<(u64, u32)> = hashes.iter().copied().zip(0..).collect();
            let near = hashes
                .iter()
                .flat_map(|hash| [hash - 1, *hash, hash.saturating_add(1)]);
            for hash in near.chain([0, u64::MAX]) {
                let expected = sorted.partition_point(|(other, _)| *other < hash);
                assert_eq!(
                    first_of(&sorted, hash),
                    expected,
                    "{hash} among {}",
                    sorted.len()
                );
            }
        }
    }
}
