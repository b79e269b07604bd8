//! JSON on the way between a page and the engine.

use bandera_shared::sorted::Sorted;
use bandera_shared::wire::evaluation::EvaluationWire;
use bandera_shared::{Evaluation, EvaluationContext, Evaluator, Value, Visibility};
use serde::Serialize;

/// An answer, in the form that the edge writes into pages.
#[derive(Serialize)]
struct AnswerWire<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'e Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'e str>,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<&'e Value>,
}

impl<'e> From<&'e Evaluation<'_>> for AnswerWire<'e> {
    fn from(evaluation: &'e Evaluation<'_>) -> Self {
        let EvaluationWire {
            value,
            variant,
            reason,
            metadata,
            ..
        } = evaluation.into();
        Self {
            value,
            variant,
            reason,
            config: metadata.config,
        }
    }
}

/// The context, or what is wrong with its text and where.
pub(crate) fn read_context(text: &str) -> Result<EvaluationContext, String> {
    bandera_shared::wire::read_context(text)
        .map_err(|error| format!("context{}: {}", error.pointer, error.message))
}

/// Answers for client-visible flags by key; flags that these only require stay inside.
pub(crate) fn answers(evaluator: &Evaluator<'_>) -> String {
    let (flags, sweep) = (evaluator.ruleset.flags(), evaluator.sweep());
    let visible = flags.filter(|flag| flag.visibility == Visibility::Client);
    let evaluations: Vec<_> = visible.map(|flag| sweep.evaluate_flag(flag)).collect();
    let by_key: Sorted<&str, AnswerWire<'_>> = evaluations
        .iter()
        .map(|evaluation| (evaluation.flag_key, evaluation.into()))
        .collect();
    // Texts, numbers and maps with text keys always print.
    serde_json::to_string(&by_key).unwrap_or_default()
}
