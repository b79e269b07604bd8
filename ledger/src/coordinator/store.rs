//! The rows of a coordinator.

use bandera_shared::bandit::Bandit;
use bandera_shared::ledger::{ShardState, WarmStart, wire};
use bandera_shared::policy::linear::Block;
use bandera_shared::snapshot;
use bandera_shared::sorted::Sorted;
use std::sync::Arc;
use worker::durable::Storage;
use worker::{Error, Result, SqlStorage};

use super::Memory;
use crate::sql;

/// What made the tables of a coordinator what they are; see [`sql::migrate`]. Stored names never
/// change.
const MIGRATIONS: [&str; 2] = [
    "
CREATE TABLE IF NOT EXISTS shards (
    definition TEXT NOT NULL, shard INTEGER NOT NULL, sequence INTEGER NOT NULL,
    arms TEXT NOT NULL, PRIMARY KEY (definition, shard)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
",
    "
CREATE TABLE blocks (
    definition TEXT NOT NULL, shard INTEGER NOT NULL, action TEXT NOT NULL, sums BLOB NOT NULL,
    PRIMARY KEY (definition, shard, action)
) WITHOUT ROWID;
",
];

/// Publication number of the bandit.
const PUBLICATION: &str = "publication";
/// The bandit with its key.
const BANDIT: &str = "bandit";
/// Before the definition in hexadecimal and the action: what is believed of it from the start.
const WARM_START: &str = "warm/";
/// The highest revision reserved.
const REVISION: &str = "revision";
/// The latest snapshot written to KV.
const SNAPSHOT: &str = "snapshot";

/// Brings the tables up to date.
pub(super) fn prepare(storage: &Storage) -> Result<()> {
    sql::migrate(storage, &MIGRATIONS)
}

fn broken(fault: &impl std::fmt::Display) -> Error {
    Error::RustError(format!("stored state: {fault}"))
}

/// Everything the object knows.
pub(super) fn load(sql: &SqlStorage) -> Result<Memory> {
    let mut memory = Memory::default();
    let mut blocks = load_blocks(sql)?;
    let shards = "SELECT definition, shard, sequence, arms FROM shards";
    for row in sql::rows(sql, shards, vec![])? {
        let mut row = row?;
        let definition = u64::from_str_radix(&row.text()?, 16).map_err(|e| broken(&e))?;
        let (shard, sequence) = (row.number()? as u16, row.number()?);
        let mut state = wire::parse_arms(sequence, &row.text()?).map_err(|e| broken(&e))?;
        state.blocks = blocks.remove(&(definition, shard)).unwrap_or_default();
        memory
            .merged
            .or_default(definition)
            .merge_shard(shard, state);
    }
    load_warm_starts(sql, &mut memory)?;
    let publication = fact(sql, PUBLICATION)?.and_then(|text| text.parse().ok());
    if let (Some(publication), Some(bandit)) = (publication, fact(sql, BANDIT)?) {
        let bandit = wire::parse_bandit(&bandit).map_err(|e| broken(&e))?;
        memory.bandit = Some((publication, bandit));
    }
    memory.revision = fact(sql, REVISION)?
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    if let Some(json) = fact(sql, SNAPSHOT)? {
        let snapshot = snapshot::wire::parse(json.as_bytes()).map_err(|e| broken(&e))?;
        memory.snapshot = Some(snapshot);
    }
    Ok(memory)
}

fn load_warm_starts(sql: &SqlStorage, memory: &mut Memory) -> Result<()> {
    let all = "SELECT name, value FROM facts WHERE name GLOB 'warm/*'";
    for row in sql::rows(sql, all, vec![])? {
        let mut row = row?;
        let name = row.text()?;
        let parts = name
            .strip_prefix(WARM_START)
            .and_then(|rest| rest.split_once('/'));
        let (definition, action) = parts.ok_or_else(|| broken(&"a warm start"))?;
        let definition = u64::from_str_radix(definition, 16).map_err(|e| broken(&e))?;
        let start = wire::parse_warm_start(&row.text()?).map_err(|e| broken(&e))?;
        memory.merged.or_default(definition).warm_up(action, start);
    }
    Ok(())
}

/// Blocks of a shard's actions.
type Blocks = Sorted<Box<str>, Arc<Block>>;

/// Blocks of each definition and shard.
fn load_blocks(sql: &SqlStorage) -> Result<Sorted<(u64, u16), Blocks>> {
    let mut blocks: Sorted<(u64, u16), Blocks> = Sorted::new();
    let all = "SELECT definition, shard, action, sums FROM blocks";
    for row in sql::rows(sql, all, vec![])? {
        let mut row = row?;
        let definition = u64::from_str_radix(&row.text()?, 16).map_err(|e| broken(&e))?;
        let shard = row.number()? as u16;
        let action = row.text()?.into_boxed_str();
        let block = Block::from_bytes(&row.bytes()?).ok_or_else(|| broken(&"a block"))?;
        let known = blocks.or_default((definition, shard));
        known.insert(action, Arc::new(block));
    }
    Ok(blocks)
}

fn fact(sql: &SqlStorage, name: &str) -> Result<Option<String>> {
    let statement = "SELECT value FROM facts WHERE name = ?1";
    let row = sql::first(sql, statement, vec![name.into()])?;
    row.map(|mut row| row.text()).transpose()
}

fn write_fact(sql: &SqlStorage, name: &str, value: &str) -> Result<()> {
    let statement = "INSERT OR REPLACE INTO facts VALUES (?1, ?2)";
    sql::run(sql, statement, vec![name.into(), value.into()])
}

/// Remembers the bandit as a publication defines it.
pub(super) fn write_bandit(sql: &SqlStorage, publication: u64, bandit: &Bandit) -> Result<()> {
    write_fact(sql, BANDIT, &wire::print_bandit(bandit))?;
    write_fact(sql, PUBLICATION, &publication.to_string())
}

/// Remembers a shard's state, of its blocks those that differ from what is `known`; as one write,
/// so that a state never meets blocks of another moment.
pub(super) fn write_shard(
    storage: &Storage,
    (definition, shard): (u64, u16),
    known: Option<&ShardState>,
    state: &ShardState,
) -> Result<()> {
    let key = || [format!("{definition:016x}").into(), i32::from(shard).into()];
    let mut values = key().to_vec();
    values.extend([
        (state.sequence as f64).into(),
        wire::print_arms(state).into(),
    ]);
    let mut statements = vec![(
        "INSERT OR REPLACE INTO shards VALUES (?1, ?2, ?3, ?4)",
        values,
    )];
    for (action, block) in &state.blocks {
        if known.and_then(|known| known.blocks.get(action)) != Some(block) {
            let mut values = key().to_vec();
            values.extend([(&**action).into(), block.to_bytes().into()]);
            statements.push((
                "INSERT OR REPLACE INTO blocks VALUES (?1, ?2, ?3, ?4)",
                values,
            ));
        }
    }
    let dropped = known.into_iter().flat_map(|known| known.blocks.keys());
    for name in dropped.filter(|name| state.blocks.get(*name).is_none()) {
        let mut values = key().to_vec();
        values.push((&**name).into());
        statements.push((
            "DELETE FROM blocks WHERE definition = ?1 AND shard = ?2 AND action = ?3",
            values,
        ));
    }
    sql::transaction(storage, move |sql| {
        statements
            .into_iter()
            .try_for_each(|(statement, values)| sql::run(sql, statement, values))
    })
}

/// Remembers what is believed of an action from the start.
pub(super) fn write_warm_start(
    sql: &SqlStorage,
    definition: u64,
    action: &str,
    start: &WarmStart,
) -> Result<()> {
    let name = format!("{WARM_START}{definition:016x}/{action}");
    write_fact(sql, &name, &wire::print_warm_start(start))
}

/// Takes a revision that no snapshot has.
pub(super) fn reserve_revision(sql: &SqlStorage, revision: u64) -> Result<()> {
    write_fact(sql, REVISION, &revision.to_string())
}

/// Remembers the snapshot that KV has.
pub(super) fn write_snapshot(sql: &SqlStorage, json: &str) -> Result<()> {
    write_fact(sql, SNAPSHOT, json)
}
