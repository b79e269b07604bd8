//! Environments: each has its drafts, its publications and its salt.

use super::{PageQuery, Tagged};
use crate::app::{self, App, Call};
use crate::auth::hex;
use crate::extract::{InPath, InQuery, JsonBody, PatchBody, parse};
use crate::fault::{Fault, FaultKind, Result};
use crate::kinds::check_key;
use crate::limits::{ENVIRONMENTS_MAX, KEY_BYTES_MAX, NAME_BYTES_MAX, NOTE_BYTES_MAX};
use crate::paging::{self, Page};
use crate::precondition::{self, Intent, etag};
use crate::ruleset;
use crate::store::audit::{self, Entry};
use crate::store::environments::{self, EnvironmentRow};
use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Random bytes in the salt of a new environment.
const SALT_BYTES: usize = 8;

/// An environment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Environment)]
#[serde(rename_all = "camelCase")]
struct EnvironmentView {
    key: String,
    name: String,
    description: String,
    /// Part of every hash that assigns a subject, therefore fixed for life.
    salt: String,
    /// Attributes that flags may use and that nothing tells: names, or lists of a name and the
    /// members below it.
    #[schema(value_type = Vec<Object>)]
    private_attributes: Value,
    version: u64,
    /// Unix milliseconds.
    created_at_ms: u64,
    /// Unix milliseconds.
    updated_at_ms: u64,
}

impl From<EnvironmentRow> for EnvironmentView {
    fn from(row: EnvironmentRow) -> Self {
        Self {
            key: row.key,
            name: row.name,
            description: row.description,
            salt: row.salt,
            private_attributes: private_of(&row.private_attributes),
            version: row.version,
            created_at_ms: row.created_at_ms,
            updated_at_ms: row.updated_at_ms,
        }
    }
}

/// What is written of an environment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EnvironmentInput {
    name: String,
    #[serde(default)]
    #[schema(required = false)]
    description: String,
    /// Random when absent; it cannot be changed later.
    salt: Option<String>,
    /// Attributes that flags may use and that nothing tells: names, or lists of a name and the
    /// members below it.
    /// As they are when absent.
    #[schema(value_type = Option<Vec<Object>>)]
    private_attributes: Option<Vec<Value>>,
}

/// The stored list; what was checked when it was written can be read.
fn private_of(stored: &str) -> Value {
    ruleset::parse(stored).unwrap_or_else(|_| json!([]))
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(read, put, patch))
}

/// Lists environments by key.
#[utoipa::path(
    get,
    path = "/api/v1/environments",
    tag = "environments",
    operation_id = "listEnvironments",
    params(PageQuery),
    responses((status = 200, body = Page<EnvironmentView>)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn list(app: App, InQuery(query): InQuery<PageQuery>) -> Result<Json<Page<EnvironmentView>>> {
    let limit = paging::limit(query.limit)?;
    let after = paging::position(query.cursor.as_deref())?;
    let rows = environments::page(&app.store()?, &after, limit + 1).await?;
    Page::new(rows, limit, |row| row.key.clone(), |row| Ok(row.into())).map(Json)
}

/// One environment.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}",
    tag = "environments",
    operation_id = "readEnvironment",
    params(("environment" = String, Path)),
    responses((status = 200, body = EnvironmentView)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn read(app: App, InPath(key): InPath<String>) -> Result<Tagged<EnvironmentView>> {
    let row = environments::get(&app.store()?, &key).await?;
    Ok(Tagged::ok(etag(row.version), row.into()))
}

/// Creates an environment (`If-None-Match: *`) or replaces its name, description and
/// private attributes (`If-Match`).
#[utoipa::path(
    put,
    path = "/api/v1/environments/{environment}",
    tag = "environments",
    operation_id = "putEnvironment",
    params(
        ("environment" = String, Path),
        ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header)
    ),
    request_body = EnvironmentInput,
    responses((status = 200, body = EnvironmentView), (status = 201, body = EnvironmentView)),
    security(("token" = ["admin"]))
)]
#[worker::send]
async fn put(
    call: Call,
    InPath(key): InPath<String>,
    JsonBody(input): JsonBody<EnvironmentInput>,
) -> Result<Tagged<EnvironmentView>> {
    check_key(&key)?;
    let present = environments::find(&call.app.store()?, &key).await?;
    let intent = precondition::intent(&call.headers, present.as_ref().map(|row| row.version))?;
    let row = write(&call, &key, present, input).await?;
    let tag = etag(row.version);
    Ok(match intent {
        Intent::Create => Tagged::created(tag, row.into()),
        Intent::Replace => Tagged::ok(tag, row.into()),
    })
}

/// Changes name, description or private attributes by a merge patch (RFC 7396).
#[utoipa::path(
    patch,
    path = "/api/v1/environments/{environment}",
    tag = "environments",
    operation_id = "patchEnvironment",
    params(("environment" = String, Path), ("If-Match" = String, Header)),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = EnvironmentView)),
    security(("token" = ["admin"]))
)]
#[worker::send]
async fn patch(
    call: Call,
    InPath(key): InPath<String>,
    PatchBody(patch): PatchBody,
) -> Result<Tagged<EnvironmentView>> {
    let present = environments::get(&call.app.store()?, &key).await?;
    precondition::require(&call.headers, &etag(present.version))?;
    let before = json!({
        "name": present.name,
        "description": present.description,
        "privateAttributes": private_of(&present.private_attributes),
    });
    let merged = ruleset::merge(&before, &patch);
    let input: EnvironmentInput = parse(merged.to_string().as_bytes())?;
    let row = write(&call, &key, Some(present), input).await?;
    Ok(Tagged::ok(etag(row.version), row.into()))
}

async fn write(
    call: &Call,
    key: &str,
    present: Option<EnvironmentRow>,
    mut input: EnvironmentInput,
) -> Result<EnvironmentRow> {
    let store = call.app.store()?;
    check(&input, present.as_ref())?;
    let private = match (input.private_attributes.take(), &present) {
        (Some(declared), _) => Value::Array(declared),
        (None, Some(row)) => private_of(&row.private_attributes),
        (None, None) => json!([]),
    };
    ruleset::check_private(&private).map_err(|fault| fault.within("/privateAttributes"))?;
    if present.is_none() && environments::count(&store).await? >= ENVIRONMENTS_MAX {
        let detail = format!("there are {ENVIRONMENTS_MAX} environments, the most allowed");
        return Err(Fault::new(FaultKind::Conflict, detail));
    }
    let now_ms = app::now_ms();
    let row = EnvironmentRow {
        key: key.to_owned(),
        name: input.name,
        description: input.description,
        salt: present
            .as_ref()
            .map(|row| row.salt.clone())
            .or(input.salt)
            .unwrap_or_else(new_salt),
        private_attributes: private.to_string(),
        version: present.as_ref().map_or(1, |row| row.version + 1),
        created_at_ms: present.as_ref().map_or(now_ms, |row| row.created_at_ms),
        updated_at_ms: now_ms,
    };
    let before = present.as_ref().map(facts);
    let after = facts(&row);
    let entry = Entry {
        action: if before.is_some() { "update" } else { "create" },
        environment: Some(key),
        kind: "environment",
        key,
        version: Some(row.version),
        before: before.as_ref(),
        after: Some(&after),
    };
    let [version, state] = environments::write(&store, &row, &call.caller.name)?;
    let audit = audit::insert(&store, &call.caller, now_ms, &entry)?;
    store.commit(vec![version, state, audit]).await?;
    Ok(row)
}

/// What the audit log keeps of an environment.
fn facts(row: &EnvironmentRow) -> Value {
    json!({
        "name": row.name,
        "description": row.description,
        "salt": row.salt,
        "privateAttributes": private_of(&row.private_attributes),
    })
}

fn check(input: &EnvironmentInput, present: Option<&EnvironmentRow>) -> Result<()> {
    let invalid = |pointer: &str, detail: String| {
        Err(Fault::new(FaultKind::InvalidDocument, detail).at(pointer))
    };
    if input.name.trim().is_empty() || input.name.len() > NAME_BYTES_MAX {
        return invalid("/name", format!("a name has 1 to {NAME_BYTES_MAX} bytes"));
    }
    if input.description.len() > NOTE_BYTES_MAX {
        return invalid(
            "/description",
            format!("at most {NOTE_BYTES_MAX} bytes are allowed"),
        );
    }
    match (&input.salt, present) {
        (Some(salt), Some(row)) if *salt != row.salt => invalid(
            "/salt",
            "another salt would move every subject; it is fixed".to_owned(),
        ),
        (Some(salt), None) if salt.len() > KEY_BYTES_MAX => invalid(
            "/salt",
            format!("at most {KEY_BYTES_MAX} bytes are allowed"),
        ),
        _ => Ok(()),
    }
}

fn new_salt() -> String {
    let bytes: [u8; SALT_BYTES] = bandera_platform::random_bytes();
    hex(&bytes)
}
