//! Publications: publish, list, compare, roll back, and bring the pointer up to date.

use super::validation::{Preview, preview};
use super::{DryRunQuery, PageQuery, Tagged};
use crate::app::{App, Call};
use crate::delivery;
use crate::extract::{InPath, InQuery, JsonBody};
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::NOTE_BYTES_MAX;
use crate::paging::{self, Page};
use crate::precondition::{self, not_modified, publication_etag};
use crate::publishing::{Assessment, Former, Plan, assess, commit, refusal};
use crate::ruleset::Draft;
use crate::store::publications::{self, PublicationRow};
use crate::store::{Store, documents, environments};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// One publication of an environment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Publication)]
#[serde(rename_all = "camelCase")]
struct PublicationView {
    environment: String,
    /// Rises by one with each publication, rollbacks included.
    number: u64,
    /// SHA-256 of what edges read of it, in lower-case hexadecimal.
    hash: String,
    /// Name of the token that published it.
    author: String,
    /// Unix milliseconds.
    at_ms: u64,
    note: String,
    /// The publication whose bytes this one repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_of: Option<u64>,
    /// When the pointer that edges read was known to name it; absent while that is pending, or
    /// when a later publication overtook it.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at_ms: Option<u64>,
}

impl From<PublicationRow> for PublicationView {
    fn from(row: PublicationRow) -> Self {
        Self {
            environment: row.environment,
            number: row.number,
            hash: row.hash,
            author: row.author,
            at_ms: row.at_ms,
            note: row.note,
            rollback_of: row.rollback_of,
            delivered_at_ms: row.delivered_at_ms,
        }
    }
}

/// What is said about a publication.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct PublicationInput {
    /// Why, for those who look back.
    #[schema(required = false)]
    note: String,
}

impl PublicationInput {
    fn note(self) -> Result<String> {
        if self.note.len() > NOTE_BYTES_MAX {
            let detail = format!("at most {NOTE_BYTES_MAX} bytes are allowed");
            return Err(Fault::new(FaultKind::InvalidDocument, detail).at("/note"));
        }
        Ok(self.note)
    }
}

/// Path of a publication.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct PublicationPath {
    environment: String,
    number: u64,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(list, publish))
        .routes(routes!(read))
        .routes(routes!(ruleset))
        .routes(routes!(rollback))
        .routes(routes!(sync))
}

/// Lists publications, newest first. The `ETag` is what publishing and rolling back must match.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/publications",
    tag = "publishing",
    operation_id = "listPublications",
    params(("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<PublicationView>)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn list(
    app: App,
    InPath(environment): InPath<String>,
    InQuery(query): InQuery<PageQuery>,
) -> Result<Tagged<Page<PublicationView>>> {
    let store = app.store()?;
    environments::get(&store, &environment).await?;
    let limit = paging::limit(query.limit)?;
    let before = paging::number(query.cursor.as_deref())?;
    let rows = publications::page(&store, &environment, before, limit + 1).await?;
    let number = match before {
        None => rows.first().map_or(0, |row| row.number),
        Some(_) => latest(&store, &environment).await?,
    };
    let page = Page::new(
        rows,
        limit,
        |row| row.number.to_string(),
        |row| Ok(row.into()),
    )?;
    Ok(Tagged::ok(publication_etag(number), page))
}

/// Publishes the draft. `If-Match` names the last publication: `"p<number>"`, `"p0"` before the
/// first. A dry run answers 200 with what would happen.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/publications",
    tag = "publishing",
    operation_id = "publish",
    params(("environment" = String, Path), DryRunQuery, ("If-Match" = String, Header)),
    request_body = PublicationInput,
    responses((status = 201, body = PublicationView), (status = 200, body = Preview)),
    security(("token" = ["publisher"]))
)]
#[worker::send]
async fn publish(
    call: Call,
    InPath(environment): InPath<String>,
    InQuery(query): InQuery<DryRunQuery>,
    JsonBody(input): JsonBody<PublicationInput>,
) -> Result<Response> {
    let store = call.app.store()?;
    let former = Former::load(&store, &environment).await?;
    let draft = draft(&store, &environment).await?;
    let number = former.as_ref().map_or(0, |former| former.row.number);
    precondition::require(&call.headers, &publication_etag(number))?;
    let note = input.note()?;
    let assessment = assess(former.as_ref(), &draft)?;
    if query.dry_run {
        return Ok(Json(preview(former.as_ref(), assessment)?).into_response());
    }
    let (bytes, bundle, hash) = match assessment {
        Assessment::Publishable {
            bytes,
            bundle,
            hash,
            ..
        } => (bytes, bundle, hash),
        Assessment::Refused(diagnostics) => return Err(refusal(diagnostics)),
    };
    let former = former.map(|former| former.row);
    if former.as_ref().is_some_and(|row| row.hash == hash) {
        return Err(Fault::new(
            FaultKind::NothingToPublish,
            format!("publication {number}"),
        ));
    }
    let plan = Plan {
        environment: &environment,
        former: former.as_ref(),
        hash: &hash,
        bytes: &bytes,
        bundle: &bundle,
        note,
        rollback_of: None,
    };
    Ok(published(commit(&call.app, &call.caller, plan).await?).into_response())
}

/// One publication.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/publications/{number}",
    tag = "publishing",
    operation_id = "readPublication",
    params(PublicationPath),
    responses((status = 200, body = PublicationView)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn read(app: App, InPath(path): InPath<PublicationPath>) -> Result<Json<PublicationView>> {
    let row = publications::get(&app.store()?, &path.environment, path.number).await?;
    Ok(Json(row.into()))
}

/// The document of a publication; the `ETag` is the publication's hash.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/publications/{number}/ruleset",
    tag = "publishing",
    operation_id = "readPublishedRuleset",
    params(PublicationPath, ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = Object), (status = 304)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn ruleset(
    app: App,
    InPath(path): InPath<PublicationPath>,
    headers: HeaderMap,
) -> Result<Response> {
    let store = app.store()?;
    let row = publications::get(&store, &path.environment, path.number).await?;
    let tag = format!("\"{}\"", row.hash);
    if not_modified(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let bytes = publications::ruleset(&store, &row.hash).await?;
    let headers = [
        (header::ETAG, tag),
        (header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// Publishes the bytes of an earlier publication again, under the next number. Drafts stay as
/// they are. `If-Match` names the last publication.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/publications/{number}/rollback",
    tag = "publishing",
    operation_id = "rollBack",
    params(PublicationPath, ("If-Match" = String, Header)),
    request_body = PublicationInput,
    responses((status = 201, body = PublicationView)),
    security(("token" = ["publisher"]))
)]
#[worker::send]
async fn rollback(
    call: Call,
    InPath(path): InPath<PublicationPath>,
    JsonBody(input): JsonBody<PublicationInput>,
) -> Result<Tagged<PublicationView>> {
    let store = call.app.store()?;
    let target = publications::get(&store, &path.environment, path.number).await?;
    let former = publications::latest(&store, &path.environment).await?;
    let number = former.as_ref().map_or(0, |row| row.number);
    precondition::require(&call.headers, &publication_etag(number))?;
    if former.as_ref().is_some_and(|row| row.hash == target.hash) {
        let detail = format!("publication {number} has these very bytes");
        return Err(Fault::new(FaultKind::NothingToPublish, detail));
    }
    let plan = Plan {
        environment: &path.environment,
        former: former.as_ref(),
        hash: &target.hash,
        bytes: &publications::ruleset(&store, &target.hash).await?,
        bundle: &publications::bundle(&store, &target.hash).await?,
        note: input.note()?,
        rollback_of: Some(target.number),
    };
    Ok(published(commit(&call.app, &call.caller, plan).await?))
}

/// Writes bytes and pointer of the last publication to where edges read, again. Harmless to
/// repeat; needed only if a publication is not delivered.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/sync",
    tag = "publishing",
    operation_id = "syncPublication",
    params(("environment" = String, Path)),
    responses((status = 200, body = PublicationView)),
    security(("token" = ["publisher"]))
)]
#[worker::send]
async fn sync(app: App, InPath(environment): InPath<String>) -> Result<Json<PublicationView>> {
    let store = app.store()?;
    environments::get(&store, &environment).await?;
    let absent = || Fault::new(FaultKind::Conflict, "nothing has been published yet");
    let row = publications::latest(&store, &environment)
        .await?
        .ok_or_else(absent)?;
    let named = delivery::restore(&app, &row).await?.ok_or_else(absent)?;
    Ok(Json(named.into()))
}

/// The environment's draft ruleset.
pub(super) async fn draft(store: &Store, environment: &str) -> Result<Draft> {
    let row = environments::get(store, environment).await?;
    Draft::from_rows(&row, &documents::active(store, environment).await?)
}

async fn latest(store: &Store, environment: &str) -> Result<u64> {
    Ok(publications::latest(store, environment)
        .await?
        .map_or(0, |row| row.number))
}

fn published(row: PublicationRow) -> Tagged<PublicationView> {
    Tagged::created(publication_etag(row.number), row.into())
}
