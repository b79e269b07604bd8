//! The rows of decisions: a journal of what is recent, tables of what is settled.
//!
//! Why two places is told in [`bandera_shared::ledger::Recent`]. Keys of 128 bits are two signed
//! integers, because SQLite compares those fastest and JSON text carries them whole between wasm
//! and SQLite. What has outlived its time is forgotten slice by slice, while the pages of the slice
//! are written anyway.

use std::fmt::Write;

use bandera_shared::UnixMillis;
use bandera_shared::ledger::{
    Batch, DecisionRow, Known, NewRow, RECENT_ROWS_MAX, Recent, RowKey, RowReward, SLICES, bounds,
};
use worker::{Error, Result, SqlStorage, SqlStorageValue};

use crate::sql;

const KNOWN_ROWS: &str = "
SELECT json_group_array(json_array(d.hi, d.lo, d.exposed, d.rewarded_at, d.units, d.added,
                                   d.keep_until))
FROM json_each(?1) AS wanted CROSS JOIN decisions AS d
ON d.hi = wanted.value ->> 0 AND d.lo = wanted.value ->> 1";

const KNOWN_ADDITIONS: &str = "
SELECT json_group_array(json_array(a.hi, a.lo))
FROM json_each(?1) AS wanted CROSS JOIN additions AS a
ON a.hi = wanted.value ->> 0 AND a.lo = wanted.value ->> 1";

const SETTLE_ROWS: &str = "
INSERT OR REPLACE INTO decisions
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?1)";

const SETTLE_ADDITIONS: &str = "
INSERT OR REPLACE INTO additions SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";

/// `?1` is a list: first and last leading half of the slice's keys, and now.
const FORGET_ROWS: &str = "
DELETE FROM decisions WHERE hi >= ?1 ->> 0 AND hi <= ?1 ->> 1 AND keep_until < ?1 ->> 2";

const FORGET_ADDITIONS: &str = "
DELETE FROM additions WHERE hi >= ?1 ->> 0 AND hi <= ?1 ->> 1 AND keep_until < ?1 ->> 2";

/// Statements of a commit, each with its parameters.
pub(super) type Statements = Vec<(&'static str, Vec<SqlStorageValue>)>;

/// Recent rows, and how far settling has come.
#[derive(Debug, Default)]
pub(super) struct Rows {
    recent: Recent,
    /// The latest entry of the journal.
    last_id: u64,
    /// The slice that is settled next.
    slice: u8,
    /// The latest entry when the present round began: settled once the round is over.
    round_start: u64,
}

impl Rows {
    /// Reads the journal.
    pub(super) fn load(sql: &SqlStorage) -> Result<Self> {
        let mut rows = Self::default();
        let settling = "SELECT slice, round_start FROM settling";
        if let Some(mut row) = sql::first(sql, settling, vec![])? {
            rows.slice = row.number()? as u8 % SLICES;
            rows.round_start = row.number()?;
            rows.last_id = rows.round_start;
        }
        for row in sql::rows(sql, "SELECT id, entry FROM journal ORDER BY id", vec![])? {
            let mut row = row?;
            rows.last_id = rows.last_id.max(row.number()?);
            rows.recent.replay(&row.bytes()?).ok_or_else(broken)?;
        }
        Ok(rows)
    }

    /// What is remembered of the keys that the batches name.
    pub(super) fn known(
        &self,
        sql: &SqlStorage,
        batches: &[&Batch],
        now: UnixMillis,
    ) -> Result<Known> {
        let (mut known, missing) = self.recent.look_up(batches);
        if !missing.rows.is_empty() {
            let wanted = vec![key_list(&missing.rows).into()];
            let found: Vec<SettledRow> = sql::gathered(sql, KNOWN_ROWS, wanted)?;
            known.rows.extend(found.into_iter().map(row_of));
        }
        if !missing.additions.is_empty() {
            let wanted = vec![key_list(&missing.additions).into()];
            let found: Vec<(i64, i64)> = sql::gathered(sql, KNOWN_ADDITIONS, wanted)?;
            known
                .additions
                .extend(found.into_iter().map(|(hi, lo)| whole(hi, lo)));
        }
        Ok(known.without_forgotten(now))
    }

    /// Takes in a commit: the statements that write its journal entry, and bring a slice of earlier
    /// rows to their places when there are many. When they fail, the rows must be loaded anew.
    pub(super) fn take_in(
        &mut self,
        change: &bandera_shared::ledger::Change,
        now: UnixMillis,
    ) -> Result<Statements> {
        let mut statements = Statements::new();
        if let Some(entry) = bandera_shared::ledger::entry(change) {
            self.last_id += 1;
            // Not an automatic id: those start again when the journal has become empty.
            let values = vec![(self.last_id as f64).into(), entry.into()];
            statements.push(("INSERT INTO journal VALUES (?1, ?2)", values));
            self.recent.take_in(change);
        }
        while self.recent.len() > RECENT_ROWS_MAX {
            self.settle(&mut statements, now)?;
        }
        Ok(statements)
    }

    /// Brings one slice to its place.
    fn settle(&mut self, statements: &mut Statements, now: UnixMillis) -> Result<()> {
        if self.slice == 0 {
            self.round_start = self.last_id;
        }
        let (rows, additions) = self.recent.take_slice(self.slice);
        let rows: Vec<_> = rows.into_iter().map(settled).collect();
        let additions: Vec<_> = additions.into_iter().map(settled_addition).collect();
        let (first, last) = bounds(self.slice);
        let stale = serde_json::to_string(&(halves(first).0, halves(last).0, now.0))?;
        statements.push((SETTLE_ROWS, vec![serde_json::to_string(&rows)?.into()]));
        statements.push((
            SETTLE_ADDITIONS,
            vec![serde_json::to_string(&additions)?.into()],
        ));
        statements.push((FORGET_ROWS, vec![stale.clone().into()]));
        statements.push((FORGET_ADDITIONS, vec![stale.into()]));
        self.slice = (self.slice + 1) % SLICES;
        if self.slice == 0 {
            let settled = vec![(self.round_start as f64).into()];
            statements.push(("DELETE FROM journal WHERE id <= ?1", settled));
        }
        let progress = vec![
            i32::from(self.slice).into(),
            (self.round_start as f64).into(),
        ];
        statements.push(("DELETE FROM settling", vec![]));
        statements.push(("INSERT INTO settling VALUES (?1, ?2)", progress));
        Ok(())
    }

    /// How many rows are remembered; a row whose newer form waits in the journal counts twice.
    pub(super) fn count(&self, sql: &SqlStorage) -> Result<u64> {
        let counted = sql::first(sql, "SELECT count(*) FROM decisions", vec![])?;
        let settled = counted.map_or(Ok(0), |mut row| row.number())?;
        Ok(settled + self.recent.len() as u64)
    }
}

fn broken() -> Error {
    Error::RustError("the journal holds what no commit wrote".to_owned())
}

fn halves(key: RowKey) -> (i64, i64) {
    ((key.0 >> 64) as u64 as i64, key.0 as u64 as i64)
}

fn whole(hi: i64, lo: i64) -> RowKey {
    RowKey((u128::from(hi as u64) << 64) | u128::from(lo as u64))
}

/// A JSON list of the keys.
fn key_list(keys: &[RowKey]) -> String {
    let mut list = String::from("[");
    for key in keys {
        let (hi, lo) = halves(*key);
        let comma = if list.len() > 1 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(list, "{comma}[{hi},{lo}]");
    }
    list.push(']');
    list
}

/// One row of `decisions`, as JSON. Whether it was exposed is the lowest bit of its third number,
/// the others say how often its action had been reset.
type SettledRow = (i64, i64, u8, Option<i64>, Option<i64>, Option<u32>, i64);

fn row_of((hi, lo, exposed, at, units, added, keep_until): SettledRow) -> (RowKey, DecisionRow) {
    let reward = at.zip(units).map(|(at, units)| {
        let reward = RowReward {
            at: UnixMillis(at),
            units,
            n_added: 0,
            n_removed: 0,
        };
        reward.with_tallies(added.unwrap_or_default())
    });
    let keep_until = UnixMillis(keep_until);
    (
        whole(hi, lo),
        DecisionRow {
            exposed: exposed & 1 != 0,
            reward,
            keep_until,
            generation: exposed >> 1,
        },
    )
}

fn settled((key, row): (RowKey, DecisionRow)) -> SettledRow {
    let (hi, lo) = halves(key);
    let at = row.reward.map(|reward| reward.at.0);
    let units = row.reward.map(|reward| reward.units);
    let added = row.reward.map(|reward| reward.tallies());
    (
        hi,
        lo,
        u8::from(row.exposed) | row.generation << 1,
        at,
        units,
        added,
        row.keep_until.0,
    )
}

fn settled_addition(new: NewRow) -> (i64, i64, i64) {
    let (hi, lo) = halves(new.row);
    (hi, lo, new.keep_until.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::ledger::RESETS_MAX;

    #[test]
    fn keys_survive_their_halves() {
        for key in [0, 1, u128::MAX, 1 << 127, (1 << 64) - 1, 1 << 63] {
            let (hi, lo) = halves(RowKey(key));
            assert_eq!(whole(hi, lo), RowKey(key));
        }
        let list = key_list(&[RowKey(1), RowKey(u128::MAX)]);
        assert_eq!(list, "[[0,1],[-1,-1]]");
    }

    #[test]
    fn a_slice_is_one_range_of_leading_halves() {
        for slice in 0..SLICES {
            let (first, last) = bounds(slice);
            assert!(halves(first).0 < halves(last).0, "{slice}");
        }
    }

    #[test]
    fn rows_survive_settling() {
        let reward = Some(RowReward {
            at: UnixMillis(5),
            units: -7,
            n_added: 2,
            n_removed: 1,
        });
        for reward in [None, reward] {
            let row = DecisionRow {
                exposed: true,
                reward,
                keep_until: UnixMillis(9),
                generation: RESETS_MAX,
            };
            assert_eq!(row_of(settled((RowKey(77), row))), (RowKey(77), row));
        }
    }
}
