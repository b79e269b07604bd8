//! The audit log: who changed what, when, from what to what.

use super::{Bind, Store};
use crate::auth::Caller;
use crate::fault::Result;
use serde::Deserialize;
use serde_json::Value;
use worker::D1PreparedStatement;

/// One change, to be written in the same transaction as the change itself.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Such as `update` or `publish`.
    pub(crate) action: &'static str,
    /// Where; `None` for tokens.
    pub(crate) environment: Option<&'a str>,
    /// Such as `flag` or `publication`.
    pub(crate) kind: &'a str,
    /// Which one.
    pub(crate) key: &'a str,
    /// Version or publication number after the change.
    pub(crate) version: Option<u64>,
    /// The state before; `None` when it is new.
    pub(crate) before: Option<&'a Value>,
    /// The state after.
    pub(crate) after: Option<&'a Value>,
}

/// A row of `audit_log`.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditRow {
    pub(crate) id: u64,
    pub(crate) at_ms: u64,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) action: String,
    pub(crate) environment: Option<String>,
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) version: Option<u64>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// Which entries to list; every `None` lets all pass.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) environment: Option<&'a str>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    /// Only entries older than that id.
    pub(crate) before_id: Option<u64>,
}

/// Adds an entry, if the statement before it in the transaction has changed something.
pub(crate) fn insert(
    store: &Store,
    caller: &Caller,
    at_ms: u64,
    entry: &Entry<'_>,
) -> Result<D1PreparedStatement> {
    statement(store, caller, at_ms, entry, "changes() > 0")
}

/// Writes an entry about what is done elsewhere than in the database.
pub(crate) async fn write(
    store: &Store,
    caller: &Caller,
    at_ms: u64,
    entry: &Entry<'_>,
) -> Result<()> {
    let statement = statement(store, caller, at_ms, entry, "true")?;
    store.commit(vec![statement]).await.map(drop)
}

fn statement(
    store: &Store,
    caller: &Caller,
    at_ms: u64,
    entry: &Entry<'_>,
    condition: &str,
) -> Result<D1PreparedStatement> {
    let sql = format!(
        "INSERT INTO audit_log (at_ms, actor_id, actor_name, action, environment, kind, key,
            version, before, after)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE {condition}"
    );
    let before = entry.before.map(Value::to_string);
    let after = entry.after.map(Value::to_string);
    store.statement(
        &sql,
        &[
            Bind::Number(at_ms),
            Bind::Text(&caller.id),
            Bind::Text(&caller.name),
            Bind::Text(entry.action),
            Bind::OptionalText(entry.environment),
            Bind::Text(entry.kind),
            Bind::Text(entry.key),
            Bind::OptionalNumber(entry.version),
            Bind::OptionalText(before.as_deref()),
            Bind::OptionalText(after.as_deref()),
        ],
    )
}

/// At most `limit` entries, newest first.
pub(crate) async fn page(store: &Store, filter: &Filter<'_>, limit: u32) -> Result<Vec<AuditRow>> {
    let sql = "SELECT id, at_ms, actor_id, actor_name, action, environment, kind, key, version,
            before, after
        FROM audit_log
        WHERE (?1 IS NULL OR environment = ?1) AND (?2 IS NULL OR kind = ?2)
          AND (?3 IS NULL OR key = ?3) AND (?4 IS NULL OR id < ?4)
        ORDER BY id DESC LIMIT ?5";
    let binds = [
        Bind::OptionalText(filter.environment),
        Bind::OptionalText(filter.kind),
        Bind::OptionalText(filter.key),
        Bind::OptionalNumber(filter.before_id),
        Bind::Number(limit.into()),
    ];
    store.all(sql, &binds).await
}
