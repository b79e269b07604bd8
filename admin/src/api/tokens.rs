//! API tokens: made, listed and revoked by those with role admin.

use super::PageQuery;
use crate::app::{self, App, Call};
use crate::auth::{Role, hex, new_token};
use crate::extract::{InPath, InQuery, JsonBody};
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::NAME_BYTES_MAX;
use crate::paging::{self, Page};
use crate::store::audit::{self, Entry};
use crate::store::tokens::{self, TokenRow};
use axum::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Random bytes in a token's id.
const ID_BYTES: usize = 8;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
#[serde(rename_all = "camelCase")]
struct TokenView {
    id: String,
    name: String,
    role: Role,
    /// Unix milliseconds.
    created_at_ms: u64,
    /// Name of the token that made it; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    /// Unix milliseconds; absent when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<u64>,
    /// Unix milliseconds; absent while it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at_ms: Option<u64>,
}

impl TryFrom<TokenRow> for TokenView {
    type Error = Fault;

    fn try_from(row: TokenRow) -> Result<Self> {
        let role = Role::parse(&row.role).ok_or_else(|| Fault::internal(&"unknown role"))?;
        Ok(Self {
            id: row.id,
            name: row.name,
            role,
            created_at_ms: row.created_at_ms,
            created_by: row.created_by,
            expires_at_ms: row.expires_at_ms,
            revoked_at_ms: row.revoked_at_ms,
        })
    }
}

/// A new token, with the secret that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewToken)]
struct NewTokenView {
    /// Send it as `Authorization: Bearer`.
    secret: String,
    token: TokenView,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TokenInput {
    /// Becomes the author of what it changes.
    name: String,
    role: Role,
    /// Unix milliseconds; it does not expire when absent.
    expires_at_ms: Option<u64>,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}

/// Lists tokens, revoked ones included, by id.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    tag = "tokens",
    operation_id = "listTokens",
    params(PageQuery),
    responses((status = 200, body = Page<TokenView>)),
    security(("token" = ["admin"]))
)]
#[worker::send]
async fn list(app: App, InQuery(query): InQuery<PageQuery>) -> Result<Json<Page<TokenView>>> {
    let limit = paging::limit(query.limit)?;
    let after = paging::position(query.cursor.as_deref())?;
    let rows = tokens::page(&app.store()?, &after, limit + 1).await?;
    Page::new(rows, limit, |row| row.id.clone(), TokenView::try_from).map(Json)
}

/// Makes a token. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "tokens",
    operation_id = "createToken",
    request_body = TokenInput,
    responses((status = 201, body = NewTokenView)),
    security(("token" = ["admin"]))
)]
#[worker::send]
async fn create(
    call: Call,
    JsonBody(input): JsonBody<TokenInput>,
) -> Result<(StatusCode, Json<NewTokenView>)> {
    if input.name.trim().is_empty() || input.name.len() > NAME_BYTES_MAX {
        let detail = format!("a name has 1 to {NAME_BYTES_MAX} bytes");
        return Err(Fault::new(FaultKind::InvalidDocument, detail).at("/name"));
    }
    let now_ms = app::now_ms();
    if input.expires_at_ms.is_some_and(|at| at <= now_ms) {
        let detail = "it would have expired already";
        return Err(Fault::new(FaultKind::InvalidDocument, detail).at("/expiresAtMs"));
    }
    let store = call.app.store()?;
    let secret = new_token();
    let id: [u8; ID_BYTES] = bandera_platform::random_bytes();
    let row = TokenRow {
        id: hex(&id),
        name: input.name,
        role: input.role.as_str().to_owned(),
        created_at_ms: now_ms,
        created_by: Some(call.caller.name.clone()),
        expires_at_ms: input.expires_at_ms,
        revoked_at_ms: None,
    };
    let after = facts(&row);
    let entry = entry("create", &row.id, None, Some(&after));
    let statements = vec![
        tokens::insert(&store, &row, &secret.sha256)?,
        audit::insert(&store, &call.caller, now_ms, &entry)?,
    ];
    store.commit(statements).await?;
    let view = NewTokenView {
        secret: secret.secret,
        token: row.try_into()?,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Revokes a token at once. The last one with role admin stays.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    tag = "tokens",
    operation_id = "revokeToken",
    params(("id" = String, Path)),
    responses((status = 204)),
    security(("token" = ["admin"]))
)]
#[worker::send]
async fn revoke(call: Call, InPath(id): InPath<String>) -> Result<StatusCode> {
    let store = call.app.store()?;
    let row = tokens::by_id(&store, &id)
        .await?
        .ok_or_else(|| Fault::not_found("token", &id))?;
    if row.revoked_at_ms.is_some() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let now_ms = app::now_ms();
    let before = facts(&row);
    let entry = entry("revoke", &id, Some(&before), None);
    let statements = vec![
        tokens::revoke(&store, &id, now_ms)?,
        audit::insert(&store, &call.caller, now_ms, &entry)?,
    ];
    if store.commit(statements).await?.first() == Some(&0) {
        let detail = "it is the last valid token with role admin";
        return Err(Fault::new(FaultKind::Conflict, detail));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn facts(row: &TokenRow) -> Value {
    json!({ "name": row.name, "role": row.role, "expiresAtMs": row.expires_at_ms })
}

fn entry<'a>(
    action: &'static str,
    id: &'a str,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
) -> Entry<'a> {
    Entry {
        action,
        environment: None,
        kind: "token",
        key: id,
        version: None,
        before,
        after,
    }
}
