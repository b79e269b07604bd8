//! Publications, the ruleset bytes they name, and what edges read of those.

use super::{Bind, Store};
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::BUNDLE_PART_BYTES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use worker::D1PreparedStatement;

/// A row of `publications`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PublicationRow {
    pub(crate) environment: String,
    pub(crate) number: u64,
    pub(crate) hash: String,
    pub(crate) author: String,
    pub(crate) at_ms: u64,
    pub(crate) note: String,
    pub(crate) rollback_of: Option<u64>,
    pub(crate) delivered_at_ms: Option<u64>,
}

const COLUMNS: &str =
    "environment, number, hash, author, at_ms, note, rollback_of, delivered_at_ms";

/// The publication with the highest number.
pub(crate) async fn latest(store: &Store, environment: &str) -> Result<Option<PublicationRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM publications WHERE environment = ?1 ORDER BY number DESC LIMIT 1"
    );
    store.first(&sql, &[Bind::Text(environment)]).await
}

/// The latest publication of every environment.
pub(crate) async fn latest_of_all(store: &Store) -> Result<Vec<PublicationRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM publications AS p WHERE number =
            (SELECT MAX(number) FROM publications WHERE environment = p.environment)"
    );
    store.all(&sql, &[]).await
}

/// The publication with that number.
pub(crate) async fn get(store: &Store, environment: &str, number: u64) -> Result<PublicationRow> {
    let sql = format!("SELECT {COLUMNS} FROM publications WHERE environment = ?1 AND number = ?2");
    let row = store
        .first(&sql, &[Bind::Text(environment), Bind::Number(number)])
        .await?;
    row.ok_or_else(|| Fault::not_found("publication", &number.to_string()))
}

/// At most `limit` publications below the number `before`, newest first.
pub(crate) async fn page(
    store: &Store,
    environment: &str,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<PublicationRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM publications
         WHERE environment = ?1 AND (?2 IS NULL OR number < ?2) ORDER BY number DESC LIMIT ?3"
    );
    let binds = [
        Bind::Text(environment),
        Bind::OptionalNumber(before),
        Bind::Number(limit.into()),
    ];
    store.all(&sql, &binds).await
}

/// The ruleset bytes with that hash.
pub(crate) async fn ruleset(store: &Store, hash: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Row {
        bytes: String,
    }
    let row: Option<Row> = store
        .first(
            "SELECT bytes FROM rulesets WHERE hash = ?1",
            &[Bind::Text(hash)],
        )
        .await?;
    row.map(|row| row.bytes)
        .ok_or_else(|| Fault::internal(&format!("no ruleset {hash}")))
}

/// Keeps ruleset bytes once per hash.
pub(crate) fn insert_ruleset(
    store: &Store,
    hash: &str,
    bytes: &str,
    now_ms: u64,
) -> Result<D1PreparedStatement> {
    store.statement(
        "INSERT INTO rulesets (hash, bytes, created_at_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (hash) DO NOTHING",
        &[Bind::Text(hash), Bind::Text(bytes), Bind::Number(now_ms)],
    )
}

/// What edges read of the publication with that hash.
pub(crate) async fn bundle(store: &Store, hash: &str) -> Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct Row {
        base64: String,
    }
    let rows: Vec<Row> = store
        .all(
            "SELECT base64 FROM bundles WHERE hash = ?1 ORDER BY part",
            &[Bind::Text(hash)],
        )
        .await?;
    if rows.is_empty() {
        let detail = "it was published in a form that edges no longer read: publish it anew";
        return Err(Fault::new(FaultKind::Conflict, detail));
    }
    let mut bytes = Vec::new();
    for row in rows {
        BASE64
            .decode_vec(row.base64, &mut bytes)
            .map_err(|error| Fault::internal(&error))?;
    }
    Ok(bytes)
}

/// Keeps what edges read once per hash.
pub(crate) fn insert_bundle(
    store: &Store,
    hash: &str,
    bytes: &[u8],
) -> Result<Vec<D1PreparedStatement>> {
    let parts = bytes.chunks(BUNDLE_PART_BYTES).zip(0..);
    parts
        .map(|(bytes, part)| {
            store.statement(
                "INSERT INTO bundles (hash, part, base64) VALUES (?1, ?2, ?3)
                 ON CONFLICT (hash, part) DO NOTHING",
                &[
                    Bind::Text(hash),
                    Bind::Number(part),
                    Bind::Text(&BASE64.encode(bytes)),
                ],
            )
        })
        .collect()
}

/// Adds a publication; its number collides when somebody else took it.
pub(crate) fn insert(store: &Store, row: &PublicationRow) -> Result<D1PreparedStatement> {
    store.statement(
        "INSERT INTO publications
            (environment, number, hash, author, at_ms, note, rollback_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            Bind::Text(&row.environment),
            Bind::Number(row.number),
            Bind::Text(&row.hash),
            Bind::Text(&row.author),
            Bind::Number(row.at_ms),
            Bind::Text(&row.note),
            Bind::OptionalNumber(row.rollback_of),
        ],
    )
}

/// Notes when the pointer was first known to name this publication.
pub(crate) async fn mark_delivered(store: &Store, row: &PublicationRow) -> Result<()> {
    let sql = "UPDATE publications SET delivered_at_ms = ?3
         WHERE environment = ?1 AND number = ?2 AND delivered_at_ms IS NULL";
    let binds = [
        Bind::Text(&row.environment),
        Bind::Number(row.number),
        Bind::OptionalNumber(row.delivered_at_ms),
    ];
    store
        .commit(vec![store.statement(sql, &binds)?])
        .await
        .map(|_| ())
}
