//! What a contextual bandit does in one context, beside what it does on the whole.
//!
//! Shares come from the snapshot that edges read, expectations and how sure they are from the
//! coordinator's sums; both of the very code that decides.

use super::{BanditPath, DEVIATIONS_95, coordinator, learned, published};
use crate::api::evaluation::snapshot_of;
use crate::app::App;
use crate::extract::{InPath, JsonBody};
use crate::fault::{Fault, FaultKind, Result};
use axum::Json;
use bandera_shared::bandit::features::{InputKind, ONE};
use bandera_shared::bandit::{Bandit, ContextVector, Distribution, FeatureSpec, PARTS};
use bandera_shared::policy::linear::{Estimate, Estimator, Learned};
use bandera_shared::snapshot::PolicySnapshot;
use bandera_shared::wire::read_context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContextsInput {
    /// A context to look at beside the segments that occur: any attributes.
    #[schema(value_type = Option<Object>)]
    context: Option<Map<String, Value>>,
}

/// What a contextual bandit does, context by context.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BanditContexts {
    bandit: String,
    /// The metric that rewards it.
    metric: String,
    /// `binary` or `numeric`.
    reward_kind: &'static str,
    /// Revision of the snapshot that edges decide with; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// What the bandit looks at.
    inputs: Vec<ContextInput>,
    /// The mean of all contexts so far.
    overall: ContextView,
    /// Segments that occur, most decisions first.
    segments: Vec<ContextView>,
    /// The context that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    entered: Option<ContextView>,
}

/// An attribute that a bandit looks at.
#[derive(Debug, Serialize, ToSchema)]
struct ContextInput {
    attribute: String,
    /// The texts that are told apart, where it is one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<String>>,
    /// The number below which all are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    /// The number above which all are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
}

/// What is done in a context; of a segment, in the mean of its contexts.
#[derive(Debug, Serialize, ToSchema)]
struct ContextView {
    /// Such as `device = mobile`.
    name: String,
    /// Decisions that still count and were made in it; 0 for a context that was asked about.
    decisions: u64,
    arms: Vec<ArmInContext>,
}

/// An action in a context.
#[derive(Debug, Serialize, ToSchema)]
struct ArmInContext {
    action: String,
    /// Probability with which edges choose it there now, in 0..=1.
    share: f64,
    /// Decisions for it there that still count; absent for a context that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<u64>,
    /// Reward that is expected of a decision for it there, in the metric's unit; absent before
    /// anything was learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    /// Central 95 % interval of that expectation, in the metric's unit and range.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval95: Option<[f64; 2]>,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(contexts))
}

/// Tells what a contextual bandit does in the segments that occur, and in a context.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/bandits/{key}/contexts",
    tag = "bandits",
    operation_id = "lookIntoContexts",
    params(BanditPath),
    request_body = ContextsInput,
    responses((status = 200, body = BanditContexts)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn contexts(
    app: App,
    InPath(path): InPath<BanditPath>,
    JsonBody(input): JsonBody<ContextsInput>,
) -> Result<Json<BanditContexts>> {
    let (_, bandit) = published(&app, &path.environment, &path.key).await?;
    let Some(features) = bandit.features() else {
        let detail = "the published bandit looks at no context";
        return Err(Fault::new(FaultKind::Conflict, detail));
    };
    let entered = match input.context {
        None => None,
        Some(context) => {
            let context = read_context(&Value::Object(context).to_string()).map_err(|error| {
                let pointer = format!("/context{}", error.pointer);
                Fault::new(FaultKind::InvalidDocument, error.message).at(pointer)
            })?;
            Some(features.vector(&context))
        }
    };
    let name = bandera_shared::names::coordinator(&path.environment, &path.key);
    let learned = learned(&app, &coordinator(&name), &bandit, features).await?;
    let known = Known {
        estimator: learned.as_ref().and_then(Learned::estimator),
        learned: learned.as_ref(),
        snapshot: snapshot_of(&app, &path.environment, &path.key).await?,
        bandit: &bandit,
        features,
    };
    Ok(Json(known.describe(entered.as_ref())))
}

/// All that is known of a bandit.
struct Known<'k> {
    bandit: &'k Bandit,
    features: &'k FeatureSpec,
    learned: Option<&'k Learned>,
    estimator: Option<Estimator<'k>>,
    snapshot: Option<PolicySnapshot>,
}

impl Known<'_> {
    fn describe(&self, entered: Option<&ContextVector>) -> BanditContexts {
        let reward = self.bandit.reward();
        let segments = self.features.segments().into_iter();
        let mut segments: Vec<ContextView> = segments
            .filter_map(|segment| self.segment(segment.place + 1, segment.name))
            .collect();
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.decisions));
        let everybody = "all contexts".to_owned();
        BanditContexts {
            bandit: self.bandit.key().to_owned(),
            metric: reward.metric.to_string(),
            reward_kind: super::kind_of(reward),
            revision: self.snapshot.as_ref().map(PolicySnapshot::revision),
            inputs: inputs(self.features),
            overall: self.segment(0, everybody.clone()).unwrap_or_else(|| {
                let nowhere = vec![0; self.features.n_features()];
                let middle = ContextVector::new(self.features.fingerprint(), nowhere);
                self.view(everybody, &middle.unwrap_or_default(), None)
            }),
            segments,
            entered: entered
                .map(|vector| self.view("the context entered".to_owned(), vector, None)),
        }
    }

    /// What is done in the mean context of a segment; `None` where it has not occurred.
    fn segment(&self, term: usize, name: String) -> Option<ContextView> {
        let mean = self.learned?.segment(term)?;
        let one = f64::from(ONE);
        // Means of numbers within bounds stay within them.
        let values = mean.terms.get(1..)?.iter();
        let values: Vec<i16> = values.map(|of| (of * one).round() as i16).collect();
        let vector = ContextVector::new(self.features.fingerprint(), values)?;
        Some(self.view(name, &vector, Some(&mean.decisions)))
    }

    fn view(&self, name: String, at: &ContextVector, decisions: Option<&[f64]>) -> ContextView {
        let one = f64::from(ONE);
        let terms: Vec<f64> = std::iter::once(1.0)
            .chain(at.values().iter().map(|value| f64::from(*value) / one))
            .collect();
        let estimates = self.estimator.as_ref().and_then(|it| it.estimates(&terms));
        let shares = self.shares(at);
        let arms = self.bandit.actions().iter().enumerate();
        let arms = arms.map(|(place, action)| {
            let estimate = estimates.as_ref().and_then(|all| all.get(place));
            let parts = shares.as_ref().map_or(&[][..], Distribution::parts);
            let share = parts.get(place).copied().unwrap_or_default();
            let n = decisions.and_then(|decisions| decisions.get(place));
            ArmInContext {
                action: action.to_string(),
                share: f64::from(share) / f64::from(PARTS),
                decisions: n.map(|n| n.round() as u64),
                mean: estimate.map(|it| self.in_unit(it.mean)),
                interval95: estimate.map(|it| self.interval(it)),
            }
        });
        ContextView {
            name,
            decisions: decisions.map_or(0, |all| all.iter().sum::<f64>().round() as u64),
            arms: arms.collect(),
        }
    }

    /// What edges choose by there: the snapshot, and evenly without one that fits.
    fn shares(&self, at: &ContextVector) -> Option<Distribution> {
        let snapshot = self.snapshot.as_ref();
        snapshot
            .and_then(|snapshot| snapshot.distribution_in(at, self.bandit))
            .or_else(|| Distribution::uniform(self.bandit.actions().len()).ok())
    }

    /// A share of the range in the metric's unit.
    fn in_unit(&self, share: f64) -> f64 {
        let range = self.bandit.reward().range();
        range.min() + share * (range.max() - range.min())
    }

    fn interval(&self, Estimate { mean, deviation }: &Estimate) -> [f64; 2] {
        let reach = DEVIATIONS_95 * deviation;
        [mean - reach, mean + reach].map(|bound| self.in_unit(bound.clamp(0.0, 1.0)))
    }
}

fn inputs(features: &FeatureSpec) -> Vec<ContextInput> {
    let inputs = features.inputs().into_iter().map(|input| {
        let (categories, bounds) = match input.kind {
            InputKind::Number(bounds) => (None, bounds),
            InputKind::Category(texts) => {
                (Some(texts.iter().map(ToString::to_string).collect()), None)
            }
            InputKind::Text => (None, None),
        };
        ContextInput {
            attribute: input.attribute.to_string(),
            categories,
            min: bounds.map(|(min, _)| min),
            max: bounds.map(|(_, max)| max),
        }
    });
    inputs.collect()
}
