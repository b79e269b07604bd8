//! API tokens: hashes, never the tokens themselves.

use super::{Bind, Store};
use crate::fault::Result;
use serde::Deserialize;
use worker::D1PreparedStatement;

/// A row of `api_tokens`, without the hash.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) created_at_ms: u64,
    pub(crate) created_by: Option<String>,
    pub(crate) expires_at_ms: Option<u64>,
    pub(crate) revoked_at_ms: Option<u64>,
}

const COLUMNS: &str = "id, name, role, created_at_ms, created_by, expires_at_ms, revoked_at_ms";

/// The token with that hash.
pub(crate) async fn by_hash(store: &Store, sha256: &str) -> Result<Option<TokenRow>> {
    let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE token_sha256 = ?1");
    store.first(&sql, &[Bind::Text(sha256)]).await
}

/// The token with that id.
pub(crate) async fn by_id(store: &Store, id: &str) -> Result<Option<TokenRow>> {
    let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE id = ?1");
    store.first(&sql, &[Bind::Text(id)]).await
}

/// At most `limit` tokens after the id `after`, by id.
pub(crate) async fn page(store: &Store, after: &str, limit: u32) -> Result<Vec<TokenRow>> {
    let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE id > ?1 ORDER BY id LIMIT ?2");
    store
        .all(&sql, &[Bind::Text(after), Bind::Number(limit.into())])
        .await
}

/// Adds a token.
pub(crate) fn insert(store: &Store, row: &TokenRow, sha256: &str) -> Result<D1PreparedStatement> {
    let sql = "INSERT INTO api_tokens
        (id, name, role, token_sha256, created_at_ms, created_by, expires_at_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    store.statement(
        sql,
        &[
            Bind::Text(&row.id),
            Bind::Text(&row.name),
            Bind::Text(&row.role),
            Bind::Text(sha256),
            Bind::Number(row.created_at_ms),
            Bind::OptionalText(row.created_by.as_deref()),
            Bind::OptionalNumber(row.expires_at_ms),
        ],
    )
}

/// Revokes a token, unless it is revoked already or the last one that can administer.
pub(crate) fn revoke(store: &Store, id: &str, now_ms: u64) -> Result<D1PreparedStatement> {
    let sql = "UPDATE api_tokens SET revoked_at_ms = ?2
        WHERE id = ?1 AND revoked_at_ms IS NULL AND (role <> 'admin' OR EXISTS (
            SELECT 1 FROM api_tokens other
            WHERE other.id <> ?1 AND other.role = 'admin' AND other.revoked_at_ms IS NULL
              AND (other.expires_at_ms IS NULL OR other.expires_at_ms > ?2)))";
    store.statement(sql, &[Bind::Text(id), Bind::Number(now_ms)])
}
