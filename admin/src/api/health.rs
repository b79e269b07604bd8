//! Readiness, the description of the API, and who the caller is.

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::fault::{Fault, FaultKind, Result};
use crate::store::environments;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The Worker answers and reaches its database.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthView {
    /// Always `ready`; otherwise the answer is a problem document with status 503.
    status: &'static str,
    /// The Worker's version.
    version: &'static str,
    /// How many environments there are.
    environments: u32,
}

/// The token behind the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
struct MeView {
    id: String,
    name: String,
    role: Role,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(health))
        .routes(routes!(me))
        .routes(routes!(document))
}

/// Whether the service is ready.
#[utoipa::path(
    get,
    path = "/api/v1/health",
    tag = "service",
    responses((status = 200, body = HealthView))
)]
#[worker::send]
async fn health(app: App) -> Result<Json<HealthView>> {
    let environments = environments::count(&app.store()?).await.map_err(|_| {
        Fault::new(
            FaultKind::Unavailable,
            "the database does not answer or is not migrated",
        )
    })?;
    Ok(Json(HealthView {
        status: "ready",
        version: env!("CARGO_PKG_VERSION"),
        environments,
    }))
}

/// The caller's token: its name and role.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "tokens",
    responses((status = 200, body = MeView)),
    security(("token" = ["viewer"]))
)]
async fn me(caller: Caller) -> Json<MeView> {
    Json(MeView {
        id: caller.id,
        name: caller.name,
        role: caller.role,
    })
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "service",
    responses((status = 200, body = Object, description = "OpenAPI 3.1"))
)]
async fn document(Extension(document): Extension<Arc<utoipa::openapi::OpenApi>>) -> Response {
    Json(&*document).into_response()
}
