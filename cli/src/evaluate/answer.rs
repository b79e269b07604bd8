//! An answer as it is written: OpenFeature's words, and the caller's default in its place.

use bandera_shared::evaluation::Details;
use bandera_shared::flag::{FlagType, Variant};
use bandera_shared::wire::evaluation::MetadataWire;
use bandera_shared::{ErrorCode, Evaluation, Outcome, Value};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The type a caller expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum WantedType {
    /// true or false
    Boolean,
    /// Text
    String,
    /// A number
    Number,
    /// A JSON object or list
    Object,
}

impl WantedType {
    /// The same evaluation, or `TYPE_MISMATCH` where a value of another type is served.
    pub(super) fn expect(self, evaluation: Evaluation<'_>) -> Evaluation<'_> {
        match self {
            Self::Boolean => evaluation.expect_type(FlagType::Boolean),
            Self::String => evaluation.expect_type(FlagType::String),
            Self::Number => evaluation.expect_type(FlagType::Number),
            Self::Object => {
                let evaluation = evaluation.expect_type(FlagType::Json);
                match evaluation.value() {
                    None | Some(Value::Object(_) | Value::List(_)) => evaluation,
                    Some(_) => Evaluation {
                        flag_key: evaluation.flag_key,
                        outcome: Outcome::Failed {
                            code: ErrorCode::TypeMismatch,
                            detail: "the flag's value is neither an object nor a list".into(),
                        },
                        details: Details::default(),
                        view: None,
                    },
                }
            }
        }
    }
}

/// What the caller uses where nothing is served: `null` when the caller did not say.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(super) struct CallerDefault<'e>(Option<&'e RawValue>);

impl<'e> From<Option<&'e RawValue>> for CallerDefault<'e> {
    fn from(default: Option<&'e RawValue>) -> Self {
        Self(default)
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ValueWire<'e> {
    Served(&'e Value),
    Default(CallerDefault<'e>),
}

/// An answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer<'e> {
    flag_key: Option<&'e str>,
    value: ValueWire<'e>,
    variant: Option<&'e str>,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_details: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    propensity: Option<f64>,
    metadata: MetadataWire<'e>,
}

impl<'e> Answer<'e> {
    /// The answer of an evaluation.
    pub(super) fn new(evaluation: &'e Evaluation<'_>, default: CallerDefault<'e>) -> Self {
        let (reason, error_code, error_details) = match &evaluation.outcome {
            Outcome::Resolved { reason, .. } | Outcome::CallerDefault { reason } => {
                (reason.as_str(), None, None)
            }
            Outcome::Failed { code, detail } => ("ERROR", Some(code.as_str()), Some(&**detail)),
        };
        let metadata = MetadataWire::from(evaluation);
        let decision = evaluation.details.decision.as_ref();
        Self {
            flag_key: Some(evaluation.flag_key),
            value: match evaluation.value() {
                Some(value) => ValueWire::Served(value),
                None => ValueWire::Default(default),
            },
            variant: evaluation.variant().map(Variant::name),
            reason,
            error_code,
            error_details,
            action: decision.map_or(metadata.action, |decision| Some(&decision.action)),
            propensity: metadata.propensity,
            metadata,
        }
    }

    /// The answer to what could not even be asked.
    pub(super) fn refused(fault: &'e Refusal, asked: Asked<'e>) -> Self {
        Self {
            flag_key: asked.flag_key,
            value: ValueWire::Default(asked.default),
            variant: None,
            reason: "ERROR",
            error_code: Some(fault.code.as_str()),
            error_details: Some(&fault.detail),
            action: None,
            propensity: None,
            metadata: MetadataWire::default(),
        }
    }
}

/// Why a question could not be asked.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) detail: String,
}

/// As much of a question as could be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'e> {
    pub(super) flag_key: Option<&'e str>,
    pub(super) default: CallerDefault<'e>,
}
