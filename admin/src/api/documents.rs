//! Flags, lists, segments, layers, holdouts and bandits: drafts, with every version of them.

mod view;

use super::{DryRunQuery, PageQuery, Tagged};
use crate::app::{self, App, Call};
use crate::drafting::{Action, Change, Prepared, prepare};
use crate::extract::{InPath, InQuery, JsonBody, PatchBody};
use crate::fault::{Fault, Result};
use crate::paging::{self, Page};
use crate::precondition::{self, Intent, etag};
use crate::ruleset::merge;
use crate::store::documents::{self, Filter, Id};
use crate::store::environments;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use view::{CollectionPath, DocumentPath, DocumentView, ListQuery, VersionPath, VersionView};

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(read, put, patch))
        .routes(routes!(archive))
        .routes(routes!(unarchive))
        .routes(routes!(versions))
        .routes(routes!(version))
}

/// Lists the documents of a collection by key.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/{collection}",
    tag = "documents",
    operation_id = "listDocuments",
    params(CollectionPath, ListQuery),
    responses((status = 200, body = Page<DocumentView>)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn list(
    app: App,
    InPath(path): InPath<CollectionPath>,
    InQuery(query): InQuery<ListQuery>,
) -> Result<Json<Page<DocumentView>>> {
    let store = app.store()?;
    environments::get(&store, &path.environment).await?;
    let limit = paging::limit(query.limit)?;
    let after = paging::position(query.cursor.as_deref())?;
    let filter = Filter {
        environment: &path.environment,
        kind: path.collection.into(),
        after: &after,
        archived: query.archived,
        search: query.search.as_deref(),
        status: query.status.as_deref(),
        tag: query.tag.as_deref(),
    };
    let rows = documents::page(&store, &filter, limit + 1).await?;
    let view = |row| DocumentView::new(row, Vec::new());
    Page::new(rows, limit, |row| row.key.clone(), view).map(Json)
}

/// One document; `If-None-Match` is answered with 304 when nothing has changed.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/{collection}/{key}",
    tag = "documents",
    operation_id = "readDocument",
    params(DocumentPath, ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = DocumentView), (status = 304)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn read(
    app: App,
    InPath(path): InPath<DocumentPath>,
    headers: HeaderMap,
) -> Result<Response> {
    let row = documents::find(&app.store()?, path.id())
        .await?
        .ok_or_else(|| path.absent())?;
    let tag = etag(row.version);
    if precondition::not_modified(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(Tagged::ok(tag, DocumentView::new(row, Vec::new())?).into_response())
}

/// Creates a document (`If-None-Match: *`) or replaces it (`If-Match`).
#[utoipa::path(
    put,
    path = "/api/v1/environments/{environment}/{collection}/{key}",
    tag = "documents",
    operation_id = "putDocument",
    params(
        DocumentPath,
        DryRunQuery,
        ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header)
    ),
    request_body = Object,
    responses((status = 200, body = DocumentView), (status = 201, body = DocumentView)),
    security(("token" = ["editor"]))
)]
#[worker::send]
async fn put(
    call: Call,
    InPath(path): InPath<DocumentPath>,
    InQuery(query): InQuery<DryRunQuery>,
    JsonBody(document): JsonBody<Value>,
) -> Result<Tagged<DocumentView>> {
    path.id().kind.check_key(&path.key)?;
    let store = call.app.store()?;
    environments::get(&store, &path.environment).await?;
    let present = documents::find(&store, path.id()).await?;
    let action = match precondition::intent(&call.headers, present.as_ref().map(|row| row.version))?
    {
        Intent::Create => Action::Create,
        Intent::Replace => Action::Update,
    };
    let change = Change {
        id: path.id(),
        present,
        action,
        document,
    };
    write(&call, change, query.dry_run).await
}

/// Changes a document by a merge patch (RFC 7396), such as `{"status": "disabled"}`.
#[utoipa::path(
    patch,
    path = "/api/v1/environments/{environment}/{collection}/{key}",
    tag = "documents",
    operation_id = "patchDocument",
    params(DocumentPath, DryRunQuery, ("If-Match" = String, Header)),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = DocumentView)),
    security(("token" = ["editor"]))
)]
#[worker::send]
async fn patch(
    call: Call,
    InPath(path): InPath<DocumentPath>,
    InQuery(query): InQuery<DryRunQuery>,
    PatchBody(patch): PatchBody,
) -> Result<Tagged<DocumentView>> {
    let present = path.present(&call).await?;
    let document = merge(&present.document()?, &patch);
    let change = Change {
        id: path.id(),
        present: Some(present),
        action: Action::Update,
        document,
    };
    write(&call, change, query.dry_run).await
}

/// Takes a document out of the ruleset; it and its versions stay readable.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/{collection}/{key}/archive",
    tag = "documents",
    operation_id = "archiveDocument",
    params(DocumentPath, ("If-Match" = String, Header)),
    responses((status = 200, body = DocumentView)),
    security(("token" = ["editor"]))
)]
#[worker::send]
async fn archive(call: Call, InPath(path): InPath<DocumentPath>) -> Result<Tagged<DocumentView>> {
    shelve(&call, &path, Action::Archive).await
}

/// Puts an archived document back.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/{collection}/{key}/unarchive",
    tag = "documents",
    operation_id = "unarchiveDocument",
    params(DocumentPath, ("If-Match" = String, Header)),
    responses((status = 200, body = DocumentView)),
    security(("token" = ["editor"]))
)]
#[worker::send]
async fn unarchive(call: Call, InPath(path): InPath<DocumentPath>) -> Result<Tagged<DocumentView>> {
    shelve(&call, &path, Action::Unarchive).await
}

/// Lists the versions of a document, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/{collection}/{key}/versions",
    tag = "documents",
    operation_id = "listDocumentVersions",
    params(DocumentPath, PageQuery),
    responses((status = 200, body = Page<VersionView>)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn versions(
    app: App,
    InPath(path): InPath<DocumentPath>,
    InQuery(query): InQuery<PageQuery>,
) -> Result<Json<Page<VersionView>>> {
    let limit = paging::limit(query.limit)?;
    let before = paging::number(query.cursor.as_deref())?;
    let rows = documents::versions(&app.store()?, path.id(), before, limit + 1).await?;
    if rows.is_empty() && before.is_none() {
        return Err(path.absent());
    }
    Page::new(
        rows,
        limit,
        |row| row.version.to_string(),
        VersionView::try_from,
    )
    .map(Json)
}

/// One version of a document.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/{collection}/{key}/versions/{version}",
    tag = "documents",
    operation_id = "readDocumentVersion",
    params(VersionPath),
    responses((status = 200, body = VersionView)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn version(app: App, InPath(path): InPath<VersionPath>) -> Result<Json<VersionView>> {
    let kind = path.collection.into();
    let id = Id {
        environment: &path.environment,
        kind,
        key: &path.key,
    };
    let row = documents::version(&app.store()?, id, path.version).await?;
    row.ok_or_else(|| Fault::not_found("version", &path.version.to_string()))?
        .try_into()
        .map(Json)
}

async fn shelve(call: &Call, path: &DocumentPath, action: Action) -> Result<Tagged<DocumentView>> {
    let present = path.present(call).await?;
    let document = present.document()?;
    let change = Change {
        id: path.id(),
        present: Some(present),
        action,
        document,
    };
    write(call, change, false).await
}

async fn write(call: &Call, change: Change<'_>, dry_run: bool) -> Result<Tagged<DocumentView>> {
    let created = change.action == Action::Create && !dry_run;
    let Prepared {
        row,
        action,
        warnings,
    } = prepare(&call.caller, app::now_ms(), change)?;
    if let Some(action) = action
        && !dry_run
    {
        let store = call.app.store()?;
        let steps = [(action, row.clone())];
        store
            .commit(documents::write(&store, &call.caller, &steps)?)
            .await?;
    }
    let tag = etag(row.version);
    let view = DocumentView::new(row, warnings)?;
    Ok(if created {
        Tagged::created(tag, view)
    } else {
        Tagged::ok(tag, view)
    })
}
