//! The HTTP API: each operation is declared once, beside its handler, and routed, documented and
//! guarded from that declaration.

mod audit;
mod bandits;
mod comparison;
mod documents;
mod environments;
mod evaluation;
mod events;
mod export;
mod health;
mod import;
mod openapi;
mod publications;
mod tokens;
mod validation;

use crate::auth::{self, Access};
use crate::fault::{Fault, FaultKind};
use crate::limits::{BODY_BYTES_MAX, IMPORT_BODY_BYTES_MAX};
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, middleware};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

/// `cursor` and `limit` of every list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
    /// Items of a page, from 1 to 200; 50 when absent.
    pub(crate) limit: Option<u32>,
}

/// Whether to stop short of writing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRunQuery {
    /// Answer as if it had been done, and do nothing.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// A JSON answer with its entity tag.
pub(crate) struct Tagged<T> {
    pub(crate) status: StatusCode,
    pub(crate) etag: String,
    pub(crate) body: T,
}

impl<T> Tagged<T> {
    /// 200 with that entity tag.
    pub(crate) fn ok(etag: String, body: T) -> Self {
        Self {
            status: StatusCode::OK,
            etag,
            body,
        }
    }

    /// 201 with that entity tag.
    pub(crate) fn created(etag: String, body: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            etag,
            body,
        }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let headers = [(header::ETAG, self.etag)];
        (self.status, headers, axum::Json(self.body)).into_response()
    }
}

/// Every operation, with its documentation.
pub(crate) fn router() -> OpenApiRouter {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(health::routes())
        .merge(environments::routes())
        .merge(documents::routes())
        .merge(import::routes())
        .merge(export::routes())
        .merge(validation::routes())
        .merge(publications::routes())
        .merge(comparison::routes())
        .merge(evaluation::routes())
        .merge(bandits::routes())
        .merge(events::routes())
        .merge(audit::routes())
        .merge(tokens::routes())
}

/// Longest body of a request to that path.
pub(crate) fn body_bytes_max(path: &str) -> u32 {
    let below = path.strip_prefix("/api/v1/environments/");
    match below.and_then(|below| below.split('/').nth(1)) {
        Some("import") => IMPORT_BODY_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    }
}

/// The service: operations behind their roles, and a problem document for whatever is none.
pub(crate) fn service() -> Router {
    let (router, mut document) = router().split_for_parts();
    openapi::complete(&mut document);
    let access = Access::from_document(&document);
    let document = Arc::new(document);
    router
        .route_layer(middleware::from_fn(auth::authorise))
        .method_not_allowed_fallback(async || {
            Fault::new(FaultKind::MethodNotAllowed, "see the Allow header")
        })
        .fallback(async || Fault::new(FaultKind::NotFound, "no such operation; see /openapi.json"))
        .layer(middleware::map_response(guard))
        // A body was bounded before it was read.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(access))
        .layer(Extension(document))
}

/// The OpenAPI document, as it is served.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = router().split_for_parts();
    openapi::complete(&mut document);
    document
}

/// Headers of every answer: nothing is cached unasked, nothing is sniffed, nothing is framed.
pub(crate) async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}
