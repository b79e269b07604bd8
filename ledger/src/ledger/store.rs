//! The tables of a ledger shard, and its counts in them.
//!
//! Every statement writes whole values, so that writing twice is harmless. Rows of decisions are
//! in [`super::rows`].

use bandera_shared::ledger::{Change, Learned, Memory, Report, Totals, wire};
use bandera_shared::policy::linear::Block;
use std::sync::Arc;
use worker::durable::Storage;
use worker::{Error, Result, SqlStorage};

use super::rows::Statements;
use crate::sql;

/// What made the tables of a shard what they are; see [`sql::migrate`]. Stored names never change.
const MIGRATIONS: [&str; 2] = [
    "
CREATE TABLE IF NOT EXISTS decisions (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, exposed INTEGER NOT NULL,
    rewarded_at INTEGER, units INTEGER, added INTEGER, keep_until INTEGER NOT NULL,
    PRIMARY KEY (hi, lo)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS additions (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, keep_until INTEGER NOT NULL, PRIMARY KEY (hi, lo)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS settling (slice INTEGER NOT NULL, round_start INTEGER NOT NULL);
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
",
    "
CREATE TABLE blocks (
    bandit TEXT NOT NULL, definition TEXT NOT NULL, action TEXT NOT NULL, sums BLOB NOT NULL,
    PRIMARY KEY (bandit, definition, action)
) WITHOUT ROWID;
",
];

/// An alarm after a restart must know which shard the object is; callers tell it.
const WRITE_SHARD: &str = "
INSERT INTO shard SELECT ?1 ->> 0 WHERE NOT EXISTS (SELECT 1 FROM shard)";

const WRITE_LEARNERS: &str = "
INSERT INTO learners (bandit, definition, sequence, arms)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET sequence = excluded.sequence, arms = excluded.arms";

const WRITE_BLOCK: &str = "INSERT OR REPLACE INTO blocks VALUES (?1, ?2, ?3, ?4)";

const DELETE_BLOCK: &str = "
DELETE FROM blocks WHERE bandit = ?1 AND definition = ?2 AND action = ?3";

const WRITE_BANDITS: &str = "
INSERT OR REPLACE INTO bandits SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";

const WRITE_FLAGS: &str = "
INSERT OR REPLACE INTO flags SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";

/// What has not changed is not written: rows that are written are what a large site pays for.
const WRITE_TOTALS: &str = "
INSERT INTO totals SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET count = excluded.count WHERE totals.count <> excluded.count";

const WRITE_REPORTS: &str = "
INSERT INTO reports SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET attempted = max(attempted, excluded.attempted),
    dropped = max(dropped, excluded.dropped), rejected = max(rejected, excluded.rejected)";

/// Brings the tables up to date.
pub(super) fn prepare(storage: &Storage) -> Result<()> {
    sql::migrate(storage, &MIGRATIONS)
}

fn broken(fault: &impl std::fmt::Display) -> Error {
    Error::RustError(format!("stored state: {fault}"))
}

/// What the shard keeps in memory, and the sequence numbers that coordinators have.
pub(super) fn load(sql: &SqlStorage) -> Result<(Memory, super::Sent)> {
    let mut memory = Memory::default();
    let mut sent = super::Sent::default();
    let learners = "SELECT bandit, definition, sequence, sent, arms FROM learners";
    for row in sql::rows(sql, learners, vec![])? {
        let mut row = row?;
        let bandit = row.text()?.into_boxed_str();
        let definition = u64::from_str_radix(&row.text()?, 16).map_err(|e| broken(&e))?;
        let (sequence, sent_sequence) = (row.number()?, row.number()?);
        let state = wire::parse_arms(sequence, &row.text()?).map_err(|e| broken(&e))?;
        sent.insert((bandit.clone(), definition), sent_sequence);
        memory.learners.insert((bandit, definition), state);
    }
    for row in sql::rows(
        sql,
        "SELECT bandit, definition, action, sums FROM blocks",
        vec![],
    )? {
        let mut row = row?;
        let bandit = row.text()?.into_boxed_str();
        let definition = u64::from_str_radix(&row.text()?, 16).map_err(|e| broken(&e))?;
        let action = row.text()?.into_boxed_str();
        let block = Block::from_bytes(&row.bytes()?).ok_or_else(|| broken(&"a block"))?;
        let state = memory.learners.or_default((bandit, definition));
        state.blocks.insert(action, Arc::new(block));
    }
    for row in sql::rows(sql, "SELECT publication, terms FROM bandits", vec![])? {
        let mut row = row?;
        let publication = row.number()?;
        let bandit = wire::parse_bandit(&row.text()?).map_err(|e| broken(&e))?;
        let key = bandit.key().into();
        memory.bandits.insert(key, (publication, bandit));
    }
    for row in sql::rows(sql, "SELECT flag, variant, exposures FROM flags", vec![])? {
        let mut row = row?;
        let key = (row.text()?.into(), row.text()?.into());
        memory.flags.insert(key, row.number()?);
    }
    for row in sql::rows(sql, "SELECT name, count FROM totals", vec![])? {
        let mut row = row?;
        let name = row.text()?;
        if let Some((_, total)) = totals_of(&mut memory.totals).find(|(known, _)| *known == name) {
            *total = row.number()?;
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

/// The statements that write new counts, each with its JSON parameter; those without rows are left
/// out.
pub(super) fn statements(number: u16, change: &Change, reports: &[&Report]) -> Result<Statements> {
    let mut totals = change.totals;
    let learners: Vec<_> = change
        .learners
        .iter()
        .map(|((bandit, definition), state)| {
            (
                bandit,
                format!("{definition:016x}"),
                state.sequence,
                wire::print_arms(state),
            )
        })
        .collect();
    let bandits: Vec<_> = change
        .bandits
        .iter()
        .map(|(key, (publication, bandit))| (key, publication, wire::print_bandit(bandit)))
        .collect();
    let flags: Vec<_> = change
        .flags
        .iter()
        .map(|((flag, variant), count)| (flag, variant, count))
        .collect();
    let totals: Vec<_> = totals_of(&mut totals)
        .map(|(name, count)| (name, *count))
        .collect();
    let reports: Vec<_> = reports
        .iter()
        .map(|report| {
            let sender = format!("{:016x}", report.sender);
            (
                sender,
                report.n_attempted,
                report.n_dropped,
                report.n_rejected,
            )
        })
        .collect();
    let all = [
        (WRITE_SHARD, false, format!("[{number}]")),
        (
            WRITE_LEARNERS,
            learners.is_empty(),
            serde_json::to_string(&learners)?,
        ),
        (
            WRITE_BANDITS,
            bandits.is_empty(),
            serde_json::to_string(&bandits)?,
        ),
        (
            WRITE_FLAGS,
            flags.is_empty(),
            serde_json::to_string(&flags)?,
        ),
        (WRITE_TOTALS, false, serde_json::to_string(&totals)?),
        (
            WRITE_REPORTS,
            reports.is_empty(),
            serde_json::to_string(&reports)?,
        ),
    ];
    let filled = all.into_iter().filter(|(_, is_empty, _)| !is_empty);
    let filled = filled.map(|(statement, _, json)| (statement, vec![json.into()]));
    Ok(filled.chain(blocks(change)).collect())
}

/// The statements that write blocks that changed, bytes, so each a crossing of its own, and that
/// delete those that were dropped.
fn blocks(change: &Change) -> Statements {
    let block = |(learner, name): &Learned| {
        let state = change.learners.get(learner)?;
        let mut values = vec![
            (&*learner.0).into(),
            format!("{:016x}", learner.1).into(),
            (&**name).into(),
        ];
        let Some(block) = state.blocks.get(name) else {
            return Some((DELETE_BLOCK, values));
        };
        values.push(block.to_bytes().into());
        Some((WRITE_BLOCK, values))
    };
    change.learned.iter().filter_map(block).collect()
}

/// Notes which state a coordinator has acknowledged.
pub(super) fn note_sent(sql: &SqlStorage, learner: &(Box<str>, u64), sequence: u64) -> Result<()> {
    let (bandit, definition) = learner;
    let definition = format!("{definition:016x}");
    let values = vec![
        (sequence as f64).into(),
        (&**bandit).into(),
        definition.into(),
    ];
    sql::run(
        sql,
        "UPDATE learners SET sent = ?1 WHERE bandit = ?2 AND definition = ?3",
        values,
    )
}

/// Sums of the senders' reports.
pub(super) fn reported(sql: &SqlStorage) -> Result<Report> {
    let statement = "SELECT coalesce(sum(attempted), 0), coalesce(sum(dropped), 0),
        coalesce(sum(rejected), 0) FROM reports";
    let Some(mut sums) = sql::first(sql, statement, vec![])? else {
        return Ok(Report::default());
    };
    Ok(Report {
        sender: 0,
        n_attempted: sums.number()?,
        n_dropped: sums.number()?,
        n_rejected: sums.number()?,
    })
}

/// Which shard this object is, once it has committed anything.
pub(super) fn shard(sql: &SqlStorage) -> Result<Option<u16>> {
    let row = sql::first(sql, "SELECT number FROM shard", vec![])?;
    row.map(|mut row| Ok(row.number()? as u16)).transpose()
}
