//! Rows of a shard that are not yet in their place on disk, and the journal that keeps them.
//!
//! Keys are random, so writing a hundred rows in their places touches a hundred pages of the
//! store. Instead a commit appends its rows to a journal as one value, and keeps them in memory.
//! When there are many, the rows of one slice of the key space go to their places together, in the
//! order of the keys: then most pages take several rows. Slices follow each other round and round;
//! after a full round everything that was in the journal at its start is in its place, and that
//! part of the journal is dropped.
//!
//! Replaying the whole journal in order gives the latest form of every row that is not in its
//! place. Rows that are in both are equal or newer in the journal, so nothing is ever lost or
//! undone, wherever a process is killed.

use std::collections::BTreeMap;

use super::apply::{Change, Known, NewRow};
use super::item::{Batch, Item, RowKey};
use super::state::{DecisionRow, RowReward};
use crate::codec::{Reader, Writer};
use crate::time::UnixMillis;

/// Slices of the key space, by its leading bits.
pub const SLICES: u8 = 64;
const SLICE_BITS: u32 = 6;

const EXPOSED: u8 = 1;
const REWARDED: u8 = 2;
const ADDITION: u8 = 4;
/// Above these bits, how often the action had been reset: releases from before resets pass it over.
const GENERATION_SHIFT: u32 = 3;

/// Rows and additions in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    rows: BTreeMap<RowKey, DecisionRow>,
    additions: BTreeMap<RowKey, UnixMillis>,
}

/// What a batch asks of rows that are not in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Decisions and flag exposures, ascending.
    pub rows: Vec<RowKey>,
    /// Additions, ascending.
    pub additions: Vec<RowKey>,
}

impl Recent {
    /// How many rows and additions are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() + self.additions.len()
    }

    /// Whether nothing is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of the keys that the batches name, and what must be looked up.
    #[must_use]
    pub fn look_up(&self, batches: &[&Batch]) -> (Known, Missing) {
        let mut known = Known::default();
        let mut missing = Missing::default();
        let mut row = |key: RowKey| match self.rows.get(&key) {
            Some(row) => drop(known.rows.insert(key, *row)),
            None => missing.rows.push(key),
        };
        for (item, event) in batches.iter().flat_map(|batch| events(batch)) {
            match item {
                Item::Flag(item) => row(item.row),
                Item::Decision(item) => row(item.row),
            }
            if let Some(event) = event {
                row(event);
            }
        }
        for event in batches
            .iter()
            .flat_map(|batch| events(batch))
            .filter_map(|(_, event)| event)
        {
            if self.additions.contains_key(&event) {
                known.additions.insert(event);
            } else {
                missing.additions.push(event);
            }
        }
        for keys in [&mut missing.rows, &mut missing.additions] {
            keys.sort_unstable();
            keys.dedup();
        }
        (known, missing)
    }

    /// Takes in what a commit changes.
    pub fn take_in(&mut self, change: &Change) {
        self.rows.extend(change.rows.iter().copied());
        self.additions
            .extend(change.additions.iter().map(|new| (new.row, new.keep_until)));
    }

    /// Takes the rows and additions of a slice out of memory, ascending.
    pub fn take_slice(&mut self, slice: u8) -> (Vec<(RowKey, DecisionRow)>, Vec<NewRow>) {
        let (first, last) = bounds(slice);
        let rows = self.rows.extract_if(first..=last, |_, _| true).collect();
        let additions = self.additions.extract_if(first..=last, |_, _| true);
        (
            rows,
            additions
                .map(|(row, keep_until)| NewRow { row, keep_until })
                .collect(),
        )
    }

    /// Takes in one journal entry; entries are replayed in the order they were written.
    ///
    /// # Returns
    /// `None` when the bytes are no entry; then the store is broken, and nothing may be counted.
    pub fn replay(&mut self, entry: &[u8]) -> Option<()> {
        let mut reader = Reader::new(entry);
        let n = reader.u32()?;
        for _ in 0..n {
            let key = RowKey(u128::from_be_bytes(reader.array()?));
            let kind = reader.u8()?;
            let keep_until = UnixMillis(reader.i64()?);
            if kind == ADDITION {
                self.additions.insert(key, keep_until);
                continue;
            }
            let reward = if kind & REWARDED == 0 {
                None
            } else {
                let at = UnixMillis(reader.i64()?);
                let reward = RowReward {
                    at,
                    units: reader.i64()?,
                    n_added: 0,
                    n_removed: 0,
                };
                Some(reward.with_tallies(reader.u32()?))
            };
            let exposed = kind & EXPOSED != 0;
            self.rows.insert(
                key,
                DecisionRow {
                    exposed,
                    reward,
                    keep_until,
                    generation: kind >> GENERATION_SHIFT,
                },
            );
        }
        reader.finish()
    }
}

/// Items of a batch, each with the row of the reward that it adds or takes back.
fn events(batch: &Batch) -> impl Iterator<Item = (&Item, Option<RowKey>)> {
    batch.items.iter().map(|item| {
        let event = match item {
            Item::Flag(_) => None,
            Item::Decision(decision) => {
                let bandit = batch.bandits.get(usize::from(decision.bandit));
                bandit.and_then(|bandit| decision.event_row(bandit.reward().repeat))
            }
        };
        (item, event)
    })
}

/// First and last key of a slice.
#[must_use]
pub fn bounds(slice: u8) -> (RowKey, RowKey) {
    let first = u128::from(slice % SLICES) << (128 - SLICE_BITS);
    (RowKey(first), RowKey(first | (u128::MAX >> SLICE_BITS)))
}

/// The journal entry of a commit; `None` when it changed no row.
#[must_use]
pub fn entry(change: &Change) -> Option<Vec<u8>> {
    let n = change.rows.len() + change.additions.len();
    if n == 0 {
        return None;
    }
    let mut writer = Writer::default();
    // A commit has at most a few thousand items.
    writer.u32(n as u32);
    for (key, row) in &change.rows {
        let rewarded = if row.reward.is_some() { REWARDED } else { 0 };
        writer
            .bytes(&key.0.to_be_bytes())
            .u8((u8::from(row.exposed) * EXPOSED) | rewarded | row.generation << GENERATION_SHIFT);
        writer.i64(row.keep_until.0);
        if let Some(reward) = row.reward {
            let tallies = reward.tallies();
            writer.i64(reward.at.0).i64(reward.units).u32(tallies);
        }
    }
    for NewRow { row, keep_until } in &change.additions {
        writer
            .bytes(&row.0.to_be_bytes())
            .u8(ADDITION)
            .i64(keep_until.0);
    }
    Some(writer.finish())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::RESETS_MAX;
    use super::*;

    fn row() -> impl Strategy<Value = DecisionRow> {
        let reward = (any::<i64>(), any::<i64>(), any::<(u16, u16)>());
        let reward = reward.prop_map(|(at, units, (n_added, n_removed))| RowReward {
            at: UnixMillis(at),
            units,
            n_added,
            n_removed,
        });
        let rest = (any::<bool>(), any::<i64>(), 0..=RESETS_MAX);
        (prop::option::of(reward), rest).prop_map(|(reward, (exposed, keep_until, generation))| {
            DecisionRow {
                exposed,
                reward,
                keep_until: UnixMillis(keep_until),
                generation,
            }
        })
    }

    fn change() -> impl Strategy<Value = Change> {
        let rows = prop::collection::btree_map(any::<u128>(), row(), 0..20);
        let additions = prop::collection::vec((any::<u128>(), any::<i64>()), 0..5);
        (rows, additions).prop_map(|(rows, additions)| Change {
            rows: rows
                .into_iter()
                .map(|(key, row)| (RowKey(key), row))
                .collect(),
            additions: additions
                .into_iter()
                .map(|(row, at)| NewRow {
                    row: RowKey(row),
                    keep_until: UnixMillis(at),
                })
                .collect(),
            ..Change::default()
        })
    }

    proptest! {
        #[test]
        fn the_journal_holds_what_memory_holds(changes in prop::collection::vec(change(), 0..8)) {
            let mut memory = Recent::default();
            let mut replayed = Recent::default();
            for change in &changes {
                memory.take_in(change);
                if let Some(entry) = entry(change) {
                    prop_assert!(replayed.replay(&entry).is_some());
                }
            }
            prop_assert_eq!(memory, replayed);
        }

        #[test]
        fn slices_part_the_rows(changes in prop::collection::vec(change(), 0..4)) {
            let mut memory = Recent::default();
            for change in &changes {
                memory.take_in(change);
            }
            let whole = memory.clone();
            let mut keys: Vec<RowKey> = Vec::new();
            for slice in 0..SLICES {
                let (rows, additions) = memory.take_slice(slice);
                prop_assert!(additions.iter().all(|new| whole.additions.contains_key(&new.row)));
                keys.extend(rows.iter().map(|(key, _)| *key));
            }
            prop_assert!(memory.is_empty());
            prop_assert!(keys.iter().eq(whole.rows.keys()));
        }

        #[test]
        fn never_panics_on_any_entry(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Recent::default().replay(&bytes);
        }
    }

    #[test]
    fn slices_cover_the_key_space() {
        assert_eq!(bounds(0).0, RowKey(0));
        assert_eq!(bounds(SLICES - 1).1, RowKey(u128::MAX));
        for slice in 1..SLICES {
            assert_eq!(bounds(slice).0.0, bounds(slice - 1).1.0 + 1);
        }
    }
}
