//! Evaluations as JSON, in the words of OpenFeature and its remote evaluation protocol.

use crate::bandit::Propensity;
use crate::evaluate::Explanation;
use crate::evaluation::{Evaluation, KeptOut, Outcome};
use crate::value::Value;
use serde::Serialize;

/// An evaluation as it is written. `value` is absent where the caller's default applies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationWire<'e> {
    /// The flag's key.
    pub key: &'e str,
    /// The value served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<&'e Value>,
    /// The variant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'e str>,
    /// Why, as OpenFeature names it.
    pub reason: &'static str,
    /// What went wrong, as OpenFeature names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'static str>,
    /// What exactly went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<&'e str>,
    /// Facts behind the answer.
    pub metadata: MetadataWire<'e>,
}

/// Facts behind an answer; absent ones do not apply.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataWire<'e> {
    /// The rule that served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'e str>,
    /// The bucket that decided, in `0..1_000_000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u64>,
    /// The bandit that chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandit: Option<&'e str>,
    /// The action that was chosen among those of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'e str>,
    /// The probability with which it chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensity: Option<f64>,
    /// The revision of the policy that chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_revision: Option<u64>,
    /// The required flag that was not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmet_prerequisite: Option<&'e str>,
    /// The holdout the subject is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<&'e str>,
    /// The layer in which the subject belongs to another flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<&'e str>,
    /// True where the subject takes no part in experiments.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub excluded: bool,
    /// True where the flag's planned life is over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// The flag's configuration with the variant's overrides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<&'e Value>,
    /// The variant's own metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_metadata: Option<&'e Value>,
}

impl<'e> From<&'e Evaluation<'_>> for EvaluationWire<'e> {
    fn from(evaluation: &'e Evaluation<'_>) -> Self {
        let (reason, error_code, error_details) = match &evaluation.outcome {
            Outcome::Resolved { reason, .. } | Outcome::CallerDefault { reason } => {
                (reason.as_str(), None, None)
            }
            Outcome::Failed { code, detail } => ("ERROR", Some(code.as_str()), Some(&**detail)),
        };
        let variant = evaluation.variant();
        Self {
            key: evaluation.flag_key,
            value: evaluation.value(),
            variant: variant.map(crate::flag::Variant::name),
            reason,
            error_code,
            error_details,
            metadata: MetadataWire::from(evaluation),
        }
    }
}

impl<'e> From<&'e Evaluation<'_>> for MetadataWire<'e> {
    fn from(evaluation: &'e Evaluation<'_>) -> Self {
        let details = &evaluation.details;
        let decision = details.decision.as_ref();
        let chosen = details.chosen.as_ref();
        let variant = evaluation.variant();
        Self {
            rule: details.rule,
            bucket: details.bucket.map(crate::bucketing::Bucket::index),
            bandit: decision.map(|decision| &*decision.bandit),
            action: match details.offered {
                Some(offered) => offered.as_str(),
                None => chosen.and_then(|chosen| chosen.action.as_deref()),
            },
            propensity: match (decision, chosen) {
                (Some(decision), _) => Some(Propensity::as_f64(decision.propensity)),
                (None, chosen) => chosen.map(|chosen| chosen.propensity),
            },
            policy_revision: decision.map(|decision| decision.revision),
            unmet_prerequisite: details.unmet,
            holdout: match details.kept_out {
                Some(KeptOut::Holdout(key)) => Some(key),
                _ => None,
            },
            layer: match details.kept_out {
                Some(KeptOut::Layer(key)) => Some(key),
                _ => None,
            },
            excluded: details.kept_out == Some(KeptOut::NotParticipating),
            expired: details.expired,
            config: variant.and_then(|variant| variant.config.as_ref()),
            variant_metadata: variant.and_then(|variant| variant.metadata.as_ref()),
        }
    }
}

/// An explanation as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationWire<'e> {
    /// The answer.
    pub evaluation: EvaluationWire<'e>,
    /// What was done, in order.
    pub steps: Vec<StepWire<'e>>,
}

/// A step as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepWire<'e> {
    /// The rule concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'e str>,
    /// What happened.
    pub what: &'e str,
    /// What would have to be different.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub change: &'e [String],
}

impl<'e> From<&'e Explanation<'_>> for ExplanationWire<'e> {
    fn from(explanation: &'e Explanation<'_>) -> Self {
        let steps = explanation.steps.iter().map(|step| StepWire {
            rule: step.rule.as_deref(),
            what: &step.what,
            change: &step.change,
        });
        Self {
            evaluation: (&explanation.evaluation).into(),
            steps: steps.collect(),
        }
    }
}
