//! Environments and their versions.

use super::{Bind, Store};
use crate::fault::{Fault, Result};
use serde::Deserialize;
use worker::D1PreparedStatement;

/// A row of `environments`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EnvironmentRow {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) salt: String,
    /// A JSON list, as a ruleset has it.
    pub(crate) private_attributes: String,
    pub(crate) version: u64,
    pub(crate) created_at_ms: u64,
    pub(crate) updated_at_ms: u64,
}

const COLUMNS: &str =
    "key, name, description, salt, private_attributes, version, created_at_ms, updated_at_ms";

/// The environment of that key.
pub(crate) async fn find(store: &Store, key: &str) -> Result<Option<EnvironmentRow>> {
    let sql = format!("SELECT {COLUMNS} FROM environments WHERE key = ?1");
    store.first(&sql, &[Bind::Text(key)]).await
}

/// The environment of that key, which must exist.
pub(crate) async fn get(store: &Store, key: &str) -> Result<EnvironmentRow> {
    find(store, key)
        .await?
        .ok_or_else(|| Fault::not_found("environment", key))
}

/// At most `limit` environments after the key `after`, by key.
pub(crate) async fn page(store: &Store, after: &str, limit: u32) -> Result<Vec<EnvironmentRow>> {
    let sql = format!("SELECT {COLUMNS} FROM environments WHERE key > ?1 ORDER BY key LIMIT ?2");
    store
        .all(&sql, &[Bind::Text(after), Bind::Number(limit.into())])
        .await
}

/// How many there are.
pub(crate) async fn count(store: &Store) -> Result<u32> {
    #[derive(Deserialize)]
    struct Count {
        n: u32,
    }
    let count: Option<Count> = store
        .first("SELECT COUNT(*) AS n FROM environments", &[])
        .await?;
    Ok(count.map_or(0, |count| count.n))
}

/// Writes `row` as its `version`; the version before must be what the caller has read.
pub(crate) fn write(
    store: &Store,
    row: &EnvironmentRow,
    author: &str,
) -> Result<[D1PreparedStatement; 2]> {
    let version = store.statement(
        "INSERT INTO environment_versions
            (key, version, name, description, author, at_ms, private_attributes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            Bind::Text(&row.key),
            Bind::Number(row.version),
            Bind::Text(&row.name),
            Bind::Text(&row.description),
            Bind::Text(author),
            Bind::Number(row.updated_at_ms),
            Bind::Text(&row.private_attributes),
        ],
    )?;
    let present = store.statement(
        "INSERT INTO environments
            (key, name, description, salt, version, created_at_ms, updated_at_ms,
             private_attributes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (key) DO UPDATE SET name = ?2, description = ?3, version = ?5,
            updated_at_ms = ?7, private_attributes = ?8",
        &[
            Bind::Text(&row.key),
            Bind::Text(&row.name),
            Bind::Text(&row.description),
            Bind::Text(&row.salt),
            Bind::Number(row.version),
            Bind::Number(row.created_at_ms),
            Bind::Number(row.updated_at_ms),
            Bind::Text(&row.private_attributes),
        ],
    )?;
    Ok([version, present])
}
