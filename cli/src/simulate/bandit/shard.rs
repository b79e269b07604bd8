//! One shard of the counts, with its rows in memory where a Ledger has a store.

use bandera_shared::ledger::{
    Batch, DecisionRow, ITEMS_PER_BATCH_MAX, Item, Known, Memory, Observation, RowKey, apply, cut,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a shard remembers.
#[derive(Default)]
pub(super) struct Shard {
    pub(super) memory: Memory,
    rows: BTreeMap<RowKey, DecisionRow>,
    additions: BTreeSet<RowKey>,
}

impl Shard {
    /// Counts a batch as a Ledger's commit does.
    pub(super) fn commit(&mut self, batch: Batch) {
        for batch in cut(batch, ITEMS_PER_BATCH_MAX) {
            let change = apply(&self.memory, self.known(&batch), &[&batch]);
            self.memory.adopt(&change);
            self.rows.extend(change.rows);
            self.additions
                .extend(change.additions.iter().map(|new| new.row));
        }
    }

    fn known(&self, batch: &Batch) -> Known {
        let mut known = Known::default();
        for item in &batch.items {
            let Item::Decision(item) = item else { continue };
            if let Some(row) = self.rows.get(&item.row) {
                known.rows.insert(item.row, *row);
            }
            if let Observation::Rewarded { event, .. } = item.observation
                && self.additions.contains(&event)
            {
                known.additions.insert(event);
            }
        }
        known
    }
}
