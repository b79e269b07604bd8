//! The audit log.

use crate::app::App;
use crate::extract::InQuery;
use crate::fault::{Fault, Result};
use crate::paging::{self, Page};
use crate::store::audit::{self, AuditRow, Filter};
use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
#[serde(rename_all = "camelCase")]
struct AuditView {
    id: u64,
    /// Unix milliseconds.
    at_ms: u64,
    /// Id of the token that did it.
    actor_id: String,
    /// Name of the token that did it.
    actor_name: String,
    /// `create`, `update`, `archive`, `unarchive`, `publish`, `rollback` or `revoke`.
    action: String,
    /// Absent for tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// `flag`, `list`, `segment`, `layer`, `holdout`, `bandit`, `environment`, `publication` or
    /// `token`.
    kind: String,
    key: String,
    /// Version or publication number after the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The state before; absent when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// The state after.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl TryFrom<AuditRow> for AuditView {
    type Error = Fault;

    fn try_from(row: AuditRow) -> Result<Self> {
        let value = |text: Option<String>| {
            let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
            parsed.map_err(|error| Fault::internal(&error))
        };
        Ok(Self {
            id: row.id,
            at_ms: row.at_ms,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            action: row.action,
            environment: row.environment,
            kind: row.kind,
            key: row.key,
            version: row.version,
            before: value(row.before)?,
            after: value(row.after)?,
        })
    }
}

/// Which changes to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items of a page, from 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// Only this environment.
    environment: Option<String>,
    /// Only this kind.
    kind: Option<String>,
    /// Only this key.
    key: Option<String>,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(list))
}

/// Lists changes, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    operation_id = "listAudit",
    params(AuditQuery),
    responses((status = 200, body = Page<AuditView>)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn list(app: App, InQuery(query): InQuery<AuditQuery>) -> Result<Json<Page<AuditView>>> {
    let limit = paging::limit(query.limit)?;
    let filter = Filter {
        environment: query.environment.as_deref(),
        kind: query.kind.as_deref(),
        key: query.key.as_deref(),
        before_id: paging::number(query.cursor.as_deref())?,
    };
    let rows = audit::page(&app.store()?, &filter, limit + 1).await?;
    Page::new(rows, limit, |row| row.id.to_string(), AuditView::try_from).map(Json)
}
