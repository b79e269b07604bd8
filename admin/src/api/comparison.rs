//! What differs between two publications, or between one and the draft.

use super::publications::draft;
use crate::app::App;
use crate::diff::{Changes, changes};
use crate::extract::{InPath, InQuery};
use crate::fault::{Fault, FaultKind, Result};
use crate::publishing::{Assessment, Former, assess, refusal};
use crate::ruleset;
use crate::store::{Store, environments, publications};
use axum::Json;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Two rulesets to compare: a publication's number, `live` or `draft`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// The earlier one; `live` when absent.
    from: Option<String>,
    /// The later one; `draft` when absent.
    to: Option<String>,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(diff))
}

/// Compares two rulesets place by place.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/diff",
    tag = "publishing",
    operation_id = "diffRulesets",
    params(("environment" = String, Path), DiffQuery),
    responses((status = 200, body = Changes)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn diff(
    app: App,
    InPath(environment): InPath<String>,
    InQuery(query): InQuery<DiffQuery>,
) -> Result<Json<Changes>> {
    let store = app.store()?;
    environments::get(&store, &environment).await?;
    let from = query.from.as_deref().unwrap_or("live");
    let from = side(&store, &environment, from).await?;
    let to = query.to.as_deref().unwrap_or("draft");
    let to = side(&store, &environment, to).await?;
    Ok(Json(changes(&from, &to)))
}

/// One side of a comparison; before the first publication, what is live has no documents.
async fn side(store: &Store, environment: &str, name: &str) -> Result<Value> {
    let former = async || Former::load(store, environment).await;
    match name {
        "live" => Former::value(former().await?.as_ref()),
        "draft" => match assess(former().await?.as_ref(), &draft(store, environment).await?)? {
            Assessment::Publishable { bytes, .. } => ruleset::parse(&bytes),
            Assessment::Refused(diagnostics) => Err(refusal(diagnostics)),
        },
        number => {
            let invalid = |_| {
                let detail = "compare publication numbers, \"live\" or \"draft\"";
                Fault::new(FaultKind::InvalidParameter, detail)
            };
            let number = number.parse().map_err(invalid)?;
            let row = publications::get(store, environment, number).await?;
            ruleset::parse(&publications::ruleset(store, &row.hash).await?)
        }
    }
}
