//! The rows of a ledger shard, and how a commit reads and writes them.
//!
//! Keys of 128 bits are two signed integers, because SQLite compares those fastest and JSON text
//! carries them whole between wasm and SQLite. `keep_hour` is indexed: rows are inserted nearly in
//! its order, so the index costs little, and forgetting needs no scan.

use std::collections::BTreeSet;
use std::fmt::Write;

use bandera_shared::UnixMillis;
use bandera_shared::ledger::{
    Batch, Change, DecisionRow, Item, Known, Memory, Observation, Report, RowKey, RowReward,
    Totals, wire,
};
use worker::{Error, Result, SqlStorage};

use crate::sql;

const HOUR_MS: i64 = 3_600_000;

/// Tables of a shard; stored names never change.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS decisions (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, exposed INTEGER NOT NULL,
    rewarded_at INTEGER, units INTEGER, added INTEGER, keep_until INTEGER NOT NULL,
    keep_hour INTEGER NOT NULL, PRIMARY KEY (hi, lo)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS decisions_by_hour ON decisions (keep_hour);
CREATE TABLE IF NOT EXISTS additions (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, keep_hour INTEGER NOT NULL, PRIMARY KEY (hi, lo)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS additions_by_hour ON additions (keep_hour);
CREATE TABLE IF NOT EXISTS learners (
    bandit TEXT NOT NULL, definition TEXT NOT NULL, sequence INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0, arms TEXT NOT NULL, PRIMARY KEY (bandit, definition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bandits (
    bandit TEXT PRIMARY KEY, publication INTEGER NOT NULL, terms TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flags (
    flag TEXT NOT NULL, variant TEXT NOT NULL, exposures INTEGER NOT NULL,
    PRIMARY KEY (flag, variant)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reports (
    sender TEXT PRIMARY KEY, attempted INTEGER NOT NULL, dropped INTEGER NOT NULL,
    rejected INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shard (number INTEGER NOT NULL);
";

const KNOWN_ROWS: &str = "
SELECT json_group_array(json_array(d.hi, d.lo, d.exposed, d.rewarded_at, d.units, d.added,
                                   d.keep_until))
FROM json_each(?1) AS wanted CROSS JOIN decisions AS d
ON d.hi = wanted.value ->> 0 AND d.lo = wanted.value ->> 1";

const KNOWN_ADDITIONS: &str = "
SELECT json_group_array(json_array(a.hi, a.lo))
FROM json_each(?1) AS wanted CROSS JOIN additions AS a
ON a.hi = wanted.value ->> 0 AND a.lo = wanted.value ->> 1";

const WRITE_ROWS: &str = "
INSERT OR REPLACE INTO decisions
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7
FROM json_each(?1)";

const WRITE_ADDITIONS: &str = "
INSERT OR IGNORE INTO additions SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";

const WRITE_LEARNERS: &str = "
INSERT INTO learners (bandit, definition, sequence, arms)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET sequence = excluded.sequence, arms = excluded.arms";

const WRITE_BANDITS: &str = "
INSERT OR REPLACE INTO bandits SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";

const WRITE_FLAGS: &str = "
INSERT OR REPLACE INTO flags SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";

const WRITE_TOTALS: &str = "
INSERT OR REPLACE INTO totals SELECT value ->> 0, value ->> 1 FROM json_each(?1)";

const WRITE_REPORTS: &str = "
INSERT INTO reports SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET attempted = max(attempted, excluded.attempted),
    dropped = max(dropped, excluded.dropped), rejected = max(rejected, excluded.rejected)";

/// Makes what is missing of the tables.
pub(super) fn prepare(sql: &SqlStorage) -> Result<()> {
    sql::run(sql, TABLES, vec![])
}

fn broken(fault: &impl std::fmt::Display) -> Error {
    Error::RustError(format!("stored state: {fault}"))
}

/// What the shard keeps in memory, and the sequence numbers that coordinators have.
pub(super) fn load(sql: &SqlStorage) -> Result<(Memory, super::Sent)> {
    let mut memory = Memory::default();
    let mut sent = super::Sent::default();
    let learners = "SELECT json_group_array(json_array(bandit, definition, sequence, sent, arms))
                    FROM learners";
    for row in sql::rows::<(String, String, u64, u64, String)>(sql, learners, vec![])? {
        let (bandit, definition, sequence, sent_sequence, arms) = row;
        let definition = u64::from_str_radix(&definition, 16).map_err(|e| broken(&e))?;
        let key = (bandit.into_boxed_str(), definition);
        let state = wire::parse_arms(sequence, &arms).map_err(|e| broken(&e))?;
        sent.insert(key.clone(), sent_sequence);
        memory.learners.insert(key, state);
    }
    let bandits = "SELECT json_group_array(json_array(publication, terms)) FROM bandits";
    for (publication, terms) in sql::rows::<(u64, String)>(sql, bandits, vec![])? {
        let bandit = wire::parse_bandit(&terms).map_err(|e| broken(&e))?;
        memory.bandits.insert(bandit.key().into(), (publication, bandit));
    }
    let flags = "SELECT json_group_array(json_array(flag, variant, exposures)) FROM flags";
    for (flag, variant, count) in sql::rows::<(String, String, u64)>(sql, flags, vec![])? {
        memory.flags.insert((flag.into(), variant.into()), count);
    }
    let totals = "SELECT json_group_array(json_array(name, count)) FROM totals";
    for (name, count) in sql::rows::<(String, u64)>(sql, totals, vec![])? {
        if let Some((_, total)) = totals_of(&mut memory.totals).find(|(known, _)| *known == name) {
            *total = count;
        }
    }
    Ok((memory, sent))
}

/// Each total under its stored name.
fn totals_of(totals: &mut Totals) -> impl Iterator<Item = (&'static str, &mut u64)> {
    [
        ("exposures", &mut totals.n_exposures),
        ("flag_exposures", &mut totals.n_flag_exposures),
        ("rewards", &mut totals.n_rewards),
        ("reward_updates", &mut totals.n_reward_updates),
        ("duplicates", &mut totals.n_duplicates),
        ("refused", &mut totals.n_refused),
    ]
    .into_iter()
}

fn halves(key: RowKey) -> (i64, i64) {
    ((key.0 >> 64) as u64 as i64, key.0 as u64 as i64)
}

fn whole(hi: i64, lo: i64) -> RowKey {
    RowKey((u128::from(hi as u64) << 64) | u128::from(lo as u64))
}

/// A JSON list of the keys, ascending: neighbours in the table are read together.
fn key_list(keys: &BTreeSet<RowKey>) -> String {
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

type KnownRow = (i64, i64, u8, Option<i64>, Option<i64>, Option<u32>, i64);

/// What the store remembers of the keys that the batches name.
pub(super) fn known(sql: &SqlStorage, batches: &[&Batch]) -> Result<Known> {
    let mut rows = BTreeSet::new();
    let mut additions = BTreeSet::new();
    for item in batches.iter().flat_map(|batch| &batch.items) {
        match item {
            Item::Flag(item) => {
                rows.insert(item.row);
            }
            Item::Decision(item) => {
                rows.insert(item.row);
                if let Observation::Rewarded { event, .. } = &item.observation {
                    additions.insert(*event);
                }
            }
        }
    }
    let mut known = Known::default();
    if !rows.is_empty() {
        let found: Vec<KnownRow> = sql::rows(sql, KNOWN_ROWS, vec![key_list(&rows).into()])?;
        known.rows = found.into_iter().map(row_of).collect();
    }
    if !additions.is_empty() {
        let wanted = vec![key_list(&additions).into()];
        let found: Vec<(i64, i64)> = sql::rows(sql, KNOWN_ADDITIONS, wanted)?;
        known.additions = found.into_iter().map(|(hi, lo)| whole(hi, lo)).collect();
    }
    Ok(known)
}

fn row_of((hi, lo, exposed, at, units, added, keep_until): KnownRow) -> (RowKey, DecisionRow) {
    let reward = at.zip(units).map(|(at, units)| RowReward {
        at: UnixMillis(at),
        units,
        n_added: added.unwrap_or_default(),
    });
    let keep_until = UnixMillis(keep_until);
    (whole(hi, lo), DecisionRow { exposed: exposed != 0, reward, keep_until })
}

/// One row of `decisions`, as JSON.
type WrittenRow = (i64, i64, u8, Option<i64>, Option<i64>, Option<u32>, i64, i64);

fn written(key: RowKey, row: &DecisionRow) -> WrittenRow {
    let (hi, lo) = halves(key);
    let at = row.reward.map(|reward| reward.at.0);
    let units = row.reward.map(|reward| reward.units);
    let added = row.reward.map(|reward| reward.n_added);
    let keep = row.keep_until.0;
    (hi, lo, u8::from(row.exposed), at, units, added, keep, keep.div_euclid(HOUR_MS))
}

/// The statements of a commit, each with its JSON parameter; those without rows are left out.
pub(super) fn statements(
    change: &Change,
    reports: &[&Report],
) -> Result<Vec<(&'static str, String)>> {
    let mut totals = change.totals;
    let rows: Vec<_> = change.rows.iter().map(|(key, row)| written(*key, row)).collect();
    let additions: Vec<_> = change
        .additions
        .iter()
        .map(|new| (halves(new.row), new.keep_until.0.div_euclid(HOUR_MS)))
        .map(|((hi, lo), hour)| (hi, lo, hour))
        .collect();
    let learners: Vec<_> = change
        .learners
        .iter()
        .map(|((bandit, definition), state)| {
            (bandit, format!("{definition:016x}"), state.sequence, wire::print_arms(state))
        })
        .collect();
    let bandits: Vec<_> = change
        .bandits
        .iter()
        .map(|(key, (publication, bandit))| (key, publication, wire::print_bandit(bandit)))
        .collect();
    let flags: Vec<_> =
        change.flags.iter().map(|((flag, variant), count)| (flag, variant, count)).collect();
    let totals: Vec<_> = totals_of(&mut totals).map(|(name, count)| (name, *count)).collect();
    let reports: Vec<_> = reports
        .iter()
        .map(|report| {
            let sender = format!("{:016x}", report.sender);
            (sender, report.n_attempted, report.n_dropped, report.n_rejected)
        })
        .collect();
    let all = [
        (WRITE_ROWS, rows.is_empty(), serde_json::to_string(&rows)?),
        (WRITE_ADDITIONS, additions.is_empty(), serde_json::to_string(&additions)?),
        (WRITE_LEARNERS, learners.is_empty(), serde_json::to_string(&learners)?),
        (WRITE_BANDITS, bandits.is_empty(), serde_json::to_string(&bandits)?),
        (WRITE_FLAGS, flags.is_empty(), serde_json::to_string(&flags)?),
        (WRITE_TOTALS, false, serde_json::to_string(&totals)?),
        (WRITE_REPORTS, reports.is_empty(), serde_json::to_string(&reports)?),
    ];
    let filled = all.into_iter().filter(|(_, is_empty, _)| !is_empty);
    Ok(filled.map(|(statement, _, json)| (statement, json)).collect())
}

/// Notes which state a coordinator has acknowledged.
pub(super) fn note_sent(
    sql: &SqlStorage,
    learner: &(Box<str>, u64),
    sequence: u64,
) -> Result<()> {
    let (bandit, definition) = learner;
    let definition = format!("{definition:016x}");
    let values = vec![(sequence as f64).into(), (&**bandit).into(), definition.into()];
    sql::run(sql, "UPDATE learners SET sent = ?1 WHERE bandit = ?2 AND definition = ?3", values)
}

/// Sums of the senders' reports, rows remembered.
pub(super) fn sums(sql: &SqlStorage) -> Result<(Report, u64)> {
    let statement = "SELECT json_array(coalesce(sum(attempted), 0), coalesce(sum(dropped), 0),
        coalesce(sum(rejected), 0), (SELECT count(*) FROM decisions)) FROM reports";
    let (n_attempted, n_dropped, n_rejected, n_rows) =
        serde_json::from_str(&sql::text(sql, statement, vec![])?)?;
    Ok((Report { sender: 0, n_attempted, n_dropped, n_rejected }, n_rows))
}

/// Remembers which shard this object is, so that an alarm after a restart knows it.
pub(super) fn note_shard(sql: &SqlStorage, shard: u16) -> Result<()> {
    let values = vec![i32::from(shard).into()];
    sql::run(sql, "INSERT INTO shard SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM shard)", values)
}

/// Which shard this object is, once it has committed anything.
pub(super) fn shard(sql: &SqlStorage) -> Result<Option<u16>> {
    let rows = "SELECT json_group_array(number) FROM shard";
    Ok(sql::rows(sql, rows, vec![])?.into_iter().next())
}

/// Forgets rows whose time is over, a bounded number at once.
pub(super) fn forget(sql: &SqlStorage, now: UnixMillis) -> Result<()> {
    for table in ["decisions", "additions"] {
        let statement = format!(
            "DELETE FROM {table} WHERE (hi, lo) IN
             (SELECT hi, lo FROM {table} WHERE keep_hour < ?1 LIMIT 20000)"
        );
        let hour = now.0.div_euclid(HOUR_MS) as f64;
        sql::run(sql, &statement, vec![hour.into()])?;
    }
    Ok(())
}
