//! Draft documents and every version of them.

use super::{Bind, Store};
use crate::fault::{Fault, Result};
use crate::kinds::Kind;
use serde::Deserialize;
use serde_json::Value;
use worker::D1PreparedStatement;

/// A row of `documents`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DocumentRow {
    pub(crate) environment: String,
    pub(crate) kind: Kind,
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) archived: u8,
    pub(crate) body: String,
    pub(crate) updated_at_ms: u64,
    pub(crate) updated_by: String,
}

impl DocumentRow {
    /// The document itself. The database only holds valid JSON.
    pub(crate) fn document(&self) -> Result<Value> {
        serde_json::from_str(&self.body).map_err(|error| Fault::internal(&error))
    }
}

/// A row of `document_versions`.
#[derive(Debug, Deserialize)]
pub(crate) struct VersionRow {
    pub(crate) version: u64,
    pub(crate) archived: u8,
    pub(crate) body: String,
    pub(crate) author: String,
    pub(crate) at_ms: u64,
}

/// Which document: environment, kind and key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id<'a> {
    pub(crate) environment: &'a str,
    pub(crate) kind: Kind,
    pub(crate) key: &'a str,
}

impl<'a> Id<'a> {
    fn binds(&self) -> [Bind<'a>; 3] {
        [
            Bind::Text(self.environment),
            Bind::Text(self.kind.as_str()),
            Bind::Text(self.key),
        ]
    }
}

/// Which documents to list.
#[derive(Debug)]
pub(crate) struct Filter<'a> {
    pub(crate) environment: &'a str,
    pub(crate) kind: Kind,
    /// Only keys after this one.
    pub(crate) after: &'a str,
    /// Archived ones or the others.
    pub(crate) archived: bool,
    /// Only keys that contain this text.
    pub(crate) search: Option<&'a str>,
    /// Only documents with this status.
    pub(crate) status: Option<&'a str>,
    /// Only documents with this tag.
    pub(crate) tag: Option<&'a str>,
}

const COLUMNS: &str = "environment, kind, key, version, archived, body, updated_at_ms, updated_by";

/// The document, archived or not.
pub(crate) async fn find(store: &Store, id: Id<'_>) -> Result<Option<DocumentRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM documents WHERE environment = ?1 AND kind = ?2 AND key = ?3"
    );
    store.first(&sql, &id.binds()).await
}

/// At most `limit` documents, by key.
pub(crate) async fn page(
    store: &Store,
    filter: &Filter<'_>,
    limit: u32,
) -> Result<Vec<DocumentRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM documents
         WHERE environment = ?1 AND kind = ?2 AND key > ?3 AND archived = ?4
           AND (?5 IS NULL OR instr(lower(key), lower(?5)) > 0)
           AND (?6 IS NULL OR json_extract(body, '$.status') = ?6)
           AND (?7 IS NULL OR EXISTS (
                SELECT 1 FROM json_each(body, '$.tags') AS tag WHERE tag.value = ?7))
         ORDER BY key LIMIT ?8"
    );
    let binds = [
        Bind::Text(filter.environment),
        Bind::Text(filter.kind.as_str()),
        Bind::Text(filter.after),
        Bind::Number(filter.archived.into()),
        Bind::OptionalText(filter.search),
        Bind::OptionalText(filter.status),
        Bind::OptionalText(filter.tag),
        Bind::Number(limit.into()),
    ];
    store.all(&sql, &binds).await
}

/// Every document of the environment that is not archived, read at one moment.
pub(crate) async fn active(store: &Store, environment: &str) -> Result<Vec<DocumentRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM documents WHERE environment = ?1 AND archived = 0
         ORDER BY kind, key"
    );
    store.all(&sql, &[Bind::Text(environment)]).await
}

/// Every document of the environment, archived or not.
pub(crate) async fn every(store: &Store, environment: &str) -> Result<Vec<DocumentRow>> {
    let sql = format!("SELECT {COLUMNS} FROM documents WHERE environment = ?1 ORDER BY kind, key");
    store.all(&sql, &[Bind::Text(environment)]).await
}

/// At most `limit` versions older than `before`, newest first.
pub(crate) async fn versions(
    store: &Store,
    id: Id<'_>,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<VersionRow>> {
    let sql = "SELECT version, archived, body, author, at_ms FROM document_versions
         WHERE environment = ?1 AND kind = ?2 AND key = ?3 AND (?4 IS NULL OR version < ?4)
         ORDER BY version DESC LIMIT ?5";
    let [environment, kind, key] = id.binds();
    let binds = [
        environment,
        kind,
        key,
        Bind::OptionalNumber(before),
        Bind::Number(limit.into()),
    ];
    store.all(sql, &binds).await
}

/// One version.
pub(crate) async fn version(store: &Store, id: Id<'_>, version: u64) -> Result<Option<VersionRow>> {
    let sql = "SELECT version, archived, body, author, at_ms FROM document_versions
         WHERE environment = ?1 AND kind = ?2 AND key = ?3 AND version = ?4";
    let [environment, kind, key] = id.binds();
    store
        .first(sql, &[environment, kind, key, Bind::Number(version)])
        .await
}

/// Writes `row` as its `version`; the version before must be what the caller has read.
pub(crate) fn write(store: &Store, row: &DocumentRow) -> Result<[D1PreparedStatement; 2]> {
    let binds = [
        Bind::Text(&row.environment),
        Bind::Text(row.kind.as_str()),
        Bind::Text(&row.key),
        Bind::Number(row.version),
        Bind::Number(row.archived.into()),
        Bind::Text(&row.body),
        Bind::Number(row.updated_at_ms),
        Bind::Text(&row.updated_by),
    ];
    let version = store.statement(
        "INSERT INTO document_versions
            (environment, kind, key, version, archived, body, at_ms, author)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &binds,
    )?;
    let present = store.statement(
        "INSERT INTO documents
            (environment, kind, key, version, archived, body, updated_at_ms, updated_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (environment, kind, key) DO UPDATE SET version = ?4, archived = ?5, body = ?6,
            updated_at_ms = ?7, updated_by = ?8",
        &binds,
    )?;
    Ok([version, present])
}
