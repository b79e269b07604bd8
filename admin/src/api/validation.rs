//! Validation: what would happen if the draft were published now.

use crate::app::App;
use crate::diagnostics::DiagnosticView;
use crate::diff::{Change, changes};
use crate::extract::{InPath, JsonBody};
use crate::fault::Result;
use crate::kinds::Kind;
use crate::publishing::{Assessment, Former, assess};
use crate::ruleset::{self, Draft};
use crate::store::{documents, environments};
use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Documents by key; `null` stands for one that is taken away.
type Members = BTreeMap<String, Option<Value>>;

/// Documents to be tried in place of the stored ones; everything else is as stored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Overlay {
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    flags: Members,
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    lists: Members,
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    segments: Members,
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    layers: Members,
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    holdouts: Members,
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    bandits: Members,
}

impl Overlay {
    fn apply(self, draft: &mut Draft) {
        let members = [
            (Kind::Flag, self.flags),
            (Kind::List, self.lists),
            (Kind::Segment, self.segments),
            (Kind::Layer, self.layers),
            (Kind::Holdout, self.holdouts),
            (Kind::Bandit, self.bandits),
        ];
        for (kind, members) in members {
            for (key, document) in members {
                draft.set(kind, &key, document);
            }
        }
    }
}

/// What publishing would come to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Preview {
    /// Whether it could be published.
    valid: bool,
    /// SHA-256 that the ruleset would have; absent when it is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// Number of the publication in force; 0 before the first.
    publication: u64,
    /// Errors and warnings, each led back to its document.
    diagnostics: Vec<DiagnosticView>,
    /// What would change for edges; empty when it is not valid.
    changes: Vec<Change>,
    /// Whether there are more changes than are listed.
    truncated: bool,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(validate))
}

/// Validates the draft, with documents of the body in place of the stored ones.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/validate",
    tag = "publishing",
    operation_id = "validateDraft",
    params(("environment" = String, Path)),
    request_body = Overlay,
    responses((status = 200, body = Preview)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn validate(
    app: App,
    InPath(environment): InPath<String>,
    JsonBody(overlay): JsonBody<Overlay>,
) -> Result<Json<Preview>> {
    let store = app.store()?;
    let row = environments::get(&store, &environment).await?;
    let mut draft = Draft::from_rows(&row, &documents::active(&store, &environment).await?)?;
    overlay.apply(&mut draft);
    let former = Former::load(&store, &environment).await?;
    preview(former.as_ref(), assess(former.as_ref(), &draft)?).map(Json)
}

/// An assessment, with what it would change.
pub(super) fn preview(former: Option<&Former>, assessment: Assessment) -> Result<Preview> {
    let publication = former.map_or(0, |former| former.row.number);
    match assessment {
        Assessment::Refused(diagnostics) => Ok(Preview {
            valid: false,
            hash: None,
            publication,
            diagnostics,
            changes: Vec::new(),
            truncated: false,
        }),
        Assessment::Publishable {
            bytes,
            hash,
            warnings,
            ..
        } => {
            let found = changes(&Former::value(former)?, &ruleset::parse(&bytes)?);
            Ok(Preview {
                valid: true,
                hash: Some(hash),
                publication,
                diagnostics: warnings,
                changes: found.changes,
                truncated: found.truncated,
            })
        }
    }
}
