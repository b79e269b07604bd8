//! Evaluate and explain with the very code that edges run.

use super::publications::draft;
use crate::app::{self, App};
use crate::extract::{InPath, JsonBody};
use crate::fault::{Fault, FaultKind, Result};
use crate::publishing::{Assessment, Former, assess};
use crate::store::{Store, environments, publications};
use axum::Json;
use bandera_shared::snapshot::{PolicySnapshot, wire as snapshot};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::evaluation::{EvaluationWire, ExplanationWire};
use bandera_shared::wire::read_context;
use bandera_shared::{
    EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis, compile, names,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A question to a ruleset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EvaluationInput {
    /// The flag; every flag when absent (an explanation needs one).
    flag: Option<String>,
    /// `targetingKey` and any attributes.
    #[schema(value_type = Object)]
    context: Map<String, Value>,
    /// `live` (when absent), `draft`, or a publication's number.
    against: Option<String>,
    /// The moment, RFC 3339; now when absent.
    at: Option<String>,
    /// The random number that flags drawn per request use; 0 when absent.
    #[serde(default)]
    #[schema(required = false)]
    draw: u64,
    /// Whether the subject takes part in experiments; true when absent.
    participates: Option<bool>,
}

/// Answers, and which ruleset gave them.
#[derive(Debug, Serialize, ToSchema)]
struct EvaluationReply {
    /// `live`, `draft` or a publication's number, as asked.
    against: String,
    #[schema(value_type = Vec<EvaluationSchema>)]
    evaluations: Vec<Value>,
}

/// An answer with the steps that led to it.
#[derive(Debug, Serialize, ToSchema)]
struct ExplanationReply {
    /// `live`, `draft` or a publication's number, as asked.
    against: String,
    #[schema(value_type = ExplanationSchema)]
    explanation: Value,
}

/// An answer in OpenFeature's words, as `bandera_shared` writes it.
#[derive(Debug, ToSchema)]
#[schema(as = Evaluation, rename_all = "camelCase")]
#[allow(dead_code, reason = "documents the form that the shared crate writes")]
struct EvaluationSchema {
    key: String,
    /// Absent where the caller's default applies.
    #[schema(value_type = Option<Value>)]
    value: Option<Value>,
    variant: Option<String>,
    reason: String,
    error_code: Option<String>,
    error_details: Option<String>,
    /// Rule, bucket, bandit, propensity and the like.
    #[schema(value_type = Object)]
    metadata: Value,
}

/// An explanation, as `bandera_shared` writes it.
#[derive(Debug, ToSchema)]
#[schema(as = Explanation)]
#[allow(dead_code, reason = "documents the form that the shared crate writes")]
struct ExplanationSchema {
    evaluation: EvaluationSchema,
    /// What was done, in order.
    steps: Vec<StepSchema>,
}

/// One step of an explanation.
#[derive(Debug, ToSchema)]
#[schema(as = ExplanationStep)]
#[allow(dead_code, reason = "documents the form that the shared crate writes")]
struct StepSchema {
    rule: Option<String>,
    /// What happened.
    what: String,
    /// What would have to be different for it to go the other way.
    change: Option<Vec<String>>,
}

/// A question with everything that an evaluator needs.
struct Question {
    against: String,
    ruleset: Ruleset,
    policies: Policies,
    context: EvaluationContext,
    at: UnixMillis,
    draw: u64,
    participation: Participation,
    sticky: StickyDecisions,
}

impl Question {
    async fn load(app: &App, environment: &str, input: EvaluationInput) -> Result<Self> {
        let store = app.store()?;
        environments::get(&store, environment).await?;
        let context = Value::Object(input.context).to_string();
        let context = read_context(&context).map_err(|error| {
            let pointer = format!("/context{}", error.pointer);
            Fault::new(FaultKind::InvalidDocument, error.message).at(pointer)
        })?;
        let at = match input.at {
            None => UnixMillis(app::now_ms().cast_signed()),
            Some(text) => UnixMillis::parse(&text).map_err(|_| {
                let detail = "a moment such as 2026-03-01T09:00:00Z is needed";
                Fault::new(FaultKind::InvalidDocument, detail).at("/at")
            })?,
        };
        let against = input.against.unwrap_or_else(|| "live".to_owned());
        let bytes = ruleset_bytes(&store, environment, &against).await?;
        let compiled = compile(&bytes)
            .map_err(|error| Fault::new(FaultKind::InvalidRuleset, error.to_string()))?;
        let policies = policies(app, environment, &compiled.ruleset).await?;
        let participation = match input.participates {
            Some(false) => Participation::Excluded,
            _ => Participation::Full,
        };
        let sticky = StickyDecisions::default();
        let (ruleset, draw) = (compiled.ruleset, input.draw);
        Ok(Self {
            against,
            ruleset,
            policies,
            context,
            at,
            draw,
            participation,
            sticky,
        })
    }

    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator {
            ruleset: &self.ruleset,
            context: &self.context,
            at: self.at,
            draw: self.draw,
            policies: &self.policies,
            sticky: &self.sticky,
            participation: self.participation,
        }
    }
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(evaluate))
        .routes(routes!(explain))
}

/// Evaluates one flag, or all, for a context.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/evaluate",
    tag = "evaluation",
    operation_id = "evaluate",
    params(("environment" = String, Path)),
    request_body = EvaluationInput,
    responses((status = 200, body = EvaluationReply)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn evaluate(
    app: App,
    InPath(environment): InPath<String>,
    JsonBody(mut input): JsonBody<EvaluationInput>,
) -> Result<Json<EvaluationReply>> {
    let flag = input.flag.take();
    let question = Question::load(&app, &environment, input).await?;
    let evaluator = question.evaluator();
    let found: Vec<_> = match &flag {
        Some(key) => vec![evaluator.evaluate(key)],
        None => evaluator.evaluate_all().collect(),
    };
    let evaluations = found.iter().map(|one| to_json(&EvaluationWire::from(one)));
    let evaluations = evaluations.collect::<Result<_>>()?;
    Ok(Json(EvaluationReply {
        against: question.against.clone(),
        evaluations,
    }))
}

/// Evaluates one flag and says why, and what would have to change.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/explain",
    tag = "evaluation",
    operation_id = "explain",
    params(("environment" = String, Path)),
    request_body = EvaluationInput,
    responses((status = 200, body = ExplanationReply)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn explain(
    app: App,
    InPath(environment): InPath<String>,
    JsonBody(mut input): JsonBody<EvaluationInput>,
) -> Result<Json<ExplanationReply>> {
    let flag = input.flag.take().ok_or_else(|| {
        Fault::new(FaultKind::InvalidDocument, "say which flag to explain").at("/flag")
    })?;
    let question = Question::load(&app, &environment, input).await?;
    let explanation = question.evaluator().explain(&flag);
    let explanation = to_json(&ExplanationWire::from(&explanation))?;
    Ok(Json(ExplanationReply {
        against: question.against.clone(),
        explanation,
    }))
}

/// The ruleset to ask. A draft with errors is asked as it is: its broken flags answer so.
pub(super) async fn ruleset_bytes(
    store: &Store,
    environment: &str,
    against: &str,
) -> Result<Vec<u8>> {
    let former = Former::load(store, environment).await?;
    match against {
        "live" => {
            let absent = || Fault::new(FaultKind::Conflict, "nothing has been published yet");
            Ok(former.ok_or_else(absent)?.bytes.into_bytes())
        }
        "draft" => {
            let draft = draft(store, environment).await?;
            Ok(match assess(former.as_ref(), &draft)? {
                Assessment::Publishable { bytes, .. } => bytes.into_bytes(),
                Assessment::Refused(_) => draft.to_bytes(),
            })
        }
        number => {
            let number = number.parse().map_err(|_| {
                let detail = "\"live\", \"draft\" or a publication's number";
                Fault::new(FaultKind::InvalidDocument, detail).at("/against")
            })?;
            let row = publications::get(store, environment, number).await?;
            Ok(publications::ruleset(store, &row.hash).await?.into_bytes())
        }
    }
}

/// What the bandits have learned, as edges know it.
async fn policies(app: &App, environment: &str, ruleset: &Ruleset) -> Result<Policies> {
    let mut snapshots = Vec::new();
    for bandit in ruleset.bandits() {
        snapshots.extend(snapshot_of(app, environment, bandit.key()).await?);
    }
    Ok(Policies::new(snapshots))
}

/// What a bandit has learned, as edges know it; `None` where they know nothing that can be read.
pub(super) async fn snapshot_of(
    app: &App,
    environment: &str,
    bandit: &str,
) -> Result<Option<PolicySnapshot>> {
    let key = names::policy_snapshot(environment, bandit);
    let bytes = app.rulesets()?.get(&key).bytes().await?;
    Ok(bytes.and_then(|bytes| snapshot::parse(&bytes).ok()))
}

fn to_json<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Fault::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    const RULESET: &[u8] = br#"{"schemaVersion": 1, "flags": {"a": {
        "type": "boolean", "status": "enabled", "defaultVariant": "on",
        "variants": {"on": {"value": true}},
        "rules": [{"when": {"attribute": "x", "op": "eq", "value": 1}, "serve": {"variant": "on"}}]
    }}}"#;

    #[track_caller]
    fn check<S: PartialSchema>(written: &Value) {
        let schema = serde_json::to_value(S::schema()).unwrap();
        for name in written.as_object().unwrap().keys() {
            assert!(
                schema["properties"].get(name).is_some(),
                "{name} is not in {schema}"
            );
        }
        for name in schema["required"].as_array().unwrap() {
            assert!(
                written.get(name.as_str().unwrap()).is_some(),
                "{name} is not in {written}"
            );
        }
    }

    #[test]
    fn the_description_has_what_the_shared_crate_writes() {
        let ruleset = compile(RULESET).unwrap().ruleset;
        let evaluator = Evaluator {
            ruleset: &ruleset,
            context: &EvaluationContext::new(),
            at: UnixMillis(0),
            draw: 0,
            policies: &Policies::default(),
            sticky: &StickyDecisions::default(),
            participation: Participation::Full,
        };
        for key in ["a", "absent"] {
            let explanation = evaluator.explain(key);
            let written = to_json(&ExplanationWire::from(&explanation)).unwrap();
            check::<ExplanationSchema>(&written);
            check::<EvaluationSchema>(&written["evaluation"]);
            for step in written["steps"].as_array().unwrap() {
                check::<StepSchema>(step);
            }
        }
    }
}
