//! What an edge hands to a shard: admitted events, reduced to what counting needs.

use super::ITEMS_PER_BATCH_MAX;
use crate::bandit::{Bandit, ContextVector, Repeat, Reward};
use crate::sorted::Sorted;
use crate::time::UnixMillis;

/// 128 bits under which a shard remembers something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(pub u128);

impl RowKey {
    /// The key of these parts; every part but the last must have a fixed length or an end mark.
    #[must_use]
    pub(crate) fn of(domain: &[u8], parts: &[&[u8]]) -> Self {
        let mut bytes = domain.to_vec();
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Self(xxhash_rust::xxh3::xxh3_128(&bytes))
    }
}

/// What was observed of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Its subject saw it.
    Exposed,
    /// It was rewarded.
    Rewarded {
        /// The checked reward.
        reward: Reward,
        /// When: orders rewards that replace each other.
        at: UnixMillis,
        /// Tells apart rewards that add up.
        event: RowKey,
    },
    /// A reward of it is taken back.
    Removed {
        /// When: takes back rewards that replace each other and were made until then.
        at: UnixMillis,
        /// The reward that is taken back, where rewards add up.
        event: RowKey,
    },
}

/// An observation of a bandit's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionItem {
    /// Index of its bandit in [`Batch::bandits`].
    pub bandit: u16,
    /// The action that was decided.
    pub action: Box<str>,
    /// The decision's row.
    pub row: RowKey,
    /// How long the row is kept.
    pub keep_until: UnixMillis,
    /// The period that it was made in, of a bandit that forgets.
    pub period: Option<i64>,
    /// What the decision was made from.
    pub features: ContextVector,
    /// What was observed.
    pub observation: Observation,
}

impl DecisionItem {
    /// The row of the one reward that it speaks of, where that has one.
    pub(crate) fn event_row(&self, repeat: Repeat) -> Option<RowKey> {
        match (&self.observation, repeat) {
            (Observation::Exposed, _) | (_, Repeat::Replace) => None,
            (
                Observation::Rewarded { event, .. } | Observation::Removed { event, .. },
                Repeat::Add,
            ) => Some(*event),
        }
    }
}

/// The first exposure of a subject to a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagItem {
    /// Flag key.
    pub flag: Box<str>,
    /// Variant name.
    pub variant: Box<str>,
    /// The row of (subject, flag, variant).
    pub row: RowKey,
    /// How long the row is kept.
    pub keep_until: UnixMillis,
}

/// One admitted event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Of a bandit's decision.
    Decision(DecisionItem),
    /// Of a flag without a bandit.
    Flag(FlagItem),
}

/// What a sender has counted since it started: cumulative, so that a repeat is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Names the sender, at random for each isolate.
    pub sender: u64,
    /// Exposures it tried to send.
    pub n_attempted: u64,
    /// Exposures it gave up.
    pub n_dropped: u64,
    /// Events it refused.
    pub n_rejected: u64,
}

/// Items for one shard, with the bandits they speak of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Publication number of the ruleset that `bandits` come from.
    pub publication: u64,
    /// The bandits, named by index.
    pub bandits: Vec<Bandit>,
    /// The items, in the order they were received.
    pub items: Vec<Item>,
    /// What senders have counted themselves.
    pub reports: Vec<Report>,
}

impl Report {
    /// The shard that keeps this sender's counts, so that adding up shards counts it once.
    #[must_use]
    pub fn home(&self, n_shards: u16) -> u16 {
        ((u128::from(self.sender) * u128::from(n_shards)) >> 64) as u16
    }
}

impl Batch {
    /// Appends an item of the bandit.
    pub fn push(&mut self, bandit: &Bandit, mut item: DecisionItem) {
        let index = self
            .bandits
            .iter()
            .position(|known| known.key() == bandit.key());
        let index = index.unwrap_or_else(|| {
            self.bandits.push(bandit.clone());
            self.bandits.len() - 1
        });
        // A batch has at most ITEMS_PER_BATCH_MAX items and so as many bandits.
        item.bandit = index as u16;
        self.items.push(Item::Decision(item));
    }

    /// Appends items that name their bandit by its index in `bandits`.
    fn absorb(&mut self, bandits: &[Bandit], items: Vec<Item>) {
        for item in items {
            match item {
                Item::Flag(_) => self.items.push(item),
                Item::Decision(item) => {
                    if let Some(bandit) = bandits.get(usize::from(item.bandit)) {
                        self.push(bandit, item);
                    }
                }
            }
        }
    }
}

/// A batch cut into parts of at most so many items, for carriers with a limit; each part has the
/// bandits it needs, the first one the reports.
#[must_use]
pub fn cut(batch: Batch, n_items_max: usize) -> Vec<Batch> {
    if batch.items.len() <= n_items_max {
        return vec![batch];
    }
    let mut parts = Vec::new();
    for items in batch.items.chunks(n_items_max.max(1)) {
        let mut part = Batch {
            publication: batch.publication,
            ..Batch::default()
        };
        part.absorb(&batch.bandits, items.to_vec());
        parts.push(part);
    }
    if let Some(first) = parts.first_mut() {
        first.reports = batch.reports;
    }
    parts
}

/// Batches for one shard joined into few, each within [`ITEMS_PER_BATCH_MAX`].
///
/// Only batches of one publication are joined, because bandits are named by it.
#[must_use]
pub fn joined(batches: impl IntoIterator<Item = Batch>) -> Vec<Batch> {
    let mut joined: Vec<Batch> = Vec::new();
    for batch in batches {
        let fits = |into: &&mut Batch| {
            into.publication == batch.publication
                && into.items.len() + batch.items.len() <= ITEMS_PER_BATCH_MAX
        };
        match joined.last_mut().filter(fits) {
            Some(into) => {
                into.absorb(&batch.bandits, batch.items);
                into.reports.extend(batch.reports);
            }
            None => joined.push(batch),
        }
    }
    joined
}

/// Admitted events by shard, each with its place in the request.
#[must_use]
pub fn routed(
    publication: u64,
    admitted: impl IntoIterator<Item = (usize, super::Admitted)>,
) -> Sorted<u16, (Vec<usize>, Batch)> {
    let mut shards: Sorted<u16, (Vec<usize>, Batch)> = Sorted::new();
    for (place, admitted) in admitted {
        let (places, batch) = shards.or_default(admitted.shard);
        batch.publication = publication;
        places.push(place);
        match (admitted.bandit, admitted.item) {
            (Some(bandit), Item::Decision(item)) => batch.push(&bandit, item),
            (_, item) => batch.items.push(item),
        }
    }
    shards
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandit::wire;

    fn batch(publication: u64, bandits: &[&str]) -> Batch {
        let mut batch = Batch {
            publication,
            ..Batch::default()
        };
        for (row, key) in bandits.iter().enumerate() {
            let json = r#"{"actions":["a"],"reward":{"metric":"m","kind":"binary"}}"#;
            let item = DecisionItem {
                bandit: 0,
                action: "a".into(),
                row: RowKey(row as u128),
                keep_until: UnixMillis(0),
                period: None,
                features: ContextVector::default(),
                observation: Observation::Exposed,
            };
            batch.push(&wire::parse(key, json).unwrap(), item);
        }
        batch
    }

    /// The bandit of each item, by key.
    fn keys(batch: &Batch) -> Vec<&str> {
        let items = batch.items.iter().map(|item| match item {
            Item::Decision(item) => batch.bandits[usize::from(item.bandit)].key(),
            Item::Flag(_) => "",
        });
        items.collect()
    }

    #[test]
    fn items_keep_their_bandits_when_batches_are_cut_and_joined() {
        let whole = batch(1, &["x", "y", "x", "z", "z"]);
        let parts = cut(whole.clone(), 2);
        let parts_keys: Vec<Vec<&str>> = parts.iter().map(keys).collect();
        assert_eq!(parts_keys, [vec!["x", "y"], vec!["x", "z"], vec!["z"]]);
        assert_eq!(parts[2].bandits.len(), 1);
        assert_eq!(joined(parts), [whole]);
    }

    #[test]
    fn only_batches_of_one_publication_are_joined() {
        let batches = [batch(1, &["x"]), batch(1, &["y"]), batch(2, &["x"])];
        let n_items: Vec<usize> = joined(batches)
            .iter()
            .map(|batch| batch.items.len())
            .collect();
        assert_eq!(n_items, [2, 1]);
        let full = vec!["x"; ITEMS_PER_BATCH_MAX];
        assert_eq!(joined([batch(1, &full), batch(1, &["x"])]).len(), 2);
    }

    #[test]
    fn a_report_has_one_home() {
        let home = |sender, n_shards| {
            Report {
                sender,
                ..Report::default()
            }
            .home(n_shards)
        };
        assert_eq!(
            (home(0, 4), home(u64::MAX, 4), home(u64::MAX, 1)),
            (0, 3, 0)
        );
    }
}
