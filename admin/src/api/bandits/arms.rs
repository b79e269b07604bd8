//! What people tell a bandit about one of its actions: forget it, or believe something from the
//! start.

use super::{coordinator, published};
use crate::api::events::n_shards;
use crate::app::{self, App, Call};
use crate::extract::{InPath, JsonBody};
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::SHARDS_ASKED_AT_ONCE;
use crate::objects::{LEDGER, Object};
use crate::store::audit::{self, Entry};
use axum::Json;
use bandera_shared::bandit::Bandit;
use bandera_shared::ledger::{
    CoordinatorCommand, InvalidWarmStart, LedgerCommand, Outcome, RESETS_MAX, WarmStart, wire,
};
use bandera_shared::{UnixMillis, names};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Path of an action.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ActionPath {
    environment: String,
    key: String,
    action: String,
}

/// Nothing is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetInput {}

/// What was forgotten.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ResetView {
    /// The moment from which the action counts anew.
    at_ms: u64,
    /// Shards of the ledger that had something to forget.
    shards: u16,
}

/// What is believed of an action: as if `weight` decisions had been rewarded with `mean`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WarmStartInput {
    /// Mean reward, in the metric's unit and range.
    mean: f64,
    /// Decisions that this is worth, at most 1,000,000; 0 takes it back.
    weight: u32,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(reset))
        .routes(routes!(warm_start))
}

/// Forgets what an action has earned so far. Decisions that were counted stay known, so that
/// whatever is still told of them counts nothing. After 503 repeat it: shards that have forgotten
/// forget what came since.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/bandits/{key}/actions/{action}/reset",
    tag = "bandits",
    operation_id = "resetAction",
    params(ActionPath),
    request_body = ResetInput,
    responses((status = 200, body = ResetView)),
    security(("token" = ["publisher"]))
)]
#[worker::send]
async fn reset(
    call: Call,
    InPath(path): InPath<ActionPath>,
    JsonBody(ResetInput {}): JsonBody<ResetInput>,
) -> Result<Json<ResetView>> {
    offered(&call.app, &path).await?;
    let at_ms = app::now_ms();
    note(&call, &path, "reset", at_ms, &json!({ "atMs": at_ms })).await?;
    let command = wire::print_ledger_command(&LedgerCommand::Reset {
        bandit: path.key.as_str().into(),
        action: path.action.as_str().into(),
        at: UnixMillis(at_ms as i64),
    });
    let shards: Vec<u16> = (0..n_shards(&call.app)?).collect();
    let mut outcomes = Vec::with_capacity(shards.len());
    for wave in shards.chunks(SHARDS_ASKED_AT_ONCE) {
        let telling = wave
            .iter()
            .map(|shard| tell_shard(&call.app, &path.environment, *shard, &command));
        outcomes.extend(join_all(telling).await);
    }
    let outcomes: Vec<Outcome> = outcomes.into_iter().collect::<Result<_>>()?;
    if outcomes.contains(&Outcome::TooMany) {
        let detail = format!(
            "an action is reset at most {RESETS_MAX} times under one reward; retire it and add \
             another"
        );
        return Err(Fault::new(FaultKind::Conflict, detail));
    }
    let forgot = outcomes.iter().filter(|one| **one == Outcome::Committed);
    let shards = forgot.count() as u16;
    Ok(Json(ResetView { at_ms, shards }))
}

/// Believes something of an action from the start, beside what is counted: pseudo-decisions of past
/// experiments. A later one replaces it.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/bandits/{key}/actions/{action}/warm-start",
    tag = "bandits",
    operation_id = "warmStartAction",
    params(ActionPath),
    request_body = WarmStartInput,
    responses((status = 200, body = WarmStartInput)),
    security(("token" = ["publisher"]))
)]
#[worker::send]
async fn warm_start(
    call: Call,
    InPath(path): InPath<ActionPath>,
    JsonBody(input): JsonBody<WarmStartInput>,
) -> Result<Json<WarmStartInput>> {
    let (publication, bandit) = offered(&call.app, &path).await?;
    let at_ms = app::now_ms();
    let (mean, weight) = (input.mean, input.weight);
    let range = bandit.reward().range();
    let start = WarmStart::new(mean, weight, range, UnixMillis(at_ms as i64)).map_err(|fault| {
        let pointer = match fault {
            InvalidWarmStart::Mean => "/mean",
            InvalidWarmStart::Decisions => "/weight",
        };
        Fault::new(FaultKind::InvalidParameter, fault.to_string()).at(pointer)
    })?;
    let said = json!({ "mean": mean, "weight": weight });
    note(&call, &path, "warmStart", at_ms, &said).await?;
    let name = names::coordinator(&path.environment, &path.key);
    let coordinator = coordinator(&name);
    let command = wire::print_coordinator_command(&CoordinatorCommand::Warm {
        publication,
        bandit: Box::new(bandit),
        action: path.action.as_str().into(),
        start,
    });
    let read = |_: &str| Ok::<(), std::convert::Infallible>(());
    let told = coordinator.ask(&call.app, &command, read).await?;
    told.ok_or_else(|| coordinator.silent())?;
    Ok(Json(input))
}

/// The published bandit, which offers the action.
async fn offered(app: &App, path: &ActionPath) -> Result<(u64, Bandit)> {
    let (publication, bandit) = published(app, &path.environment, &path.key).await?;
    let is_offered = bandit.actions().iter().any(|one| **one == *path.action);
    let absent = || Fault::not_found("action of the published bandit", &path.action);
    is_offered
        .then_some((publication, bandit))
        .ok_or_else(absent)
}

/// Writes to the audit log before the deed, which no transaction can hold together with its entry.
async fn note(
    call: &Call,
    path: &ActionPath,
    action: &'static str,
    at_ms: u64,
    said: &Value,
) -> Result<()> {
    let key = format!("{}/{}", path.key, path.action);
    let entry = Entry {
        action,
        environment: Some(&path.environment),
        kind: "action",
        key: &key,
        version: None,
        before: None,
        after: Some(said),
    };
    audit::write(&call.app.store()?, &call.caller, at_ms, &entry).await
}

async fn tell_shard(app: &App, environment: &str, shard: u16, command: &str) -> Result<Outcome> {
    let name = names::ledger(environment, shard);
    let ledger = Object {
        binding: LEDGER,
        name: &name,
        title: "a shard of the ledger",
    };
    let outcomes = ledger.ask(app, command, wire::parse_outcomes).await?;
    let outcome = outcomes.and_then(|outcomes| outcomes.first().copied());
    outcome.ok_or_else(|| ledger.silent())
}
