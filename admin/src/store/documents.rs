//! Draft documents and every version of them.

use super::{Bind, Store};
use crate::auth::Caller;
use crate::drafting::Action;
use crate::fault::{Fault, Result};
use crate::kinds::Kind;
use crate::limits::PACKED_BYTES;
use serde::{Deserialize, Serialize};
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

/// New versions, of rows of kind, key, version, archived and body.
const INSERT_VERSIONS: &str = "INSERT INTO document_versions
        (environment, kind, key, version, archived, body, at_ms, author)
    SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?3, ?4
    FROM json_each(?1)";

/// Audit entries for versions just written, while `documents` still has those before.
const INSERT_ENTRIES: &str =
    "INSERT INTO audit_log (at_ms, actor_id, actor_name, action, environment, kind, key,
        version, before, after)
    SELECT ?3, ?5, ?4, step.value ->> 3, v.environment, v.kind, v.key, v.version,
        CASE step.value ->> 3 WHEN 'update' THEN present.body
            WHEN 'archive' THEN '{\"archived\":false}'
            WHEN 'unarchive' THEN '{\"archived\":true}' END,
        CASE step.value ->> 3 WHEN 'archive' THEN '{\"archived\":true}'
            WHEN 'unarchive' THEN '{\"archived\":false}' ELSE v.body END
    FROM json_each(?1) AS step
    CROSS JOIN document_versions AS v ON v.environment = ?2 AND v.kind = step.value ->> 0
        AND v.key = step.value ->> 1 AND v.version = step.value ->> 2
    LEFT JOIN documents AS present ON present.environment = v.environment
        AND present.kind = v.kind AND present.key = v.key
    ORDER BY step.key";

/// Makes versions just written the present ones.
const UPSERT_PRESENT: &str = "INSERT INTO documents
        (environment, kind, key, version, archived, body, updated_at_ms, updated_by)
    SELECT v.environment, v.kind, v.key, v.version, v.archived, v.body, ?3, ?4
    FROM json_each(?1) AS step
    CROSS JOIN document_versions AS v ON v.environment = ?2 AND v.kind = step.value ->> 0
        AND v.key = step.value ->> 1 AND v.version = step.value ->> 2
    WHERE true
    ON CONFLICT (environment, kind, key) DO UPDATE SET version = excluded.version,
        archived = excluded.archived, body = excluded.body,
        updated_at_ms = excluded.updated_at_ms, updated_by = excluded.updated_by";

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

/// Writes every row as its `version` and an audit entry for each, in their order. The version
/// before must be what the caller has read, otherwise a primary key refuses the whole transaction.
///
/// Rows are packed in JSON texts, so that the number of statements does not grow with theirs.
///
/// # Arguments
/// `steps`: what is done and the row after it, all of one environment, caller and time; a document
/// occurs once.
pub(crate) fn write(
    store: &Store,
    caller: &Caller,
    steps: &[(Action, DocumentRow)],
) -> Result<Vec<D1PreparedStatement>> {
    let Some((_, first)) = steps.first() else {
        return Ok(Vec::new());
    };
    let common = [
        Bind::Text(&first.environment),
        Bind::Number(first.updated_at_ms),
        Bind::Text(&caller.name),
    ];
    let with_id = [&common[..], &[Bind::Text(&caller.id)]].concat();
    let rows = steps.iter();
    let rows = rows.map(|(_, row)| (row.kind, &row.key, row.version, row.archived, &row.body));
    let rows = pack(rows)?;
    let steps = steps.iter();
    let steps = steps.map(|(action, row)| (row.kind, &row.key, row.version, action));
    let steps = pack(steps)?;
    let mut statements = Vec::new();
    for (sql, texts, binds) in [
        (INSERT_VERSIONS, &rows, &common[..]),
        (INSERT_ENTRIES, &steps, &with_id),
        (UPSERT_PRESENT, &steps, &common),
    ] {
        for text in texts {
            let binds = [&[Bind::Text(text)], binds].concat();
            statements.push(store.statement(sql, &binds)?);
        }
    }
    Ok(statements)
}

/// Lists of JSON, each as long as one text of a statement should be.
fn pack<T: Serialize>(items: impl Iterator<Item = T>) -> Result<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    for item in items {
        let item = serde_json::to_string(&item).map_err(|error| Fault::internal(&error))?;
        match texts.last_mut() {
            Some(text) if text.len() + item.len() < PACKED_BYTES => text.push(','),
            _ => texts.push("[".to_owned()),
        }
        if let Some(text) = texts.last_mut() {
            text.push_str(&item);
        }
    }
    for text in &mut texts {
        text.push(']');
    }
    Ok(texts)
}
