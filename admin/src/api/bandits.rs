//! What a bandit has learned, live, as its coordinator knows it, and what people tell it.

mod arms;
mod contexts;
mod fixed;

use crate::app::App;
use crate::extract::InPath;
use crate::fault::{Fault, Result};
use crate::objects::{COORDINATOR, Object};
use crate::publishing::Former;
use crate::store::environments;
use axum::Json;
use bandera_shared::bandit::{Bandit, FeatureSpec, PARTS, RewardKind, RewardSpec};
use bandera_shared::ledger::{ArmView, BanditView, CoordinatorCommand, wire};
use bandera_shared::policy::linear::Learned;
use bandera_shared::{compile, names};
use fixed::BesideFixed;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Deviations of a normal distribution that hold its central 95 %.
const DEVIATIONS_95: f64 = 1.959_963_984_540_054;

/// What a bandit has learned.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BanditState {
    bandit: String,
    /// The metric that rewards it.
    metric: String,
    /// `binary` or `numeric`.
    reward_kind: &'static str,
    /// Whether it looks at contexts; then `contexts` tells what it does in each.
    contextual: bool,
    /// Kind of its policy, as declared: `thompson` where none is.
    policy: &'static str,
    /// Least reward of a decision, in the metric's unit.
    reward_min: f64,
    /// Greatest reward of a decision, in the metric's unit.
    reward_max: f64,
    /// Shards that have reported.
    shards: u64,
    /// Revision of the latest policy snapshot; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// When that snapshot was computed, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot_at_ms: Option<i64>,
    /// Each action, by name.
    arms: Vec<ArmState>,
    /// What it earned beside each action alone; absent where nothing can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside_fixed: Option<BesideFixed>,
}

/// What is known of an action.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ArmState {
    action: String,
    /// Probability with which edges choose it now, in 0..=1.
    share: f64,
    /// Decisions counted, whether through exposure or reward.
    decisions: u64,
    /// Decisions whose exposure was reported.
    exposed: u64,
    /// Decisions that were rewarded.
    rewarded: u64,
    /// Mean reward of a decision, in the metric's unit; absent without decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_reward: Option<f64>,
    /// Central 95 % interval of the posterior mean reward, in the metric's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval95: Option<[f64; 2]>,
    /// Probability that it is the best.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability_best: Option<f64>,
}

/// Path of a bandit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct BanditPath {
    environment: String,
    key: String,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(state))
        .merge(arms::routes())
        .merge(contexts::routes())
}

/// What a published bandit has learned so far.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/bandits/{key}/state",
    tag = "bandits",
    operation_id = "readBanditState",
    params(BanditPath),
    responses((status = 200, body = BanditState)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn state(app: App, InPath(path): InPath<BanditPath>) -> Result<Json<BanditState>> {
    let (_, bandit) = published(&app, &path.environment, &path.key).await?;
    let name = names::coordinator(&path.environment, &path.key);
    let coordinator = coordinator(&name);
    // It has nothing to say before it has heard of its bandit.
    let command = wire::print_coordinator_command(&CoordinatorCommand::View);
    let view = coordinator.ask(&app, &command, wire::parse_view).await?;
    let view = view.unwrap_or_else(|| nothing_learned(&bandit));
    let learned = match bandit.features() {
        Some(features) => learned(&app, &coordinator, &bandit, features).await?,
        None => None,
    };
    Ok(Json(BanditState {
        beside_fixed: BesideFixed::of(&bandit, &view, learned.as_ref()),
        ..describe(&bandit, &view)
    }))
}

/// What the coordinator knows of contexts, if it is of these actions and features: a publication
/// may have come in between.
async fn learned(
    app: &App,
    coordinator: &Object<'_>,
    bandit: &Bandit,
    features: &FeatureSpec,
) -> Result<Option<Learned>> {
    let command = wire::print_coordinator_command(&CoordinatorCommand::Learned);
    let learned = coordinator.ask(app, &command, wire::parse_learned).await?;
    Ok(learned.filter(|learned| {
        let names = learned.actions.iter().map(|one| &one.action);
        let mut models = learned.actions.iter().map(|one| one.coefficients.len());
        names.eq(bandit.actions()) && models.all(|terms| terms == features.n_features() + 1)
    }))
}

/// A bandit's coordinator, by its name.
fn coordinator(name: &str) -> Object<'_> {
    Object {
        binding: COORDINATOR,
        name,
        title: "the bandit's coordinator",
    }
}

/// The bandit as it is published, as its coordinator knows it, and the number of that publication.
async fn published(app: &App, environment: &str, key: &str) -> Result<(u64, Bandit)> {
    let store = app.store()?;
    environments::get(&store, environment).await?;
    let absent = || Fault::not_found("published bandit", key);
    let former = Former::load(&store, environment).await?;
    let former = former.ok_or_else(absent)?;
    let compiled = compile(former.bytes.as_bytes()).map_err(|error| Fault::internal(&error))?;
    let mut bandits = compiled.ruleset.bandits().iter();
    let bandit = bandits.find(|one| one.key() == key).ok_or_else(absent)?;
    Ok((former.row.number, bandit.clone().learner()))
}

/// What is known before the first event.
fn nothing_learned(bandit: &Bandit) -> BanditView {
    BanditView {
        bandit: bandit.key().into(),
        publication: 0,
        snapshot: None,
        n_shards: 0,
        arms: Vec::new(),
    }
}

/// The published bandit's actions, each with what is known of it.
fn describe(bandit: &Bandit, view: &BanditView) -> BanditState {
    let reward = bandit.reward();
    let range = reward.range();
    let n_actions = bandit.actions().len();
    let arms = bandit.actions().iter().map(|action| {
        let known = view.arms.iter().find(|arm| arm.action == *action);
        match (known, &view.snapshot) {
            (Some(arm), _) => known_arm(arm),
            // Nobody has heard of it yet: edges choose evenly until the first snapshot.
            (None, None) => unknown_arm(action, 1.0 / n_actions as f64),
            (None, Some(_)) => unknown_arm(action, 0.0),
        }
    });
    BanditState {
        bandit: bandit.key().to_owned(),
        metric: reward.metric.to_string(),
        reward_kind: kind_of(reward),
        contextual: bandit.features().is_some(),
        policy: bandit.policy().kind().name(),
        reward_min: range.min(),
        reward_max: range.max(),
        shards: view.n_shards as u64,
        revision: view.snapshot.as_ref().map(|snapshot| snapshot.revision),
        snapshot_at_ms: view.snapshot.as_ref().map(|snapshot| snapshot.at.0),
        arms: arms.collect(),
        beside_fixed: None,
    }
}

fn kind_of(reward: &RewardSpec) -> &'static str {
    match reward.kind {
        RewardKind::Binary => "binary",
        RewardKind::Numeric(_) => "numeric",
    }
}

fn known_arm(view: &ArmView) -> ArmState {
    let known = view.arm.n_decisions > 0;
    ArmState {
        action: view.action.to_string(),
        share: f64::from(view.parts) / f64::from(PARTS),
        decisions: view.arm.n_decisions,
        exposed: view.arm.n_exposed,
        rewarded: view.arm.n_rewarded,
        mean_reward: known.then_some(view.mean_reward),
        interval95: Some([view.interval_95.0, view.interval_95.1]),
        probability_best: Some(view.p_best),
    }
}

fn unknown_arm(action: &str, share: f64) -> ArmState {
    ArmState {
        action: action.to_owned(),
        share,
        decisions: 0,
        exposed: 0,
        rewarded: 0,
        mean_reward: None,
        interval95: None,
        probability_best: None,
    }
}
